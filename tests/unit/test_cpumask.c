/* SPDX-License-Identifier: MIT */
// sources: core/sched_place.c lib/bitmap.c
/* Sets of CPUs, searched while another CPU changes them. */
#include <pthread.h>

#include "core/sched.h"
#include "suite.h"

#define WAKES 50000000

struct domain idle_domain_struct;
struct cpumask sched_idle_mask;
static const struct sched_policy policy;
static struct sched_pool pool = { .policy = &policy };
static struct domain d;
static struct vcpu v;
static bool stop;

/* CPU 0 goes idle, and finds work. */
static void *other_cpu(void *arg)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        cpumask_set(&sched_idle_mask, 0);
        cpumask_clear(&sched_idle_mask, 0);
    }
    return NULL;
}

START_TEST(a_mask_that_changes_is_not_two_masks)
{
    pthread_t thread;
    unsigned wrong = 0;

    d.sched.pool = &pool;
    v.domain = &d;
    pool.cpus.bits[0] = v.hard_affinity.bits[0] = v.soft_affinity.bits[0] = 3;
    ck_assert_int_eq(pthread_create(&thread, NULL, other_cpu, NULL), 0);
    for (unsigned i = 0; i < WAKES; i++) {
        v.cpu = 1;
        wrong += sched_place(&v, false, 0) > 1;
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("cpumask");

    tcase_add_test(tc, a_mask_that_changes_is_not_two_masks);
    return run_suite("cpumask", tc);
}
