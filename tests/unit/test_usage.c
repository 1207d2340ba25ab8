/* SPDX-License-Identifier: MIT */
// sources: core/usage.c core/runstate.c lib/bitmap.c
/* Accounts: every nanosecond counted once, at any instant asked for, and for domains that went. */
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/physmem.h"
#include "core/sched.h"
#include "core/usage.h"
#include "core/vehicle.h"
#include "hw/irq.h"
#include "suite.h"

/* Stand-ins: a clock we move, one CPU, guest areas in our own memory. */
struct domain idle_domain_struct;
static const struct vehicle_ops vehicle;
static struct cpu_info cpu;
static struct sched_pool pool = { .id = 3 }, *cpu_pool = &pool;
static struct domain dom = { .domid = 7, .max_vcpus = 3, .vehicle = &vehicle };
static struct vcpu idle, a, b, *vcpus[3] = { &a, NULL, &b };
static uint64_t clock_ns;
static unsigned interrupts;
static struct vcpu_runstate_info area;

uint64_t now_ns(void) { return clock_ns; }
uint64_t tsc_ticks_to_ns(uint64_t ticks) { return ticks * 2; }
struct cpu_info *get_cpu_info(void) { return &cpu; }
struct vcpu *idle_vcpu(unsigned n) { return &idle; }
struct sched_pool *sched_cpu_pool(unsigned n) { return cpu_pool; }
void spin_lock(struct spinlock *l) { ck_assert(!l->ticket++); }
void spin_unlock(struct spinlock *l) { ck_assert(!--l->ticket); }
void softirq_run(void) { }
void irq_entry(struct trap_frame *f) { interrupts++; }
uint64_t physmem_usage(struct domain *d, uint64_t now, uint64_t *pages)
{
    *pages = 5;
    return 5 * now / 1000000;
}
int copy_to_guest(struct guest_ptr dst, const void *src, size_t len)
{
    memcpy((void *)dst.va, src, len);
    return 0;
}

void guest_interrupt(struct trap_frame *f);
void hv_interrupt(struct trap_frame *f);

static void set_up(void)
{
    clock_ns = 1000;
    memset(&idle, 0, sizeof(idle));
    idle.domain = &idle_domain_struct;
    idle.runstate.state = RUNSTATE_running;
    idle.runstate.state_entry_time = clock_ns;
    memset(&a, 0, sizeof(a));
    a.domain = &dom;
    a.runstate = idle.runstate;
    a.runstate.state = RUNSTATE_offline;
    b = a;
    b.vcpu_id = 2;
    dom.vcpu = vcpus;
    dom.created_ns = 900;
    dom.sched.pool = &pool;
    interrupts = 0;
    current = &idle;
}

/* What core/sched.c does, at the present time. */
static void change_vcpu(struct vcpu *next, int prev_rests)
{
    struct vcpu *prev = current;

    runstate_change(prev, is_idle_vcpu(prev) ? RUNSTATE_runnable : prev_rests, clock_ns);
    runstate_change(next, RUNSTATE_running, clock_ns);
    usage_switch(prev);
    current = next;
    usage_enter(next);
}

static struct parador_cpu_usage cpu_at(uint64_t now)
{
    struct parador_cpu_usage u;

    usage_cpu(0, now, &u);
    ck_assert_uint_eq(u.guest_ns + u.hypervisor_ns + u.idle_ns, now - 1000);
    return u;
}

START_TEST(cpu_is_in_one_state_at_a_time)
{
    struct parador_cpu_usage u;

    clock_ns = 1100;
    usage_halt();
    clock_ns = 1500;
    hv_interrupt(NULL);
    ck_assert_uint_eq(interrupts, 1);
    clock_ns = 1510;
    hv_interrupt(NULL); /* while awake it changes nothing */
    u = cpu_at(1510);
    ck_assert_uint_eq(u.hypervisor_ns, 110);
    ck_assert_uint_eq(u.idle_ns, 400);
    change_vcpu(&a, 0);
    clock_ns = 1600;
    change_vcpu(&b, RUNSTATE_runnable);
    clock_ns = 1610;
    guest_interrupt(NULL);
    change_vcpu(&idle, RUNSTATE_blocked);
    clock_ns = 1700;
    usage_halt();
    clock_ns = 1750;
    u = cpu_at(1750);
    ck_assert_uint_eq(u.guest_ns, 100);
    ck_assert_uint_eq(u.hypervisor_ns, 200);
    ck_assert_uint_eq(u.idle_ns, 450);
    ck_assert_uint_eq(u.switches, 3);
    ck_assert_uint_eq(u.pool, 3);
    cpu_pool = NULL;
    ck_assert_uint_eq(cpu_at(1750).pool, ~0u);
    cpu_pool = &pool;
}
END_TEST

START_TEST(domain_is_the_sum_of_its_vcpus)
{
    struct parador_domain_usage u;
    struct parador_vcpu_usage one;

    change_vcpu(&a, 0);
    clock_ns = 1300;
    runstate_change(&b, RUNSTATE_runnable, clock_ns);
    clock_ns = 1350;
    change_vcpu(&b, RUNSTATE_blocked);
    clock_ns = 1400;
    a.hv_ticks = 60;
    b.hv_ticks = 60; /* more than it ran: a stamp taken later than the account's */
    usage_domain(&dom, 1400, &u);
    ck_assert_uint_eq(u.running_ns, 350 + 50);
    ck_assert_uint_eq(u.blocked_ns, 50);
    ck_assert_uint_eq(u.runnable_ns, 50);
    ck_assert_uint_eq(u.offline_ns, 300);
    ck_assert_uint_eq(u.hypervisor_ns, 120 + 50);
    ck_assert_uint_eq(u.switches, 2);
    ck_assert_uint_eq(u.nr_vcpus, 2);
    ck_assert_uint_eq(u.created_ns, 900);
    ck_assert_uint_eq(u.now_ns, 1400);
    ck_assert_uint_eq(u.pages, 5);
    ck_assert_uint_eq(u.pool, 3);
    ck_assert_uint_eq(u.running_ns, cpu_at(1400).guest_ns);
    usage_vcpu(&b, 1400, &one);
    ck_assert_uint_eq(one.vcpu, 2);
    ck_assert_uint_eq(one.state, RUNSTATE_running);
    ck_assert_uint_eq(one.hypervisor_ns, 50);
}
END_TEST

START_TEST(an_instant_before_the_last_change)
{
    struct vcpu_runstate_info r;

    change_vcpu(&a, 0);
    clock_ns = 2000;
    runstate_change(&a, RUNSTATE_blocked, clock_ns);
    runstate_get_at(&a, 1900, &r);
    ck_assert_uint_eq(r.time[RUNSTATE_running], 900);
    ck_assert_uint_eq(r.time[RUNSTATE_blocked], 0);
    /* Two changes since: only the last stay is taken back, and no sum shrinks. */
    clock_ns = 2010;
    runstate_change(&a, RUNSTATE_running, clock_ns);
    runstate_get_at(&a, 1990, &r);
    ck_assert_uint_eq(r.time[RUNSTATE_running], 1000);
    ck_assert_uint_eq(r.time[RUNSTATE_blocked], 0);
    /* A clock that is behind counts nothing and takes nothing away. */
    runstate_change(&a, RUNSTATE_runnable, 2005);
    runstate_get_at(&a, 2020, &r);
    ck_assert_uint_eq(r.time[RUNSTATE_running], 1000);
    ck_assert_uint_eq(r.time[RUNSTATE_blocked], 10);
    ck_assert_uint_eq(r.time[RUNSTATE_runnable], 10);
}
END_TEST

START_TEST(work_for_a_vcpu_is_its_own)
{
    uint64_t before;

    change_vcpu(&a, 0);
    before = a.hv_ticks;
    guest_interrupt(NULL);
    ck_assert_uint_gt(a.hv_ticks, before);
    before = a.hv_ticks;
    change_vcpu(&b, RUNSTATE_runnable);
    guest_interrupt(NULL);
    ck_assert_uint_gt(a.hv_ticks, before); /* the way out, up to the switch */
    before = a.hv_ticks;
    guest_interrupt(NULL);
    ck_assert_uint_eq(a.hv_ticks, before);
    ck_assert_uint_eq(idle.hv_ticks, 0);
}
END_TEST

START_TEST(steal_time_reaches_the_guest)
{
    a.runstate_guest = guest_ptr((uintptr_t)&area);
    runstate_change(&a, RUNSTATE_runnable, 1000);
    runstate_change(&a, RUNSTATE_running, 1250);
    ck_assert(runstate_update_area(&a));
    ck_assert_int_eq(area.state, RUNSTATE_running);
    ck_assert_uint_eq(area.state_entry_time, 1250);
    ck_assert_uint_eq(area.time[RUNSTATE_runnable], 250);
}
END_TEST

START_TEST(gone_domains_are_remembered)
{
    struct parador_domain_usage u;
    uint64_t sum, next;

    ck_assert(!usage_retired(0, &u));
    usage_retired_sum(&sum, &next);
    ck_assert_uint_eq(sum, 0);
    ck_assert_uint_eq(next, 1);
    change_vcpu(&a, 0);
    clock_ns = 1100;
    change_vcpu(&idle, RUNSTATE_offline);
    for (unsigned i = 1; i <= PARADOR_USAGE_RETIRED; i++)
        usage_retire(&dom);
    ck_assert(usage_retired(0, &u));
    ck_assert_uint_eq(u.sequence, 1);
    ck_assert_uint_eq(u.running_ns, 100);
    ck_assert_uint_eq(u.now_ns, 1100);
    /* One more and the first is forgotten, but not what it ran. */
    usage_retire(&dom);
    ck_assert(usage_retired(1, &u));
    ck_assert_uint_eq(u.sequence, 2);
    ck_assert(usage_retired(PARADOR_USAGE_RETIRED + 1, &u));
    ck_assert_uint_eq(u.sequence, PARADOR_USAGE_RETIRED + 1);
    ck_assert(!usage_retired(PARADOR_USAGE_RETIRED + 2, &u));
    ck_assert(!usage_retired(~0ULL, &u));
    usage_retired_sum(&sum, &next);
    ck_assert_uint_eq(sum, 100 * (PARADOR_USAGE_RETIRED + 1));
    ck_assert_uint_eq(next, PARADOR_USAGE_RETIRED + 2);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("accounts");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, cpu_is_in_one_state_at_a_time);
    tcase_add_test(tc, domain_is_the_sum_of_its_vcpus);
    tcase_add_test(tc, an_instant_before_the_last_change);
    tcase_add_test(tc, work_for_a_vcpu_is_its_own);
    tcase_add_test(tc, steal_time_reaches_the_guest);
    tcase_add_test(tc, gone_domains_are_remembered);
    return run_suite("usage", tc);
}
