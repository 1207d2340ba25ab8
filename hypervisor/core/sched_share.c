/* SPDX-License-Identifier: MIT */
/* Proportional share: each domain gets CPU time by its weight, between its reservation and its cap. */
#include "core/sched_share.h"

#include "core/sched_budget.h"
#include "core/sched_pool.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "public/control.h"
#include "public/domctl.h"

/*
 * Every domain has a virtual time: the CPU time that all its vcpus have used, divided by its weight.
 * On each CPU the one who is furthest behind runs next; so virtual times stay together, and time is
 * shared by weight. docs/scheduler.md tells the whole of it. What is particular here:
 *
 * - A queue is sorted by the virtual time that a vcpu's domain had when it was last looked at. This
 *   can only have grown since, while a vcpu of the domain ran elsewhere. So it is enough to correct
 *   the first one until the first one is correct.
 * - A sleeper must not live on what it did not use, nor be punished for having used more than others
 *   while nobody wanted the CPU. So whoever is queued is put within a window around the virtual time
 *   of the CPU (vref), which is that of the last one that was behind all the others there.
 * - One that comes from another CPU may be far behind those here (it is owed what it did not get
 *   there). Its turn would keep a sleeper waiting for many slices; so whoever woke goes before it.
 * - A vcpu that wakes may run on another CPU than its home without a change of its virtual time: to
 *   let it down to that of the other CPU would be a gain that can be had again and again, because the
 *   balancer would take it for owed.
 * - No CPU looks at another one's queue unless it is idle. That virtual times of different CPUs stay
 *   together is the work of the balancer (sched_balance.c), which runs while anything waits.
 */

struct share_cpu share_cpus[MAX_CPUS];

static void share_init_cpu(unsigned cpu, const struct sched_pool *pool)
{
    struct share_cpu *q = &share_cpus[cpu];

    list_init(&q->queue);
    list_init(&q->claims);
    list_init(&q->woken);
    q->queued = 0;
    q->running = NULL;
    q->vref = pool->vref;
    q->free_at = 0;
    q->ordinary_at = 0;
    q->granted = q->for_neglected = false;
    q->neglected = NULL;
    q->helped_at = 0;
    q->others_come = true;
    q->pool = pool;
}

static bool comes_before(const struct vcpu *a, const struct vcpu *b)
{
    if (a->sched.key != b->sched.key)
        return vtime_before(a->sched.key, b->sched.key);
    return a->domain == b->domain && vtime_before(a->sched.own, b->sched.own);
}

/* Into the queue by its key: it mostly belongs to the front (it slept) or near the end (it ran). */
static void sort_in(struct share_cpu *q, struct vcpu *v)
{
    struct list_head *after = q->queue.prev;

    if (after != &q->queue && comes_before(v, list_entry(q->queue.next, struct vcpu, sched.queue)))
        after = &q->queue;
    while (after != &q->queue && comes_before(v, list_entry(after, struct vcpu, sched.queue)))
        after = after->prev;
    list_add(&v->sched.queue, after);
}

static void enqueue(struct share_cpu *q, struct vcpu *v)
{
    v->sched.key = vtime_load(v->domain);
    sort_in(q, v);
    if (budget_exists(&v->domain->sched.floor_budget))
        list_add_tail(&v->sched.claim, &q->claims);
    v->sched.state = SCHED_QUEUED;
    __atomic_store_n(&q->queued, q->queued + 1, __ATOMIC_RELAXED);
}

static void dequeue(struct share_cpu *q, struct vcpu *v)
{
    list_del(&v->sched.queue);
    list_del(&v->sched.claim);
    list_del(&v->sched.woken);
    if (q->neglected == v)
        q->neglected = NULL;
    v->sched.state = SCHED_OFF_QUEUE;
    __atomic_store_n(&q->queued, q->queued - 1, __ATOMIC_RELAXED);
}

struct vcpu *share_head(struct share_cpu *q)
{
    while (!list_empty(&q->queue)) {
        struct vcpu *v = list_entry(q->queue.next, struct vcpu, sched.queue);
        uint64_t vtime = vtime_load(v->domain);

        if (v->sched.key == vtime)
            return v;
        v->sched.key = vtime;
        list_del(&v->sched.queue);
        sort_in(q, v);
    }
    return NULL;
}

static void set_active(struct vcpu *v, bool active)
{
    if (v->sched.active == active)
        return;
    v->sched.active = active;
    __atomic_fetch_add(&v->domain->sched.active, active ? 1 : -1, __ATOMIC_RELAXED);
}

/* How long v may run before it is more than a grain ahead of `other`. */
static uint64_t slice(const struct vcpu *v, uint64_t vtime, uint64_t other, uint64_t min)
{
    int64_t room = (int64_t)(other + GRAIN - vtime);
    uint64_t most = vtime_of(v->domain, MAX_SLICE_NS), ns = 0;

    if (room > 0)
        ns = (uint64_t)room < most ? ((uint64_t)room * v->domain->sched.weight) >> VTIME_SHIFT
                                   : MAX_SLICE_NS;
    if (min < MIN_SLICE_NS)
        min = MIN_SLICE_NS;
    return ns > min ? ns : min;
}

/* v, whose turn begins at `at`, will hardly let another one in before it sleeps or has had its time. */
static void occupy(struct share_cpu *q, const struct vcpu *v, uint64_t at)
{
    uint64_t ns = v->sched.burst < q->pool->ratelimit_ns ? v->sched.burst : q->pool->ratelimit_ns;

    __atomic_store_n(&q->free_at, at + ns, __ATOMIC_RELAXED);
}

/*
 * A domain that slept and is not ahead of the others at home may have the CPU at once anywhere: it is
 * a visitor, whose virtual time stays what it is, for a short turn. But not where that is far ahead of
 * the others: they are behind as others are pinned to that CPU, and pay for every visit.
 */
static bool may_visit(const struct vcpu *v, unsigned cpu)
{
    uint64_t vref = home_vref(v);

    return !v->domain->sched.active && !vtime_before(vref, vtime_load(v->domain)) &&
           !vtime_before(__atomic_load_n(&share_cpus[cpu].vref, __ATOMIC_RELAXED) + VISIT_LAG, vref);
}

/* Whoever would be ahead of the others waits for its turn: at home, if its domain slept. */
static uint64_t share_free_at(const struct vcpu *v, unsigned cpu)
{
    uint64_t vref = __atomic_load_n(&share_cpus[cpu].vref, __ATOMIC_RELAXED);
    bool at_home = cpu == v->sched.home || v->domain->sched.active;

    if (at_home ? vtime_before(vref, vtime_load(v->domain)) : !may_visit(v, cpu))
        return at_home && !v->domain->sched.active ? UINT64_MAX / 2 : UINT64_MAX;
    return __atomic_load_n(&share_cpus[cpu].free_at, __ATOMIC_RELAXED);
}

/* So far behind the others there as no sleeper may be: it has come from another CPU. */
static bool is_owed(const struct share_cpu *q, const struct vcpu *v, uint64_t vtime)
{
    return vtime_before(vtime, q->vref - vtime_of(v->domain, SLEEPER_LAG_NS));
}

/* The first of those that woke which is not ahead: its siblings may have run since. */
static struct vcpu *first_woken(struct share_cpu *q)
{
    while (!list_empty(&q->woken)) {
        struct vcpu *v = list_entry(q->woken.next, struct vcpu, sched.woken);

        if (!vtime_before(v->sched.visiting ? home_vref(v) : q->vref, vtime_load(v->domain)))
            return v;
        list_del(&v->sched.woken);
    }
    return NULL;
}

/* One that woke goes before v, whose virtual time that is: a visitor, or any if v is owed much. */
static struct vcpu *woken_before(struct share_cpu *q, const struct vcpu *v, uint64_t vtime)
{
    struct vcpu *w = first_woken(q);

    return w && (w->sched.visiting || is_owed(q, v, vtime)) ? w : NULL;
}

static void share_wake(struct vcpu *v, uint64_t now)
{
    struct share_cpu *q = &share_cpus[v->cpu];
    struct vcpu *r = q->running;
    uint64_t earliest, soonest;
    bool woke = !v->sched.active; /* else it only changes its place */

    share_advance(q, now);
    if (v->sched.home != v->cpu && !cpumask_test(&q->pool->cpus, v->sched.home))
        v->sched.home = v->cpu;
    v->sched.visiting = r && v->sched.home != v->cpu && may_visit(v, v->cpu);
    if (v->sched.visiting)
        vtime_raise(v->domain, home_vref(v) - vtime_of(v->domain, SLEEPER_LAG_NS));
    else
        share_fit_in(q, v);
    share_limit_owed(v, woke ? MAX_SLICE_NS : MAX_OWED_NS);
    set_active(v, true);
    if (list_empty(&q->queue))
        q->ordinary_at = now;
    enqueue(q, v);
    if (woke)
        list_add_tail(&v->sched.woken, &q->woken);
    if (!r) {
        occupy(q, v, now);
        sched_tickle(v->cpu);
        return;
    }
    if (vtime_before(v->sched.key, vtime_at(r, now)) || woken_before(q, r, vtime_at(r, now)) ||
        (!r->sched.reserved && share_has_claim(v, now)))
        q->preempt = true;
    else if (q->until == UINT64_MAX)
        q->until = now + slice(r, vtime_at(r, now), v->sched.key, 0);
    earliest = r->sched.run_start + q->pool->ratelimit_ns;
    if (q->preempt && !r->sched.reserved)
        occupy(q, v, earliest > now ? earliest : now);
    /* Siblings that take each other down and up would interrupt r for nobody, at its expense. */
    soonest = __atomic_load_n(&v->domain->sched.withdrew, __ATOMIC_RELAXED) + WITHDRAWN_NS;
    earliest = earliest < soonest ? soonest : earliest;
    sched_recheck(v->cpu, now, q->preempt || q->until < earliest ? earliest : q->until);
}

static void share_sleep(struct vcpu *v)
{
    dequeue(&share_cpus[v->cpu], v);
    if (!vcpu_runnable(v)) {
        set_active(v, false);
        __atomic_store_n(&v->domain->sched.withdrew, now_ns(), __ATOMIC_RELAXED);
    }
}

/* One that its cap holds back is at work, but no longer when it sleeps, too, or has been taken down. */
static void share_rest(struct vcpu *v)
{
    if ((v->pause_flags & ~(1UL << VPF_CAPPED)) || v->pause_count || v->domain->pause_count)
        set_active(v, false);
}

/* Its virtual time becomes that of the next one: what it gives up is gone. */
static void share_yield(struct vcpu *v)
{
    struct vcpu *head = share_head(&share_cpus[v->cpu]);

    if (head)
        vtime_raise(v->domain, head->sched.key);
    v->sched.yielded = true;
}

/* v runs under a cap: takes its piece of the budget. False: nothing is left, it has to wait. */
static bool take_budget(struct vcpu *v, uint64_t now)
{
    struct sched_domain *s = &v->domain->sched;
    int64_t piece;

    v->sched.capped = budget_exists(&s->cap_budget);
    if (!v->sched.capped)
        return true;
    budget_refill(&s->cap_budget, now);
    /* One of many vcpus leaves something for the others, but not so little that it switches only. */
    piece = budget_left(&s->cap_budget) / (s->active ? s->active : 1);
    v->sched.credit += budget_take(&s->cap_budget, piece > 100000 ? piece : 100000);
    return v->sched.credit > 0;
}

static void return_budget(struct vcpu *v)
{
    if (v->sched.capped)
        budget_give(&v->domain->sched.cap_budget, v->sched.credit);
    v->sched.credit = 0;
    v->sched.capped = false;
}

/* v, off queue, has to wait for its domain's next period. */
static void park(struct vcpu *v)
{
    struct sched_domain *s = &v->domain->sched;

    return_budget(v);
    bitmap_set_atomic(&v->pause_flags, VPF_CAPPED);
    runstate_change(v, RUNSTATE_offline, v->sched.last_start);
    timer_set(&s->refill, budget_next(&s->cap_budget));
}

void sched_cap_refilled(void *arg)
{
    struct domain *d = arg;

    /* The first ones may use it all up: another one is first each time. */
    d->sched.first = (d->sched.first + 1) % d->max_vcpus;
    for (unsigned i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = d->vcpu[(d->sched.first + i) % d->max_vcpus];

        if (v && bitmap_test_clear_atomic(&v->pause_flags, VPF_CAPPED))
            vcpu_wake(v);
    }
}

/* Grows at once, and shrinks by halves: one that was interrupted has the rest of its burst still to come. */
static void note_burst(struct vcpu *v, uint64_t now, bool sleeps)
{
    uint64_t ran = now - v->sched.run_start;

    if (ran > v->sched.burst)
        v->sched.burst = ran;
    else if (sleeps)
        v->sched.burst = (v->sched.burst + ran) / 2;
}

/* Puts what ran until now where it belongs; returns it if it may go on, still as the running one. */
static struct vcpu *settle_running(struct share_cpu *q, unsigned cpu, uint64_t now)
{
    struct vcpu *r = q->running;

    if (!r)
        return NULL;
    share_charge(q, now);
    share_advance(q, now);
    if (!r->sched.visiting)
        r->sched.home = cpu;
    if (vcpu_runnable(r) && sched_may_run(r, cpu)) {
        return_budget(r);
        if (take_budget(r, now))
            return r;
        r->sched.state = SCHED_OFF_QUEUE;
        park(r);
    } else {
        return_budget(r);
        r->sched.state = SCHED_OFF_QUEUE;
        if (!vcpu_runnable(r)) {
            set_active(r, false);
            note_burst(r, now, true);
        }
    }
    r->sched.yielded = false;
    q->running = NULL;
    return NULL;
}

static struct vcpu *best_claim(struct share_cpu *q, struct vcpu *r, uint64_t now)
{
    return list_empty(&q->claims) ? NULL : share_best_claim(q, r, now);
}

/* Does the running one go on, although others wait? */
static bool goes_on(struct share_cpu *q, struct vcpu *r, uint64_t now)
{
    bool due = share_ordinary_is_due(q, now);
    struct vcpu *head, *claimer;

    if (r->sched.yielded)
        return false;
    if (now < r->sched.run_start + q->pool->ratelimit_ns || (q->granted && now < q->until))
        return true;
    if (q->neglected)
        return false;
    if (!due && r->sched.reserved && share_has_claim(r, now)) {
        claimer = best_claim(q, r, now);
        return !claimer || (claimer->domain == r->domain && !q->preempt && now < q->until);
    }
    if (!due && best_claim(q, NULL, now))
        return false;
    if (woken_before(q, r, vtime_load(r->domain)))
        return false;
    if (!q->preempt && now < q->until)
        return true;
    head = share_head(q);
    r->sched.key = vtime_load(r->domain);
    return !comes_before(head, r);
}

/* The next of those that wait, off queue, with its budget; NULL: none that may run. */
static struct vcpu *take_next(struct share_cpu *q, const struct vcpu *yielder, uint64_t now)
{
    bool due = !list_empty(&q->claims) && q->queued > 1 && share_ordinary_is_due(q, now);
    struct vcpu *v, *woken;

    for (;;) {
        v = q->neglected;
        q->for_neglected = v;
        q->granted = v || due;
        if (!q->granted)
            v = best_claim(q, NULL, now);
        if (!v) {
            v = share_head(q);
            woken = v ? woken_before(q, v, v->sched.key) : NULL;
            v = woken ? woken : v;
        }
        if (v && v == yielder && q->queued > 1)
            v = list_entry(v->sched.queue.next, struct vcpu, sched.queue);
        if (!v)
            return NULL;
        dequeue(q, v);
        v->sched.last_start = now;
        if (take_budget(v, now))
            return v;
        park(v);
    }
}

/* A cap ends a turn early, and one that nobody else's wish to run would end (0). */
static uint64_t limit(const struct vcpu *v, uint64_t ns)
{
    return v->sched.capped && (!ns || (uint64_t)v->sched.credit < ns) ? (uint64_t)v->sched.credit
                                                                       : ns;
}

/* How long v may run, given who waits; 0: nobody does and nothing limits it. */
static uint64_t set_slice(struct share_cpu *q, struct vcpu *v, uint64_t now)
{
    struct vcpu *head = share_head(q), *c;
    uint64_t ns = 0;

    v->sched.reserved = share_has_claim(v, now);
    q->preempt = false;
    q->until = UINT64_MAX;
    q->granted &= head != NULL; /* caps may have taken all the others away */
    if (!head || (q->granted ? !q->for_neglected : !v->sched.reserved))
        q->ordinary_at = now;
    if (head && q->granted) {
        ns = MAX_SLICE_NS;
    } else if (head) {
        ns = slice(v, vtime_load(v->domain), head->sched.key, q->pool->ratelimit_ns);
        if (v->sched.reserved) {
            uint64_t claim = budget_left(&v->domain->sched.floor_budget) /
                             (v->domain->sched.active ? v->domain->sched.active : 1);

            ns = claim < MIN_SLICE_NS ? MIN_SLICE_NS : claim < MAX_SLICE_NS ? claim : MAX_SLICE_NS;
        }
        list_for_each_entry (c, &q->claims, sched.claim) {
            uint64_t next = budget_next(&c->domain->sched.floor_budget);

            if (next < now + ns)
                ns = next > now + MIN_SLICE_NS ? next - now : MIN_SLICE_NS;
        }
    }
    if (head) {
        q->until = now + ns;
        __atomic_store_n(&q->waited, true, __ATOMIC_RELAXED);
        share_start_balancer(v->domain->sched.pool, v->cpu, now);
    }
    return limit(v, ns);
}

/* r goes on: when to look again. A turn that has not ended goes on as it was decided before. */
static uint64_t continue_turn(struct share_cpu *q, struct vcpu *r, uint64_t now)
{
    uint64_t earliest = r->sched.run_start + q->pool->ratelimit_ns, look;

    if (q->granted && now < q->until && !list_empty(&q->queue))
        return limit(r, q->until - now);
    q->granted = false;
    if (list_empty(&q->queue) || (now >= earliest && (q->preempt || now >= q->until)))
        return set_slice(q, r, now);
    look = q->preempt || q->until < earliest ? earliest : q->until;
    return limit(r, look - now);
}

/* v runs; if by its domain's reservation, or in spite of others', then for a slice at least. */
static void occupied(struct share_cpu *q, const struct vcpu *v, uint64_t now)
{
    if (v->sched.reserved || q->granted)
        __atomic_store_n(&q->free_at, now + MAX_SLICE_NS, __ATOMIC_RELAXED);
    else
        occupy(q, v, v->sched.run_start);
}

static struct vcpu *share_pick_next(unsigned cpu, uint64_t now, uint64_t *slice_ns)
{
    struct share_cpu *q = &share_cpus[cpu];
    struct vcpu *r = settle_running(q, cpu, now), *v;
    const struct vcpu *yielder = r && r->sched.yielded ? r : NULL;

    if (r) {
        if (list_empty(&q->queue) || goes_on(q, r, now)) {
            r->sched.yielded = false;
            *slice_ns = continue_turn(q, r, now);
            occupied(q, r, now);
            return r;
        }
        return_budget(r);
        note_burst(r, now, false);
        r->sched.visiting = false;
        r->sched.home = cpu;
        share_fit_in(q, r);
        enqueue(q, r);
        q->running = NULL;
    }
    v = take_next(q, yielder, now);
    if (r)
        r->sched.yielded = false;
    __atomic_store_n(&q->running, v, __ATOMIC_RELAXED);
    if (!v)
        return idle_vcpu(cpu);
    v->sched.state = SCHED_RUNNING;
    v->sched.run_start = now;
    *slice_ns = set_slice(q, v, now);
    share_advance(q, now);
    occupied(q, v, now);
    return v;
}

static void share_insert(struct vcpu *v)
{
    v->sched.state = SCHED_OFF_QUEUE;
    v->sched.capped = v->sched.reserved = v->sched.yielded = false;
    v->sched.credit = 0;
    v->sched.home = v->cpu;
    v->sched.visiting = false;
}

struct vcpu *share_first_for(struct share_cpu *q, unsigned cpu, uint64_t now)
{
    const struct share_cpu *there = &share_cpus[cpu];
    /* An idle CPU takes everything. Read without its lock: the next look puts it right. */
    bool busy = __atomic_load_n(&there->running, __ATOMIC_RELAXED);
    bool ordinary = busy && __atomic_load_n(&there->no_claims, __ATOMIC_RELAXED);
    const struct domain *only = __atomic_load_n(&there->siblings, __ATOMIC_RELAXED);
    struct vcpu *v;

    if (busy && only)
        return share_sibling_for(q, only, cpu);
    if (!ordinary)
        list_for_each_entry (v, &q->claims, sched.claim)
            if (share_has_claim(v, now) && sched_may_run(v, cpu))
                return v;
    if (share_head(q))
        list_for_each_entry (v, &q->queue, sched.queue)
            if (sched_may_run(v, cpu) && !(ordinary && share_has_claim(v, now)))
                return v;
    return NULL;
}

static struct vcpu *share_steal(unsigned victim, unsigned thief)
{
    struct vcpu *v = share_first_for(&share_cpus[victim], thief, now_ns());

    if (v)
        dequeue(&share_cpus[victim], v);
    return v;
}

static unsigned share_queued(unsigned cpu)
{
    return __atomic_load_n(&share_cpus[cpu].queued, __ATOMIC_RELAXED);
}

const struct sched_policy sched_share = {
    .name = "Parador proportional share",
    .opt_name = "credit2",
    /* Its parameters have the shape of credit2's, and reservations besides. */
    .id = XEN_SCHEDULER_CREDIT2,
    .params = PARADOR_SCHED_WEIGHT | PARADOR_SCHED_CAP | PARADOR_SCHED_RESERVATION,
    .default_ratelimit_us = 1000,
    .init_cpu = share_init_cpu,
    .insert = share_insert,
    .wake = share_wake,
    .sleep = share_sleep,
    .yield = share_yield,
    .rest = share_rest,
    .pick_next = share_pick_next,
    .steal = share_steal,
    .queued = share_queued,
    .free_at = share_free_at,
};
