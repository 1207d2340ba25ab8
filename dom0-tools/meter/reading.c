/* SPDX-License-Identifier: MIT */
/* All accounts of the machine at one moment. */
#include "meter/reading.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest/guest.h"

#define BATCH 128u
#define CPUS_MAX 4096u
/* How far apart two calls may be, and how often they are tried for that. */
#define PAIR_NS        1000000u
#define PAIR_DOMAIN_NS 10000u
#define PAIR_TRIES     5u
/* /proc/sys/kernel/random/boot_id is another UUID whenever dom0 starts (random(4)). */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

void boot_id(char boot[BOOT_TEXT])
{
    FILE *f = fopen(BOOT_ID, "re");

    if (f == NULL || fgets(boot, BOOT_TEXT, f) == NULL)
        snprintf(boot, BOOT_TEXT, "unknown");
    boot[strcspn(boot, "\n")] = '\0';
    if (f != NULL)
        fclose(f);
}

int64_t wall_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* When a system time was, by dom0's clock as it goes now. */
static int64_t wall_at(const struct host_account *host, uint64_t system_ns)
{
    return host->wall + (int64_t)(system_ns - host->now_ns);
}

void account_from_usage(const struct parador_domain_usage *u, const struct reading *clock,
                        struct account *a)
{
    memset(a, 0, sizeof(*a));
    memcpy(a->boot, clock->boot, sizeof(a->boot));
    memcpy(a->uuid, u->handle, sizeof(a->uuid));
    a->domid = u->domid;
    a->sequence = u->sequence;
    a->created_ns = u->created_ns;
    a->now_ns = u->now_ns;
    a->start_wall = wall_at(&clock->host, u->created_ns);
    a->end_wall = wall_at(&clock->host, u->now_ns);
    a->times = (struct cpu_times){
        .running = u->running_ns, .hypervisor = u->hypervisor_ns, .runnable = u->runnable_ns,
        .blocked = u->blocked_ns, .offline = u->offline_ns, .switches = u->switches,
    };
    a->page_ms = u->page_ms;
    a->pages = u->pages;
    a->vcpus_made = u->nr_vcpus;
    a->vcpus_online = u->nr_online;
    a->pool = u->pool;
}

static int read_host(struct parador_handle *h, unsigned what, struct reading *r)
{
    struct parador_usage_host host;
    unsigned room = 64;
    int got;

    for (;;) {
        struct parador_cpu_usage *grown = realloc(r->cpus, room * sizeof(*grown));

        if (grown == NULL)
            return parador_fail(h, ENOMEM, "out of memory");
        r->cpus = grown;
        got = parador_control_usage_host(h, &host, r->cpus, room);
        if (got < 0)
            return -1;
        if (host.nr_cpus <= room || room >= CPUS_MAX)
            break;
        room = host.nr_cpus < CPUS_MAX ? host.nr_cpus : CPUS_MAX;
    }
    r->host = (struct host_account){
        .now_ns = host.now_ns, .wall = wall_now(), .nr_cpus = (uint32_t)got,
        .retired_ns = host.retired_running_ns, .retired_next = host.retired_next,
    };
    for (int i = 0; i < got; i++) {
        r->host.guest_ns = plus(r->host.guest_ns, r->cpus[i].guest_ns);
        r->host.hypervisor_ns = plus(r->host.hypervisor_ns, r->cpus[i].hypervisor_ns);
        r->host.idle_ns = plus(r->host.idle_ns, r->cpus[i].idle_ns);
        r->host.switches = plus(r->host.switches, r->cpus[i].switches);
    }
    if (!(what & READ_CPUS)) {
        free(r->cpus);
        r->cpus = NULL;
    }
    return 0;
}

/* Room for `more` accounts; NULL when memory is short. */
static struct account *grow(struct parador_handle *h, struct reading *r, size_t more)
{
    struct account *grown = realloc(r->accounts, (r->count + more) * sizeof(*grown));

    if (grown == NULL) {
        parador_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    r->accounts = grown;
    memset(grown + r->count, 0, more * sizeof(*grown));
    return grown + r->count;
}

static int read_domains(struct parador_handle *h, struct reading *r)
{
    struct parador_domain_usage *batch = malloc(BATCH * sizeof(*batch));
    unsigned first = 0;
    int got;

    if (batch == NULL)
        return parador_fail(h, ENOMEM, "out of memory");
    do {
        got = parador_control_usage_domains(h, (domid_t)first, batch, BATCH);
        if (got > 0 && grow(h, r, (size_t)got) == NULL)
            got = -1;
        for (int i = 0; i < got; i++)
            account_from_usage(&batch[i], r, &r->accounts[r->count++]);
        if (got > 0)
            first = batch[got - 1].domid + 1u;
    } while (got > 0 && first < DOMID_FIRST_RESERVED);
    free(batch);
    return got < 0 ? -1 : 0;
}

/* Without the accounts: what any Xen tells. */
static int read_plain(struct parador_handle *h, struct reading *r)
{
    struct xen_domctl_getdomaininfo *batch = malloc(BATCH * sizeof(*batch));
    unsigned first = 0;
    struct timespec now;
    int got;

    if (batch == NULL)
        return parador_fail(h, ENOMEM, "out of memory");
    clock_gettime(CLOCK_MONOTONIC, &now);
    r->host = (struct host_account){
        .now_ns = (uint64_t)(now.tv_sec * NS_PER_S + now.tv_nsec), .wall = wall_now(),
    };
    do {
        got = parador_domain_list(h, (domid_t)first, BATCH, batch);
        if (got > 0 && grow(h, r, (size_t)got) == NULL)
            got = -1;
        for (int i = 0; i < got; i++) {
            struct account *a = &r->accounts[r->count++];

            memcpy(a->boot, r->boot, sizeof(a->boot));
            memcpy(a->uuid, batch[i].handle, sizeof(a->uuid));
            a->domid = batch[i].domain;
            a->now_ns = r->host.now_ns;
            a->end_wall = r->host.wall;
            a->times.running = batch[i].cpu_time;
            a->pages = batch[i].tot_pages;
            a->vcpus_online = batch[i].nr_online_vcpus;
            a->vcpus_made = batch[i].max_vcpu_id == XEN_INVALID_MAX_VCPU_ID
                                ? 0 : batch[i].max_vcpu_id + 1;
            a->pool = batch[i].cpupool;
        }
        if (got > 0)
            first = batch[got - 1].domain + 1u;
    } while (got > 0 && first < DOMID_FIRST_RESERVED);
    free(batch);
    return got < 0 ? -1 : 0;
}

static bool add_vcpu(struct account *a, const struct account_vcpu *v)
{
    struct account_vcpu *grown = realloc(a->vcpus, (a->nr_vcpus + 1) * sizeof(*grown));

    if (grown == NULL)
        return false;
    a->vcpus = grown;
    grown[a->nr_vcpus++] = *v;
    return true;
}

/* A domain that is gone meanwhile has no vcpus; that is no failure. */
static int read_vcpus(struct parador_handle *h, struct account *a)
{
    struct parador_vcpu_usage batch[BATCH];
    unsigned first = 0;
    uint64_t now;
    int got;

    do {
        got = parador_control_usage_vcpus(h, a->domid, first, batch, BATCH, &now);
        if (got < 0)
            return errno == ESRCH ? 0 : -1;
        for (int i = 0; i < got; i++) {
            const struct parador_vcpu_usage *v = &batch[i];

            if (!add_vcpu(a, &(struct account_vcpu){
                    .vcpu = v->vcpu, .cpu = v->cpu, .state = v->state, .online = v->online != 0,
                    .times = { .running = v->running_ns, .hypervisor = v->hypervisor_ns,
                               .runnable = v->runnable_ns, .blocked = v->blocked_ns,
                               .offline = v->offline_ns, .switches = v->switches } }))
                return parador_fail(h, ENOMEM, "out of memory");
        }
        if (got > 0)
            first = batch[got - 1].vcpu + 1u;
    } while (got > 0);
    return 0;
}

static int read_plain_vcpus(struct parador_handle *h, struct account *a)
{
    for (uint32_t n = 0; n < a->vcpus_made; n++) {
        struct xen_domctl op = { .cmd = XEN_DOMCTL_getvcpuinfo, .domain = a->domid };

        op.u.getvcpuinfo.vcpu = n;
        if (parador_domctl(h, &op) != 0)
            continue; /* never made */
        if (!add_vcpu(a, &(struct account_vcpu){
                .vcpu = n, .cpu = op.u.getvcpuinfo.cpu, .online = op.u.getvcpuinfo.online,
                .times.running = op.u.getvcpuinfo.cpu_time }))
            return parador_fail(h, ENOMEM, "out of memory");
    }
    return 0;
}

/* Gives each account its part of the list, which is in order of domid like the accounts. */
static int read_devices(struct parador_handle *h, struct reading *r)
{
    struct device_usage *list;
    size_t count, at = 0;
    int result = device_usage_read(h, &list, &count);

    for (size_t i = 0; result == 0 && i < r->count; i++) {
        struct account *a = &r->accounts[i];
        size_t first;

        while (at < count && list[at].domid < a->domid)
            at++;
        first = at;
        while (at < count && list[at].domid == a->domid)
            at++;
        a->devices = malloc((at - first + 1) * sizeof(*list));
        if (a->devices == NULL) {
            result = parador_fail(h, ENOMEM, "out of memory");
        } else if (at > first) {
            memcpy(a->devices, list + first, (at - first) * sizeof(*list));
            a->nr_devices = at - first;
        }
    }
    free(list);
    return result;
}

static void free_accounts(struct reading *r)
{
    for (size_t i = 0; i < r->count; i++)
        account_free(&r->accounts[i]);
    free(r->accounts);
    r->accounts = NULL;
    r->count = 0;
}

/*
 * The machine's figures and the domains' come from two calls, between which dom0 may have to wait
 * for a CPU; what ran meanwhile would be in one sum alone. So a pair that is too far apart is read
 * again, a few times.
 */
static int read_accounts(struct parador_handle *h, unsigned what, struct reading *r)
{
    uint64_t last = 0;
    int result = 0;

    for (unsigned tries = 0; tries < PAIR_TRIES && result == 0; tries++) {
        free_accounts(r);
        result = read_host(h, what, r);
        if (result != 0)
            break;
        r->complete = true;
        result = read_domains(h, r);
        for (size_t i = 0; i < r->count; i++)
            last = r->accounts[i].now_ns > last ? r->accounts[i].now_ns : last;
        if (minus(last, r->host.now_ns) < PAIR_NS + r->count * PAIR_DOMAIN_NS)
            break;
    }
    return result;
}

int reading_take(struct parador_handle *h, unsigned what, struct reading *r)
{
    int result;

    memset(r, 0, sizeof(*r));
    boot_id(r->boot);
    result = read_accounts(h, what, r);
    if (result != 0 && !r->complete && errno == ENOSYS)
        result = read_plain(h, r);
    if (result == 0)
        result = read_devices(h, r);
    for (size_t i = 0; result == 0 && i < r->count; i++) {
        struct account *a = &r->accounts[i];

        /* A store that is down costs names, not figures. */
        if ((what & READ_NAMES) && parador_name(h, a->domid, a->name, sizeof(a->name)) != 0)
            a->name[0] = '\0';
        if (what & READ_VCPUS)
            result = r->complete ? read_vcpus(h, a) : read_plain_vcpus(h, a);
    }
    if (result != 0)
        reading_free(r);
    return result;
}

void reading_free(struct reading *r)
{
    free_accounts(r);
    free(r->cpus);
    r->cpus = NULL;
}

struct account *reading_find(const struct reading *r, domid_t domid)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->accounts[i].domid == domid)
            return &r->accounts[i];
    return NULL;
}

json_t *host_json(const struct host_account *host)
{
    json_t *out = json_object();

    json_object_set_new(out, "now_ns", json_count(host->now_ns));
    json_object_set_new(out, "cpus", json_count(host->nr_cpus));
    json_object_set_new(out, "guest_ns", json_count(host->guest_ns));
    json_object_set_new(out, "hypervisor_ns", json_count(host->hypervisor_ns));
    json_object_set_new(out, "idle_ns", json_count(host->idle_ns));
    json_object_set_new(out, "switches", json_count(host->switches));
    json_object_set_new(out, "retired_ns", json_count(host->retired_ns));
    json_object_set_new(out, "retired_next", json_count(host->retired_next));
    return out;
}

void host_parse(const json_t *object, struct host_account *host)
{
    *host = (struct host_account){
        .now_ns = json_count_of(object, "now_ns"),
        .nr_cpus = (uint32_t)json_count_of(object, "cpus"),
        .guest_ns = json_count_of(object, "guest_ns"),
        .hypervisor_ns = json_count_of(object, "hypervisor_ns"),
        .idle_ns = json_count_of(object, "idle_ns"),
        .switches = json_count_of(object, "switches"),
        .retired_ns = json_count_of(object, "retired_ns"),
        .retired_next = json_count_of(object, "retired_next"),
    };
}
