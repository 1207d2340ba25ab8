/* SPDX-License-Identifier: MIT */
/* Searches over bit arrays. */
#include "lib/bitmap.h"

/* The bits of the word at `index` that belong to a map of `bits` bits. */
static unsigned long valid_bits(unsigned long index, unsigned long bits)
{
    unsigned long left = bits - index * BITS_PER_LONG;

    return left >= BITS_PER_LONG ? ~0UL : (1UL << left) - 1;
}

void bitmap_zero(unsigned long *m, unsigned long bits)
{
    for (unsigned long i = 0; i < BITMAP_WORDS(bits); i++)
        m[i] = 0;
}

bool bitmap_empty(const unsigned long *m, unsigned long bits)
{
    for (unsigned long i = 0; i < BITMAP_WORDS(bits); i++)
        if (m[i] & valid_bits(i, bits))
            return false;
    return true;
}

/* By halves: baseline x86-64 has no POPCNT, and gcc's own fallback lives in libgcc. */
static unsigned weight(unsigned long w)
{
    w -= (w >> 1) & 0x5555555555555555UL;
    w = (w & 0x3333333333333333UL) + ((w >> 2) & 0x3333333333333333UL);
    w = (w + (w >> 4)) & 0x0f0f0f0f0f0f0f0fUL;
    return (w * 0x0101010101010101UL) >> 56;
}

unsigned bitmap_weight(const unsigned long *m, unsigned long bits)
{
    unsigned n = 0;

    for (unsigned long i = 0; i < BITMAP_WORDS(bits); i++)
        n += weight(m[i] & valid_bits(i, bits));
    return n;
}

/* First bit at or after `from` whose value differs from that of `flip`. */
static unsigned long next_bit(const unsigned long *m, unsigned long bits, unsigned long from,
                              unsigned long flip)
{
    if (from >= bits)
        return bits;

    unsigned long i = from / BITS_PER_LONG;
    unsigned long w = (m[i] ^ flip) & (~0UL << (from % BITS_PER_LONG));

    for (;;) {
        w &= valid_bits(i, bits);
        if (w)
            return i * BITS_PER_LONG + __builtin_ctzl(w);
        if (++i >= BITMAP_WORDS(bits))
            return bits;
        w = m[i] ^ flip;
    }
}

unsigned long bitmap_next_set(const unsigned long *m, unsigned long bits, unsigned long from)
{
    return next_bit(m, bits, from, 0);
}

unsigned long bitmap_next_clear(const unsigned long *m, unsigned long bits, unsigned long from)
{
    return next_bit(m, bits, from, ~0UL);
}
