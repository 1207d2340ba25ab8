/* SPDX-License-Identifier: MIT */
/* Preempting a long hypercall: where the restart arguments go. */
#include "hcall/continuation.h"

#include <stddef.h>

#include "hcall/call.h"
#include "hw/panic.h"
#include "hw/softirq.h"
#include "lib/errno.h"

DEFINE_PER_CPU(unsigned long *, multicall_args);

bool hcall_preempt_check(void)
{
    return softirq_any_pending();
}

long hcall_restart(unsigned nargs, unsigned long a1, unsigned long a2, unsigned long a3,
                   unsigned long a4)
{
    const unsigned long given[HYPERCALL_ARGS] = { a1, a2, a3, a4 };
    struct trap_frame *f = guest_regs();
    uint64_t *const reg[HYPERCALL_ARGS] = { &f->rdi, &f->rsi, &f->rdx, &f->r10 };
    unsigned long *entry_args = this_cpu(multicall_args);

    BUG_ON(nargs > HYPERCALL_ARGS);
    for (unsigned i = 0; i < nargs; i++) {
        if (entry_args != NULL)
            entry_args[i] = given[i];
        else
            *reg[i] = given[i];
    }
    return -ERESTART;
}
