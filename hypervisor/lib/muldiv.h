/* SPDX-License-Identifier: MIT */
/* a * b / c with a 128-bit product. */
#ifndef LIB_MULDIV_H
#define LIB_MULDIV_H

#include <stdint.h>

/* The compiler would call a library for it. ~0 where the quotient does not fit, or c is 0. */
static inline uint64_t mul_div(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t low, high, quotient, rest;

    __asm__("mulq %3" : "=a"(low), "=d"(high) : "0"(a), "r"(b) : "cc");
    if (high >= c)
        return ~0ULL;
    __asm__("divq %4" : "=a"(quotient), "=d"(rest) : "0"(low), "1"(high), "r"(c) : "cc");
    return quotient;
}

#endif
