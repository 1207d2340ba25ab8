/* SPDX-License-Identifier: MIT */
// sources: core/sched_place.c core/sched_share.c core/sched_vtime.c core/sched_balance.c core/sched_budget.c
// sources: core/sched_claim.c core/sched_pool.c core/sched_params.c core/sched_rr.c lib/bitmap.c lib/string.c
/* Proportional share: shares, caps and abuse, over seconds of simulated time. */
#include "sched_sim.h"

/* alone: each CPU first runs something else, whose virtual time gets far from the others'. */
static void check_weights(unsigned cpus, unsigned vcpus, unsigned unit, bool alone)
{
    struct domain *d[4], *before[4];
    double share[4];
    char what[64];

    sim_boot(cpus, "credit2");
    fair(cpus, vcpus, share);
    for (unsigned i = 0; alone && i < cpus; i++) {
        before[i] = sim_domain(1, 1 + 1000 * i * i, 0, 0);
        sim_start(before[i]);
    }
    sim_run(alone ? 20 * SEC : 1);
    for (unsigned i = 0; alone && i < cpus; i++)
        domain_pause(before[i]);
    for (unsigned i = 0; i < 4; i++)
        d[i] = sim_domain(vcpus, unit * doubling[i], 0, 0);
    for (unsigned i = 0; i < 4; i++)
        sim_start(d[i]);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    for (unsigned i = 0; i < 4; i++) {
        snprintf(what, sizeof(what), "%u CPUs, %u vcpus, weight %u", cpus, vcpus, unit * doubling[i]);
        assert_near(what, sim_ran(d[i]), share[i] * 10e9, 1);
    }
}

START_TEST(weights_on_one_cpu)
{
    check_weights(1, 1, 256, false);
    check_weights(1, 4, 256, false);
    check_weights(1, 1, 1, false);
    check_weights(1, 1, 8000, false);
}
END_TEST

START_TEST(weights_on_two_cpus)
{
    check_weights(2, 1, 256, false);
    check_weights(2, 2, 256, false);
    check_weights(2, 4, 64, false);
}
END_TEST

START_TEST(weights_on_four_cpus)
{
    check_weights(4, 4, 256, false);
    check_weights(4, 3, 256, false);
    check_weights(4, 2, 1000, false);
    check_weights(4, 8, 1, false);
}
END_TEST

START_TEST(weights_after_times_alone)
{
    check_weights(1, 1, 256, true);
    check_weights(2, 2, 256, true);
    check_weights(4, 4, 256, true);
    check_weights(4, 2, 1, true);
}
END_TEST

START_TEST(equal_ones_on_an_odd_number_of_cpus)
{
    struct domain *d[7];

    for (unsigned cpus = 2; cpus <= 5; cpus++) {
        sim_boot(cpus, "credit2");
        for (unsigned i = 0; i < 7; i++)
            d[i] = sim_domain(1, 256, 0, 0);
        sim_start_all();
        sim_run(SEC);
        sim_reset_counts();
        sim_run(10 * SEC);
        for (unsigned i = 0; i < 7; i++)
            assert_near("one of seven", sim_ran(d[i]), cpus * 10e9 / 7, 1);
    }
}
END_TEST

static void check_cap(unsigned cpus, unsigned vcpus, unsigned cap, unsigned neighbours)
{
    struct domain *d, *n = NULL;
    char what[64];

    sim_boot(cpus, "credit2");
    d = sim_domain(vcpus, 256 * 16, 0, 0);
    for (unsigned i = 0; i < neighbours; i++)
        n = sim_domain(1, 256, 0, 0);
    sim_start_all();
    sim_run(SEC / 3);
    ck_assert_int_eq(sim_set(d, PARADOR_SCHED_CAP, cap), 0);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    snprintf(what, sizeof(what), "%u CPUs, %u vcpus, cap %u, %u others", cpus, vcpus, cap, neighbours);
    assert_near(what, sim_ran(d), cap * 1e8, 1);
    for (unsigned i = 0; vcpus > 1 && i < vcpus; i++)
        assert_near("  a vcpu of it", sim_of(d->vcpu[i])->ran, cap * 1e8 / vcpus, 10);
    if (n && neighbours >= cpus)
        assert_near("  a neighbour", sim_ran(n), (cpus * 10e9 - cap * 1e8) / neighbours, 2);
}

START_TEST(caps)
{
    check_cap(1, 1, 1, 0);
    check_cap(1, 1, 50, 0);
    check_cap(1, 1, 10, 1);
    check_cap(1, 1, 50, 3);
    check_cap(1, 1, 80, 3);
    check_cap(2, 1, 95, 3);
    check_cap(4, 4, 50, 0);
    check_cap(4, 4, 200, 0);
    check_cap(4, 4, 150, 8);
    check_cap(2, 8, 30, 0);
}
END_TEST

START_TEST(cap_comes_off)
{
    struct domain *d;

    sim_boot(1, "credit2");
    d = sim_domain(1, 256, 0, 0);
    sim_start_all();
    sim_set(d, PARADOR_SCHED_CAP, 10);
    sim_run(SEC);
    sim_set(d, PARADOR_SCHED_CAP, 0);
    sim_reset_counts();
    sim_run(SEC);
    ck_assert_uint_eq(sim_ran(d), SEC);
}
END_TEST

/* Its siblings would get smaller pieces, and its domain a longer memory, for nothing. */
START_TEST(one_taken_down_under_a_cap_does_not_count)
{
    struct domain *d;

    sim_boot(1, "credit2");
    d = sim_domain(2, 256, 0, 0);
    sim_start_all();
    sim_set(d, PARADOR_SCHED_CAP, 10);
    sim_run(SEC + 5 * MS);
    ck_assert(bitmap_test(&d->vcpu[1]->pause_flags, VPF_CAPPED));
    ck_assert_uint_eq(d->sched.active, 2);
    bitmap_set_atomic(&d->vcpu[1]->pause_flags, VPF_DOWN);
    sim_run(100 * MS);
    ck_assert_uint_eq(d->sched.active, 1);
    sim_up(d->vcpu[1]);
    sim_run(100 * MS);
    ck_assert_uint_eq(d->sched.active, 2);
}
END_TEST

START_TEST(abusers_waste_their_own)
{
    static const struct { const char *what; uint64_t run, sleep; } abuse[] = {
        { "yields in a loop", 2000, 0 },
        { "blocks and wakes in a loop", 5000, 2000 },
        { "sleeps at the end of its slice", 3 * MS, 10000 },
        { "sleeps as long as it runs", MS, MS },
        { "wakes all the time", 300000, 100000 },
    };

    for (unsigned i = 0; i < 5; i++)
        for (unsigned cpus = 1; cpus <= 2; cpus++) {
            struct domain *victim[3], *rogue;

            sim_boot(cpus, "credit2");
            rogue = sim_domain(cpus, 256, abuse[i].run, abuse[i].sleep);
            for (unsigned k = 0; k < 3; k++)
                victim[k] = sim_domain(cpus, 256, 0, 0);
            sim_start_all();
            sim_run(SEC);
            sim_reset_counts();
            sim_run(10 * SEC);
            if (getenv("SIM_VERBOSE"))
                printf("  %s: rogue %.1f, victims %.1f %.1f %.1f, %u switches\n", abuse[i].what,
                       sim_ran(rogue) / 1e6, sim_ran(victim[0]) / 1e6, sim_ran(victim[1]) / 1e6,
                       sim_ran(victim[2]) / 1e6, cpus_[0].switches);
            ck_assert_msg(sim_ran(rogue) < cpus * 10e9 / 4 * 1.01, "%s", abuse[i].what);
            for (unsigned k = 0; k < 3; k++)
                ck_assert_msg(sim_ran(victim[k]) > cpus * 10e9 / 4 * 0.99, "%s", abuse[i].what);
            /* Siblings may give way to each other as often as they like: it is their time. */
            ck_assert(cpus_[0].switches < 25000 || (cpus == 2 && abuse[i].run < 10000));
        }
}
END_TEST

START_TEST(what_is_used_alone_is_no_debt)
{
    struct domain *a, *b;

    sim_boot(1, "credit2");
    a = sim_domain(1, 256, 0, 0);
    b = sim_domain(1, 256, 0, 0);
    sim_start(a);
    sim_run(100 * SEC);
    sim_start(b);
    sim_reset_counts();
    sim_run(SEC);
    assert_near("was alone", sim_ran(a), SEC / 2, 2);
    assert_near("slept", sim_ran(b), SEC / 2, 2);
}
END_TEST

START_TEST(no_ticks_without_competition)
{
    struct domain *d;

    sim_boot(4, "credit2");
    d = sim_domain(2, 256, 0, 0);
    sim_start(d);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    for (unsigned cpu = 0; cpu < 4; cpu++)
        ck_assert_uint_eq(cpus_[cpu].looks, 0);
    ck_assert_uint_eq(sim_ran(d), 20 * SEC);
}
END_TEST

START_TEST(affinity_holds_and_moves_at_once)
{
    struct domain *d[4];
    struct cpumask one, two;

    sim_boot(2, "credit2");
    for (unsigned i = 0; i < 4; i++)
        d[i] = sim_domain(1, 256, 0, 0);
    cpumask_zero(&one);
    cpumask_set(&one, 0);
    cpumask_zero(&two);
    cpumask_set(&two, 1);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(sched_set_affinity(d[i]->vcpu[0], &one, NULL), 0);
    sched_set_affinity(d[3]->vcpu[0], &two, NULL);
    sim_start_all();
    sim_run(10 * SEC);
    for (unsigned i = 0; i < 3; i++)
        assert_near("three on CPU 0", sim_ran(d[i]), 10e9 / 3, 1);
    assert_near("one on CPU 1", sim_ran(d[3]), 10e9, 0.1);
    /* Two and two: nobody has to pay for what was before. */
    sched_set_affinity(d[0]->vcpu[0], &two, NULL);
    sim_run(1);
    ck_assert_uint_eq(d[0]->vcpu[0]->cpu, 1);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    for (unsigned i = 0; i < 4; i++)
        assert_near("two and two", sim_ran(d[i]), 5e9, 1);
    cpumask_zero(&one);
    cpumask_set(&one, 5);
    ck_assert_int_eq(sched_set_affinity(d[0]->vcpu[0], &one, NULL), -EINVAL);
    ck_assert(cpumask_test(&d[0]->vcpu[0]->hard_affinity, 1));
}
END_TEST

START_TEST(weights_among_the_pinned)
{
    struct domain *d[4], *other;
    struct cpumask one;

    sim_boot(2, "credit2");
    for (unsigned i = 0; i < 4; i++)
        d[i] = sim_domain(1, 256 * doubling[i], 0, 0);
    other = sim_domain(2, 256, 2 * MS, 11 * MS);
    cpumask_zero(&one);
    cpumask_set(&one, 1);
    sim_start_all();
    for (unsigned i = 0; i < 4; i++)
        sched_set_affinity(d[i]->vcpu[0], &one, NULL);
    cpumask_zero(&one);
    cpumask_set(&one, 0);
    sched_set_affinity(other->vcpu[0], &one, NULL);
    sched_set_affinity(other->vcpu[1], &one, NULL);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    for (unsigned i = 0; i < 4; i++)
        assert_near("weights 1:2:4:8 pinned to one CPU", sim_ran(d[i]), 10e9 * doubling[i] / 15, 1);
}
END_TEST

START_TEST(ratelimit_zero_switches_at_once)
{
    struct domain *d;

    sim_boot(1, "credit2");
    sim_domain(1, 256, 0, 0);
    d = sim_domain(1, 256, 50000, 20333100);
    sched_pool_get(0)->ratelimit_ns = 0;
    sim_start_all();
    sim_run(2 * SEC);
    ck_assert_uint_eq(sim_of(d->vcpu[0])->worst_latency, 0);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("share");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, weights_on_one_cpu);
    tcase_add_test(tc, weights_on_two_cpus);
    tcase_add_test(tc, weights_on_four_cpus);
    tcase_add_test(tc, weights_after_times_alone);
    tcase_add_test(tc, equal_ones_on_an_odd_number_of_cpus);
    tcase_add_test(tc, caps);
    tcase_add_test(tc, one_taken_down_under_a_cap_does_not_count);
    tcase_add_test(tc, cap_comes_off);
    tcase_add_test(tc, abusers_waste_their_own);
    tcase_add_test(tc, what_is_used_alone_is_no_debt);
    tcase_add_test(tc, no_ticks_without_competition);
    tcase_add_test(tc, affinity_holds_and_moves_at_once);
    tcase_add_test(tc, weights_among_the_pinned);
    tcase_add_test(tc, ratelimit_zero_switches_at_once);
    return run_suite("sched_share", tc);
}
