/* SPDX-License-Identifier: MIT */
/* What guests there are: the hypervisor's facts joined with the store's names. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest.h"
#include "guest/names.h"
#include "public/sched.h"

#define LIST_BATCH 256u

int parador_name(struct parador_handle *h, domid_t domid, char *buf, size_t size)
{
    char *name = store_readf(h, STORE_NO_TX, "/local/domain/%u/name", domid);

    if (!name && errno != ENOENT)
        return -1;
    snprintf(buf, size, "%s", name ? name : domid == 0 ? "Domain-0" : "");
    free(name);
    return 0;
}

static uint64_t start_time(struct parador_handle *h, const uint8_t uuid[16])
{
    char text[37];
    char *value;
    uint64_t result;

    parador_uuid_text(uuid, text);
    value = store_readf(h, STORE_NO_TX, "/vm/%s/start_time", text);
    result = value ? strtoull(value, NULL, 10) : 0;
    free(value);
    return result;
}

/* Translates the hypervisor's record; names are the caller's. */
static void describe(const struct xen_domctl_getdomaininfo *from, struct guest_info *info)
{
    memset(info, 0, sizeof(*info));
    info->domid = from->domain;
    memcpy(info->uuid, from->handle, sizeof(info->uuid));
    info->running = from->flags & XEN_DOMINF_running;
    info->blocked = from->flags & XEN_DOMINF_blocked;
    info->paused = from->flags & XEN_DOMINF_paused;
    info->shutdown = from->flags & XEN_DOMINF_shutdown;
    info->dying = from->flags & XEN_DOMINF_dying;
    info->shutdown_reason = GUEST_NOT_SHUT_DOWN;
    if (info->shutdown) {
        info->shutdown_reason =
            (from->flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
        info->crashed = info->shutdown_reason == SHUTDOWN_crash;
    }
    info->memory_kib = (from->tot_pages - from->outstanding_pages) * 4;
    info->maxmem_kib = from->max_pages > UINT64_MAX / 4 ? UINT64_MAX : from->max_pages * 4;
    info->cpu_time_ns = from->cpu_time;
    info->vcpus_online = from->nr_online_vcpus;
    info->vcpus_max = from->max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : from->max_vcpu_id + 1;
    info->cpupool = from->cpupool;
    info->shared_info_frame = from->shared_info_frame;
}

/* Adds what the store knows. A store that is down costs names, not the list. */
static void add_store_facts(struct parador_handle *h, struct guest_info *info)
{
    if (parador_name(h, info->domid, info->name, sizeof(info->name)) < 0) {
        parador_log(h, PARADOR_LOG_WARN, "%s", parador_error(h));
        snprintf(info->name, sizeof(info->name), "%s", info->domid == 0 ? "Domain-0" : "");
        return;
    }
    info->start_time = start_time(h, info->uuid);
}

int parador_info(struct parador_handle *h, domid_t domid, struct guest_info *info)
{
    struct xen_domctl_getdomaininfo facts;

    if (parador_domain_info(h, domid, &facts) < 0)
        return -1;
    describe(&facts, info);
    add_store_facts(h, info);
    return 0;
}

int parador_list(struct parador_handle *h, struct guest_info **list, size_t *count)
{
    struct xen_domctl_getdomaininfo *batch = malloc(LIST_BATCH * sizeof(*batch));
    struct guest_info *all = NULL, *grown;
    size_t total = 0;
    unsigned first = 0;
    int got, i;

    if (!batch)
        return parador_fail(h, ENOMEM, "out of memory");
    do {
        got = parador_domain_list(h, (domid_t)first, LIST_BATCH, batch);
        if (got <= 0)
            break;
        grown = realloc(all, (total + (size_t)got) * sizeof(*all));
        if (!grown) {
            got = parador_fail(h, ENOMEM, "out of memory");
            break;
        }
        all = grown;
        for (i = 0; i < got; i++) {
            describe(&batch[i], &all[total]);
            add_store_facts(h, &all[total++]);
        }
        first = batch[got - 1].domain + 1u;
    } while ((unsigned)got == LIST_BATCH);
    free(batch);
    if (got < 0) {
        free(all);
        return -1;
    }
    *list = all;
    *count = total;
    return 0;
}

int parador_find(struct parador_handle *h, const char *name, domid_t *domid)
{
    struct xen_domctl_getdomaininfo info;
    unsigned long number;
    char *end;
    long found;

    number = isdigit((unsigned char)name[0]) ? strtoul(name, &end, 10) : 0;
    if (isdigit((unsigned char)name[0]) && !*end && number < DOMID_FIRST_RESERVED &&
        parador_domain_info(h, (domid_t)number, &info) == 0) {
        *domid = (domid_t)number;
        return 0;
    }
    if (strcmp(name, "Domain-0") == 0) {
        *domid = 0;
        return 0;
    }
    if (store_connect(h) < 0)
        return -1;
    found = name_lookup(h, STORE_NO_TX, name);
    if (found < 0)
        return parador_fail(h, ESRCH, "there is no guest called \"%s\"", name);
    *domid = (domid_t)found;
    return 0;
}
