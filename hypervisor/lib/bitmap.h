/* SPDX-License-Identifier: MIT */
/* Bit arrays: plain and atomic single-bit operations, and searches. */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <stdbool.h>
#include <stddef.h>

#define BITS_PER_LONG 64
#define BITMAP_WORDS(n) (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)

static inline bool bitmap_test(const unsigned long *m, unsigned long i)
{
    return (m[i / BITS_PER_LONG] >> (i % BITS_PER_LONG)) & 1;
}
static inline void bitmap_set(unsigned long *m, unsigned long i)
{
    m[i / BITS_PER_LONG] |= 1UL << (i % BITS_PER_LONG);
}
static inline void bitmap_clear(unsigned long *m, unsigned long i)
{
    m[i / BITS_PER_LONG] &= ~(1UL << (i % BITS_PER_LONG));
}
static inline void bitmap_set_atomic(unsigned long *m, unsigned long i)
{
    __atomic_fetch_or(&m[i / BITS_PER_LONG], 1UL << (i % BITS_PER_LONG), __ATOMIC_SEQ_CST);
}
static inline void bitmap_clear_atomic(unsigned long *m, unsigned long i)
{
    __atomic_fetch_and(&m[i / BITS_PER_LONG], ~(1UL << (i % BITS_PER_LONG)), __ATOMIC_SEQ_CST);
}
/* Sets bit i; tells whether it was set before. */
static inline bool bitmap_test_set_atomic(unsigned long *m, unsigned long i)
{
    unsigned long bit = 1UL << (i % BITS_PER_LONG);

    return __atomic_fetch_or(&m[i / BITS_PER_LONG], bit, __ATOMIC_SEQ_CST) & bit;
}
/* Clears bit i; tells whether it was set before. */
static inline bool bitmap_test_clear_atomic(unsigned long *m, unsigned long i)
{
    unsigned long bit = 1UL << (i % BITS_PER_LONG);

    return __atomic_fetch_and(&m[i / BITS_PER_LONG], ~bit, __ATOMIC_SEQ_CST) & bit;
}
void bitmap_zero(unsigned long *m, unsigned long bits);
bool bitmap_empty(const unsigned long *m, unsigned long bits);
unsigned bitmap_weight(const unsigned long *m, unsigned long bits);
/* First set (clear) bit at or after `from`; `bits` when there is none. */
unsigned long bitmap_next_set(const unsigned long *m, unsigned long bits, unsigned long from);
unsigned long bitmap_next_clear(const unsigned long *m, unsigned long bits, unsigned long from);

#endif
