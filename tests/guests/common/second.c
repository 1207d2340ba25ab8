/* SPDX-License-Identifier: MIT */
/* The second vcpu: what it starts with, and which of the two we are. */
#include "guest.h"

extern const uint64_t trap_stubs[];

static char stack[16384] __attribute__((aligned(16)));

unsigned this_vcpu(void)
{
    uint64_t here = (uint64_t)__builtin_frame_address(0);

    return here - (uint64_t)stack < sizeof(stack);
}

void second_context(struct vcpu_guest_context *c, void (*entry)(void))
{
    uint64_t top = (uint64_t)stack + sizeof(stack);

    memset(c, 0, sizeof(*c));
    c->flags = VGCF_in_kernel;
    c->user_regs.rip = (uint64_t)entry;
    c->user_regs.rsp = top - 8;
    c->user_regs.cs = FLAT_KERNEL_CS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    c->kernel_sp = top;
    c->kernel_ss = FLAT_KERNEL_SS;
    for (unsigned i = 0; i < 21; i++)
        c->trap_ctxt[i] = (struct trap_info){ i, 0, FLAT_KERNEL_CS, trap_stubs[i] };
    c->ctrlreg[3] = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
}
