/* SPDX-License-Identifier: MIT */
/* System time: nanoseconds since boot, from the TSC once it has been checked. */
#ifndef HW_TSC_H
#define HW_TSC_H

#include <stdbool.h>
#include <stdint.h>

static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;

    __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return ((uint64_t)hi << 32) | lo;
}

extern uint64_t tsc_khz;

/* What pvclock publishes: ns = ((tsc - tsc_stamp) << shift or >> -shift) * mul >> 32 + ns_stamp. */
struct tsc_scale {
    uint64_t tsc_stamp;
    uint64_t ns_stamp;
    uint32_t mul;
    int8_t shift;
};
/* The boot CPU's, constant; it holds on every CPU while tsc_stable(). */
extern struct tsc_scale tsc_scale;
/* The TSCs of all CPUs agree, and time is made of them. Constant once guests run. */
bool tsc_stable(void);
/*
 * What holds on this CPU. Where TSCs disagree it is taken anew each second, and then calls
 * tsc_scale_changed on that CPU (as softirq, but interrupts off;
 * NULL: nobody listens). Interrupts off.
 */
struct tsc_scale tsc_scale_here(void);
extern void (*tsc_scale_changed)(void);

/* Nanoseconds since boot; monotonic on each CPU and across CPUs. Any context. */
uint64_t now_ns(void);
/* How long that many TSC ticks take. */
uint64_t tsc_ticks_to_ns(uint64_t ticks);
/* System time that a TSC value corresponds to. */
uint64_t tsc_to_ns(uint64_t tsc);
/* Wall clock (ns since the epoch, UTC) at system time zero, as the CMOS clock had it at boot. */
uint64_t wallclock_boot_ns(void);
/* Boot CPU, ACPI tables read: measures the TSC and reads the wall clock. */
void tsc_init(void);
/*
 * All CPUs up: compares their TSCs, and changes to another clock if one would run backwards, or if
 * they are distrusted anyway.
 */
void tsc_check_sync(bool distrust);
/* Waits at least that long; works before tsc_init() too. Any context. */
void delay_us(unsigned us);

#endif
