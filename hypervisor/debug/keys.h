/* SPDX-License-Identifier: MIT */
/* Debug keys: a character typed at the hypervisor's console, or sent by dom0, runs a dump. */
#ifndef DEBUG_KEYS_H
#define DEBUG_KEYS_H

struct debug_key {
    char key;
    const char *help;
    void (*fn)(void); /* softirq or hypercall context, no locks held */
};

/* Connects the console and sysctl's debug_keys to the table. */
void debug_keys_init(void);
void debug_key(unsigned char key);

#endif
