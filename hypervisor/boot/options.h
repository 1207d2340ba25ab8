/* SPDX-License-Identifier: MIT */
/* The hypervisor's command line: one table of options, filled in at boot. */
#ifndef BOOT_OPTIONS_H
#define BOOT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct boot_options {
    uint64_t dom0_mem, dom0_mem_min, dom0_mem_max; /* bytes; 0: not given */
    unsigned dom0_max_vcpus;
    unsigned maxcpus;
    bool noreboot;
    bool tsc_unstable;
    char com1[32];
    char console[32];
    char loglvl[24], guest_loglvl[24];
    char sched[24];
};
extern struct boot_options boot_options;

/* Parses once; unknown options are reported by name when the console is up. */
void options_parse(const char *cmdline);

#endif
