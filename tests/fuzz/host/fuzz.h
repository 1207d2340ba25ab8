/* SPDX-License-Identifier: MIT */
/* A parser to be fuzzed: good inputs to begin with, and how to feed it. */
#ifndef FUZZ_HOST_FUZZ_H
#define FUZZ_HOST_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#define INPUT_MAX 16384

/* The n-th good input into at[INPUT_MAX]; its size, or 0: there are no more. */
size_t fuzz_seed(unsigned n, uint8_t *at);
/* Feeds one input, in a block of exactly its size; abort() for an answer that cannot be right. */
void fuzz_one(const uint8_t *data, size_t size);

#endif
