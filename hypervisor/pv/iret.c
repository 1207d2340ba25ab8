/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_iret where pv/entry.S leaves its straight line: SYSRET semantics, and frames that are
 * refused.
 */
#include "core/domain.h"
#include "core/guest_access.h"
#include "hw/cpu.h"
#include "hw/desc.h"
#include "pv/bounce.h"
#include "pv/pv.h"

#define FLAGS_NEVER \
    (X86_EFLAGS_NT | X86_EFLAGS_VM | X86_EFLAGS_IOPL | X86_EFLAGS_VIF | X86_EFLAGS_VIP)

/*
 * The struct iret_context at f->rsp of the current vcpu, in kernel mode. Interrupts off before and
 * after.
 */
void pv_iret(struct trap_frame *f)
{
    struct pv_vcpu *v = current_pv;
    struct iret_context c;
    int ret;

    irq_enable();
    ret = copy_from_guest(&c, guest_ptr(f->rsp), sizeof(c));
    irq_disable();
    if (ret) {
        domain_crash(v->core.domain, "iret: no frame can be read at %lx", (unsigned long)f->rsp);
        return;
    }
    if ((c.cs & 3) == 3) {
        if (!v->cr3_user) {
            domain_crash(v->core.domain, "iret to user mode without a user page table");
            return;
        }
        pv_toggle_mode(v);
    }
    v->iret_rflags = c.rflags;
    v->core.vcpu_info->evtchn_upcall_mask = !(c.rflags & X86_EFLAGS_IF);
    f->rip = c.rip;
    f->cs = c.cs | 3;
    f->rflags = (c.rflags & ~(uint64_t)FLAGS_NEVER) | X86_EFLAGS_IF | X86_EFLAGS_RSVD1;
    f->rsp = c.rsp;
    f->ss = c.ss | 3;
    f->rax = c.rax;
    if (c.flags & VGCF_in_syscall) {
        /* What SYSRET would do, whether or not the way out uses it. */
        f->rcx = c.rip;
        f->r11 = f->rflags;
    } else {
        f->rcx = c.rcx;
        f->r11 = c.r11;
    }
}
