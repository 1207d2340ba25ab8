/* SPDX-License-Identifier: MIT */
/* Round robin with weights, and a boost for vcpus that wake with time left in their slice. */
#include "core/sched.h"
#include "hw/panic.h"
#include "lib/list.h"
#include "public/control.h"
#include "public/domctl.h"

/*
 * Everyone has a slice, in proportion to the domain's weight. A vcpu that uses it up goes to the
 * end of the queue and gets a new one when its turn comes. A vcpu that sleeps keeps what is left:
 * when it wakes it goes to the front, ahead of those that compute, and interrupts one. So an
 * I/O-bound guest is served at once, and one that tries to live on boosts gets no more than its
 * slice per round.
 */
#define DEFAULT_WEIGHT 256
#define MIN_SLICE_NS 1000000ULL
#define MAX_SLICE_NS 100000000ULL
#define MIN_BOOST_NS 200000LL /* with less than this left a boost would be cut off at once */

struct rr_cpu {
    struct list_head queue;   /* boosted ones first, then in order of arrival */
    unsigned queued;
    struct vcpu *running;     /* NULL: the idle vcpu */
};

static struct rr_cpu rr_cpus[MAX_CPUS];

static int64_t full_slice(const struct vcpu *v)
{
    uint64_t slice = SCHED_SLICE_NS * v->domain->sched.weight / DEFAULT_WEIGHT;

    if (slice < MIN_SLICE_NS)
        return MIN_SLICE_NS;
    return slice > MAX_SLICE_NS ? MAX_SLICE_NS : slice;
}

static void rr_init_cpu(unsigned cpu, const struct sched_pool *pool)
{
    list_init(&rr_cpus[cpu].queue);
    rr_cpus[cpu].running = NULL;
}

static void rr_insert(struct vcpu *v)
{
    v->sched.state = SCHED_OFF_QUEUE;
    v->sched.credit = full_slice(v);
}

static void enqueue(struct vcpu *v)
{
    struct rr_cpu *q = &rr_cpus[v->cpu];
    struct list_head *before = &q->queue;
    struct vcpu *pos;

    if (v->sched.boosted)
        list_for_each_entry (pos, &q->queue, sched.queue)
            if (!pos->sched.boosted) {
                before = &pos->sched.queue;
                break;
            }
    list_add_tail(&v->sched.queue, before);
    v->sched.state = SCHED_QUEUED;
    __atomic_store_n(&q->queued, q->queued + 1, __ATOMIC_RELAXED);
}

static void dequeue(struct vcpu *v)
{
    struct rr_cpu *q = &rr_cpus[v->cpu];

    list_del(&v->sched.queue);
    v->sched.state = SCHED_OFF_QUEUE;
    __atomic_store_n(&q->queued, q->queued - 1, __ATOMIC_RELAXED);
}

static void rr_wake(struct vcpu *v, uint64_t now)
{
    struct vcpu *running = rr_cpus[v->cpu].running;

    v->sched.boosted = v->sched.credit >= MIN_BOOST_NS;
    if (!v->sched.boosted)
        v->sched.credit = 0;
    enqueue(v);
    if (!running || (v->sched.boosted && !running->sched.boosted))
        sched_tickle(v->cpu);
    else if (rr_cpus[v->cpu].queued == 1) /* alone until now, it has no slice timer */
        sched_recheck(v->cpu, now, running->sched.last_start + (uint64_t)running->sched.credit);
}

/*
 * Who is taken down while it waits loses its place. Otherwise siblings could do so again and again, to
 * put it in front of the others, or to interrupt them for nothing.
 */
static void rr_sleep(struct vcpu *v)
{
    dequeue(v);
    if (!vcpu_runnable(v))
        v->sched.credit = 0;
}

/* It gives up the rest of its slice, so it goes to the end. */
static void rr_yield(struct vcpu *v)
{
    v->sched.credit = 0;
}

static void charge(struct vcpu *v, uint64_t now)
{
    if (now > v->sched.last_start)
        v->sched.credit -= now - v->sched.last_start;
    v->sched.last_start = now;
}

/* Puts what ran until now where it belongs; true: it goes on running. */
static bool settle_running(struct rr_cpu *q, struct vcpu *v, unsigned cpu, uint64_t now)
{
    struct vcpu *head;

    charge(v, now);
    if (!vcpu_runnable(v) || !sched_may_run(v, cpu)) {
        v->sched.state = SCHED_OFF_QUEUE;
        return false;
    }
    if (v->sched.credit <= 0) {
        v->sched.boosted = false;
        v->sched.credit = 0;
    }
    if (list_empty(&q->queue))
        return true;
    head = list_entry(q->queue.next, struct vcpu, sched.queue);
    if (v->sched.credit > 0 && (v->sched.boosted || !head->sched.boosted))
        return true;
    enqueue(v);
    return false;
}

static struct vcpu *rr_pick_next(unsigned cpu, uint64_t now, uint64_t *slice_ns)
{
    struct rr_cpu *q = &rr_cpus[cpu];
    struct vcpu *v = q->running;

    if (!v || !settle_running(q, v, cpu, now)) {
        v = NULL;
        if (!list_empty(&q->queue)) {
            v = list_entry(q->queue.next, struct vcpu, sched.queue);
            dequeue(v);
            v->sched.state = SCHED_RUNNING;
            v->sched.last_start = now;
        }
        __atomic_store_n(&q->running, v, __ATOMIC_RELAXED);
    }
    if (v && v->sched.credit <= 0)
        v->sched.credit = full_slice(v);
    /* Nobody waits: no timer is needed. */
    *slice_ns = v && !list_empty(&q->queue) ? (uint64_t)v->sched.credit : 0;
    return v ? v : idle_vcpu(cpu);
}

static struct vcpu *rr_steal(unsigned victim, unsigned thief)
{
    struct vcpu *v;

    list_for_each_entry (v, &rr_cpus[victim].queue, sched.queue)
        if (sched_may_run(v, thief)) {
            dequeue(v);
            return v;
        }
    return NULL;
}

static unsigned rr_queued(unsigned cpu)
{
    return __atomic_load_n(&rr_cpus[cpu].queued, __ATOMIC_RELAXED);
}

const struct sched_policy sched_rr = {
    .name = "Parador round robin",
    .opt_name = "rr",
    /* The public number whose parameters are nearest: weighted turns of a fixed length. */
    .id = XEN_SCHEDULER_CREDIT,
    .params = PARADOR_SCHED_WEIGHT,
    .init_cpu = rr_init_cpu,
    .insert = rr_insert,
    .wake = rr_wake,
    .sleep = rr_sleep,
    .yield = rr_yield,
    .pick_next = rr_pick_next,
    .steal = rr_steal,
    .queued = rr_queued,
};
