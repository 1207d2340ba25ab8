/* SPDX-License-Identifier: MIT */
/* Exceptions: those from our own code end here; those from a guest go up through guest_trap. */
#ifndef HW_TRAPS_H
#define HW_TRAPS_H

#include <stdbool.h>

#include "hw/regs.h"

static inline bool frame_from_guest(const struct trap_frame *f) { return (f->cs & 3) == 3; }

/*
 * exceptions.S enters here with interrupts off for every vector. From a guest it calls
 * guest_trap(f) (pv/traps.c, the upward edge of the floors) and then leaves through
 * return_to_guest; from our own code: extable fix-up, or panic.
 */
void hv_trap(struct trap_frame *f);
void guest_trap(struct trap_frame *f);

/*
 * exceptions.S / entry.S: leaves the hypervisor with the registers in guest_regs(). Runs softirqs
 * and delivers events on the way (pv/entry.S implements it; every path out of the hypervisor ends here).
 */
void return_to_guest(void) __attribute__((noreturn));

/*
 * SYSCALL lands in the stub at the bottom of this CPU's stack block (hw/exceptions.S), which has
 *     rsp            the end of guest_regs(), where TSS.rsp0 points: push ss, rsp, rflags, cs, rip
 *     CPU_scratch    the guest's rsp (struct cpu_info's field, at CPU_AFTER_GUEST_scratch(%rsp): hw/asm_offsets.h)
 *     rcx, r11       the guest's rip and rflags; every other register as the guest left it
 * and jumps to one of these in pv/entry.S, interrupts off, DF/TF/NT/AC clear. SYSENTER goes
 * to sysenter_entry directly, with rsp as above and nothing saved by the processor.
 */
extern char syscall_entry[], syscall32_entry[], sysenter_entry[];

/* Exception table: an address that may fault and where to go on. Macro for asm() and .S code. */
#define EXTABLE(from, to) \
    ".pushsection .extable,\"a\"\n.balign 4\n.long (" from ") - ., (" to ") - .\n.popsection\n"
unsigned long extable_find(unsigned long rip);

#endif
