/* SPDX-License-Identifier: MIT */
// sources: core/sched_place.c core/sched_rr.c lib/bitmap.c
/* The round-robin policy: turns, slices, boosts, stealing, as a machine of two CPUs sees them. */
#include <stdlib.h>
#include <string.h>

#include "core/sched.h"
#include "suite.h"

/* Stand-ins for the core. */
struct domain idle_domain_struct;
struct cpumask cpu_online_mask, sched_idle_mask;
static struct vcpu idle[2];
static unsigned tickled[2];

struct vcpu *idle_vcpu(unsigned cpu)
{
    return &idle[cpu];
}

void sched_tickle(unsigned cpu)
{
    cpumask_clear(&sched_idle_mask, cpu);
    tickled[cpu]++;
}

void sched_recheck(unsigned cpu, uint64_t now, uint64_t when)
{
    if (when <= now)
        sched_tickle(cpu);
}

void panic(const char *fmt, ...)
{
    abort();
}

#define VCPUS 4
static struct sched_pool pool = { .policy = &sched_rr };
static struct domain dom = { .sched = { .pool = &pool, .weight = 256 } };
static struct vcpu v[VCPUS];

static void set_up(void)
{
    cpumask_zero(&sched_idle_mask);
    cpumask_zero(&cpu_online_mask);
    for (unsigned cpu = 0; cpu < 2; cpu++) {
        cpumask_set(&cpu_online_mask, cpu);
        sched_rr.init_cpu(cpu, &pool);
    }
    pool.cpus = cpu_online_mask;
    memset(v, 0, sizeof(v));
    for (unsigned i = 0; i < VCPUS; i++) {
        v[i].vcpu_id = i;
        v[i].domain = &dom;
        v[i].hard_affinity = v[i].soft_affinity = cpu_online_mask;
        list_init(&v[i].sched.queue);
        sched_rr.insert(&v[i]);
        v[i].cpu = 0;
    }
    memset(tickled, 0, sizeof(tickled));
}

/* Takes whatever runs off both CPUs: the policy's state is static. */
static void tear_down(void)
{
    uint64_t slice;

    for (unsigned i = 0; i < VCPUS; i++) {
        v[i].pause_count = 1;
        if (v[i].sched.state == SCHED_QUEUED)
            sched_rr.sleep(&v[i]);
    }
    for (unsigned cpu = 0; cpu < 2; cpu++)
        ck_assert_ptr_eq(sched_rr.pick_next(cpu, 1ULL << 40, &slice), &idle[cpu]);
}

START_TEST(nothing_to_run_is_idle_without_a_timer)
{
    uint64_t slice = 77;

    ck_assert_ptr_eq(sched_rr.pick_next(0, 0, &slice), &idle[0]);
    ck_assert_uint_eq(slice, 0);
}
END_TEST

START_TEST(one_alone_runs_without_a_timer)
{
    uint64_t slice = 77;

    sched_rr.wake(&v[0], 0);
    ck_assert_uint_eq(tickled[0], 1);
    ck_assert_ptr_eq(sched_rr.pick_next(0, 0, &slice), &v[0]);
    ck_assert_int_eq(v[0].sched.state, SCHED_RUNNING);
    ck_assert_uint_eq(slice, 0);
    /* And goes on when its slice is over. */
    ck_assert_ptr_eq(sched_rr.pick_next(0, 5 * SCHED_SLICE_NS, &slice), &v[0]);
    ck_assert_uint_eq(slice, 0);
}
END_TEST

START_TEST(two_take_turns)
{
    uint64_t slice, now = 0;
    struct vcpu *first, *second;

    sched_rr.wake(&v[0], 0);
    sched_rr.wake(&v[1], 0);
    first = sched_rr.pick_next(0, now, &slice);
    ck_assert_uint_eq(slice, SCHED_SLICE_NS);
    now += slice;
    second = sched_rr.pick_next(0, now, &slice);
    ck_assert_ptr_ne(first, second);
    ck_assert_int_eq(first->sched.state, SCHED_QUEUED);
    now += slice;
    ck_assert_ptr_eq(sched_rr.pick_next(0, now, &slice), first);
    /* Asked before the slice is over, the same goes on with what is left. */
    ck_assert_ptr_eq(sched_rr.pick_next(0, now + 1000, &slice), first);
    ck_assert_uint_eq(slice, SCHED_SLICE_NS - 1000);
}
END_TEST

START_TEST(weight_makes_the_slice)
{
    uint64_t slice;
    static struct domain heavy = { .sched = { .pool = &pool, .weight = 512 } };

    sched_rr.wake(&v[0], 0);
    sched_rr.wake(&v[1], 0);
    v[2].domain = &heavy;
    sched_rr.insert(&v[2]);
    v[2].cpu = 1;
    v[3].cpu = 1;
    sched_rr.wake(&v[2], 0);
    sched_rr.wake(&v[3], 0);
    ck_assert_ptr_eq(sched_rr.pick_next(1, 0, &slice), &v[2]);
    ck_assert_uint_eq(slice, 2 * SCHED_SLICE_NS);
}
END_TEST

START_TEST(a_sleeper_comes_before_those_that_compute)
{
    uint64_t slice;

    sched_rr.wake(&v[0], 0);
    ck_assert_ptr_eq(sched_rr.pick_next(0, 0, &slice), &v[0]);
    /* v0 has used up a slice: it is no sleeper. */
    sched_rr.pick_next(0, SCHED_SLICE_NS + 1, &slice);
    ck_assert(!v[0].sched.boosted);
    tickled[0] = 0;
    sched_rr.wake(&v[1], 0);
    ck_assert_uint_eq(tickled[0], 1);
    ck_assert_ptr_eq(sched_rr.pick_next(0, SCHED_SLICE_NS + 2, &slice), &v[1]);
    /* It blocks again, and what was interrupted goes on. */
    v[1].pause_count = 1;
    ck_assert_ptr_eq(sched_rr.pick_next(0, SCHED_SLICE_NS + 1000, &slice), &v[0]);
    ck_assert_int_eq(v[1].sched.state, SCHED_OFF_QUEUE);
}
END_TEST

START_TEST(boosts_end_with_the_slice)
{
    uint64_t slice, now = 0;

    /* v1 wakes, runs 3 ms, sleeps, over and over: after one slice it has to queue behind v0. */
    sched_rr.wake(&v[0], 0);
    sched_rr.pick_next(0, now, &slice);
    now += SCHED_SLICE_NS + 1;
    sched_rr.pick_next(0, now, &slice);
    for (unsigned i = 0; i < 4; i++) {
        v[1].pause_count = 0;
        sched_rr.wake(&v[1], 0);
        if (sched_rr.pick_next(0, now, &slice) != &v[1]) {
            ck_assert_uint_ge(i, 3);
            return;
        }
        now += SCHED_SLICE_NS / 3 + 1;
        v[1].pause_count = 1;
        ck_assert_ptr_eq(sched_rr.pick_next(0, now, &slice), &v[0]);
    }
    ck_abort_msg("boosted for more than a slice");
}
END_TEST

START_TEST(yield_goes_to_the_end)
{
    uint64_t slice;

    sched_rr.wake(&v[0], 0);
    sched_rr.wake(&v[1], 0);
    sched_rr.wake(&v[2], 0);
    ck_assert_ptr_eq(sched_rr.pick_next(0, 0, &slice), &v[0]);
    sched_rr.yield(&v[0]);
    ck_assert_ptr_eq(sched_rr.pick_next(0, 10, &slice), &v[1]);
    sched_rr.yield(&v[1]);
    ck_assert_ptr_eq(sched_rr.pick_next(0, 20, &slice), &v[2]);
    sched_rr.yield(&v[2]);
    ck_assert_ptr_eq(sched_rr.pick_next(0, 30, &slice), &v[0]);
}
END_TEST

START_TEST(stealing_respects_affinity)
{
    sched_rr.wake(&v[0], 0);
    sched_rr.wake(&v[1], 0);
    cpumask_clear(&v[0].hard_affinity, 1);
    ck_assert_uint_eq(sched_rr.queued(0), 2);
    ck_assert_ptr_eq(sched_rr.steal(0, 1), &v[1]);
    ck_assert_int_eq(v[1].sched.state, SCHED_OFF_QUEUE);
    ck_assert_ptr_null(sched_rr.steal(0, 1));
    ck_assert_uint_eq(sched_rr.queued(0), 1);
}
END_TEST

START_TEST(lost_affinity_takes_it_off)
{
    uint64_t slice;

    sched_rr.wake(&v[0], 0);
    sched_rr.pick_next(0, 0, &slice);
    cpumask_clear(&v[0].hard_affinity, 0);
    ck_assert_ptr_eq(sched_rr.pick_next(0, 1, &slice), &idle[0]);
    ck_assert_int_eq(v[0].sched.state, SCHED_OFF_QUEUE);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("policy");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, nothing_to_run_is_idle_without_a_timer);
    tcase_add_test(tc, one_alone_runs_without_a_timer);
    tcase_add_test(tc, two_take_turns);
    tcase_add_test(tc, weight_makes_the_slice);
    tcase_add_test(tc, a_sleeper_comes_before_those_that_compute);
    tcase_add_test(tc, boosts_end_with_the_slice);
    tcase_add_test(tc, yield_goes_to_the_end);
    tcase_add_test(tc, stealing_respects_affinity);
    tcase_add_test(tc, lost_affinity_takes_it_off);
    return run_suite("sched_rr", tc);
}
