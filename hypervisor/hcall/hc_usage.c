/* SPDX-License-Identifier: MIT */
/* The usage ops of the control hypercall: accounts of CPUs, domains, vcpus and gone domains. */
#include "hcall/hc_usage.h"

#include "core/domain.h"
#include "core/guest_access.h"
#include "core/time.h"
#include "core/usage.h"
#include "hcall/continuation.h"
#include "hw/cpu.h"
#include "lib/errno.h"
#include "public/control.h"

#define NS_PER_SECOND 1000000000U
#define SOME_IDS 64U

/*
 * A caller with much room may get fewer records than fit; it goes on behind the last. So there is
 * nothing to remember when other work waits, and every call makes progress.
 */
static bool enough(uint32_t done, uint32_t room)
{
    return done == room || (done && hcall_preempt_check());
}

static long put(uint64_t array, uint32_t i, const void *record, size_t size)
{
    return copy_to_guest(guest_ptr_at(guest_ptr(array), i, size), record, size) ? -EFAULT : 0;
}

/* All as of one instant; so few that it is not worth preempting. */
long control_usage_host(struct parador_control *op)
{
    struct parador_usage_host *h = &op->u.usage_host;
    uint32_t room = h->cpus ? h->nr_cpus : 0, n = 0;
    unsigned cpu;

    h->now_ns = now_ns();
    h->wall_sec = time_wall_at_boot() / NS_PER_SECOND;
    usage_retired_sum(&h->retired_running_ns, &h->retired_next);
    h->padding = 0;
    for_each_online_cpu (cpu) {
        struct parador_cpu_usage u;

        if (n < room) {
            usage_cpu(cpu, h->now_ns, &u);
            if (put(h->cpus, n, &u, sizeof(u)))
                return -EFAULT;
        }
        n++;
    }
    h->nr_cpus = n;
    return 0;
}

/* Some of the identifiers in use: looking for them in the whole table would take far longer. */
struct some_ids {
    unsigned n;
    domid_t id[SOME_IDS];
};

static bool note_id(struct domain *d, void *arg)
{
    struct some_ids *ids = arg;

    ids->id[ids->n++] = d->domid;
    return ids->n < SOME_IDS;
}

long control_usage_domains(struct parador_control *op)
{
    struct parador_usage_domains *l = &op->u.usage_domains;
    unsigned next = l->first < MAX_DOMAINS ? l->first : MAX_DOMAINS;
    uint64_t now = now_ns();
    struct some_ids ids;
    uint32_t n = 0;

    do {
        ids.n = 0;
        domain_for_each((domid_t)next, note_id, &ids);
        for (unsigned i = 0; i < ids.n && !enough(n, l->nr); i++) {
            struct domain *d = domain_lookup(ids.id[i]);
            struct parador_domain_usage u;

            next = ids.id[i] + 1U;
            if (!d)
                continue;
            usage_domain(d, now, &u);
            if (put(l->domains, n, &u, sizeof(u)))
                return -EFAULT;
            n++;
        }
    } while (ids.n == SOME_IDS && !enough(n, l->nr));
    l->nr = n;
    return 0;
}

long control_usage_vcpus(struct parador_control *op)
{
    struct parador_usage_vcpus *l = &op->u.usage_vcpus;
    struct domain *d = domain_lookup(l->domain);
    uint32_t n = 0;

    if (!d)
        return -ESRCH;
    l->now_ns = now_ns();
    for (unsigned i = l->first; i < d->max_vcpus && n < l->nr; i++) {
        struct vcpu *v = __atomic_load_n(&d->vcpu[i], __ATOMIC_ACQUIRE);
        struct parador_vcpu_usage u;

        if (!v)
            continue;
        usage_vcpu(v, l->now_ns, &u);
        if (put(l->vcpus, n, &u, sizeof(u)))
            return -EFAULT;
        n++;
    }
    l->nr = n;
    return 0;
}

long control_usage_retired(struct parador_control *op)
{
    struct parador_usage_retired *l = &op->u.usage_retired;
    struct parador_domain_usage u = { .sequence = 0 };
    uint64_t next = l->first;
    uint32_t n = 0;

    while (!enough(n, l->nr) && usage_retired(next, &u)) {
        if (put(l->domains, n, &u, sizeof(u)))
            return -EFAULT;
        next = u.sequence + 1;
        n++;
    }
    l->nr = n;
    return 0;
}
