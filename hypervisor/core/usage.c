/* SPDX-License-Identifier: MIT */
/* Accounts: time the hypervisor spends for a vcpu, and the figures of CPUs, domains and vcpus. */
#include "core/usage.h"

#include "core/domain.h"
#include "core/physmem.h"
#include "core/sched.h"
#include "hw/cpu.h"
#include "hw/irq.h"
#include "hw/softirq.h"
#include "lib/bitmap.h"
#include "lib/string.h"

/* Since when this CPU works for its current vcpu, while it runs softirqs for it. */
static DEFINE_PER_CPU(uint64_t, softirqs_since);

/* Final records, one slot for each sequence number modulo their count. [retired_lock] */
static struct spinlock retired_lock = SPINLOCK_INIT(LOCK_DOMAIN);
static struct parador_domain_usage retired[PARADOR_USAGE_RETIRED];
static uint64_t retired_next = 1, retired_running_ns;

/* The ways from a guest and from ourselves into hw (hw/exceptions.S). */
void guest_interrupt(struct trap_frame *f);
void hv_interrupt(struct trap_frame *f);

void guest_interrupt(struct trap_frame *f)
{
    uint64_t since = usage_begin();

    irq_entry(f);
    usage_end(since);
}

/* Only a halted CPU has a current vcpu that is blocked. */
void hv_interrupt(struct trap_frame *f)
{
    usage_wake();
    irq_entry(f);
}

/* On the way back to a guest (pv/entry.S), interrupts off; SCHEDULE may leave for good. */
void guest_softirqs(void);

void guest_softirqs(void)
{
    this_cpu(softirqs_since) = usage_begin();
    irq_enable();
    softirq_run();
    irq_disable();
    usage_end(this_cpu(softirqs_since));
}

void usage_switch(struct vcpu *prev)
{
    uint64_t now = rdtsc();

    if (!is_idle_vcpu(prev))
        prev->hv_ticks += now - this_cpu(softirqs_since);
    this_cpu(softirqs_since) = now;
}

void usage_enter(struct vcpu *next)
{
    idle_vcpu(smp_cpu_id())->switches++;
    if (is_idle_vcpu(next))
        return;
    next->switches++;
    usage_end(this_cpu(softirqs_since));
}

void usage_halt(void)
{
    runstate_change(current, RUNSTATE_blocked, now_ns());
}

void usage_wake(void)
{
    if (__builtin_expect(current->runstate.state == RUNSTATE_blocked, 0))
        runstate_change(current, RUNSTATE_running, now_ns());
}

void usage_cpu(unsigned cpu, uint64_t now, struct parador_cpu_usage *u)
{
    const struct sched_pool *pool = sched_cpu_pool(cpu);
    const struct vcpu *v = idle_vcpu(cpu);
    struct vcpu_runstate_info r;

    runstate_get_at(v, now, &r);
    *u = (struct parador_cpu_usage){
        .cpu = cpu,
        .pool = pool ? pool->id : POOL_NONE,
        .guest_ns = r.time[RUNSTATE_runnable],
        .hypervisor_ns = r.time[RUNSTATE_running],
        .idle_ns = r.time[RUNSTATE_blocked],
        .switches = v->switches,
    };
}

void usage_vcpu(struct vcpu *v, uint64_t now, struct parador_vcpu_usage *u)
{
    /* Read first, so that it is not ahead; and `now` may be before its last change. */
    uint64_t hv_ns = tsc_ticks_to_ns(__atomic_load_n(&v->hv_ticks, __ATOMIC_ACQUIRE));
    struct vcpu_runstate_info r;

    runstate_get_at(v, now, &r);
    *u = (struct parador_vcpu_usage){
        .vcpu = v->vcpu_id,
        .cpu = v->cpu,
        .state = r.state,
        .online = !bitmap_test(&v->pause_flags, VPF_DOWN),
        .running_ns = r.time[RUNSTATE_running],
        .hypervisor_ns = hv_ns < r.time[RUNSTATE_running] ? hv_ns : r.time[RUNSTATE_running],
        .runnable_ns = r.time[RUNSTATE_runnable],
        .blocked_ns = r.time[RUNSTATE_blocked],
        .offline_ns = r.time[RUNSTATE_offline],
        .switches = v->switches,
    };
}

void usage_domain(struct domain *d, uint64_t now, struct parador_domain_usage *u)
{
    struct vcpu *v;
    unsigned i;

    *u = (struct parador_domain_usage){
        .created_ns = d->created_ns, .now_ns = now, .domid = d->domid,
        .pool = __atomic_load_n(&d->sched.pool, __ATOMIC_RELAXED)->id,
    };
    memcpy(u->handle, d->handle, sizeof(u->handle));
    u->page_ms = physmem_usage(d, now, &u->pages);
    for_each_vcpu (d, v, i) {
        struct parador_vcpu_usage one;

        usage_vcpu(v, now, &one);
        u->running_ns += one.running_ns;
        u->hypervisor_ns += one.hypervisor_ns;
        u->runnable_ns += one.runnable_ns;
        u->blocked_ns += one.blocked_ns;
        u->offline_ns += one.offline_ns;
        u->switches += one.switches;
        u->nr_vcpus++;
        u->nr_online += one.online;
    }
}

void usage_retire(struct domain *d)
{
    struct parador_domain_usage u;

    usage_domain(d, now_ns(), &u);
    spin_lock(&retired_lock);
    u.sequence = retired_next++;
    retired[u.sequence % PARADOR_USAGE_RETIRED] = u;
    retired_running_ns += u.running_ns;
    spin_unlock(&retired_lock);
}

bool usage_retired(uint64_t first, struct parador_domain_usage *u)
{
    uint64_t oldest;
    bool found;

    spin_lock(&retired_lock);
    oldest = retired_next > PARADOR_USAGE_RETIRED ? retired_next - PARADOR_USAGE_RETIRED : 1;
    if (first < oldest)
        first = oldest;
    found = first < retired_next;
    if (found)
        *u = retired[first % PARADOR_USAGE_RETIRED];
    spin_unlock(&retired_lock);
    return found;
}

void usage_retired_sum(uint64_t *running_ns, uint64_t *next)
{
    spin_lock(&retired_lock);
    *running_ns = retired_running_ns;
    *next = retired_next;
    spin_unlock(&retired_lock);
}
