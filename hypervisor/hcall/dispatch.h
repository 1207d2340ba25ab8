/* SPDX-License-Identifier: MIT */
/* From an entry's registers to a handler. */
#ifndef HCALL_DISPATCH_H
#define HCALL_DISPATCH_H

#include "hw/regs.h"

/*
 * pv/entry.S calls this (the one upward edge) for SYSCALL from guest kernel mode, interrupts off:
 * number in rax, arguments in rdi rsi rdx r10 r8 r9 of f. Turns interrupts on, runs the handler, puts
 * its result in rax (a hypercall that was preempted gets rip wound back over the 2-byte SYSCALL instead).
 */
void hypercall(struct trap_frame *f);

#endif
