/* SPDX-License-Identifier: MIT */
/* The accounts as text for Prometheus. */
#include "meter/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest.h"
#include "meter/carry.h"
#include "meter/exposition.h"

#define POOLS_MAX 256u

const char *metrics_content_type(enum metrics_format format)
{
    return format == METRICS_OPENMETRICS
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

/* The labels that tell domains apart. Name and UUID are not enough: a crashed guest may be kept. */
static void begin_domain(struct exposition *e, const struct account *a)
{
    char uuid[37];

    parador_uuid_text(a->uuid, uuid);
    sample_begin(e);
    sample_label(e, "domain", a->name);
    sample_number(e, "domid", a->domid);
    sample_label(e, "uuid", uuid);
}

/* ---- the machine ---- */

static void write_hypervisor(struct parador_handle *h, struct exposition *e,
                             const struct reading *r)
{
    struct parador_version v;
    char text[48];

    if (parador_version(h, &v) == 0) {
        family_begin(e, "parador_hypervisor", FAMILY_INFO, NULL, "What runs the domains.");
        sample_begin(e);
        snprintf(text, sizeof(text), "%u.%u%s", v.major, v.minor, v.extra);
        sample_label(e, "version", text);
        sample_label(e, "changeset", v.changeset);
        sample_label(e, "tools", PARADOR_VERSION);
        sample_value(e, 1);
    }
    if (!r->complete)
        return;
    family_begin(e, "parador_boot_time_seconds", FAMILY_GAUGE, "seconds",
                 "When the hypervisor started, in seconds since 1970, by the clock of dom0.");
    sample_begin(e);
    sample_real(e, (double)(r->host.wall - (int64_t)r->host.now_ns) / (double)NS_PER_S);
    family_begin(e, "parador_retired_domains", FAMILY_COUNTER, NULL, "Domains that are gone.");
    sample_begin(e);
    sample_value(e, minus(r->host.retired_next, 1));
    family_begin(e, "parador_retired_domains_running_seconds", FAMILY_COUNTER, "seconds",
                 "CPU time that domains used which are gone.");
    sample_begin(e);
    sample_seconds(e, r->host.retired_ns);
}

static void write_memory(struct parador_handle *h, struct exposition *e)
{
    struct xen_sysctl_physinfo p;

    if (parador_physinfo(h, &p) != 0)
        return;
    family_begin(e, "parador_memory_size_bytes", FAMILY_GAUGE, "bytes", "Memory of the machine.");
    sample_begin(e);
    sample_value(e, p.total_pages * 4096);
    family_begin(e, "parador_memory_free_bytes", FAMILY_GAUGE, "bytes",
                 "Memory that no domain has.");
    sample_begin(e);
    sample_value(e, (p.free_pages + p.scrub_pages) * 4096);
}

static void write_cpus(struct exposition *e, const struct reading *r)
{
    static const char *const modes[] = { "guest", "hypervisor", "idle" };

    if (!r->complete)
        return;
    family_begin(e, "parador_cpu_seconds", FAMILY_COUNTER, "seconds",
                 "What a physical CPU did; the modes add up to the time since boot.");
    for (uint32_t i = 0; i < r->host.nr_cpus; i++) {
        const uint64_t ns[] = { r->cpus[i].guest_ns, r->cpus[i].hypervisor_ns,
                                r->cpus[i].idle_ns };

        for (unsigned mode = 0; mode < 3; mode++) {
            sample_begin(e);
            sample_number(e, "cpu", r->cpus[i].cpu);
            sample_label(e, "mode", modes[mode]);
            sample_seconds(e, ns[mode]);
        }
    }
    family_begin(e, "parador_cpu_switches", FAMILY_COUNTER, NULL,
                 "Switches of a physical CPU from one vcpu to another, the idle one included.");
    for (uint32_t i = 0; i < r->host.nr_cpus; i++) {
        sample_begin(e);
        sample_number(e, "cpu", r->cpus[i].cpu);
        sample_value(e, r->cpus[i].switches);
    }
}

/* ---- pools, and what domains are promised ---- */

struct pool {
    uint32_t id;
    uint64_t cpus, domains;
    uint32_t capacity, reserved; /* per cent of one CPU */
};

static struct pool *pool_of(struct pool *pools, unsigned *count, uint32_t id)
{
    for (unsigned i = 0; i < *count; i++)
        if (pools[i].id == id)
            return &pools[i];
    if (*count == POOLS_MAX)
        return NULL;
    pools[*count] = (struct pool){ .id = id };
    return &pools[(*count)++];
}

/* Fills in a domain's parameters where there are any; a domain may go at any time. */
static unsigned gather_pools(const struct reading *r, const struct parador_sched_params *params,
                             struct pool *pools)
{
    unsigned count = 0;

    for (uint32_t i = 0; i < r->host.nr_cpus; i++) {
        struct pool *p = r->cpus[i].pool != UINT32_MAX ? pool_of(pools, &count, r->cpus[i].pool)
                                                       : NULL;

        if (p != NULL)
            p->cpus++;
    }
    for (size_t i = 0; i < r->count; i++) {
        struct pool *p = pool_of(pools, &count, r->accounts[i].pool);

        if (p == NULL)
            continue;
        p->domains++;
        if (params[i].weight != 0) {
            p->capacity = params[i].capacity;
            p->reserved = params[i].reserved + params[i].reservation;
        }
    }
    return count;
}

static void write_pools(struct exposition *e, const struct pool *pools, unsigned count)
{
    static const struct { const char *name, *help; } families[] = {
        { "parador_pool_cpus", "Physical CPUs of a CPU pool." },
        { "parador_pool_domains", "Domains in a CPU pool." },
        { "parador_pool_capacity_cpus", "CPUs that a pool can promise to its domains." },
        { "parador_pool_reserved_cpus", "CPUs that a pool has promised by reservations." },
    };

    for (unsigned f = 0; f < 4; f++) {
        family_begin(e, families[f].name, FAMILY_GAUGE, NULL, families[f].help);
        for (unsigned i = 0; i < count; i++) {
            const double values[] = { (double)pools[i].cpus, (double)pools[i].domains,
                                      pools[i].capacity / 100.0, pools[i].reserved / 100.0 };

            sample_begin(e);
            sample_number(e, "pool", pools[i].id);
            sample_real(e, values[f]);
        }
    }
}

static void write_shares(struct exposition *e, const struct reading *r,
                         const struct parador_sched_params *params)
{
    static const struct { const char *name, *help; } families[] = {
        { "parador_domain_weight", "Share of contended CPU time, relative to others." },
        { "parador_domain_cap_cpus", "CPUs that a domain cannot exceed; 0 for no cap." },
        { "parador_domain_reservation_cpus", "CPUs that a domain is guaranteed." },
    };

    for (unsigned f = 0; f < 3; f++) {
        family_begin(e, families[f].name, FAMILY_GAUGE, NULL, families[f].help);
        for (size_t i = 0; i < r->count; i++) {
            const double values[] = { params[i].weight, params[i].cap / 100.0,
                                      params[i].reservation / 100.0 };

            if (params[i].weight == 0)
                continue;
            begin_domain(e, &r->accounts[i]);
            sample_real(e, values[f]);
        }
    }
}

static int write_scheduling(struct parador_handle *h, struct exposition *e,
                            const struct reading *r)
{
    struct parador_sched_params *params = calloc(r->count + 1, sizeof(*params));
    struct pool *pools = calloc(POOLS_MAX, sizeof(*pools));
    bool fine = params != NULL && pools != NULL;

    for (size_t i = 0; fine && i < r->count; i++)
        if (parador_control_sched_get(h, r->accounts[i].domid, &params[i]) != 0)
            params[i].weight = 0;
    if (fine) {
        write_pools(e, pools, gather_pools(r, params, pools));
        write_shares(e, r, params);
    }
    free(params);
    free(pools);
    return fine ? 0 : parador_fail(h, ENOMEM, "out of memory");
}

/* ---- domains ---- */

static const char *const states[] = { "running", "runnable", "blocked", "offline" };

/* The states of a vcpu, or of a domain's together; elsewhere than on Parador only the first. */
static void write_states(struct exposition *e, const struct reading *r, const struct account *a,
                         const struct account_vcpu *v)
{
    const struct cpu_times *t = v != NULL ? &v->times : &a->times;
    const uint64_t ns[] = { t->running, t->runnable, t->blocked, t->offline };

    for (unsigned i = 0; i < (r->complete ? 4u : 1u); i++) {
        begin_domain(e, a);
        if (v != NULL)
            sample_number(e, "vcpu", v->vcpu);
        sample_label(e, "state", states[i]);
        sample_seconds(e, ns[i]);
    }
}

static void write_domain_times(struct exposition *e, const struct reading *r)
{
    family_begin(e, "parador_domain_seconds", FAMILY_COUNTER, "seconds",
                 "Time of all vcpus of a domain by state; offline is paused, down or over its cap.");
    for (size_t i = 0; i < r->count; i++)
        write_states(e, r, &r->accounts[i], NULL);
    family_begin(e, "parador_vcpu_seconds", FAMILY_COUNTER, "seconds",
                 "Time of a vcpu by state.");
    for (size_t i = 0; i < r->count; i++)
        for (size_t k = 0; k < r->accounts[i].nr_vcpus; k++)
            write_states(e, r, &r->accounts[i], &r->accounts[i].vcpus[k]);
    if (!r->complete)
        return;
    family_begin(e, "parador_domain_hypervisor_seconds", FAMILY_COUNTER, "seconds",
                 "Part of the running time that the hypervisor spent on behalf of a domain.");
    for (size_t i = 0; i < r->count; i++) {
        begin_domain(e, &r->accounts[i]);
        sample_seconds(e, r->accounts[i].times.hypervisor);
    }
    family_begin(e, "parador_vcpu_hypervisor_seconds", FAMILY_COUNTER, "seconds",
                 "Part of the running time that the hypervisor spent on behalf of a vcpu.");
    for (size_t i = 0; i < r->count; i++) {
        for (size_t k = 0; k < r->accounts[i].nr_vcpus; k++) {
            begin_domain(e, &r->accounts[i]);
            sample_number(e, "vcpu", r->accounts[i].vcpus[k].vcpu);
            sample_seconds(e, r->accounts[i].vcpus[k].times.hypervisor);
        }
    }
    family_begin(e, "parador_domain_switches", FAMILY_COUNTER, NULL,
                 "How often a vcpu of a domain was put on a CPU.");
    for (size_t i = 0; i < r->count; i++) {
        begin_domain(e, &r->accounts[i]);
        sample_value(e, r->accounts[i].times.switches);
    }
}

static void write_domain_facts(struct exposition *e, const struct reading *r)
{
    family_begin(e, "parador_domain_memory_bytes", FAMILY_GAUGE, "bytes", "Memory of a domain.");
    for (size_t i = 0; i < r->count; i++) {
        begin_domain(e, &r->accounts[i]);
        sample_value(e, r->accounts[i].pages * 4096);
    }
    family_begin(e, "parador_domain_vcpus", FAMILY_GAUGE, NULL, "Online vcpus of a domain.");
    for (size_t i = 0; i < r->count; i++) {
        begin_domain(e, &r->accounts[i]);
        sample_value(e, r->accounts[i].vcpus_online);
    }
    if (!r->complete)
        return;
    family_begin(e, "parador_domain_memory_byte_seconds", FAMILY_COUNTER, "seconds",
                 "Memory of a domain, integrated over time.");
    for (size_t i = 0; i < r->count; i++) {
        begin_domain(e, &r->accounts[i]);
        sample_real(e, account_byte_seconds(&r->accounts[i]));
    }
    family_begin(e, "parador_domain_start_time_seconds", FAMILY_GAUGE, "seconds",
                 "When a domain was created, in seconds since 1970, by the clock of dom0.");
    for (size_t i = 0; i < r->count; i++) {
        begin_domain(e, &r->accounts[i]);
        sample_real(e, (double)r->accounts[i].start_wall / (double)NS_PER_S);
    }
}

/* ---- devices ---- */

struct device_family {
    const char *name, *unit, *help;
    enum device_kind kind;
    unsigned counter, scale;
};

static const struct device_family device_families[] = {
    { "parador_vif_receive_bytes", "bytes", "What a guest received.", DEVICE_VIF, VIF_RX_BYTES, 1 },
    { "parador_vif_transmit_bytes", "bytes", "What a guest sent.", DEVICE_VIF, VIF_TX_BYTES, 1 },
    { "parador_vif_receive_packets", "packets", "Packets a guest received.", DEVICE_VIF,
      VIF_RX_PACKETS, 1 },
    { "parador_vif_transmit_packets", "packets", "Packets a guest sent.", DEVICE_VIF,
      VIF_TX_PACKETS, 1 },
    { "parador_vif_receive_dropped_packets", "packets", "Packets for a guest that were dropped.",
      DEVICE_VIF, VIF_RX_DROPPED, 1 },
    { "parador_vif_transmit_dropped_packets", "packets", "Packets of a guest that were dropped.",
      DEVICE_VIF, VIF_TX_DROPPED, 1 },
    { "parador_vbd_read_bytes", "bytes", "What a guest read from a disk.", DEVICE_VBD,
      VBD_READ_SECTORS, 512 },
    { "parador_vbd_written_bytes", "bytes", "What a guest wrote to a disk.", DEVICE_VBD,
      VBD_WRITTEN_SECTORS, 512 },
    { "parador_vbd_reads", NULL, "Reads from a disk.", DEVICE_VBD, VBD_READS, 1 },
    { "parador_vbd_writes", NULL, "Writes to a disk.", DEVICE_VBD, VBD_WRITES, 1 },
    { "parador_vbd_flushes", NULL, "Flushes of a disk.", DEVICE_VBD, VBD_FLUSHES, 1 },
    { "parador_vbd_discards", NULL, "Discards on a disk.", DEVICE_VBD, VBD_DISCARDS, 1 },
    { "parador_vbd_out_of_requests", NULL, "Requests that had to wait for room in dom0.",
      DEVICE_VBD, VBD_SHORT, 1 },
};

static void write_devices(struct exposition *e, const struct reading *r,
                          const struct device_family *f)
{
    family_begin(e, f->name, FAMILY_COUNTER, f->unit, f->help);
    for (size_t i = 0; i < r->count; i++) {
        const struct account *a = &r->accounts[i];

        for (size_t k = 0; k < a->nr_devices; k++) {
            uint64_t n = a->devices[k].count[f->counter];

            if (a->devices[k].kind != f->kind)
                continue;
            begin_domain(e, a);
            sample_number(e, "device", a->devices[k].devid);
            sample_value(e, n > UINT64_MAX / f->scale ? UINT64_MAX : n * f->scale);
        }
    }
}

static int write_all(struct parador_handle *h, struct exposition *e, const struct reading *r)
{
    write_hypervisor(h, e, r);
    write_memory(h, e);
    write_cpus(e, r);
    if (r->complete && write_scheduling(h, e, r) != 0)
        return -1;
    write_domain_times(e, r);
    write_domain_facts(e, r);
    for (size_t i = 0; i < sizeof(device_families) / sizeof(device_families[0]); i++)
        write_devices(e, r, &device_families[i]);
    exposition_end(e);
    return 0;
}

int metrics_make(struct parador_handle *h, enum metrics_format format, char **text, size_t *size)
{
    struct exposition e = { .format = format };
    struct reading r;
    struct carry carry;
    int result = -1;

    *text = NULL;
    if (carry_load(&carry) != 0)
        return parador_fail(h, ENOMEM, "out of memory");
    if (reading_take(h, READ_NAMES | READ_VCPUS | READ_CPUS, &r) != 0) {
        carry_free(&carry);
        return -1;
    }
    e.out = open_memstream(text, size);
    if (e.out != NULL && carry_look(&carry, &r, NULL))
        result = write_all(h, &e, &r);
    else
        parador_fail(h, ENOMEM, "out of memory");
    if (e.out != NULL && fclose(e.out) != 0)
        result = parador_fail(h, ENOMEM, "out of memory");
    reading_free(&r);
    carry_free(&carry);
    if (result != 0) {
        free(*text);
        *text = NULL;
    }
    return result;
}
