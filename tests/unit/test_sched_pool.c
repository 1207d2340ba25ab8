/* SPDX-License-Identifier: MIT */
// sources: core/sched_place.c core/sched_share.c core/sched_vtime.c core/sched_balance.c core/sched_budget.c
// sources: core/sched_claim.c core/sched_pool.c core/sched_params.c core/sched_rr.c lib/bitmap.c lib/string.c
/* CPU pools and entitlements: what moves, what is refused, and that a refusal changes nothing. */
#include "sched_sim.h"

static struct domain *d[3];

/* Four CPUs and three busy domains of two vcpus in pool 0. */
static void set_up(void)
{
    sim_boot(4, "credit2");
    for (unsigned id = 1; id < MAX_POOLS; id++)
        if (sched_pool_get(id))
            sched_pool_get(id)->policy = NULL;
    for (unsigned i = 0; i < 3; i++) {
        d[i] = sim_domain(2, 256, 0, 0);
        d[i]->state = DOM_ALIVE;
    }
    sim_start_all();
    sim_run(50 * MS);
}

static unsigned make_pool(unsigned sched_id)
{
    unsigned id = POOL_ANY;

    ck_assert_int_eq(sched_pool_create(&id, sched_id), 0);
    return id;
}

/* As a caller that is told to come again. */
static int add_cpu(unsigned id, unsigned cpu)
{
    int rc;

    while ((rc = sched_pool_add_cpu(id, cpu)) == -ERESTART)
        sim_settle();
    return rc;
}

START_TEST(a_group_owns_its_cpus)
{
    unsigned id = make_pool(XEN_SCHEDULER_CREDIT2);

    ck_assert_uint_eq(id, 1);
    ck_assert_int_eq(sched_pool_move(d[0], id), -ENODEV); /* no CPU yet */
    ck_assert_int_eq(sched_pool_remove_cpu(0, 2), 0);
    ck_assert_int_eq(sched_pool_remove_cpu(0, POOL_ANY), 0); /* the last one: 3 */
    ck_assert(cpumask_test(&cpu_online_mask, 3) && !sched_cpu_pool(3));
    ck_assert_int_eq(add_cpu(id, POOL_ANY), 0); /* the first free one: 2 */
    ck_assert_int_eq(add_cpu(id, 3), 0);
    ck_assert_int_eq(sched_pool_move(d[0], id), 0);
    ck_assert_uint_eq(sched_pool_get(0)->n_dom, 2);
    ck_assert_uint_eq(sched_pool_get(id)->n_dom, 1);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    assert_near("has two CPUs for itself", sim_ran(d[0]), 20e9, 0.01);
    assert_near("shares two", sim_ran(d[1]), 10e9, 1);
    assert_near("shares two", sim_ran(d[2]), 10e9, 1);
    /* And back, live. */
    ck_assert_int_eq(sched_pool_destroy(id), -EBUSY);
    ck_assert_int_eq(sched_pool_move(d[0], 0), 0);
    ck_assert_int_eq(sched_pool_destroy(id), -EBUSY); /* has CPUs */
    ck_assert_int_eq(sched_pool_remove_cpu(id, 2), 0);
    ck_assert_int_eq(sched_pool_remove_cpu(id, 3), 0);
    ck_assert_int_eq(sched_pool_destroy(id), 0);
    ck_assert_int_eq(add_cpu(0, 2), 0);
    ck_assert_int_eq(add_cpu(0, 3), 0);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    for (unsigned i = 0; i < 3; i++)
        assert_near("a third of four", sim_ran(d[i]), 40e9 / 3, 1);
}
END_TEST

START_TEST(a_pool_of_another_policy)
{
    unsigned id = make_pool(XEN_SCHEDULER_CREDIT);

    ck_assert_ptr_eq(sched_pool_get(id)->policy, &sched_rr);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 3), 0);
    ck_assert_int_eq(add_cpu(id, 3), 0);
    ck_assert_int_eq(sim_set(d[0], PARADOR_SCHED_CAP, 50), 0);
    ck_assert_int_eq(sched_pool_move(d[0], id), -EOPNOTSUPP); /* it knows no caps */
    ck_assert_int_eq(sim_set(d[0], PARADOR_SCHED_CAP, 0), 0);
    ck_assert_int_eq(sched_pool_move(d[0], id), 0);
    ck_assert_int_eq(sched_pool_move(d[1], id), 0);
    ck_assert_int_eq(sim_set(d[0], PARADOR_SCHED_CAP, 50), -EOPNOTSUPP);
    ck_assert_int_eq(sim_set(d[0], PARADOR_SCHED_RESERVATION, 50), -EOPNOTSUPP);
    ck_assert_int_eq(sim_set(d[1], PARADOR_SCHED_WEIGHT, 768), 0);
    sim_run(SEC);
    sim_reset_counts();
    sim_run(10 * SEC);
    assert_near("weight 256 in turns", sim_ran(d[0]), 2.5e9, 1);
    assert_near("weight 768 in turns", sim_ran(d[1]), 7.5e9, 1);
    assert_near("three CPUs, two vcpus", sim_ran(d[2]), 20e9, 0.01);
}
END_TEST

START_TEST(pools_that_are_not_made)
{
    unsigned id = 0;

    ck_assert_int_eq(sched_pool_create(&id, XEN_SCHEDULER_CREDIT2), -EEXIST);
    id = 5;
    ck_assert_int_eq(sched_pool_create(&id, XEN_SCHEDULER_RTDS), -EINVAL);
    ck_assert_ptr_null(sched_pool_get(5));
    id = MAX_POOLS;
    ck_assert_int_eq(sched_pool_create(&id, XEN_SCHEDULER_CREDIT2), -EINVAL);
    for (unsigned i = 1; i < MAX_POOLS; i++)
        make_pool(XEN_SCHEDULER_CREDIT2);
    id = POOL_ANY;
    ck_assert_int_eq(sched_pool_create(&id, XEN_SCHEDULER_CREDIT2), -ENOSPC);
    ck_assert_int_eq(sched_pool_destroy(0), -EBUSY);
    ck_assert_int_eq(sched_pool_destroy(MAX_POOLS), -ENOENT);
    ck_assert_ptr_eq(sched_pool_from(MAX_POOLS - 1), sched_pool_get(MAX_POOLS - 1));
    ck_assert_ptr_null(sched_pool_from(MAX_POOLS));
}
END_TEST

START_TEST(cpus_that_stay)
{
    struct cpumask one;
    unsigned id = make_pool(XEN_SCHEDULER_CREDIT2);

    ck_assert_int_eq(sched_pool_remove_cpu(7, 1), -ENOENT);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 9), -EINVAL);
    ck_assert_int_eq(add_cpu(7, 1), -ENOENT);
    ck_assert_int_eq(add_cpu(id, 1), -EBUSY); /* in pool 0 */
    ck_assert_int_eq(add_cpu(id, POOL_ANY), -EBUSY); /* none is free */
    ck_assert_int_eq(add_cpu(id, 9), -EINVAL);
    /* A vcpu is pinned to it. */
    cpumask_zero(&one);
    cpumask_set(&one, 3);
    ck_assert_int_eq(sched_set_affinity(d[0]->vcpu[0], &one, NULL), 0);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 3), -EADDRINUSE);
    ck_assert_int_eq(sched_set_affinity(d[0]->vcpu[0], &cpu_online_mask, NULL), 0);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 3), 0);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 2), 0);
    /* Affinity is to CPUs of one's pool. */
    ck_assert_int_eq(sched_set_affinity(d[0]->vcpu[0], &one, NULL), -EINVAL);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 1), 0);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 0), -EBUSY); /* the last one */
    sim_run(SEC);
    ck_assert_uint_eq(cpumask_weight(&sched_pool_get(0)->cpus), 1);
}
END_TEST

START_TEST(dom0s_own_pin_keeps_what_it_goes_back_to)
{
    struct vcpu *v = d[0]->vcpu[0];
    struct cpumask before;

    cpumask_zero(&before);
    cpumask_set(&before, 3);
    ck_assert_int_eq(sched_set_affinity(v, &before, NULL), 0);
    v->affinity_before_pin = before;
    v->pin_overridden = true;
    cpumask_zero(&before);
    cpumask_set(&before, 0);
    ck_assert_int_eq(sched_set_affinity(v, &before, NULL), 0);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 3), -EADDRINUSE);
    ck_assert_int_eq(sched_set_affinity(v, &v->affinity_before_pin, NULL), 0);
}
END_TEST

/* A softirq does it, on a CPU that whoever has the lock may be waiting for. */
START_TEST(the_end_of_a_domain_waits_for_no_lock)
{
    unsigned id = make_pool(XEN_SCHEDULER_CREDIT2);

    ck_assert_int_eq(sched_pool_remove_cpu(0, 3), 0);
    ck_assert_int_eq(add_cpu(id, 3), 0);
    ck_assert_int_eq(sched_pool_move(d[2], id), 0);
    domain_pause(d[2]);
    sched_domain_retire(d[2]);
    ck_assert_uint_eq(sched_pool_get(id)->n_dom, 0);
    sched_pool_lock();
    sched_domain_destroy(d[2]);
    sched_pool_unlock();
    ck_assert_uint_eq(sched_pool_get(0)->n_dom, 2);
}
END_TEST

START_TEST(a_dying_domain_reserves_nothing)
{
    d[2]->state = DOM_DYING;
    ck_assert_int_eq(sim_set(d[2], PARADOR_SCHED_RESERVATION, 100), -ESRCH);
    ck_assert_uint_eq(d[2]->sched.reservation, 0);
}
END_TEST

START_TEST(a_move_resets_pins_that_would_be_impossible)
{
    struct cpumask one;
    unsigned id = make_pool(XEN_SCHEDULER_CREDIT2);

    cpumask_zero(&one);
    cpumask_set(&one, 1);
    sched_set_affinity(d[0]->vcpu[0], &one, &one);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 3), 0);
    ck_assert_int_eq(add_cpu(id, 3), 0);
    ck_assert_int_eq(sched_pool_move(d[0], id), 0);
    ck_assert_uint_eq(cpumask_weight(&d[0]->vcpu[0]->hard_affinity), 4);
    sim_run(SEC);
    ck_assert_uint_eq(d[0]->vcpu[0]->cpu, 3);
}
END_TEST

START_TEST(reservations_are_admitted)
{
    struct parador_sched_params p = { .flags = PARADOR_SCHED_RESERVATION, .reservation = 150 };
    unsigned id = make_pool(XEN_SCHEDULER_CREDIT2);

    ck_assert_int_eq(sched_set_params(d[0], &p), 0);
    ck_assert_int_eq(sim_set(d[1], PARADOR_SCHED_RESERVATION, 200), 0);
    p.reservation = 51;
    ck_assert_int_eq(sched_set_params(d[2], &p), -ENOSPC);
    ck_assert_uint_eq(p.capacity, 400);
    ck_assert_uint_eq(p.reserved, 350);
    ck_assert_uint_eq(p.reservation, 0);
    ck_assert_uint_eq(d[2]->sched.reservation, 0);
    ck_assert_int_eq(sim_set(d[2], PARADOR_SCHED_RESERVATION, 50), 0);
    /* A CPU fewer would break the promise; so would two in a pool of one. */
    ck_assert_int_eq(sched_pool_remove_cpu(0, 3), -ENOSPC);
    ck_assert_int_eq(sim_set(d[1], PARADOR_SCHED_RESERVATION, 100), 0);
    ck_assert_int_eq(sched_pool_remove_cpu(0, 3), 0);
    ck_assert_int_eq(add_cpu(id, 3), 0);
    ck_assert_int_eq(sched_pool_move(d[0], id), -ENOSPC);
    ck_assert_int_eq(sched_pool_move(d[2], id), 0);
    sched_get_params(d[2], &p);
    ck_assert_uint_eq(p.pool, id);
    ck_assert_uint_eq(p.capacity, 100);
    ck_assert_uint_eq(p.reserved, 0);
    sched_domain_retire(d[2]);
    sched_get_params(d[0], &p);
    ck_assert_uint_eq(p.reserved, 100); /* the dead one's is free again */
    ck_assert_int_eq(sched_pool_remove_cpu(id, 3), 0);
    ck_assert_int_eq(sched_pool_destroy(id), 0);
}
END_TEST

START_TEST(parameters_that_make_no_sense)
{
    static const struct { uint32_t flags, value; } bad[] = {
        { PARADOR_SCHED_WEIGHT, 0 },
        { PARADOR_SCHED_WEIGHT, 65536 },
        { PARADOR_SCHED_CAP, 201 },
        { PARADOR_SCHED_RESERVATION, 201 },
        { PARADOR_SCHED_RESERVATION, 0xffffffff },
        { 8, 1 },
    };
    struct parador_sched_params p = { .flags = PARADOR_SCHED_CAP | PARADOR_SCHED_RESERVATION,
                                      .cap = 50, .reservation = 51 };

    for (unsigned i = 0; i < 6; i++)
        ck_assert_int_eq(sim_set(d[0], bad[i].flags, bad[i].value), -EINVAL);
    ck_assert_int_eq(sched_set_params(d[0], &p), -EINVAL);
    ck_assert_uint_eq(p.cap, 0); /* what is in effect */
    p.cap = p.reservation = 50;
    ck_assert_int_eq(sched_set_params(d[0], &p), 0);
    ck_assert_int_eq(sim_set(d[0], PARADOR_SCHED_CAP, 49), -EINVAL);
    sched_get_params(d[0], &p);
    ck_assert_uint_eq(p.weight, 256);
    ck_assert_uint_eq(p.cap, 50);
    ck_assert_uint_eq(p.reservation, 50);
    ck_assert_uint_eq(p.sched_id, XEN_SCHEDULER_CREDIT2);
}
END_TEST

START_TEST(an_unknown_scheduler_is_not_taken)
{
    sched_pools_init("rtds");
    ck_assert_ptr_eq(sched_pool_get(0)->policy, &sched_share);
    sched_pools_init("rr");
    ck_assert_ptr_eq(sched_pool_get(0)->policy, &sched_rr);
}
END_TEST

/* dom0 gives the pool a CPU back when the balancer has looked at the others. */
static unsigned queues_left;
static void join_late(void)
{
    if (--queues_left)
        return;
    sim_meanwhile = NULL;
    ck_assert_int_eq(sched_pool_add_cpu(0, 0), 0);
}

START_TEST(a_cpu_that_joins_while_the_balancer_looks)
{
    struct cpumask only;
    struct domain *gone;

    /* It is what the balancer saw on CPU 0 when it was last there, and then ends. */
    cpumask_zero(&only);
    cpumask_set(&only, 0);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_int_eq(sched_set_affinity(d[0]->vcpu[i], &only, NULL), 0);
    sim_run(SEC);
    ck_assert_int_eq(sched_set_affinity(d[0]->vcpu[0], &cpu_online_mask, NULL), 0);
    ck_assert_int_eq(sched_set_affinity(d[0]->vcpu[1], &cpu_online_mask, NULL), 0);
    gone = share_cpus[0].running->domain;
    ck_assert_int_eq(sched_pool_remove_cpu(0, 0), 0);
    sim_run(50 * MS);
    domain_pause(gone);
    gone->sched.weight = 0;
    queues_left = 3;
    sim_meanwhile = join_late;
    for (unsigned i = 0; i < 100 && queues_left; i++)
        sim_run(MS);
    ck_assert_uint_eq(queues_left, 0);
    sim_run(100 * MS);
    gone->sched.weight = 256;
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("pools");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, a_group_owns_its_cpus);
    tcase_add_test(tc, a_pool_of_another_policy);
    tcase_add_test(tc, pools_that_are_not_made);
    tcase_add_test(tc, cpus_that_stay);
    tcase_add_test(tc, a_move_resets_pins_that_would_be_impossible);
    tcase_add_test(tc, dom0s_own_pin_keeps_what_it_goes_back_to);
    tcase_add_test(tc, the_end_of_a_domain_waits_for_no_lock);
    tcase_add_test(tc, a_dying_domain_reserves_nothing);
    tcase_add_test(tc, reservations_are_admitted);
    tcase_add_test(tc, parameters_that_make_no_sense);
    tcase_add_test(tc, an_unknown_scheduler_is_not_taken);
    tcase_add_test(tc, a_cpu_that_joins_while_the_balancer_looks);
    return run_suite("sched_pool", tc);
}
