/* SPDX-License-Identifier: MIT */
// sources: core/sched_place.c core/sched_share.c core/sched_vtime.c core/sched_balance.c core/sched_budget.c
// sources: core/sched_claim.c core/sched_pool.c core/sched_params.c core/sched_rr.c lib/bitmap.c lib/string.c
/* Waking under the proportional share: how soon, on which CPU, and at whose cost. */
#include "sched_sim.h"

START_TEST(busy_128_switch_seldom_and_an_idle_one_is_served)
{
    struct domain *idle;
    unsigned switches = 0;

    sim_boot(2, "credit2");
    for (unsigned i = 0; i < 128; i++)
        sim_domain(1, 256, 0, 0);
    idle = sim_domain(1, 256, 50000, 37333100);
    sim_start_all();
    sim_run(5 * SEC);
    sim_reset_counts();
    sim_run(5 * SEC);
    for (unsigned cpu = 0; cpu < 2; cpu++)
        switches += cpus_[cpu].switches;
    if (getenv("SIM_VERBOSE"))
        printf("  %u switches, worst latency %.3f ms\n", switches,
               sim_of(idle->vcpu[0])->worst_latency / 1e6);
    /* At 5 us each, caches included, half a percent would be 10000. */
    ck_assert_uint_lt(switches, 2 * 5 * 600);
    ck_assert_uint_le(sim_of(idle->vcpu[0])->worst_latency, MS);
    assert_near("the idle one", sim_ran(idle), 5e9 * 0.05 / 37.883, 3);
}
END_TEST

/* They come one after the other, as guests are started; what ran before may be anywhere. */
static void check_idle_one(unsigned cpus)
{
    struct domain *host, *spin[128], *nap;

    sim_boot(cpus, "credit2");
    host = sim_domain(cpus, 256, 700000, 300000);
    nap = sim_domain(1, 256, 20000, 3333100);
    sim_start(host);
    sim_run(SEC);
    sim_start(nap);
    for (unsigned i = 0; i < 128; i++) {
        spin[i] = sim_domain(1, 256, 10 * MS, 2 * SEC);
        sim_start(spin[i]);
        sim_run(30 * MS);
    }
    for (unsigned i = 0; i < host->max_vcpus; i++) {
        sim_of(host->vcpu[i])->run = 30000;
        sim_of(host->vcpu[i])->sleep = 20 * MS;
    }
    for (unsigned i = 0; i < 128; i++)
        sim_of(spin[i]->vcpu[0])->run = 0;
    sim_run(100 * MS);
    sim_reset_counts();
    sim_run(5 * SEC);
    if (getenv("SIM_VERBOSE"))
        printf("  %u CPUs, %.2f ms late: napper waits %.3f ms, host %.3f\n", cpus, sim_late / 1e6,
               sim_of(nap->vcpu[0])->worst_latency / 1e6, sim_of(host->vcpu[0])->worst_latency / 1e6);
    else
        /* A sibling at work may just have brought the host's domain ahead. */
        ck_assert(sim_of(nap->vcpu[0])->worst_latency <= SCHED_SLICE_NS &&
                  sim_of(host->vcpu[0])->worst_latency <= (sim_late ? 3 : 2) * SCHED_SLICE_NS);
    ck_assert_uint_gt(sim_of(nap->vcpu[0])->ran, 25 * MS);
}

START_TEST(an_idle_one_is_served_whatever_was_before)
{
    for (unsigned i = 0; i < 3; i++)
        for (unsigned cpus = 1; cpus <= SIM_CPUS; cpus++) {
            sim_late = lates[i];
            check_idle_one(cpus);
        }
}
END_TEST

/* A turn may be ended after a millisecond: who wakes finds a CPU whose turn is older, if it may. */
START_TEST(one_that_wakes_goes_where_it_runs_sooner)
{
    static const struct { const char *what; bool hard, soft; } ties[] = {
        { "free", false, false }, { "prefers a CPU", false, true }, { "is tied to a CPU", true, false },
    };
    uint64_t waits[3];

    for (unsigned i = 0; i < 3; i++) {
        struct domain *nap;
        struct cpumask one;

        sim_boot(2, "credit2");
        for (unsigned k = 0; k < 8; k++)
            sim_domain(1, 256, 0, 0);
        nap = sim_domain(1, 256, 300000, 1333100);
        cpumask_zero(&one);
        cpumask_set(&one, 0);
        sim_start_all();
        sched_set_affinity(nap->vcpu[0], ties[i].hard ? &one : NULL, ties[i].soft ? &one : NULL);
        sim_run(SEC);
        sim_reset_counts();
        sim_run(10 * SEC);
        waits[i] = sim_of(nap->vcpu[0])->waited;
        if (getenv("SIM_VERBOSE"))
            printf("  one that %s waits %.3f ms in 10 s, %.3f at most, and runs %.3f\n", ties[i].what,
                   waits[i] / 1e6, sim_of(nap->vcpu[0])->worst_latency / 1e6, sim_ran(nap) / 1e6);
    }
    ck_assert_uint_lt(waits[0], waits[2] / 4);
    ck_assert_uint_gt(waits[1], waits[2] / 2);
}
END_TEST

/* Time passes at different speeds on CPUs to which different numbers are tied. */
START_TEST(to_change_cpus_is_no_gain)
{
    uint64_t spun = 0;

    for (uint64_t run = 0; run <= 20 * MS; run += run < 2 * MS ? 500000 : 2 * MS) {
        struct domain *tied[4], *hopper;

        sim_boot(2, "credit2");
        for (unsigned k = 0; k < 4; k++)
            tied[k] = sim_domain(1, 256, 0, 0);
        hopper = sim_domain(1, 256, run, 10000);
        sim_start_all();
        for (unsigned k = 0; k < 4; k++) {
            struct cpumask one;

            cpumask_zero(&one);
            cpumask_set(&one, k > 0);
            sched_set_affinity(tied[k]->vcpu[0], &one, NULL);
        }
        sim_run(SEC);
        sim_reset_counts();
        sim_run(10 * SEC);
        if (!run)
            spun = sim_ran(hopper);
        if (getenv("SIM_VERBOSE"))
            printf("  bursts of %.3f ms: %.1f, of the tied %.1f %.1f %.1f %.1f\n", run / 1e6,
                   sim_ran(hopper) / 1e6, sim_ran(tied[0]) / 1e6, sim_ran(tied[1]) / 1e6,
                   sim_ran(tied[2]) / 1e6, sim_ran(tied[3]) / 1e6);
        ck_assert_uint_lt(sim_ran(hopper), spun * 1.01);
        for (unsigned k = 1; k < 4; k++)
            ck_assert_uint_gt(sim_ran(tied[k]), 10e9 / 3 * 0.98);
    }
}
END_TEST

/* One that sleeps takes from all, not from the one on whose CPU it wakes. */
START_TEST(a_sleeper_does_not_pick_its_victim)
{
    for (unsigned cpus = 2; cpus <= 4; cpus++)
        for (uint64_t run = 190000; run < 2 * MS; run += 180000)
            for (uint64_t sleep = 670000; sleep < 4 * MS; sleep += 740000) {
                struct domain *spin[4];

                sim_boot(cpus, "credit2");
                for (unsigned k = 0; k < cpus; k++)
                    spin[k] = sim_domain(1, 256, 0, 0);
                sim_domain(1, 256, run + 17, sleep + 11);
                sim_start_all();
                sim_run(SEC);
                sim_reset_counts();
                sim_run(3 * SEC);
                for (unsigned k = 0; k < cpus; k++)
                    ck_assert_msg(sim_ran(spin[k]) > cpus * 3e9 / (cpus + 1) * 0.94,
                                  "%u CPUs, %lu/%lu us: %.1f ms", cpus, run / 1000, sleep / 1000,
                                  sim_ran(spin[k]) / 1e6);
            }
}
END_TEST

/* A rogue's first vcpu works now and then, and takes each sibling that waits down and up again. */
static void take_down_and_up(const char *policy, unsigned cpus, unsigned vcpus)
{
    struct domain *rogue, *victim[4];
    struct sim_vcpu *first;

    sim_boot(cpus, policy);
    rogue = sim_domain(vcpus, 256, 0, 0);
    first = sim_of(rogue->vcpu[0]);
    first->run = first->left = 10000;
    first->sleep = 500000;
    for (unsigned k = 0; k < 4; k++)
        victim[k] = sim_domain(1, 256, 0, 0);
    sim_start_all();
    sim_run(SEC);
    sim_reset_counts();
    for (unsigned n = 0; n < 10000; n++) {
        uint64_t before = first->ran;

        sim_run(500000);
        for (unsigned i = 1; i < vcpus && first->ran > before; i++)
            if (rogue->vcpu[i]->sched.state == SCHED_QUEUED) {
                sim_down(rogue->vcpu[i]);
                sim_up(rogue->vcpu[i]);
            }
    }
    for (unsigned k = 0; k < 4; k++)
        ck_assert_msg(sim_ran(victim[k]) > 5e9 * cpus / 8, "%s, %u CPUs, %u vcpus: rogue %.0f ms, "
                      "victim %.0f ms", policy, cpus, vcpus, sim_ran(rogue) / 1e6,
                      sim_ran(victim[k]) / 1e6);
}

START_TEST(to_be_taken_down_is_no_gain)
{
    for (unsigned cpus = 1; cpus <= 2; cpus++)
        for (unsigned vcpus = 2; vcpus <= 4; vcpus++) {
            take_down_and_up("credit2", cpus, vcpus);
            take_down_and_up("rr", cpus, vcpus);
        }
}
END_TEST

/* A vcpu takes a sibling up and down before the CPU of a third one, whose time it costs, has looked. */
static void disturb(const char *policy)
{
    struct domain *rogue, *victim;
    struct vcpu *sibling;
    unsigned cpu;

    sim_boot(2, policy);
    rogue = sim_domain(2, 256, 0, 0);
    victim = sim_domain(1, 256, 0, 0);
    sibling = rogue->vcpu[1];
    bitmap_set_atomic(&sibling->pause_flags, VPF_DOWN);
    sim_start_all();
    sim_run(SEC);
    cpu = victim->vcpu[0]->cpu;
    sibling->cpu = sibling->sched.home = cpu;
    sim_reset_counts();
    for (unsigned n = 0; n < 50000; n++) {
        sim_up(sibling);
        sim_down(sibling);
        sim_run(2000);
    }
    ck_assert_msg(cpus_[cpu].looks <= 110, "%s: %u interruptions in 100 ms", policy, cpus_[cpu].looks);
}

START_TEST(to_be_taken_down_interrupts_nobody)
{
    disturb("credit2");
    disturb("rr");
}
END_TEST

START_TEST(visits_are_no_gain)
{
    static const struct { uint64_t run, sleep; } habits[] = {
        { 500000, 10000 }, { 500000, 50000 }, { 990000, 50000 }, { 990000, 100000 },
        { 1010000, 100000 }, { 8 * MS, 50000 }, { 8 * MS, 300000 },
    };

    for (unsigned i = 0; i < 7 * 3 * 2; i++) {
        unsigned cpus = 2 + i / 7 % 3, spinners = 3 * cpus + i % 3, vcpus = 1 + i / 21;
        double fair = cpus * 4e9 / (spinners + 1);
        struct domain *spin[16], *hopper;

        sim_boot(cpus, "credit2");
        for (unsigned k = 0; k < spinners; k++)
            spin[k] = sim_domain(1, 256, 0, 0);
        hopper = sim_domain(vcpus, 256, habits[i % 7].run, habits[i % 7].sleep);
        /* Two of different habits, so that they do not do the same at the same time. */
        if (vcpus == 2)
            sim_of(hopper->vcpu[1])->run = habits[(i + 3) % 7].run + 7000;
        sim_start_all();
        sim_run(SEC);
        sim_reset_counts();
        sim_run(4 * SEC);
        ck_assert_msg(sim_ran(hopper) < fair * 1.01, "%u CPUs, %u others, %u vcpus: %.1f of %.1f ms",
                      cpus, spinners, vcpus, sim_ran(hopper) / 1e6, fair / 1e6);
        for (unsigned k = 0; k < spinners; k++)
            ck_assert_uint_gt(sim_ran(spin[k]), fair * 0.98);
    }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("wake");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, busy_128_switch_seldom_and_an_idle_one_is_served);
    tcase_add_test(tc, an_idle_one_is_served_whatever_was_before);
    tcase_add_test(tc, one_that_wakes_goes_where_it_runs_sooner);
    tcase_add_test(tc, to_change_cpus_is_no_gain);
    tcase_add_test(tc, visits_are_no_gain);
    tcase_add_test(tc, to_be_taken_down_is_no_gain);
    tcase_add_test(tc, to_be_taken_down_interrupts_nobody);
    tcase_add_test(tc, a_sleeper_does_not_pick_its_victim);
    return run_suite("sched_wake", tc);
}
