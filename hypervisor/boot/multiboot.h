/* SPDX-License-Identifier: MIT */
/* What the boot loader told us, from either version of the multiboot protocol. */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include <stdint.h>

#include "mm/e820.h"

#define BOOT_MAX_MODULES 8
#define BOOT_CMDLINE_SIZE 1024

/* A file in memory. cmdline is its string without a leading file name. */
struct boot_module {
    uint64_t start, size; /* physical address, bytes */
    char cmdline[BOOT_CMDLINE_SIZE];
};

/* A linear frame buffer of RGB pixels that the loader has set up, for dom0; colours: bit, bits. */
struct boot_framebuffer {
    uint64_t addr;
    uint32_t pitch, width, height, bpp;
    uint8_t red[2], green[2], blue[2];
};

struct boot_info {
    const char *protocol;
    char loader[64];
    char cmdline[BOOT_CMDLINE_SIZE];
    unsigned nr_modules;
    struct boot_module module[BOOT_MAX_MODULES];
    struct e820_map map;       /* as given: sorted and made disjoint by e820_normalise */
    uint8_t rsdp[36];          /* copy of the ACPI root pointer; rsdp_size 0: none given */
    unsigned rsdp_size;
    uint64_t rsdp_copy;        /* where memory_init() put it, physical; 0: none */
    uint64_t low_page;         /* a reserved frame below 1 MiB for CPUs to start in */
    bool efi;                  /* the machine was started by EFI firmware */
    struct boot_framebuffer fb; /* addr 0: none */
};
extern struct boot_info boot_info; /* constant after multiboot_parse */

/* magic and info are eax and ebx at our entry point. Copies everything out; 0 or -EINVAL. */
int multiboot_parse(uint32_t magic, uint32_t info);

#endif
