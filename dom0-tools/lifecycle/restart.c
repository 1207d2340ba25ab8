/* SPDX-License-Identifier: MIT */
/*
 * Making a guest again from its record. The daemon may be killed at any point, so each step can be seen
 * from what it left: as long as the record RESTART is there the guest is to be made; a domain with the
 * guest's UUID and a record GUEST is the one that was made; one without any record is a half of it.
 */
#include "lifecycle/restart.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "daemon/process.h"
#include "devices/attach.h"

#define LIST_BATCH 256u

bool restart_is_same(const struct record *r, const struct xen_domctl_getdomaininfo *info)
{
    return memcmp(info->handle, r->config.uuid, sizeof(r->config.uuid)) == 0;
}

/* The dead domain stays, but its name and its disks are the new one's. */
static int keep_remains(struct parador_handle *h, domid_t domid, const struct record *r)
{
    struct device_ending *ending;
    char name[128], when[32];
    time_t now = time(NULL);
    struct tm tm;

    if (record_exists(RECORD_PRESERVED, domid))
        return 0;
    strftime(when, sizeof(when), "-%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    snprintf(name, sizeof(name), "%.*s%s", (int)(sizeof(name) - 1 - strlen(when)), r->config.name,
             when);
    if (parador_rename(h, domid, name) != 0)
        return -1;
    ending = device_end_begin(h, domid);
    if (ending == NULL || device_end_finish(h, ending, DEVICE_TIMEOUT_MS) != 0)
        note(LOG_WARNING, "domain %u: %s", domid, parador_error(h));
    if (record_write(RECORD_PRESERVED, domid, r) != 0)
        return parador_fail(h, errno, "cannot write its record: %s", strerror(errno));
    note(LOG_INFO, "domain %u is kept as %s", domid, name);
    return 0;
}

static int end_old(struct parador_handle *h, domid_t domid, const struct record *r)
{
    struct xen_domctl_getdomaininfo info;
    bool there = parador_domain_info(h, domid, &info) == 0;

    if (!there && errno != ESRCH)
        return -1;
    if (there && (!restart_is_same(r, &info) || record_exists(RECORD_GUEST, domid)))
        return 0;
    if (there && r->keep)
        return keep_remains(h, domid, r);
    return parador_reap(h, domid);
}

/* One domain with the guest's UUID. 1: it is the new one; 0: go on; -1: failed. */
static int judge_twin(struct parador_handle *h, domid_t domid)
{
    int lock, result = 0;

    if (record_exists(RECORD_PRESERVED, domid) || record_exists(RECORD_RESTART, domid))
        return 0;
    lock = record_lock(domid, false);
    if (lock < 0)
        return parador_fail(h, errno, "domain %u is locked: %s", domid, strerror(errno));
    if (record_exists(RECORD_GUEST, domid)) {
        struct xen_domctl_getdomaininfo info;

        result = parador_domain_info(h, domid, &info) != 0 ? 0 : 1;
        if (result == 1 && (info.flags & XEN_DOMINF_paused))
            parador_domain_unpause(h, domid);
    } else {
        note(LOG_NOTICE, "domain %u was half made: ended", domid);
        result = parador_reap(h, domid);
    }
    record_unlock(lock);
    return result;
}

/* What an earlier try has left. 1: it had come to the end. */
static int find_twins(struct parador_handle *h, domid_t old, const struct record *r)
{
    struct xen_domctl_getdomaininfo *list = malloc(LIST_BATCH * sizeof(*list));
    unsigned first = 1;
    int got, result = 0;

    if (list == NULL)
        return parador_fail(h, ENOMEM, "out of memory");
    do {
        got = parador_domain_list(h, first, LIST_BATCH, list);
        for (int i = 0; i < got && result == 0; i++) {
            first = list[i].domain + 1u;
            if (!restart_is_same(r, &list[i]))
                continue;
            /* The caller holds the lock of the old number, which the new domain may have got again. */
            if (list[i].domain == old)
                result = record_exists(RECORD_GUEST, old);
            else
                result = judge_twin(h, list[i].domain);
        }
    } while (result == 0 && got == (int)LIST_BATCH);
    free(list);
    return got < 0 ? -1 : result;
}

static int make_new(struct parador_handle *h, domid_t old, struct record *r)
{
    domid_t domid;
    int lock;

    r->config.paused = true; /* until its record is there */
    if (parador_create(h, &r->config, &domid) != 0)
        return -1;
    lock = domid == old ? -1 : record_lock(domid, true);
    r->keep = false;
    if (record_write(RECORD_GUEST, domid, r) != 0) {
        int err = errno;

        parador_destroy(h, domid);
        record_unlock(lock);
        return parador_fail(h, err, "cannot write the record of domain %u: %s", domid,
                            strerror(err));
    }
    record_unlock(lock);
    if (parador_domain_unpause(h, domid) != 0)
        note(LOG_ERR, "domain %u: %s", domid, parador_error(h));
    note(LOG_INFO, "%s: domain %u is followed by domain %u", r->config.name, old, domid);
    return 0;
}

int restart_go_on(struct parador_handle *h, domid_t domid, bool again)
{
    struct record r;
    int result = 0;

    if (record_read(RECORD_RESTART, domid, &r) != 0)
        return parador_fail(h, errno, "cannot read the record of domain %u: %s", domid,
                            strerror(errno));
    if (end_old(h, domid, &r) != 0)
        result = -1;
    else if (again)
        result = find_twins(h, domid, &r);
    if (result == 0) {
        result = make_new(h, domid, &r);
        /* Whoever ends a guest that is on its way back wants it gone. */
        if (result < 0 && errno == ECANCELED) {
            note(LOG_INFO, "%s: %s", r.config.name, parador_error(h));
            result = 1;
        }
    }
    if (result >= 0)
        record_remove(RECORD_RESTART, domid);
    guest_config_free(&r.config);
    return result < 0 ? -1 : 0;
}
