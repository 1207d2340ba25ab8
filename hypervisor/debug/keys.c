/* SPDX-License-Identifier: MIT */
/* Debug keys: the table, and dispatch. */
#include "debug/keys.h"

#include <stddef.h>

#include "debug/audit.h"
#include "debug/dump.h"
#include "hcall/hc_sysctl.h"
#include "hw/console.h"
#include "hw/console_input.h"
#include "hw/panic.h"

static void help(void);

static void crash(void)
{
    panic("asked for by a debug key");
}

static const struct debug_key keys[] = {
    { 'C', "panic", crash },
    { 'R', "reboot at once", machine_reboot },
    { 'a', "audit of every frame's references", audit_frames },
    { 'd', "registers of every CPU", dump_cpus },
    { 'e', "event channels", dump_event_channels },
    { 'h', "this list", help },
    { 'm', "memory", dump_memory },
    { 'q', "domains and vcpus", dump_domains },
};

static void help(void)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        printk(LOG_ERR, "%c  %s\n", keys[i].key, keys[i].help);
}

void debug_key(unsigned char key)
{
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (keys[i].key == key) {
            printk(LOG_ERR, "key %c: %s\n", key, keys[i].help);
            keys[i].fn();
            return;
        }
    }
}

static void typed(char c)
{
    debug_key((unsigned char)c);
}

void debug_keys_init(void)
{
    console_set_key_handler(typed);
    sysctl_debug_key = debug_key;
}
