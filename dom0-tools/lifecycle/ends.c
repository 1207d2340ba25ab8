/* SPDX-License-Identifier: MIT */
/* Guests that ended: what their files say is to happen then, done. */
#include "lifecycle/ends.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "daemon/process.h"
#include "lifecycle/record.h"
#include "lifecycle/restart.h"
#include "public/sched.h"

/* A guest that ends sooner than this after its start, and would be started again, is suspicious … */
#define QUICK_SECONDS 10
/* … and this often in a row it is a loop. */
#define QUICK_MAX 5

#define RETRY_MS 2000
#define LOCKED_MS 250
#define TRIES_MAX 5

/* How often, and how long each time, a guest that has ended waits for the console daemon. */
#define CONSOLE_TRIES 20
#define CONSOLE_MS 50

/* How often in a row something failed for a domain; forgotten with this process. */
static unsigned char tries[DOMID_FIRST_RESERVED];
static unsigned char awaited[DOMID_FIRST_RESERVED];

struct scan {
    struct parador_handle *h;
    int again_ms;
};

static void want_again(struct scan *s, int ms)
{
    if (s->again_ms < 0 || ms < s->again_ms)
        s->again_ms = ms;
}

/* After a failure. True: try again later; false: enough of it. */
static bool retry(struct scan *s, domid_t domid, const char *what)
{
    note(LOG_ERR, "domain %u cannot be %s: %s", domid, what, parador_error(s->h));
    if (++tries[domid] < TRIES_MAX) {
        want_again(s, RETRY_MS);
        return true;
    }
    tries[domid] = 0;
    return false;
}

static const char *reason_name(unsigned reason)
{
    static const char *const names[] = {
        [SHUTDOWN_poweroff] = "powered off", [SHUTDOWN_reboot] = "reboots",
        [SHUTDOWN_suspend] = "is suspended", [SHUTDOWN_crash] = "crashed",
        [SHUTDOWN_watchdog] = "was ended by its watchdog", [SHUTDOWN_soft_reset] = "is reset",
    };

    return reason < sizeof(names) / sizeof(names[0]) ? names[reason] : "ended";
}

static enum guest_action action_for(const struct guest_config *c, unsigned reason)
{
    switch (reason) {
    case SHUTDOWN_poweroff: return c->on_poweroff;
    case SHUTDOWN_reboot: return c->on_reboot;
    case SHUTDOWN_soft_reset: return GUEST_ACTION_SOFT_RESET;
    case SHUTDOWN_watchdog: return c->on_watchdog;
    default: return c->on_crash;
    }
}

/*
 * The console daemon names the terminal once it has the guest's ring, which it then reads to the end
 * whatever becomes of the guest. One that lived for a moment only may be ahead of it: its words
 * would be lost, and they are what its owner needs most. True: not yet.
 */
static bool console_is_awaited(struct scan *s, domid_t domid)
{
    char *tty = store_readf(s->h, STORE_NO_TX, "/local/domain/%u/console/tty", domid);
    bool there = tty == NULL || tty[0] != '\0';

    free(tty);
    if (there || awaited[domid] == CONSOLE_TRIES) {
        awaited[domid] = 0;
        return false;
    }
    awaited[domid]++;
    want_again(s, CONSOLE_MS);
    return true;
}

/* Everything of it goes: devices, memory, entries, record. */
static void end(struct scan *s, domid_t domid)
{
    struct xen_domctl_getdomaininfo info;

    /* A back-end that does not let go fails the reaping, but leaves nothing that a retry could end. */
    if (parador_reap(s->h, domid) != 0 && retry(s, domid, "cleared away") &&
        parador_domain_info(s->h, domid, &info) == 0)
        return;
    record_remove(RECORD_GUEST, domid);
    record_remove(RECORD_PRESERVED, domid);
}

static void go_on(struct scan *s, domid_t domid, bool again)
{
    if (restart_go_on(s->h, domid, again) == 0) {
        tries[domid] = 0;
    } else if (!retry(s, domid, "started again")) {
        note(LOG_ERR, "domain %u: given up", domid);
        record_remove(RECORD_RESTART, domid);
    }
}

static bool lived_briefly(struct parador_handle *h, const struct record *r)
{
    char uuid[37];
    char *value;
    long long start;

    parador_uuid_text(r->config.uuid, uuid);
    value = store_readf(h, STORE_NO_TX, "/vm/%s/start_time", uuid);
    start = value != NULL ? strtoll(value, NULL, 10) : 0;
    free(value);
    return start != 0 && time(NULL) - start < QUICK_SECONDS;
}

/* Notes what has to be done where it survives us, then does it. */
static void begin_restart(struct scan *s, domid_t domid, struct record *r, bool keep)
{
    char name[128];

    r->quick = lived_briefly(s->h, r) ? r->quick + 1 : 0;
    if (r->quick > QUICK_MAX) {
        note(LOG_ERR, "%s (domain %u) ended within %d seconds %u times in a row: not started again",
             r->config.name, domid, QUICK_SECONDS, r->quick);
        end(s, domid);
        return;
    }
    /* It may have been renamed meanwhile. */
    if (parador_name(s->h, domid, name, sizeof(name)) == 0 && name[0] != '\0')
        guest_config_set_string(&r->config.name, name);
    r->keep = keep;
    if (record_write(RECORD_RESTART, domid, r) != 0) {
        parador_fail(s->h, errno, "cannot write its record: %s", strerror(errno));
        retry(s, domid, "started again");
        return;
    }
    record_remove(RECORD_GUEST, domid);
    go_on(s, domid, false);
}

static void act(struct scan *s, domid_t domid, struct record *r, unsigned reason)
{
    enum guest_action action = action_for(&r->config, reason);

    note(LOG_INFO, "%s (domain %u) %s", r->config.name, domid, reason_name(reason));
    switch (action) {
    case GUEST_ACTION_PRESERVE:
        if (record_change(domid, RECORD_GUEST, RECORD_PRESERVED) != 0) {
            parador_fail(s->h, errno, "cannot change its record: %s", strerror(errno));
            retry(s, domid, "kept");
        }
        break;
    case GUEST_ACTION_RESTART:
    case GUEST_ACTION_COREDUMP_RESTART:
    case GUEST_ACTION_SOFT_RESET:
        begin_restart(s, domid, r, false);
        break;
    case GUEST_ACTION_RENAME_RESTART:
        begin_restart(s, domid, r, true);
        break;
    case GUEST_ACTION_DESTROY:
    case GUEST_ACTION_COREDUMP_DESTROY:
        end(s, domid);
        break;
    }
}

/* A guest, or the kept remains of one: does the domain still run, has it ended, is it gone? */
static void look_at(struct scan *s, domid_t domid, enum record_kind kind)
{
    struct xen_domctl_getdomaininfo info;
    struct record r;
    unsigned reason;

    if (record_read(kind, domid, &r) != 0) {
        note(LOG_ERR, "the record of domain %u cannot be read (%s): ignored", domid,
             strerror(errno));
        record_remove(kind, domid);
        return;
    }
    if (parador_domain_info(s->h, domid, &info) != 0) {
        if (errno == ESRCH)
            end(s, domid);
        else
            retry(s, domid, "looked at");
    } else if (!restart_is_same(&r, &info)) {
        record_remove(kind, domid); /* the number has a new owner */
    } else if (info.flags & XEN_DOMINF_dying) {
        end(s, domid); /* who began it has died: we have the lock */
    } else if (kind == RECORD_GUEST && (info.flags & XEN_DOMINF_shutdown)) {
        reason = (info.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
        if (reason != SHUTDOWN_suspend && !console_is_awaited(s, domid))
            act(s, domid, &r, reason);
    }
    guest_config_free(&r.config);
}

static void look(domid_t domid, void *arg)
{
    struct scan *s = arg;
    int lock = record_lock(domid, false);

    if (lock < 0) {
        /* `parador destroy` is at it, or a creation. */
        if (errno != EAGAIN)
            note(LOG_ERR, "cannot lock domain %u: %s", domid, strerror(errno));
        want_again(s, LOCKED_MS);
        return;
    }
    if (record_exists(RECORD_RESTART, domid))
        go_on(s, domid, true);
    if (record_exists(RECORD_GUEST, domid))
        look_at(s, domid, RECORD_GUEST);
    else if (record_exists(RECORD_PRESERVED, domid))
        look_at(s, domid, RECORD_PRESERVED);
    record_unlock(lock);
}

int ends_scan(struct parador_handle *h)
{
    struct scan s = { .h = h, .again_ms = -1 };

    if (record_each(look, &s) != 0) {
        note(LOG_ERR, "cannot list %s/guests: %s", record_directory(), strerror(errno));
        want_again(&s, RETRY_MS);
    }
    return s.again_ms;
}
