/* SPDX-License-Identifier: MIT */
/* Numbers that assembly needs: compiled to text, from which the build makes hw/asm_offsets.h. */
#include <stddef.h>

#include "hw/asm_offsets_def.h"
#include "hw/percpu.h"
#include "hw/regs.h"

/* The member, not the macro that reads it. */
#undef current

void hw_asm_offsets(void);
void hw_asm_offsets(void)
{
    OFFSET(FRAME_r15, struct trap_frame, r15);
    OFFSET(FRAME_r14, struct trap_frame, r14);
    OFFSET(FRAME_r13, struct trap_frame, r13);
    OFFSET(FRAME_r12, struct trap_frame, r12);
    OFFSET(FRAME_rbp, struct trap_frame, rbp);
    OFFSET(FRAME_rbx, struct trap_frame, rbx);
    OFFSET(FRAME_r11, struct trap_frame, r11);
    OFFSET(FRAME_r10, struct trap_frame, r10);
    OFFSET(FRAME_r9, struct trap_frame, r9);
    OFFSET(FRAME_r8, struct trap_frame, r8);
    OFFSET(FRAME_rax, struct trap_frame, rax);
    OFFSET(FRAME_rcx, struct trap_frame, rcx);
    OFFSET(FRAME_rdx, struct trap_frame, rdx);
    OFFSET(FRAME_rsi, struct trap_frame, rsi);
    OFFSET(FRAME_rdi, struct trap_frame, rdi);
    OFFSET(FRAME_error_code, struct trap_frame, error_code);
    OFFSET(FRAME_vector, struct trap_frame, vector);
    OFFSET(FRAME_rip, struct trap_frame, rip);
    OFFSET(FRAME_cs, struct trap_frame, cs);
    OFFSET(FRAME_rflags, struct trap_frame, rflags);
    OFFSET(FRAME_rsp, struct trap_frame, rsp);
    OFFSET(FRAME_ss, struct trap_frame, ss);
    NUMBER(FRAME_SIZE, sizeof(struct trap_frame));

    /* From the start of struct cpu_info, that is of the guest's frame. */
    OFFSET(CPU_guest, struct cpu_info, guest);
    OFFSET(CPU_current, struct cpu_info, current);
    OFFSET(CPU_percpu_offset, struct cpu_info, percpu_offset);
    OFFSET(CPU_cpu, struct cpu_info, cpu);
    OFFSET(CPU_scratch, struct cpu_info, scratch);
    NUMBER(CPU_SIZE, sizeof(struct cpu_info));
    /* From the end of the guest's frame, where TSS.rsp0 and the SYSCALL stub put rsp. */
    NUMBER(CPU_AFTER_GUEST_current,
           offsetof(struct cpu_info, current) - sizeof(struct trap_frame));
    NUMBER(CPU_AFTER_GUEST_scratch,
           offsetof(struct cpu_info, scratch) - sizeof(struct trap_frame));
}
