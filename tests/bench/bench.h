/* SPDX-License-Identifier: MIT */
/* What the benchmark's parts share: the table of operations and the small helpers. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stddef.h>

/*
 * One operation. Between setup() and teardown() it has rounds of before(),
 * run(batch) and after(), of which only run() is timed. One round warms up,
 * `rounds` more are counted. What isn't needed is NULL.
 */
struct operation {
    const char *name;
    void (*run)(long count);
    long batch;
    int rounds;
    void (*setup)(void);
    void (*teardown)(void);
    void (*before)(void);
    void (*after)(void);
};

extern const struct operation call_operations[];
extern const size_t call_operation_count;
extern const struct operation process_operations[];
extern const size_t process_operation_count;
extern const struct operation memory_operations[];
extern const size_t memory_operation_count;

/* Ends the benchmark with a message; a number that was not measured must not look like one. */
void die(const char *what) __attribute__((noreturn));

/* Dies unless ok. */
void need(int ok, const char *what);

#endif
