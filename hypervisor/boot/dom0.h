/* SPDX-License-Identifier: MIT */
/* Building the control domain from the boot modules. */
#ifndef BOOT_DOM0_H
#define BOOT_DOM0_H

#include <stddef.h>
#include <stdint.h>

struct domain;
struct boot_module;

/*
 * Makes domain 0, paused, ready to run: memory, vcpus, page tables, kernel, start info. A kernel
 * that cannot be a pv control domain ends the boot with a message that says what it lacks.
 * initrd may be NULL. rsdp: physical address of the ACPI root pointer when firmware that leaves
 * none in low memory told us one, else 0.
 */
struct domain *dom0_build(const struct boot_module *kernel, const struct boot_module *initrd,
                          const char *cmdline, uint64_t rsdp);

#endif
