/* SPDX-License-Identifier: MIT */
/* Offsets of the structures that pv/entry.S touches; compiled to a header, never linked. */
#include <stddef.h>

#include "hw/asm_offsets_def.h"
#include "hw/percpu.h"
#include "public/shared_info.h"
#include "pv/pv.h"

#undef current /* the member of cpu_info, not the macro that reads it */

#define REG(NAME, field) NUMBER(F_##NAME, offsetof(struct cpu_info, guest.field))

void pv_offsets(void);
void pv_offsets(void)
{
    REG(R15, r15);
    REG(R14, r14);
    REG(R13, r13);
    REG(R12, r12);
    REG(RBP, rbp);
    REG(RBX, rbx);
    REG(R11, r11);
    REG(R10, r10);
    REG(R9, r9);
    REG(R8, r8);
    REG(RAX, rax);
    REG(RCX, rcx);
    REG(RDX, rdx);
    REG(RSI, rsi);
    REG(RDI, rdi);
    REG(ERROR, error_code);
    REG(VECTOR, vector);
    REG(RIP, rip);
    REG(CS, cs);
    REG(RFLAGS, rflags);
    REG(RSP, rsp);
    REG(SS, ss);
    NUMBER(CI_CURRENT, offsetof(struct cpu_info, current));
    NUMBER(CI_PERCPU_OFFSET, offsetof(struct cpu_info, percpu_offset));
    NUMBER(CI_SCRATCH, offsetof(struct cpu_info, scratch));
    NUMBER(FRAME_SIZE, sizeof(struct trap_frame));
    NUMBER(CI_SIZE, sizeof(struct cpu_info));
    NUMBER(V_VCPU_INFO, offsetof(struct pv_vcpu, core.vcpu_info));
    NUMBER(V_NMI_PENDING, offsetof(struct pv_vcpu, core.nmi_pending));
    NUMBER(V_KERNEL_MODE, offsetof(struct pv_vcpu, kernel_mode));
    NUMBER(V_KERNEL_SP, offsetof(struct pv_vcpu, kernel_sp));
    NUMBER(V_CR3_KERNEL, offsetof(struct pv_vcpu, cr3_kernel));
    NUMBER(V_CR3_USER, offsetof(struct pv_vcpu, cr3_user));
    NUMBER(V_SYSCALL_CALLBACK, offsetof(struct pv_vcpu, syscall_callback));
    NUMBER(V_SYSCALL_MASKS, offsetof(struct pv_vcpu, syscall_masks_events));
    NUMBER(V_IRET_RFLAGS, offsetof(struct pv_vcpu, iret_rflags));
    NUMBER(VI_PENDING, offsetof(struct vcpu_info, evtchn_upcall_pending));
    NUMBER(VI_MASK, offsetof(struct vcpu_info, evtchn_upcall_mask));
}
