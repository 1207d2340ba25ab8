/* SPDX-License-Identifier: MIT */
/* Fixed-size sets of physical CPUs. */
#ifndef LIB_CPUMASK_H
#define LIB_CPUMASK_H

#include <stdbool.h>

#include "config.h"
#include "lib/bitmap.h"

struct cpumask {
    unsigned long bits[BITMAP_WORDS(MAX_CPUS)];
};
_Static_assert(MAX_CPUS % BITS_PER_LONG == 0, "no bits beyond the last CPU's");

extern struct cpumask cpu_online_mask;

static inline void cpumask_set(struct cpumask *m, unsigned cpu) { bitmap_set_atomic(m->bits, cpu); }
static inline void cpumask_clear(struct cpumask *m, unsigned cpu) { bitmap_clear_atomic(m->bits, cpu); }
static inline bool cpumask_test(const struct cpumask *m, unsigned cpu) { return bitmap_test(m->bits, cpu); }
static inline void cpumask_zero(struct cpumask *m) { *m = (struct cpumask){ { 0 } }; }
/*
 * Other CPUs may change m meanwhile. Each word is read once: a compiler that may do so again can make
 * of one mask two different ones, and find in the second no CPU although the first was not empty.
 */
static inline unsigned long cpumask_word(const struct cpumask *m, unsigned i)
{
    return __atomic_load_n(&m->bits[i], __ATOMIC_RELAXED);
}
/* Here rather than by lib/bitmap, as every wake-up asks. */
static inline bool cpumask_empty(const struct cpumask *m)
{
    unsigned long any = 0;

    for (unsigned i = 0; i < BITMAP_WORDS(MAX_CPUS); i++)
        any |= cpumask_word(m, i);
    return !any;
}
static inline unsigned cpumask_next(const struct cpumask *m, unsigned from)
{
    unsigned long w;

    if (from >= MAX_CPUS)
        return MAX_CPUS;
    w = cpumask_word(m, from / BITS_PER_LONG) & (~0UL << (from % BITS_PER_LONG));
    while (!w) {
        from = (from | (BITS_PER_LONG - 1)) + 1;
        if (from >= MAX_CPUS)
            return MAX_CPUS;
        w = cpumask_word(m, from / BITS_PER_LONG);
    }
    return (from & ~(BITS_PER_LONG - 1u)) + (unsigned)__builtin_ctzl(w);
}
static inline void cpumask_and(struct cpumask *d, const struct cpumask *a, const struct cpumask *b)
{
    for (unsigned i = 0; i < BITMAP_WORDS(MAX_CPUS); i++)
        d->bits[i] = cpumask_word(a, i) & cpumask_word(b, i);
}
static inline unsigned cpumask_weight(const struct cpumask *m)
{
    return bitmap_weight(m->bits, MAX_CPUS);
}

#define for_each_cpu(cpu, mask) \
    for ((cpu) = cpumask_next((mask), 0); (cpu) < MAX_CPUS; (cpu) = cpumask_next((mask), (cpu) + 1))
#define for_each_online_cpu(cpu) for_each_cpu(cpu, &cpu_online_mask)

#endif
