/* SPDX-License-Identifier: MIT */
/* A test guest's first instruction, its notes for the loader, and its trap stubs. */
#include "public/elfnote.h"
#include "public/hypercall.h"

        .section .text.entry, "ax"
        .globl _start
_start:
        cld
        lea     boot_stack_end(%rip), %rsp
        mov     %rsi, %rdi
        xor     %ebp, %ebp
        call    guest_main
        ud2

        .balign 4096
        .globl hypercall_page
hypercall_page:
        .skip   4096

        .macro  note_begin type
        .long   4, 2f - 1f, \type
        .asciz  "Xen"
1:
        .endm
        .macro  note_text type, value
        note_begin \type
        .asciz  "\value"
2:      .balign 4
        .endm
        .macro  note_number type, value
        note_begin \type
        .quad   \value
2:      .balign 4
        .endm

        .section .note.xen, "a", @note
        note_text XEN_ELFNOTE_GUEST_OS, parador-test
        note_text XEN_ELFNOTE_LOADER, generic
        note_text XEN_ELFNOTE_XEN_VERSION, xen-3.0
        note_number XEN_ELFNOTE_VIRT_BASE, 0xffffffff80000000
        note_number XEN_ELFNOTE_PADDR_OFFSET, 0
        note_number XEN_ELFNOTE_ENTRY, _start
        note_number XEN_ELFNOTE_HYPERCALL_PAGE, hypercall_page

        .bss
        .balign 4096
        .globl boot_stack
boot_stack:
        .skip   32768
boot_stack_end:

/*
 * A trap arrives with rcx, r11, [error code], rip, cs, rflags, rsp, ss on the stack. We make one
 * struct trap_regs (common/guest.h) of it and leave by the iret hypercall, whose frame is
 * rax, r11, rcx, flags, rip, cs, rflags, rsp, ss.
 */
        .text
        .macro  stub vector, has_error
        .balign 16
trap_\vector:
        pop     %rcx
        pop     %r11
        .if     \has_error == 0
        push    $0
        .endif
        push    $\vector
        jmp     trap_common
        .endm

trap_common:
        push    %rax
        push    %rbx
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %rbp
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, %rdi
        call    guest_trap
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rbp
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rbx
        pop     %rax
        add     $16, %rsp
        push    $0
        push    %rcx
        push    %r11
        push    %rax
        mov     $__HYPERVISOR_iret, %eax
        syscall
        ud2

        .irp    v, 0,1,2,3,4,5,6,7,9,15,16,18,19,20
        stub    \v, 0
        .endr
        .irp    v, 8,10,11,12,13,14,17
        stub    \v, 1
        .endr
        stub    32, 0                   /* the event upcall */

        .section .rodata
        .balign 8
        .globl  trap_stubs
trap_stubs:
        .irp    v, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20
        .quad   trap_\v
        .endr
        .globl  event_stub
event_stub:
        .quad   trap_32
