/* SPDX-License-Identifier: MIT */
/* A machine of paper, whose clock goes when the test says so; every sum is kept right by it. */
#include "fake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/loop.h"
#include "daemon/process.h"
#include "devices/counters.h"
#include "guest/guest.h"
#include "lib/internal.h"

struct fake fake;

const char *__lsan_default_suppressions(void);

/* A daemon that is killed, as restart() in the tests has it, frees nothing. */
const char *__lsan_default_suppressions(void)
{
    return "leak:accounts_look\nleak:accounts_start\n";
}

static void shell(const char *format, ...)
{
    char command[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(command, sizeof(command), format, ap);
    va_end(ap);
    if (system(command) != 0)
        abort();
}

void fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.now_ns = 5 * NS_PER_S;
    for (unsigned i = 0; i < FAKE_CPUS; i++)
        fake.cpus[i] = (struct parador_cpu_usage){ .cpu = i, .idle_ns = fake.now_ns };
    shell("cd '%s' && rm -rf run log backends && mkdir run log backends", getenv("FOLDER"));
    fake_create(0, 0, "Domain-0");
}

void fake_create(domid_t domid, uint8_t id, const char *name)
{
    fake.there[domid] = true;
    fake.domains[domid] = (struct parador_domain_usage){
        .domid = domid, .created_ns = fake.now_ns, .now_ns = fake.now_ns, .nr_vcpus = 1,
        .nr_online = 1, .pages = 256, .handle = { id },
    };
    snprintf(fake.names[domid], sizeof(fake.names[domid]), "%s", name);
}

/* One domain runs on CPU 0, with a tenth of it in the hypervisor; CPU 1 works for the hypervisor. */
static void run(domid_t domid, uint64_t ns)
{
    for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
        struct parador_domain_usage *d = &fake.domains[i];

        if (!fake.there[i])
            continue;
        if (i == domid) {
            d->running_ns += ns;
            d->hypervisor_ns += ns / 10;
            d->switches++;
        } else {
            d->runnable_ns += ns / 2;
            d->blocked_ns += ns - ns / 2;
        }
        d->page_ms += d->pages * ns / 1000000;
    }
    fake.cpus[0].guest_ns += ns;
    fake.cpus[1].hypervisor_ns += ns / 5;
    fake.cpus[1].idle_ns += ns - ns / 5;
    fake.now_ns += ns;
    for (unsigned i = 0; i < FAKE_DOMAINS; i++)
        fake.domains[i].now_ns = fake.now_ns;
}

void fake_run(uint64_t each_ns)
{
    for (unsigned i = 0; i < FAKE_DOMAINS; i++)
        if (fake.there[i])
            run((domid_t)i, each_ns);
}

void fake_end(domid_t domid, uint64_t tail_ns)
{
    struct parador_domain_usage *d = &fake.domains[domid];

    run(domid, tail_ns);
    device_farewell(NULL, domid);
    d->sequence = fake.nr_retired + 1;
    fake.retired[fake.nr_retired++] = *d;
    fake.retired_ns += d->running_ns;
    fake.there[domid] = false;
}

static void write_counter(const char *folder, const char *file, uint64_t value)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, file);
    f = fopen(path, "w");
    if (f == NULL)
        abort();
    fprintf(f, "%llu\n", (unsigned long long)value);
    fclose(f);
}

void fake_vif(domid_t domid, unsigned devid, uint64_t rx_bytes, uint64_t tx_bytes)
{
    static const char *const zeros[] = { "rx_dropped", "tx_dropped", "rx_packets", "tx_packets" };
    char folder[256];

    snprintf(folder, sizeof(folder), "%s/backends/vif-%u-%u/net/renamed%u/statistics",
             getenv("FOLDER"), domid, devid, domid);
    shell("mkdir -p '%s'", folder);
    for (unsigned i = 0; i < 4; i++)
        write_counter(folder, zeros[i], 0);
    write_counter(folder, "rx_bytes", rx_bytes);
    write_counter(folder, "tx_bytes", tx_bytes);
}

void fake_vbd(domid_t domid, unsigned devid, uint64_t reads, uint64_t sectors)
{
    static const char *const zeros[] = { "wr_req", "f_req", "ds_req", "wr_sect", "oo_req" };
    char folder[256];

    snprintf(folder, sizeof(folder), "%s/backends/vbd-%u-%u/statistics", getenv("FOLDER"), domid,
             devid);
    shell("mkdir -p '%s'", folder);
    for (unsigned i = 0; i < 5; i++)
        write_counter(folder, zeros[i], 0);
    write_counter(folder, "rd_req", reads);
    write_counter(folder, "rd_sect", sectors);
}

void fake_no_devices(domid_t domid)
{
    shell("rm -rf '%s'/backends/v*-%u-*", getenv("FOLDER"), domid);
}

static int not_there(struct parador_handle *h)
{
    return parador_fail(h, ENOSYS, "the hypervisor has no control hypercall");
}

int parador_control_usage_host(struct parador_handle *h, struct parador_usage_host *host,
                               struct parador_cpu_usage *cpus, unsigned max)
{
    unsigned n = max < FAKE_CPUS ? max : FAKE_CPUS;

    if (fake.is_xen)
        return not_there(h);
    *host = (struct parador_usage_host){
        .nr_cpus = FAKE_CPUS, .now_ns = fake.now_ns, .wall_sec = 1700000000,
        .retired_running_ns = fake.retired_ns, .retired_next = fake.nr_retired + 1,
    };
    memcpy(cpus, fake.cpus, n * sizeof(*cpus));
    return (int)n;
}

int parador_control_usage_domains(struct parador_handle *h, domid_t first,
                                  struct parador_domain_usage *list, unsigned max)
{
    unsigned n = 0;

    (void)h;
    for (unsigned i = first; i < FAKE_DOMAINS && n < max; i++)
        if (fake.there[i])
            list[n++] = fake.domains[i];
    return (int)n;
}

int parador_control_usage_vcpus(struct parador_handle *h, domid_t domid, unsigned first,
                                struct parador_vcpu_usage *list, unsigned max, uint64_t *now_ns)
{
    const struct parador_domain_usage *d = &fake.domains[domid];

    if (!fake.there[domid])
        return parador_fail(h, ESRCH, "there is no domain %u", domid);
    *now_ns = fake.now_ns;
    if (first > 0 || max == 0)
        return 0;
    list[0] = (struct parador_vcpu_usage){
        .online = 1, .running_ns = d->running_ns, .runnable_ns = d->runnable_ns,
        .blocked_ns = d->blocked_ns, .hypervisor_ns = d->hypervisor_ns, .switches = d->switches,
    };
    return 1;
}

int parador_control_usage_retired(struct parador_handle *h, uint64_t first,
                                  struct parador_domain_usage *list, unsigned max)
{
    unsigned n = 0;

    (void)h;
    for (unsigned i = fake.forgotten; i < fake.nr_retired && n < max; i++)
        if (fake.retired[i].sequence >= first)
            list[n++] = fake.retired[i];
    return (int)n;
}

int parador_control_sched_get(struct parador_handle *h, domid_t domid,
                              struct parador_sched_params *params)
{
    if (fake.is_xen)
        return not_there(h);
    *params = (struct parador_sched_params){
        .weight = 256, .cap = domid, .capacity = 100 * FAKE_CPUS, .reservation = 10,
        .reserved = 40,
    };
    return 0;
}

int parador_domain_list(struct parador_handle *h, domid_t first, unsigned max,
                        struct xen_domctl_getdomaininfo *list)
{
    unsigned n = 0;

    (void)h;
    for (unsigned i = first; i < FAKE_DOMAINS && n < max; i++) {
        if (!fake.there[i])
            continue;
        list[n++] = (struct xen_domctl_getdomaininfo){
            .domain = (domid_t)i, .cpu_time = fake.domains[i].running_ns, .tot_pages = 256,
            .max_pages = 512, .nr_online_vcpus = 1, .flags = XEN_DOMINF_blocked,
        };
        memcpy(list[n - 1].handle, fake.domains[i].handle, sizeof(list[0].handle));
    }
    return (int)n;
}

int parador_list(struct parador_handle *h, struct guest_info **list, size_t *count)
{
    (void)h;
    *list = calloc(FAKE_DOMAINS, sizeof(**list));
    *count = 0;
    for (unsigned i = 0; i < FAKE_DOMAINS; i++) {
        struct guest_info *g = &(*list)[*count];

        if (!fake.there[i])
            continue;
        *g = (struct guest_info){
            .domid = (domid_t)i, .blocked = i != 0, .running = i == 0, .memory_kib = 1024,
            .maxmem_kib = i == 0 ? UINT64_MAX : 2048, .cpu_time_ns = fake.domains[i].running_ns,
            .vcpus_online = 1, .vcpus_max = 1,
        };
        memcpy(g->uuid, fake.domains[i].handle, sizeof(g->uuid));
        snprintf(g->name, sizeof(g->name), "%s", fake.names[i]);
        (*count)++;
    }
    return 0;
}

int parador_name(struct parador_handle *h, domid_t domid, char *buf, size_t size)
{
    (void)h;
    snprintf(buf, size, "%s", fake.there[domid] ? fake.names[domid] : "");
    return 0;
}

int parador_physinfo(struct parador_handle *h, struct xen_sysctl_physinfo *info)
{
    (void)h;
    *info = (struct xen_sysctl_physinfo){
        .nr_cpus = FAKE_CPUS, .total_pages = 4096, .free_pages = 1024, .cpu_khz = 2000000,
    };
    return 0;
}

int parador_version(struct parador_handle *h, struct parador_version *version)
{
    (void)h;
    *version = (struct parador_version){ .major = 4, .minor = 17, .extra = "-\"p\\" };
    return 0;
}

int parador_domctl(struct parador_handle *h, struct xen_domctl *op)
{
    (void)h;
    op->u.getvcpuinfo.online = 1;
    op->u.getvcpuinfo.cpu_time = fake.domains[op->domain].running_ns;
    return 0;
}

int parador_sysctl(struct parador_handle *h, struct xen_sysctl *op)
{
    (void)op;
    return parador_fail(h, ENOSYS, "no such sysctl");
}

/* What a farewell asks for. */
char *store_readf(struct parador_handle *h, store_tx tx, const char *format, ...)
{
    char uuid[37], text[64];
    unsigned domid;
    va_list ap;

    (void)h;
    (void)tx;
    va_start(ap, format);
    domid = va_arg(ap, unsigned);
    va_end(ap);
    if (strstr(format, "/vm") == NULL)
        return strdup(fake.names[domid]);
    parador_uuid_text(fake.domains[domid].handle, uuid);
    snprintf(text, sizeof(text), "/vm/%s", uuid);
    return strdup(text);
}

void store_disconnect(struct store *s)
{
    (void)s;
}

void hcbuf_release(struct parador_handle *h)
{
    (void)h;
}

void note(int priority, const char *fmt, ...)
{
    (void)priority;
    (void)fmt;
    fake.notes++;
}

void die(const char *fmt, ...)
{
    fprintf(stderr, "%s\n", fmt);
    abort();
}

int process_mkdirs(const char *path)
{
    (void)path;
    return 0;
}

uint64_t loop_now(void)
{
    return fake.loop_ms;
}
