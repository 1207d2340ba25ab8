/* SPDX-License-Identifier: MIT */
// sources: lib/heap.c lib/bitmap.c
/* Timers: order, overflow of the heap, other CPUs, and what is programmed into the APIC. */
#include <stdlib.h>
#include <string.h>

#include "suite.h"

/* Included for its per-CPU variable, which needs a copy for a second CPU. */
#include "hw/timer.c"

#define CPUS 2

unsigned long percpu_offsets[MAX_CPUS];
struct cpumask cpu_online_mask;
struct hw_services hw_services;
static struct timer_cpu second;
static struct cpu_info cpus[CPUS];
static unsigned self, raised[CPUS];
static uint64_t clock_ns, apic_deadline;
static bool no_memory;

struct cpu_info *get_cpu_info(void) { return &cpus[self]; }
uint64_t now_ns(void) { return clock_ns; }
void lapic_timer_set(uint64_t deadline) { apic_deadline = deadline; }
void spin_lock_init_irq(struct spinlock *l, enum lock_level level) { }
unsigned long spin_lock_irqsave(struct spinlock *l)
{
    ck_assert_uint_eq(l->holder, 0);
    l->holder = 1;
    return 0;
}
void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags) { l->holder = 0; }
void panic(const char *fmt, ...) { abort(); }
static void (*softirq)(void);
void softirq_register(enum softirq nr, void (*fn)(void)) { softirq = fn; }
void softirq_raise(enum softirq nr) { raised[self]++; }
void softirq_raise_cpu(unsigned cpu, enum softirq nr) { raised[cpu]++; }
static void *alloc(size_t size) { return no_memory ? NULL : calloc(1, size); }

/* One timer that writes down when it fired. */
struct probe {
    struct timer t;
    unsigned fired;
    uint64_t at;
    uint64_t again; /* re-arm by that much */
    bool kills_itself;
};
static unsigned total;
static uint64_t last_key;

static void fired(void *arg)
{
    struct probe *p = arg;

    ck_assert_uint_eq(percpu_timer_cpu.lock.holder, 0);
    ck_assert_uint_le(timer_expires(&p->t), clock_ns);
    ck_assert_uint_ge(timer_expires(&p->t), last_key);
    last_key = timer_expires(&p->t);
    p->fired++;
    p->at = clock_ns;
    total++;
    if (p->kills_itself)
        timer_kill(&p->t);
    if (p->again)
        timer_set(&p->t, clock_ns + p->again);
}

static void set_up(void)
{
    percpu_offsets[1] = (unsigned long)((char *)&second - (char *)&percpu_timer_cpu);
    for (self = 0; self < CPUS; self++) {
        cpus[self].cpu = self;
        cpus[self].percpu_offset = percpu_offsets[self];
    }
    hw_services.alloc = alloc;
    hw_services.release = free;
    no_memory = false;
    clock_ns = 1000;
    total = 0;
    last_key = 0;
    memset(raised, 0, sizeof(raised));
    cpumask_set(&cpu_online_mask, 0);
    cpumask_set(&cpu_online_mask, 1);
    for (self = CPUS; self-- > 0;) {
        memset(&this_cpu(timer_cpu), 0, sizeof(struct timer_cpu));
        timer_init_cpu();
    }
    self = 0;
    apic_deadline = 0;
}

static void tear_down(void)
{
    free(percpu_timer_cpu.heap.slots);
    free(second.heap.slots);
}

/* The APIC's interrupt at its deadline, and the softirq it leads to. */
static void interrupt(void)
{
    if (clock_ns < apic_deadline)
        clock_ns = apic_deadline;
    timer_interrupt();
    softirq();
}

START_TEST(fires_once_at_its_time)
{
    struct probe p = { 0 };

    timer_init(&p.t, fired, &p, 0);
    ck_assert(!timer_queued(&p.t));
    timer_set(&p.t, 5000);
    ck_assert_uint_eq(apic_deadline, 5000);
    clock_ns = 4999;
    softirq();
    ck_assert_uint_eq(p.fired, 0);
    interrupt();
    ck_assert_uint_eq(p.fired, 1);
    ck_assert_uint_eq(p.at, 5000);
    clock_ns = 9000;
    softirq();
    ck_assert_uint_eq(p.fired, 1);
}
END_TEST

START_TEST(apic_is_only_programmed_for_something_earlier)
{
    struct probe a = { 0 }, b = { 0 };

    timer_init(&a.t, fired, &a, 0);
    timer_init(&b.t, fired, &b, 0);
    timer_set(&a.t, 5000);
    apic_deadline = 0;
    timer_set(&b.t, 6000);
    ck_assert_uint_eq(apic_deadline, 0);
    timer_set(&b.t, 4000);
    ck_assert_uint_eq(apic_deadline, 4000);
    /* Stopped: the interrupt comes for nothing and sets the next. */
    timer_stop(&b.t);
    interrupt();
    ck_assert_uint_eq(a.fired + b.fired, 0);
    ck_assert_uint_eq(apic_deadline, 5000);
    interrupt();
    ck_assert_uint_eq(a.fired, 1);
}
END_TEST

START_TEST(callback_arms_and_kills_itself)
{
    struct probe p = { .again = 10 };

    timer_init(&p.t, fired, &p, 0);
    timer_set(&p.t, 1010);
    interrupt();
    interrupt();
    ck_assert_uint_eq(p.fired, 2);
    ck_assert(timer_queued(&p.t));
    p.kills_itself = true;
    interrupt();
    ck_assert_uint_eq(p.fired, 3);
    ck_assert(!timer_queued(&p.t));
    timer_set(&p.t, clock_ns);
    ck_assert(!timer_queued(&p.t));
}
END_TEST

START_TEST(overflow_waits_and_is_let_in)
{
    enum { N = FIRST_CAPACITY * 5 };
    static struct probe p[N];

    memset(p, 0, sizeof(p));
    for (unsigned i = 0; i < N; i++) {
        timer_init(&p[i].t, fired, &p[i], 0);
        timer_set(&p[i].t, 2000 + (i * 7919) % N);
    }
    ck_assert_uint_ge(raised[0], 1);
    ck_assert(p[N - 1].t.waiting);
    timer_stop(&p[N - 1].t);
    ck_assert(!timer_queued(&p[N - 1].t));
    timer_stop(&p[N - 3].t);
    /* No memory now: what waits goes on waiting. */
    no_memory = true;
    softirq();
    ck_assert(p[N - 2].t.waiting);
    no_memory = false;
    for (unsigned i = 0; i < 8; i++)
        softirq();
    ck_assert_ptr_null(percpu_timer_cpu.overflow);
    clock_ns = 1000000;
    softirq();
    ck_assert_uint_eq(total, N - 2);
}
END_TEST

START_TEST(other_cpu_is_told)
{
    struct probe p = { 0 };

    timer_init(&p.t, fired, &p, 1);
    timer_set(&p.t, 3000);
    ck_assert_uint_eq(apic_deadline, 0);
    ck_assert_uint_eq(raised[1], 1);
    clock_ns = 3000;
    softirq();
    ck_assert_uint_eq(p.fired, 0);
    timer_migrate(&p.t, 0);
    ck_assert_uint_eq(apic_deadline, 3000);
    softirq();
    ck_assert_uint_eq(p.fired, 1);
}
END_TEST

START_TEST(like_a_sorted_list)
{
    enum { N = 200 };
    static struct probe p[N];
    static uint64_t due[N]; /* 0: not armed */

    memset(p, 0, sizeof(p));
    memset(due, 0, sizeof(due));
    srand(42);
    for (unsigned i = 0; i < N; i++)
        timer_init(&p[i].t, fired, &p[i], 0);
    for (unsigned step = 0; step < 20000; step++) {
        unsigned i = (unsigned)rand() % N, before, expect = 0;

        switch (rand() % 4) {
        case 0:
            timer_stop(&p[i].t);
            due[i] = 0;
            break;
        case 1:
            clock_ns += (unsigned)rand() % 50;
            before = total;
            for (unsigned k = 0; k < N; k++) {
                if (due[k] && due[k] <= clock_ns) {
                    expect++;
                    due[k] = 0;
                }
            }
            last_key = 0;
            timer_interrupt();
            softirq();
            softirq(); /* what had to wait for room */
            ck_assert_uint_ge(total - before, 0);
            ck_assert_uint_eq(total - before, expect);
            break;
        default:
            due[i] = clock_ns + 1 + (unsigned)rand() % 1000;
            timer_set(&p[i].t, due[i]);
        }
        ck_assert_int_eq(timer_queued(&p[i].t), due[i] != 0);
        last_key = 0;
        softirq();
    }
    ck_assert_uint_gt(total, 1000);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("timers");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, fires_once_at_its_time);
    tcase_add_test(tc, apic_is_only_programmed_for_something_earlier);
    tcase_add_test(tc, callback_arms_and_kills_itself);
    tcase_add_test(tc, overflow_waits_and_is_let_in);
    tcase_add_test(tc, other_cpu_is_told);
    tcase_add_test(tc, like_a_sorted_list);
    return run_suite("timer", tc);
}
