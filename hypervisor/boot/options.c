/* SPDX-License-Identifier: MIT */
/* The hypervisor's command line: the table of options. */
#include "boot/options.h"

#include <stddef.h>

#include "boot/init.h"
#include "hw/console.h"
#include "lib/cmdline.h"
#include "lib/string.h"

struct boot_options boot_options;

INIT_TEXT static bool parse_flag(const char *value, void *field)
{
    *(bool *)field = !*value || !strcmp(value, "1") || !strcmp(value, "yes") ||
        !strcmp(value, "true") || !strcmp(value, "on");
    return true;
}

INIT_TEXT static bool parse_unsigned(const char *value, void *field)
{
    const char *end;
    uint64_t v;

    if (!cmdline_number(value, &v, &end) || *end || v > ~0u)
        return false;
    *(unsigned *)field = v;
    return true;
}

/* "unstable" is the only word: another clock then keeps time, as if the CPUs' TSCs differed. */
INIT_TEXT static bool parse_tsc(const char *value, void *field)
{
    *(bool *)field = strcmp(value, "unstable") == 0;
    return *(bool *)field;
}

INIT_TEXT static bool parse_text(const char *value, void *field)
{
    strlcpy(field, value, sizeof(boot_options.loglvl)); /* the smallest of the text fields */
    return true;
}

/* "512M", "min:256M,max:1G", "1G,max:2G"; bare numbers are KiB, as Xen's users know it. */
INIT_TEXT static bool parse_memory(const char *value, void *field)
{
    struct boot_options *o = field;
    char part[32];

    while (*value) {
        uint64_t *to = &o->dom0_mem;
        size_t n = 0;

        while (value[n] && value[n] != ',')
            n++;
        if (n >= sizeof(part))
            return false;
        memcpy(part, value, n);
        part[n] = '\0';
        value += n + (value[n] == ',');

        const char *size = part;

        if (!strncmp(part, "min:", 4)) {
            to = &o->dom0_mem_min;
            size += 4;
        } else if (!strncmp(part, "max:", 4)) {
            to = &o->dom0_mem_max;
            size += 4;
        }
        if (!cmdline_size(size, 1024, to))
            return false;
    }
    return true;
}

static const struct option {
    const char *name;
    bool (*parse)(const char *value, void *field);
    void *field;
} options[] = {
    { "dom0_mem", parse_memory, &boot_options },
    { "dom0_max_vcpus", parse_unsigned, &boot_options.dom0_max_vcpus },
    { "maxcpus", parse_unsigned, &boot_options.maxcpus },
    { "tsc", parse_tsc, &boot_options.tsc_unstable },
    { "noreboot", parse_flag, &boot_options.noreboot },
    { "com1", parse_text, boot_options.com1 },
    { "console", parse_text, boot_options.console },
    { "loglvl", parse_text, boot_options.loglvl },
    { "guest_loglvl", parse_text, boot_options.guest_loglvl },
    { "sched", parse_text, boot_options.sched },
};

INIT_TEXT static void parse_word(char *word)
{
    char *value = strchr(word, '=');

    if (value)
        *value++ = '\0';
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        if (strcmp(word, options[i].name))
            continue;
        if (!options[i].parse(value ? value : "", options[i].field))
            printk(LOG_WARN, "option %s: \"%s\" is not a value for it\n", word, value);
        return;
    }
    printk(LOG_WARN, "option %s is not known\n", word);
}

INIT_TEXT void options_parse(const char *cmdline)
{
    char word[256];

    while (cmdline_next(&cmdline, word, sizeof(word)))
        parse_word(word);
}
