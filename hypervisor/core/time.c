/* SPDX-License-Identifier: MIT */
/* Guest time: pvclock records, the wall clock, and the virtual timers. */
#include "core/time.h"

#include "core/domain.h"
#include "core/evtchn.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "core/vehicle.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/spinlock.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "lib/string.h"

#define NS_PER_SECOND 1000000000ULL
#define MIN_PERIOD_NS 1000000ULL /* public/vcpu.h: shorter periods are refused */
/* Longer ones, 146 years and more, never end; sums of times and periods must not overflow. */
#define MAX_PERIOD_NS (1ULL << 62)

/* The wall clock at system time zero. [wall_lock] once dom0 has set it. */
static struct spinlock wall_lock = SPINLOCK_INIT(LOCK_DOMAIN_TABLE);
static uint64_t wall_boot_ns;
static bool wall_set;

/* Both records follow the protocol of public/shared_info.h: version is odd while they change. */
static void fill_record(struct vcpu_time_info *t, const struct tsc_scale *s)
{
    uint32_t version = (t->version | 1) + 1;

    __atomic_store_n(&t->version, version - 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    t->tsc_timestamp = s->tsc_stamp;
    t->system_time = s->ns_stamp;
    t->tsc_to_system_mul = s->mul;
    t->tsc_shift = s->shift;
    /* One scale for all CPUs, set once: time is the same whichever vcpu reads it. */
    t->flags = tsc_stable() ? XEN_PVCLOCK_TSC_STABLE_BIT : 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&t->version, version, __ATOMIC_RELEASE);
}

static bool record_current(const struct vcpu_time_info *t, const struct tsc_scale *s)
{
    return t->tsc_timestamp == s->tsc_stamp && t->system_time == s->ns_stamp &&
           t->tsc_to_system_mul == s->mul && t->tsc_shift == s->shift && t->version &&
           !(t->version & 1);
}

/* v is current: the registered copy is in its kernel's address space. */
static void write_copy(struct vcpu *v)
{
    void (*view)(struct vcpu *, bool) = v->domain->vehicle->kernel_view;
    struct vcpu_time_info t = v->vcpu_info->time;
    uint32_t version = t.version, odd = version | 1;
    struct guest_ptr p = v->time_info_guest;

    t.version = odd;
    if (view)
        view(v, true);
    /* An area the guest has taken away in the meantime is its own loss. */
    if (!copy_to_guest(p, &odd, sizeof(odd)) && !copy_to_guest(p, &t, sizeof(t)))
        (void)copy_to_guest(p, &version, sizeof(version));
    if (view)
        view(v, false);
    v->time_info_stale = false;
}

void time_update_vcpu(struct vcpu *v)
{
    struct vcpu_time_info *t = &v->vcpu_info->time;
    struct tsc_scale s = tsc_scale_here();

    if (!record_current(t, &s)) {
        fill_record(t, &s);
        v->time_info_stale = true;
    }
    if (v->time_info_stale && v == current && !guest_ptr_null(v->time_info_guest))
        write_copy(v);
}

static void scale_changed(void)
{
    if (!is_idle_vcpu(current))
        time_update_vcpu(current);
}

void time_init(void)
{
    tsc_scale_changed = scale_changed;
}

uint64_t time_wall_at_boot(void)
{
    return __atomic_load_n(&wall_set, __ATOMIC_ACQUIRE) ? wall_boot_ns : wallclock_boot_ns();
}

void time_update_wallclock(struct domain *d)
{
    struct shared_info *s = d->shared_info;
    uint64_t ns = time_wall_at_boot();
    uint64_t secs = ns / NS_PER_SECOND + d->time_offset_seconds;
    uint32_t version = (s->wc_version | 1) + 1;

    __atomic_store_n(&s->wc_version, version - 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    s->wc_sec = (uint32_t)secs;
    s->wc_sec_hi = secs >> 32;
    s->wc_nsec = ns % NS_PER_SECOND;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    __atomic_store_n(&s->wc_version, version, __ATOMIC_RELEASE);
}

static bool update_one(struct domain *d, void *arg)
{
    time_update_wallclock(d);
    return true;
}

void time_set_wallclock(uint64_t secs, uint32_t nsecs, uint64_t system_time)
{
    uint64_t ns = secs * NS_PER_SECOND + nsecs;

    spin_lock(&wall_lock);
    wall_boot_ns = ns > system_time ? ns - system_time : 0;
    __atomic_store_n(&wall_set, true, __ATOMIC_RELEASE);
    spin_unlock(&wall_lock);
    domain_for_each(0, update_one, NULL);
}

static void singleshot_fired(void *arg)
{
    send_vcpu_virq(arg, VIRQ_TIMER);
}

/* Keeps the beat: the next tick is whole periods after the last, however late we are. */
static void periodic_fired(void *arg)
{
    struct vcpu *v = arg;
    uint64_t period = __atomic_load_n(&v->periodic_period, __ATOMIC_ACQUIRE), now = now_ns();

    if (!period)
        return;
    send_vcpu_virq(v, VIRQ_TIMER);
    v->periodic_last += period;
    if (now >= v->periodic_last + period)
        v->periodic_last = now - (now - v->periodic_last) % period;
    timer_set(&v->periodic_timer, v->periodic_last + period);
}

static void poll_timed_out(void *arg)
{
    sched_poll_end(arg);
}

void vcpu_timers_init(struct vcpu *v)
{
    timer_init(&v->singleshot_timer, singleshot_fired, v, v->cpu);
    timer_init(&v->periodic_timer, periodic_fired, v, v->cpu);
    timer_init(&v->poll_timer, poll_timed_out, v, v->cpu);
}

void vcpu_timers_destroy(struct vcpu *v)
{
    v->periodic_period = 0;
    timer_kill(&v->singleshot_timer);
    timer_kill(&v->periodic_timer);
    timer_kill(&v->poll_timer);
}

/* The timer goes with the vcpu: it is set where the vcpu runs, and expires without an IPI. */
static void arm_here(struct timer *t, uint64_t expires)
{
    unsigned cpu = smp_cpu_id();

    if (t->cpu != cpu)
        timer_migrate(t, cpu);
    timer_set(t, expires);
}

void vcpu_set_singleshot(struct vcpu *v, uint64_t expires)
{
    if (expires)
        arm_here(&v->singleshot_timer, expires);
    else
        timer_stop(&v->singleshot_timer);
}

int vcpu_set_periodic(struct vcpu *v, uint64_t period_ns)
{
    if (period_ns && period_ns < MIN_PERIOD_NS)
        return -EINVAL;
    if (period_ns > MAX_PERIOD_NS)
        period_ns = MAX_PERIOD_NS;
    timer_stop(&v->periodic_timer);
    v->periodic_last = now_ns();
    __atomic_store_n(&v->periodic_period, period_ns, __ATOMIC_RELEASE);
    /* One that is not running gets its timer when it next does; a sibling that runs, where it was. */
    if (period_ns && v == current)
        arm_here(&v->periodic_timer, v->periodic_last + period_ns);
    else if (period_ns && vcpu_on_a_cpu(v))
        timer_set(&v->periodic_timer, v->periodic_last + period_ns);
    return 0;
}

void vcpu_timers_sleep(struct vcpu *v)
{
    if (v->periodic_period)
        timer_stop(&v->periodic_timer);
}

void vcpu_timers_resume(struct vcpu *v)
{
    /* Read once: a sibling may stop the timer at any time, and we divide by the period. */
    uint64_t period = __atomic_load_n(&v->periodic_period, __ATOMIC_ACQUIRE), now;

    if (!period)
        return;
    now = now_ns();
    if (now >= v->periodic_last + period) {
        send_vcpu_virq(v, VIRQ_TIMER);
        v->periodic_last = now - (now - v->periodic_last) % period;
    }
    arm_here(&v->periodic_timer, v->periodic_last + period);
}
