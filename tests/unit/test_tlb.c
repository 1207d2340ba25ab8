/* SPDX-License-Identifier: MIT */
// sources: lib/bitmap.c
/* The flush clock: which CPUs a stamp lets off, also when 32 bits have gone round. */
#include <stdlib.h>
#include <string.h>

#include "suite.h"

/* Included for its clock and its per-CPU variables. */
#include "hw/tlb.c"

unsigned long percpu_offsets[MAX_CPUS];
struct cpumask cpu_online_mask;
static struct cpu_info cpu;
static uint64_t other_flush;

struct cpu_info *get_cpu_info(void) { return &cpu; }
static unsigned ipis[4];

/* Who is asked answers at once. */
void lapic_send_ipi(unsigned target, uint8_t vector)
{
    ck_assert_uint_eq(vector, VECTOR_TLB);
    ipis[target]++;
    per_cpu(served, target) = per_cpu(asked, target);
}

static void set_up(void)
{
    percpu_offsets[1] = (unsigned long)((char *)&other_flush - (char *)&percpu_last_flush);
    flush_clock = 1;
    percpu_last_flush = other_flush = 0;
}

/* What write_cr3() does but for the register. */
static void flush(uint64_t *last) { *last = flush_clock; }

static bool must_flush(unsigned n, uint32_t stamp)
{
    struct cpumask mask;

    cpumask_zero(&mask);
    cpumask_set(&mask, 0);
    cpumask_set(&mask, 1);
    tlb_filter(&mask, stamp);
    return cpumask_test(&mask, n);
}

START_TEST(a_flush_after_the_stamp_counts)
{
    uint32_t stamp;

    flush(&percpu_last_flush);
    stamp = tlb_clock();
    ck_assert(must_flush(0, stamp));
    ck_assert(must_flush(1, stamp)); /* never flushed */
    flush(&other_flush);
    ck_assert(must_flush(0, stamp));
    ck_assert(!must_flush(1, stamp));
    flush(&percpu_last_flush);
    ck_assert(!must_flush(0, stamp));
}
END_TEST

START_TEST(round_the_corner_of_32_bits)
{
    uint32_t stamp;

    flush_clock = 0xffffffff;
    stamp = tlb_clock();
    ck_assert_uint_eq(stamp, 0xffffffff);
    ck_assert(must_flush(0, stamp));
    flush(&percpu_last_flush);
    ck_assert(!must_flush(0, stamp));
    stamp = tlb_clock();
    ck_assert_uint_eq(stamp, 0);
    ck_assert(must_flush(0, stamp));
}
END_TEST

START_TEST(an_old_stamp_errs_to_flushing)
{
    uint32_t stamp;

    flush_clock = 5;
    stamp = tlb_clock();
    flush(&percpu_last_flush);
    ck_assert(!must_flush(0, stamp));
    /* 2^32 ticks later the stamp reads like one just made. */
    flush_clock += 0x100000000ULL;
    ck_assert(must_flush(0, stamp));
    /* A CPU that slept all that time is never let off by a new stamp. */
    stamp = tlb_clock();
    ck_assert(must_flush(0, stamp));
    flush_clock += 0x90000000ULL;
    ck_assert(must_flush(0, stamp));
}
END_TEST

/* Nobody is interrupted but CPUs of the mask that are there, and not the caller. */
START_TEST(only_cpus_of_the_mask_are_asked)
{
    static char areas[4][4096] __attribute__((aligned(8)));
    char *a = (char *)&percpu_asked, *b = (char *)&percpu_served, *low = a < b ? a : b;
    struct cpumask mask;

    ck_assert_int_lt(labs(a - b), 4000);
    cpumask_zero(&mask);
    cpumask_zero(&cpu_online_mask);
    for (unsigned i = 1; i < 4; i++)
        percpu_offsets[i] = (unsigned long)(areas[i] - low);
    for (unsigned i = 0; i < 3; i++)
        cpumask_set(&cpu_online_mask, i);
    shoot_down(&mask, false);
    ck_assert_uint_eq(ipis[0] + ipis[1] + ipis[2] + ipis[3], 0);
    cpumask_set(&mask, 0);
    cpumask_set(&mask, 2);
    cpumask_set(&mask, 3);
    shoot_down(&mask, false);
    ck_assert_uint_eq(ipis[0] + ipis[1] + ipis[3], 0);
    ck_assert_uint_eq(ipis[2], 1);
    ck_assert_uint_eq(tlb_times_asked(2), 1);
    ck_assert_uint_eq(tlb_times_asked(1), 0);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("clock");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, a_flush_after_the_stamp_counts);
    tcase_add_test(tc, round_the_corner_of_32_bits);
    tcase_add_test(tc, an_old_stamp_errs_to_flushing);
    tcase_add_test(tc, only_cpus_of_the_mask_are_asked);
    return run_suite("tlb", tc);
}
