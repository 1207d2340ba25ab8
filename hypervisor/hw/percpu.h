/* SPDX-License-Identifier: MIT */
/* Per-CPU state: the record at the top of each stack block, and per-CPU variables. */
#ifndef HW_PERCPU_H
#define HW_PERCPU_H

#include <stdint.h>

#include "config.h"
#include "hw/regs.h"

struct vcpu;

/*
 * Top of the stack block. `guest` is where an entry from a guest leaves its registers: TSS.rsp0
 * points at its end, which is therefore 16-byte aligned. GS belongs to the guest at all times, so
 * this record is found through the stack pointer.
 */
struct cpu_info {
    struct trap_frame guest;
    struct vcpu *current;      /* vcpu whose registers `guest` holds; never NULL after boot */
    unsigned long percpu_offset; /* added to the address of a per-CPU variable */
    uint32_t cpu;              /* our dense CPU number, 0..nr_cpus-1 */
    uint32_t pad;
    unsigned long scratch;     /* entry code only */
};
_Static_assert((sizeof(struct cpu_info) - sizeof(struct trap_frame)) % 16 == 0,
               "the processor aligns TSS.rsp0 down to 16 bytes");

#ifndef HOST_TEST
static inline struct cpu_info *get_cpu_info(void)
{
    unsigned long sp;

    __asm__("mov %%rsp, %0" : "=r"(sp));
    return (struct cpu_info *)((sp | (STACK_BLOCK_SIZE - 1)) + 1) - 1;
}
#else
struct cpu_info *get_cpu_info(void); /* tests/unit provides it */
#endif

#define smp_cpu_id() (get_cpu_info()->cpu)
#define current (get_cpu_info()->current)
#define guest_regs() (&get_cpu_info()->guest)

/* Goes on in fn on the stack block that `info` tops, and never comes back. */
void stack_switch(struct cpu_info *info, void (*fn)(void)) __attribute__((noreturn));

/* Variables in .data.percpu are the boot CPU's initial image; each CPU gets a copy. */
#define DEFINE_PER_CPU(type, name) \
    __attribute__((section(".data.percpu"))) type percpu_##name
#define DECLARE_PER_CPU(type, name) extern type percpu_##name

extern unsigned long percpu_offsets[MAX_CPUS];

#define PERCPU_AT(name, off) \
    (*(__typeof__(percpu_##name) *)((char *)&percpu_##name + (off)))
#define this_cpu(name) PERCPU_AT(name, get_cpu_info()->percpu_offset)
#define per_cpu(name, cpu) PERCPU_AT(name, percpu_offsets[cpu])

#endif
