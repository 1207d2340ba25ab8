/* SPDX-License-Identifier: MIT */
/* The 256 ways in through the IDT: save registers, then up to the guest's side or into hw/traps. */
#include "hw/asm_offsets.h"
#include "hw/layout.h"
#include "hw/regs.h"
#include "hw/smap.h"

/*
 * Gates are interrupt gates: IF, TF and NT are clear here. The stack, lowest address first:
 *     error code (or zero) with the vector in its upper half, rip, cs, rflags, rsp, ss
 * From ring 3 that is the end of guest_regs(), as TSS.rsp0 says; NMI, #DF, #MC and #DB have
 * stacks of their own (hw/desc), since each of them can strike where rsp is still the guest's.
 */
    .text

    .balign 16
    .globl exception_stubs
exception_stubs:
    vector = 0
    .rept 256
    .balign 16
    /* Vectors for which the processor pushes an error code: Intel SDM volume 3, table 6-1; AMD's 29, 30. */
    .if vector != 8 && (vector < 10 || vector > 14) && vector != 17 && vector != 21 && vector != 29 && vector != 30
    push $0
    .endif
    movl $vector, 4(%rsp)
    .if vector == 1
    jmp debug_entry
    .elseif vector == 2 || vector == 8 || vector == 18
    jmp ist_entry
    .elseif vector < 32
    jmp exception_entry
    .else
    jmp interrupt_entry
    .endif
    vector = vector + 1
    .endr

.macro SAVE_REGS
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

.macro RESTORE_REGS
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
.endm

/*
 * 168 bytes down from a multiple of 16: one word more keeps C's stack aligned. The frame of a guest has no
 * caller of ours, so backtraces end there.
 */
    .balign 64
exception_entry:
    CLAC
    cld
    SAVE_REGS
    mov %rsp, %rdi
    testb $3, FRAME_cs(%rsp)
    jz 1f
    xor %ebp, %ebp
    sub $8, %rsp
    call guest_trap
    jmp return_to_guest
1:  sub $8, %rsp
    call hv_trap
    add $8, %rsp
resume_ours:
    RESTORE_REGS
    add $8, %rsp
    iretq

    .balign 64
interrupt_entry:
    CLAC
    cld
    SAVE_REGS
    mov %rsp, %rdi
    testb $3, FRAME_cs(%rsp)
    jz 1f
    xor %ebp, %ebp
    sub $8, %rsp
    call guest_interrupt
    jmp return_to_guest
1:  sub $8, %rsp
    call hv_interrupt
    add $8, %rsp
    jmp resume_ours

/* NMI, #DF, #MC: handled where they struck, whoever was interrupted. */
ist_entry:
    CLAC
    cld
    SAVE_REGS
    mov %rsp, %rdi
    sub $8, %rsp
    call hv_trap
    add $8, %rsp
    jmp resume_ours

/* #DB from a guest goes on as an ordinary exception, on the main stack. */
debug_entry:
    testb $3, 16(%rsp)
    jz ist_entry
    push %rax
    push %rcx
    mov %rsp, %rax
    or $(STACK_BLOCK_SIZE - 1), %rax
    sub $(CPU_SIZE - FRAME_SIZE - 1), %rax
    mov 16(%rsp), %rcx
    mov %rcx, -48(%rax)
    mov 24(%rsp), %rcx
    mov %rcx, -40(%rax)
    mov 32(%rsp), %rcx
    mov %rcx, -32(%rax)
    mov 40(%rsp), %rcx
    mov %rcx, -24(%rax)
    mov 48(%rsp), %rcx
    mov %rcx, -16(%rax)
    mov 56(%rsp), %rcx
    mov %rcx, -8(%rax)
    mov 8(%rsp), %rcx
    mov %rcx, -56(%rax)
    pop %rcx
    lea -56(%rax), %rsp
    pop %rax
    jmp exception_entry

/*
 * Copied to the bottom of every stack block. rsp is still the guest's, and no register is free: the
 * block's own top is reached relative to this code.
 */
    .balign 16
    .globl syscall_stub, syscall_stub32, syscall_stub_end
syscall_stub:
    mov %rsp, syscall_stub + STACK_BLOCK_SIZE - CPU_SIZE + CPU_scratch(%rip)
    lea syscall_stub + STACK_BLOCK_SIZE - CPU_SIZE + FRAME_SIZE(%rip), %rsp
    jmp *1f(%rip)
    .balign 8
1:  .quad syscall_entry
    .balign 16
syscall_stub32:
    mov %rsp, syscall_stub + STACK_BLOCK_SIZE - CPU_SIZE + CPU_scratch(%rip)
    lea syscall_stub + STACK_BLOCK_SIZE - CPU_SIZE + FRAME_SIZE(%rip), %rsp
    jmp *1f(%rip)
    .balign 8
1:  .quad syscall32_entry
syscall_stub_end:
    .globl sysenter_target
sysenter_target:
    .quad sysenter_entry

/* Continues at fn on the stack block whose cpu_info rdi points at: boot's change of stacks. */
    .balign 16
    .globl stack_switch
stack_switch:
    lea -8(%rdi), %rsp
    and $-16, %rsp
    xor %ebp, %ebp
    push %rbp
    push %rbp
    call *%rsi
    ud2

    .section .note.GNU-stack, "", @progbits
