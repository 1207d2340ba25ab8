/* SPDX-License-Identifier: MIT */
// sources: hypervisor/boot/options.c hypervisor/lib/cmdline.c hypervisor/lib/string.c
/* The hypervisor's command line. */
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot/options.h"
#include "hw/console.h"

void printk(enum log_level level, const char *fmt, ...)
{
    char line[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
}

static const char *const seeds[] = {
    "dom0_mem=min:256M,max:1G,512M dom0_max_vcpus=0x4 maxcpus=8 noreboot",
    "com1=115200,8n1 console=\"com1 vga\" loglvl=all guest_loglvl=none/info noreboot=off bogus=1",
};

size_t fuzz_seed(unsigned n, uint8_t *at)
{
    if (n >= sizeof(seeds) / sizeof(seeds[0]))
        return 0;
    memcpy(at, seeds[n], strlen(seeds[n]));
    return strlen(seeds[n]);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    char *line = malloc(size + 1);

    memcpy(line, data, size);
    line[size] = '\0';
    options_parse(line);
    free(line);
    if (strnlen(boot_options.com1, sizeof(boot_options.com1)) == sizeof(boot_options.com1) ||
        strnlen(boot_options.loglvl, sizeof(boot_options.loglvl)) == sizeof(boot_options.loglvl))
        abort();
}
