/* SPDX-License-Identifier: MIT */
// sources: core/sched_place.c core/sched_share.c core/sched_vtime.c core/sched_balance.c core/sched_budget.c
// sources: core/sched_claim.c core/sched_pool.c core/sched_params.c core/sched_rr.c lib/bitmap.c lib/string.c
/* Reservations: they are kept, starve nobody, and leave the others' shares as they are. */
#include "sched_sim.h"

/* `vcpus` siblings that compute, all on CPU 0 if they are pinned, have equal parts of `cpus` CPUs. */
static void check_siblings(unsigned cpus, unsigned vcpus, unsigned reservation, bool pinned)
{
    const struct cpumask first = { { 1 } };
    struct domain *d;
    char what[64];

    sim_boot(cpus, "credit2");
    d = sim_domain(vcpus, 256, 0, 0);
    for (unsigned i = 0; pinned && i < vcpus; i++)
        ck_assert_int_eq(sched_set_affinity(d->vcpu[i], &first, NULL), 0);
    ck_assert_int_eq(sim_set(d, PARADOR_SCHED_RESERVATION, reservation), 0);
    sim_start_all();
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    snprintf(what, sizeof(what), "one of %u siblings on %u CPUs, %u %% reserved", vcpus, cpus,
             reservation);
    for (unsigned i = 0; i < vcpus; i++)
        assert_near(what, sim_of(d->vcpu[i])->ran, (pinned ? 1 : cpus) * 10e9 / vcpus, 3);
}

START_TEST(siblings_share_among_themselves)
{
    check_siblings(2, 3, 0, false);
    check_siblings(4, 3, 0, true);
}
END_TEST

/* A claim that never ends is one of all of them. */
START_TEST(siblings_share_a_reservation)
{
    for (unsigned reservation = 50; reservation <= 200; reservation += 50) {
        check_siblings(4, 2, reservation, true);
        check_siblings(2, 3, reservation, false);
        check_siblings(2, 4, reservation, false);
    }
    check_siblings(1, 2, 100, false);
    check_siblings(3, 7, 300, false);
}
END_TEST

static void check_reservation(unsigned cpus, unsigned vcpus, unsigned percent)
{
    struct domain *d;
    char what[64];
    double least = percent * 1e8;

    sim_boot(cpus, "credit2");
    for (unsigned i = 0; i < 31; i++)
        sim_domain(1, 256, 0, 0);
    d = sim_domain(vcpus, 256, 0, 0);
    sim_start_all();
    sim_run(SEC / 3);
    ck_assert_int_eq(sim_set(d, PARADOR_SCHED_RESERVATION, percent), 0);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    if (least < cpus * 10e9 / 32)
        least = cpus * 10e9 / 32;
    snprintf(what, sizeof(what), "%u CPUs, %u vcpus, reservation %u", cpus, vcpus, percent);
    assert_near(what, sim_ran(d), least, 1);
    ck_assert_msg(sim_ran(d) > least * 0.99, "%s: %llu", what, (unsigned long long)sim_ran(d));
}

START_TEST(reservations_among_31_spinners)
{
    check_reservation(1, 1, 2);
    check_reservation(1, 1, 25);
    check_reservation(1, 1, 50);
    check_reservation(1, 1, 90);
    check_reservation(2, 1, 70);
    check_reservation(4, 1, 50);
    check_reservation(4, 4, 150);
}
END_TEST

START_TEST(a_reservation_survives_a_time_alone)
{
    for (unsigned percent = 10; percent <= 50; percent += 20)
        for (uint64_t alone = SEC; alone <= 100 * SEC; alone *= 10) {
            struct domain *d;
            char what[64];

            sim_boot(1, "credit2");
            d = sim_domain(1, 256, 0, 0);
            for (unsigned i = 0; i < 31; i++)
                sim_domain(1, 256, 0, 0);
            ck_assert_int_eq(sim_set(d, PARADOR_SCHED_RESERVATION, percent), 0);
            sim_start(d);
            sim_run(alone);
            sim_start_all();
            sim_run(SEC);
            sim_reset_counts();
            sim_run(10 * SEC);
            snprintf(what, sizeof(what), "reservation %u, %.0f s alone", percent, alone / 1e9);
            assert_near(what, sim_ran(d), percent * 1e8, 1);
        }
}
END_TEST

START_TEST(reservations_that_fill_the_machine)
{
    struct domain *d[3];

    sim_boot(2, "credit2");
    for (unsigned i = 0; i < 8; i++)
        sim_domain(1, 1024, 0, 0);
    for (unsigned i = 0; i < 3; i++)
        d[i] = sim_domain(1, 256, 0, 0);
    sim_start_all();
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(sim_set(d[i], PARADOR_SCHED_RESERVATION, 60), 0);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    for (unsigned i = 0; i < 3; i++)
        assert_near("60 % of three on two CPUs", sim_ran(d[i]), 6e9, 2);
}
END_TEST

/*
 * One vcpu of two works, so its claim never ends. Whoever may run only where it is does not wait for
 * ever: there is an idle CPU, or one where others compute, or if not, a turn per second.
 */
static void check_pinned_beside(unsigned cpus, unsigned others, double least)
{
    struct domain *reserved, *pinned;
    struct cpumask there;
    char what[64];

    sim_boot(cpus, "credit2");
    reserved = sim_domain(2, 256, 0, 0);
    for (unsigned i = 0; i < others; i++)
        sim_domain(1, 256, 0, 0);
    bitmap_set_atomic(&reserved->vcpu[1]->pause_flags, VPF_DOWN);
    ck_assert_int_eq(sim_set(reserved, PARADOR_SCHED_RESERVATION, 100), 0);
    sim_run(2 * SEC);
    pinned = sim_domain(1, 256, 0, 0);
    there = (struct cpumask){ { 1UL << reserved->vcpu[0]->cpu } };
    ck_assert_int_eq(sched_set_affinity(pinned->vcpu[0], &there, NULL), 0);
    for (unsigned i = 1; i < sim_domains; i++)
        sim_start(&doms[i].d);
    sim_run(3 * SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    snprintf(what, sizeof(what), "%u CPUs, %u others: %.0f and %.0f ms", cpus, others,
             sim_ran(reserved) / 1e6, sim_ran(pinned) / 1e6);
    ck_assert_msg(sim_ran(reserved) >= 9890 * MS && sim_ran(pinned) >= least, "%s", what);
    if (getenv("SIM_VERBOSE"))
        printf("%s\n", what);
}

START_TEST(a_reservation_starves_nobody)
{
    check_pinned_beside(1, 0, 0.099e9);
    check_pinned_beside(2, 0, 10e9);
    check_pinned_beside(2, 1, 4.9e9);
    check_pinned_beside(4, 3, 4.9e9);
    check_pinned_beside(4, 2, 9.9e9);
}
END_TEST

static void pin(struct vcpu *v, unsigned cpu)
{
    const struct cpumask one = { { 1UL << cpu } };

    ck_assert_int_eq(sched_set_affinity(v, &one, NULL), 0);
}

/* The turn that is not the claimant's comes to nothing where a cap takes away whoever has it. */
START_TEST(a_turn_that_a_cap_ends)
{
    for (unsigned ms = 0; ms < 10; ms++) {
        struct domain *claimant, *capped, *others[2];

        sim_boot(2, "credit2");
        claimant = sim_domain(2, 256, 0, 0);
        capped = sim_domain(2, 4096, 0, 0);
        bitmap_set_atomic(&claimant->vcpu[1]->pause_flags, VPF_DOWN);
        pin(claimant->vcpu[0], 0);
        pin(capped->vcpu[0], 0);
        pin(capped->vcpu[1], 1);
        ck_assert_int_eq(sim_set(claimant, PARADOR_SCHED_RESERVATION, 150), 0);
        sim_run(ms * MS);
        ck_assert_int_eq(sim_set(capped, PARADOR_SCHED_CAP, 30), 0);
        sim_run(10 * SEC);
        for (unsigned i = 0; i < 2; i++) {
            others[i] = sim_domain(1, 256, 0, 0);
            pin(others[i]->vcpu[0], 0);
        }
        sim_run(SEC);
        sim_reset_counts();
        sim_run(100 * SEC);
        for (unsigned i = 0; i < 2; i++)
            assert_near("one of two beside a claimant", sim_ran(others[i]), 500e6, 5);
    }
}
END_TEST

/* All on one CPU have reservations; what waits on the other may not come. */
START_TEST(weights_of_pinned_ones_with_reservations)
{
    static const unsigned slow[] = { 512, 4096, 65535 };

    for (unsigned i = 0; i < 3; i++) {
        struct domain *d[4];

        sim_boot(2, "credit2");
        for (unsigned k = 0; k < 4; k++) {
            d[k] = sim_domain(1, k < 2 ? 256u << k : slow[i], 0, 0);
            pin(d[k]->vcpu[0], k / 2);
        }
        for (unsigned k = 0; k < 2; k++)
            ck_assert_int_eq(sim_set(d[k], PARADOR_SCHED_RESERVATION, 5), 0);
        sim_start_all();
        sim_run(10 * SEC);
        sim_reset_counts();
        sim_run(20 * SEC);
        assert_near("weight 256 of 768", sim_ran(d[0]), 20e9 / 3, 1);
        assert_near("weight 512 of 768", sim_ran(d[1]), 40e9 / 3, 1);
    }
}
END_TEST

/* One that had a CPU of its own comes to where its sibling shares one: it has had no more than others. */
START_TEST(siblings_do_not_wait_for_what_was_long_ago)
{
    for (unsigned reservation = 0; reservation <= 200; reservation += 50) {
        struct domain *d, *other;

        sim_boot(2, "credit2");
        d = sim_domain(2, 256, 0, 0);
        other = sim_domain(1, 256, 0, 0);
        pin(d->vcpu[0], 0);
        pin(d->vcpu[1], 1);
        pin(other->vcpu[0], 0);
        ck_assert_int_eq(sim_set(d, PARADOR_SCHED_RESERVATION, reservation), 0);
        sim_start_all();
        sim_run(100 * SEC);
        pin(d->vcpu[1], 0);
        sim_reset_counts();
        sim_run(10 * SEC);
        for (unsigned i = 0; i < 2; i++)
            assert_near("one of two siblings", sim_of(d->vcpu[i])->ran, sim_ran(d) / 2.0, 3);
    }
}
END_TEST

/* What a domain is worth it may get on one CPU alone; a vcpu of it that may not go there gets some, too. */
START_TEST(siblings_elsewhere_starve_nobody)
{
    for (unsigned i = 0; i < 3; i++) {
        struct domain *d, *other;

        sim_late = lates[i];
        sim_boot(2, "credit2");
        d = sim_domain(5, 256, 0, 0);
        other = sim_domain(1, 256, 0, 0);
        for (unsigned k = 0; k < 5; k++)
            pin(d->vcpu[k], k / 4);
        pin(other->vcpu[0], 0);
        sim_start_all();
        sim_run(SEC);
        sim_reset_counts();
        sim_run(10 * SEC);
        for (unsigned k = 0; k < 4; k++)
            ck_assert_uint_ge(sim_of(d->vcpu[k])->ran, 100 * MS);
        ck_assert_uint_ge(sim_ran(other), 8990 * MS);
    }
}
END_TEST

/* A turn that is given up goes to the next claim, not to one that has none. */
START_TEST(who_yields_does_so_to_the_next_claim)
{
    struct domain *yields, *reserved;

    sim_boot(1, "credit2");
    yields = sim_domain(1, 256, 200000, 0);
    reserved = sim_domain(1, 256, 0, 0);
    sim_domain(1, 8192, 0, 0);
    ck_assert_int_eq(sim_set(yields, PARADOR_SCHED_RESERVATION, 60), 0);
    ck_assert_int_eq(sim_set(reserved, PARADOR_SCHED_RESERVATION, 30), 0);
    sim_start_all();
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    ck_assert_uint_ge(sim_ran(reserved), 2970 * MS);
}
END_TEST

/* Those without a reservation share what is left as ever, though what waits with one goes before. */
static void check_equals_beside(unsigned cpus, unsigned vcpus, unsigned percent, unsigned equals)
{
    struct domain *d[SIM_DOMAINS], *reserved, *small;
    uint64_t rest = 0;
    char what[64];

    sim_boot(cpus, "credit2");
    reserved = sim_domain(vcpus, 1, 0, 0);
    small = sim_domain(1, 1, 0, 0);
    for (unsigned i = 0; i < equals; i++)
        d[i] = sim_domain(1, 1024, 0, 0);
    sim_start_all();
    ck_assert_int_eq(sim_set(reserved, PARADOR_SCHED_RESERVATION, percent), 0);
    ck_assert_int_eq(sim_set(small, PARADOR_SCHED_RESERVATION, 20), 0);
    sim_run(2 * SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    assert_near("the reserved one", sim_ran(reserved), percent * 1e8, 6);
    assert_near("the small one", sim_ran(small), 20 * 1e8, 6);
    for (unsigned i = 0; i < equals; i++)
        rest += sim_ran(d[i]);
    for (unsigned i = 0; i < equals; i++) {
        snprintf(what, sizeof(what), "%u CPUs, %u %% reserved, no. %u", cpus, percent, i);
        assert_near(what, sim_ran(d[i]), (double)rest / equals, 2);
    }
}

START_TEST(equal_ones_beside_reservations)
{
    for (unsigned i = 0; i < 3; i++) {
        sim_late = lates[i];
        check_equals_beside(2, 2, 120, 8);
        check_equals_beside(2, 2, 120, 6);
        check_equals_beside(2, 1, 60, 5);
        check_equals_beside(4, 2, 120, 9);
        check_equals_beside(4, 4, 250, 12);
        check_equals_beside(8, 2, 130, 24);
    }
}
END_TEST

/* Four domains of four vcpus, weights 1:2:4:8, beside one with two vcpus and a reservation. */
static void check_weights_beside(unsigned cpus, unsigned percent)
{
    struct domain *d[4], *reserved;
    double share[4];
    char what[64];

    sim_boot(cpus, "credit2");
    fair(cpus - percent / 100.0, 4, share);
    for (unsigned k = 0; k < 4; k++)
        d[k] = sim_domain(4, 128 * doubling[k], 0, 0);
    reserved = sim_domain(2, 1, 0, 0);
    sim_start_all();
    ck_assert_int_eq(sim_set(reserved, PARADOR_SCHED_RESERVATION, percent), 0);
    sim_run(2 * SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    snprintf(what, sizeof(what), "%u CPUs, %u %% reserved", cpus, percent);
    assert_near(what, sim_ran(reserved), percent * 1e8, 6);
    for (unsigned k = 0; k < 4; k++) {
        snprintf(what, sizeof(what), "%u CPUs, %u %% reserved, weight %u", cpus, percent, doubling[k]);
        assert_near(what, sim_ran(d[k]), share[k] * 10e9, 3);
    }
}

START_TEST(weights_beside_reservations)
{
    static const unsigned percents[] = { 20, 70, 110, 150 };

    for (unsigned late = 0; late < 3; late++)
        for (unsigned cpus = 1; cpus <= 8; cpus *= 2)
            for (unsigned i = 0; i < 4 && percents[i] <= 90 * cpus; i++) {
                sim_late = lates[late];
                check_weights_beside(cpus, percents[i]);
            }
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("claim");

    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, siblings_share_among_themselves);
    tcase_add_test(tc, siblings_share_a_reservation);
    tcase_add_test(tc, reservations_among_31_spinners);
    tcase_add_test(tc, a_reservation_survives_a_time_alone);
    tcase_add_test(tc, reservations_that_fill_the_machine);
    tcase_add_test(tc, a_reservation_starves_nobody);
    tcase_add_test(tc, a_turn_that_a_cap_ends);
    tcase_add_test(tc, weights_of_pinned_ones_with_reservations);
    tcase_add_test(tc, siblings_do_not_wait_for_what_was_long_ago);
    tcase_add_test(tc, siblings_elsewhere_starve_nobody);
    tcase_add_test(tc, who_yields_does_so_to_the_next_claim);
    tcase_add_test(tc, equal_ones_beside_reservations);
    tcase_add_test(tc, weights_beside_reservations);
    return run_suite("sched_claim", tc);
}
