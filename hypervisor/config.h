/* SPDX-License-Identifier: MIT */
/* Every compile-time constant of the hypervisor, each with its reason. */
#ifndef CONFIG_H
#define CONFIG_H

#define PARADOR_VERSION_MAJOR 0
#define PARADOR_VERSION_MINOR 1

/* xAPIC identifiers are 8 bits; 128 keeps cpumasks at two words. */
#define MAX_CPUS 128

/* The 2-level event-channel ABI gives each vcpu one selector bit; 128 is what create accepts. */
#define MAX_VCPUS 128

/* First domid the ABI reserves (DOMID_FIRST_RESERVED): the domain table has this many entries. */
#define MAX_DOMAINS 0x7ff0

/*
 * Per-CPU stack block: naturally aligned so that the top is found by OR-ing the stack pointer.
 * Bottom to top: entry stub page, IST stacks with guard pages between, a guard, the main stack.
 */
#define STACK_BLOCK_SIZE 0x10000
#define MAIN_STACK_SIZE 0x4000
#define IST_STACK_SIZE 0x2000

/* Grant-table limits for a domain whose creator names none (the toolstack's usual defaults). */
#define DEFAULT_GRANT_FRAMES 64
#define DEFAULT_MAPTRACK_FRAMES 1024

/* The console ring that readconsole (dmesg) serves. */
#define CONSOLE_RING_SIZE 0x8000

/* How long a vcpu may run before another runnable one gets its turn. */
#define SCHED_SLICE_NS 10000000ULL

#endif
