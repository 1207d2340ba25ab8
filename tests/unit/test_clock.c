/* SPDX-License-Identifier: MIT */
// sources: hw/clock.c lib/bitmap.c
/* Scaling of the TSC, the calendar, and 128-bit division. */
#include <stdlib.h>

#include "suite.h"

/* Included for its scale. */
#include "hw/tsc.c"

#include "hw/acpi.h"
#include "hw/services.h"

struct acpi_fixed acpi_fixed;
struct hw_services hw_services;
struct cpu_features cpu_features;
struct cpumask cpu_online_mask;
static struct cpu_info cpu;

struct cpu_info *get_cpu_info(void) { return &cpu; }
void printk(enum log_level level, const char *fmt, ...) { }
void panic(const char *fmt, ...) { abort(); }
unsigned long spin_lock_irqsave(struct spinlock *l) { return 0; }
void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags) { }
void ipi_call(const struct cpumask *mask, void (*fn)(void *), void *arg, bool wait) { }
void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned on) { }
void timer_set(struct timer *t, uint64_t expires) { }

START_TEST(a_second_is_a_second_at_any_rate)
{
    static const uint64_t rates[] = { 1000000, 33333333, 999999999, 1000000000, 1000000001,
                                      2000000000, 2445430000, 3999999999, 8000000000 };

    for (unsigned i = 0; i < sizeof(rates) / sizeof(*rates); i++) {
        uint64_t ns;

        set_scale(rates[i]);
        tsc_scale.tsc_stamp = 12345;
        tsc_scale.ns_stamp = 7;
        ck_assert_uint_ge(tsc_scale.mul, 1u << 31);
        ns = tsc_to_ns(12345 + rates[i]) - 7;
        ck_assert_uint_ge(ns, 999999990);
        ck_assert_uint_le(ns, 1000000000);
        /* A year on: no overflow, and off by less than a tenth of a second. */
        ns = tsc_to_ns(12345 + rates[i] * 31536000) - 7;
        ck_assert_uint_ge(ns, 31535999900000000);
        ck_assert_uint_le(ns, 31536000000000000);
    }
}
END_TEST

static uint64_t microseconds;
static uint64_t read_microseconds(void) { return microseconds; }

/* A CPU whose TSC runs 500 ppm slower than the boot CPU's, and an absurd measurement. */
START_TEST(a_cpu_learns_its_own_rate)
{
    static const struct clock counter = { .name = "counter", .hz = 1000000, .mask = ~0ULL,
                                          .read = read_microseconds };
    struct tsc_scale s;
    uint32_t nominal;

    reference = &counter;
    fallback_last = fallback_ticks = fallback_base_ns = 0;
    tsc_khz = 1000000;
    set_scale(1000000000);
    s = tsc_scale;
    nominal = s.mul;
    microseconds = 1000500;
    /* The reads themselves take some microseconds here: ppm. Once in a while we are interrupted. */
    for (unsigned i = 0; i < 100 && s.mul <= nominal + nominal / 1000000 * 450; i++) {
        s.tsc_stamp = rdtsc() - 1000000000;
        s.ns_stamp = 0;
        sample_scale(&s);
        ck_assert_uint_eq(s.ns_stamp, 1000500000);
    }
    ck_assert_uint_gt(s.mul, nominal + nominal / 1000000 * 450);
    ck_assert_uint_lt(s.mul, nominal + nominal / 1000000 * 505);
    nominal = s.mul;
    s.tsc_stamp = rdtsc() - 1000000000;
    microseconds += 2000000;
    sample_scale(&s);
    ck_assert_uint_eq(s.mul, nominal);
    ck_assert_uint_eq(s.ns_stamp, 3000500000);
}
END_TEST

START_TEST(calendar)
{
    ck_assert_int_eq(rtc_seconds(1970, 1, 1, 0, 0, 0), 0);
    ck_assert_int_eq(rtc_seconds(1999, 12, 31, 23, 59, 59), 946684799);
    ck_assert_int_eq(rtc_seconds(2000, 2, 29, 12, 0, 0), 951825600);
    ck_assert_int_eq(rtc_seconds(2000, 3, 1, 0, 0, 0), 951868800);
    ck_assert_int_eq(rtc_seconds(2026, 11, 22, 20, 45, 47), 1795380347);
    ck_assert_int_eq(rtc_seconds(2100, 3, 1, 0, 0, 0), 4107542400);
}
END_TEST

START_TEST(products_of_128_bits)
{
    ck_assert_uint_eq(mul_div(6, 7, 2), 21);
    ck_assert_uint_eq(mul_div(~0ULL, ~0ULL, ~0ULL), ~0ULL);
    ck_assert_uint_eq(mul_div(1ULL << 63, 6, 12), 1ULL << 62);
    ck_assert_uint_eq(mul_div(1ULL << 63, 2, 1), ~0ULL);
    ck_assert_uint_eq(mul_div(5, 5, 0), ~0ULL);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("clock");

    tcase_add_test(tc, a_second_is_a_second_at_any_rate);
    tcase_add_test(tc, a_cpu_learns_its_own_rate);
    tcase_add_test(tc, calendar);
    tcase_add_test(tc, products_of_128_bits);
    return run_suite("clock", tc);
}
