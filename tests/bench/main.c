/* SPDX-License-Identifier: MIT */
/* First process of the benchmark's machine: times every operation, prints a table, powers off. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/*
 * Tells the counting plugin that a timed part begins or ends. As an
 * instruction it does nothing (Intel SDM, XCHG of a register with itself),
 * and compilers don't write it.
 */
#define MARK() __asm__ volatile("xchg %%bx, %%bx" : : : "memory")

void die(const char *what)
{
    printf("bench: %s: %s\n", what, strerror(errno));
    sync();
    reboot(RB_POWER_OFF);
    _exit(1);
}

void need(int ok, const char *what)
{
    if (!ok) {
        die(what);
    }
}

static uint64_t now_ns(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t now_ticks(void)
{
    return __builtin_ia32_rdtsc();
}

static void call(void (*function)(void))
{
    if (function) {
        function();
    }
}

static void measure(const struct operation *op)
{
    uint64_t ns = 0;
    uint64_t ticks = 0;

    call(op->setup);
    for (int round = 0; round <= op->rounds; round++) {
        uint64_t start_ns, start_ticks;

        call(op->before);
        if (round == 0) {
            op->run(op->batch);
        } else {
            start_ns = now_ns();
            start_ticks = now_ticks();
            MARK();
            op->run(op->batch);
            MARK();
            ticks += now_ticks() - start_ticks;
            ns += now_ns() - start_ns;
        }
        call(op->after);
    }
    call(op->teardown);

    long count = op->batch * op->rounds;

    printf("%s\t%.2f\t%.2f\t%ld\n", op->name, (double)ns / count, (double)ticks / count, count);
}

static void measure_all(const struct operation *table, size_t count)
{
    const char *only = getenv("bench"); /* the kernel makes it of a word it doesn't know */

    for (size_t i = 0; i < count; i++) {
        if (!only || strcmp(only, table[i].name) == 0) {
            measure(&table[i]);
        }
    }
}

static void print_memory(void)
{
    char line[128];
    long kilobytes = 0;
    FILE *file = fopen("/proc/meminfo", "r");

    need(file != NULL, "/proc/meminfo");
    while (fgets(line, sizeof(line), file)) {
        if (sscanf(line, "MemTotal: %ld kB", &kilobytes) == 1) {
            break;
        }
    }
    fclose(file);
    printf("mem_total_kb\t%ld\t%ld\t1\n", kilobytes, kilobytes);
}

int main(void)
{
    uint64_t ns = now_ns();
    uint64_t ticks = now_ticks();

    MARK();
    setvbuf(stdout, NULL, _IOLBF, 0);
    mkdir("/proc", 0755);
    need(mount("proc", "/proc", "proc", 0, NULL) == 0, "mount /proc");

    printf("begin\t0\t0\t1\n");
    printf("boot\t%llu\t%llu\t1\n", (unsigned long long)ns, (unsigned long long)ticks);
    measure_all(call_operations, call_operation_count);
    measure_all(process_operations, process_operation_count);
    measure_all(memory_operations, memory_operation_count);
    print_memory();
    printf("end\t0\t0\t1\n");
    sync();
    reboot(RB_POWER_OFF);
    return 1;
}
