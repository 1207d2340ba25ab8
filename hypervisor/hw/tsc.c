/* SPDX-License-Identifier: MIT */
/* System time from the TSC, its calibration, and the clock to fall back on. */
#include "hw/tsc.h"

#include "hw/clock.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/ipi.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/spinlock.h"
#include "hw/timer.h"
#include "lib/cpumask.h"
#include "lib/muldiv.h"

#define NS_PER_SECOND 1000000000ULL
/* A round of calibration; short enough for the PIT's 16 bits (54 ms). */
#define ROUND_US 5000
#define MAX_ROUNDS 12
/* Rounds agree when they differ by less than 1/4096: 250 ppm. */
#define AGREE_SHIFT 12
#define WARP_TEST_MS 2

uint64_t tsc_khz;
struct tsc_scale tsc_scale;

static uint64_t tsc_hz, wall_boot;
static const struct clock *reference;

/* Set when the TSCs of the CPUs disagree: time is then `reference` ticks. */
static bool fallback;
static struct spinlock fallback_lock = SPINLOCK_IRQ_INIT(LOCK_CONSOLE);
static uint64_t fallback_last, fallback_ticks, fallback_base_ns;

/* Then each CPU relates its own TSC to that clock, once a second: guests extrapolate from there. */
struct local_scale {
    struct tsc_scale scale;
    struct timer keeper;
};
static DEFINE_PER_CPU(struct local_scale, local_scale);
void (*tsc_scale_changed)(void);

/* SDM vol. 2, RDTSC: without a fence it may be read before what comes before it has happened. */
static inline uint64_t rdtsc_ordered(void)
{
    __asm__ volatile("lfence" ::: "memory");
    return rdtsc();
}

uint64_t tsc_ticks_to_ns(uint64_t ticks)
{
    if (tsc_scale.shift >= 0)
        ticks <<= tsc_scale.shift;
    else
        ticks >>= -tsc_scale.shift;
    return (uint64_t)((unsigned __int128)ticks * tsc_scale.mul >> 32);
}

uint64_t tsc_to_ns(uint64_t tsc)
{
    return tsc_scale.ns_stamp + tsc_ticks_to_ns(tsc - tsc_scale.tsc_stamp);
}

static uint64_t fallback_now(void)
{
    unsigned long flags = spin_lock_irqsave(&fallback_lock);
    uint64_t t = reference->read(), ticks;

    fallback_ticks += (t - fallback_last) & reference->mask;
    fallback_last = t;
    ticks = fallback_ticks;
    spin_unlock_irqrestore(&fallback_lock, flags);
    return fallback_base_ns + mul_div(ticks, NS_PER_SECOND, reference->hz);
}

uint64_t now_ns(void)
{
    if (__builtin_expect(fallback, 0))
        return fallback_now();
    return tsc_to_ns(rdtsc_ordered());
}

uint64_t wallclock_boot_ns(void)
{
    return wall_boot;
}

struct sample {
    uint64_t tsc, ref;
};

/* Reads both clocks as close together as one of a few tries comes. */
static struct sample take_sample(void)
{
    struct sample best = { 0, 0 };
    uint64_t best_gap = ~0ULL;

    for (int i = 0; i < 5; i++) {
        uint64_t before = rdtsc_ordered(), ref = reference->read(), after = rdtsc_ordered();

        if (after - before < best_gap) {
            best_gap = after - before;
            best = (struct sample){ before + best_gap / 2, ref };
        }
    }
    return best;
}

/* TSC ticks per second by one round. */
static uint64_t measure(void)
{
    uint64_t wait = reference->hz * ROUND_US / 1000000;
    struct sample a, b;

    if (reference->start)
        reference->start();
    a = take_sample();
    while (((reference->read() - a.ref) & reference->mask) < wait)
        cpu_relax();
    b = take_sample();
    return mul_div(b.tsc - a.tsc, reference->hz, (b.ref - a.ref) & reference->mask);
}

static uint64_t calibrate(void)
{
    uint64_t last = measure();

    for (int i = 0; i < MAX_ROUNDS; i++) {
        uint64_t hz = measure(), differ = hz > last ? hz - last : last - hz;

        if (differ < hz >> AGREE_SHIFT)
            return (hz + last) / 2;
        last = hz;
    }
    printk(LOG_WARN, "TSC: calibration against %s does not settle\n", reference->name);
    return last;
}

/* The multiplier is kept between 2^31 and 2^32 for precision; the shift makes up for it. */
static void set_scale(uint64_t hz)
{
    int shift = 0;

    while (hz >> -shift > NS_PER_SECOND * 2)
        shift--;
    for (; hz <= NS_PER_SECOND; shift++)
        hz <<= 1;
    tsc_scale.mul = (uint32_t)mul_div(NS_PER_SECOND << 32, shift < 0 ? 1u << -shift : 1, hz);
    tsc_scale.shift = (int8_t)shift;
}

void tsc_init(void)
{
    unsigned long flags;

    reference = clock_reference();
    flags = irq_save();
    tsc_hz = calibrate();
    irq_restore(flags);
    if (tsc_hz < 1000000)
        panic("the TSC does not count");
    tsc_khz = tsc_hz / 1000;
    set_scale(tsc_hz);
    tsc_scale.tsc_stamp = rdtsc_ordered();
    tsc_scale.ns_stamp = 0;
    wall_boot = rtc_read_ns() - now_ns();
    printk(LOG_INFO, "TSC: %lu kHz by %s%s\n", (unsigned long)tsc_khz, reference->name,
           cpu_features.invariant_tsc ? ", invariant" : "");
}

void delay_us(unsigned us)
{
    if (!tsc_khz) {
        clock_pit_delay(us);
        return;
    }
    for (uint64_t start = rdtsc(), n = tsc_khz * us / 1000; rdtsc() - start < n;)
        cpu_relax();
}

/*
 * Two CPUs take turns under a lock; whoever reads an earlier time than the other just did has
 * found a warp.
 */
static struct {
    struct spinlock lock;
    uint64_t last;
    uint32_t present;
    bool warped;
} warp = { .lock = SPINLOCK_IRQ_INIT(LOCK_CONSOLE) };

static void warp_test(void *unused)
{
    uint64_t start;

    __atomic_fetch_add(&warp.present, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&warp.present, __ATOMIC_ACQUIRE) < 2)
        cpu_relax();
    start = rdtsc_ordered();
    while (rdtsc_ordered() - start < tsc_khz * WARP_TEST_MS) {
        unsigned long flags = spin_lock_irqsave(&warp.lock);
        uint64_t t = rdtsc_ordered();

        if (t < warp.last)
            warp.warped = true;
        warp.last = t;
        spin_unlock_irqrestore(&warp.lock, flags);
    }
    __atomic_fetch_add(&warp.present, 1, __ATOMIC_SEQ_CST);
}

bool tsc_stable(void)
{
    return !fallback;
}

struct tsc_scale tsc_scale_here(void)
{
    return fallback ? this_cpu(local_scale).scale : tsc_scale;
}

/* Interrupts off. The rate is what the time since the last sample shows, if that was long enough. */
static void sample_scale(struct tsc_scale *s)
{
    uint64_t tsc = rdtsc_ordered(), ns = fallback_now(), after = rdtsc_ordered(), ticks, mul;

    tsc += (after - tsc) / 2;
    ticks = tsc - s->tsc_stamp;
    if (s->mul && ticks > tsc_khz * (1000 / 2) && ticks < tsc_khz * 10000) {
        ticks = s->shift < 0 ? ticks >> -s->shift : ticks << s->shift;
        mul = mul_div(ns - s->ns_stamp, 1ULL << 32, ticks);
        /* Nothing real differs by 1/256; a virtual machine that was stopped meanwhile does. */
        if (mul > tsc_scale.mul - (tsc_scale.mul >> 8) && mul <= UINT32_MAX &&
            mul < tsc_scale.mul + (uint64_t)(tsc_scale.mul >> 8))
            s->mul = (uint32_t)mul;
    }
    s->tsc_stamp = tsc;
    s->ns_stamp = ns;
}

/* It also sees to it that somebody reads the reference before it wraps, which may take seconds. */
static void keep_scale(void *unused)
{
    unsigned long flags = irq_save();

    sample_scale(&this_cpu(local_scale).scale);
    if (tsc_scale_changed)
        tsc_scale_changed();
    irq_restore(flags);
    timer_set(&this_cpu(local_scale).keeper, now_ns() + NS_PER_SECOND);
}

/* On each CPU, interrupts off. */
static void start_scale(void *unused)
{
    struct local_scale *l = &this_cpu(local_scale);

    l->scale = tsc_scale;
    l->scale.tsc_stamp = rdtsc_ordered(); /* other CPUs' stamps say nothing about this one's rate */
    sample_scale(&l->scale);
    timer_init(&l->keeper, keep_scale, NULL, smp_cpu_id());
    timer_set(&l->keeper, now_ns() + NS_PER_SECOND);
}

static void use_fallback(void)
{
    if (reference->start) {
        printk(LOG_WARN, "TSC: differs between CPUs, and there is no other clock\n");
        return;
    }
    fallback_last = reference->read();
    fallback_base_ns = now_ns();
    __atomic_store_n(&fallback, true, __ATOMIC_RELEASE);
    ipi_call(&cpu_online_mask, start_scale, NULL, true);
    printk(LOG_WARN, "TSC: differs between CPUs; using %s\n", reference->name);
}

void tsc_check_sync(bool distrust)
{
    unsigned cpu, self = smp_cpu_id();

    for_each_online_cpu(cpu) {
        struct cpumask other;
        unsigned long flags;

        if (cpu == self)
            continue;
        warp.last = 0;
        warp.present = 0;
        cpumask_zero(&other);
        cpumask_set(&other, cpu);
        ipi_call(&other, warp_test, NULL, false);
        flags = irq_save();
        warp_test(NULL);
        irq_restore(flags);
        while (__atomic_load_n(&warp.present, __ATOMIC_ACQUIRE) < 4)
            cpu_relax();
    }
    if (warp.warped || distrust)
        use_fallback();
}
