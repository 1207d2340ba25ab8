/* SPDX-License-Identifier: MIT */
/* The end: panic, and the assertions that lead to it (never reachable by a guest). */
#ifndef HW_PANIC_H
#define HW_PANIC_H

#include <stdbool.h>

struct trap_frame;

/*
 * Prints the reason, registers, a symbolised backtrace and the current domain; then reboots or
 * halts (noreboot).
 */
void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn, cold));
void panic_frame(const struct trap_frame *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), noreturn, cold));
void dump_registers(const struct trap_frame *f);
void dump_backtrace(unsigned long rip, unsigned long rbp);

/* noreboot: a panic halts, for the message to be read. */
void panic_set_noreboot(bool noreboot);
/* Some CPU panics or halts: the others shall stop. */
bool machine_stops(void);
/* Adds what a floor above knows (the current domain) to what a panic prints. */
void panic_set_hook(void (*fn)(void));

#define BUG_ON(c) \
    do { \
        if (__builtin_expect(!!(c), 0)) \
            panic("%s:%d: %s", __FILE__, __LINE__, #c); \
    } while (0)
#ifdef DEBUG
#define ASSERT(c) BUG_ON(!(c))
#else
#define ASSERT(c) ((void)sizeof(!!(c)))
#endif

/* How the machine ends; used by panic, SHUTDOWN of dom0 and the reboot key. */
void machine_reboot(void) __attribute__((noreturn));
void machine_halt(void) __attribute__((noreturn));

#endif
