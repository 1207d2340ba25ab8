/* SPDX-License-Identifier: MIT */
/* Copies that may fault on the guest's side. */
#include "hw/smap.h"

/*
 * Interrupted REP instructions leave rcx at what is left, so a fault in the word part leaves
 * rcx * 8 + the odd bytes, and one in the byte part rcx. The fix-up returns the sum.
 */
.macro MAY_FAULT to
    .pushsection .extable, "a"
    .balign 4
    .long 772f - .
    .long \to - .
    .popsection
772:
.endm

    .text

/* size_t usercopy_from(void *dst, const void *guest_src, size_t n), and _to alike. */
    .balign 16
    .globl usercopy_from, usercopy_to
    .hidden usercopy_from, usercopy_to
usercopy_from:
usercopy_to:
    mov %rdx, %rcx
    and $7, %edx
    shr $3, %rcx
    STAC
    MAY_FAULT .Lcopy_words_fault
    rep movsq
    mov %edx, %ecx
    MAY_FAULT .Lcopy_bytes_fault
    rep movsb
.Lcopy_bytes_fault:
    CLAC
    mov %rcx, %rax
    ret
.Lcopy_words_fault:
    CLAC
    lea (%rdx, %rcx, 8), %rax
    ret

/* size_t usercopy_clear(void *guest_dst, size_t n) */
    .balign 16
    .globl usercopy_clear
    .hidden usercopy_clear
usercopy_clear:
    mov %rsi, %rcx
    mov %esi, %edx
    shr $3, %rcx
    and $7, %edx
    xor %eax, %eax
    STAC
    MAY_FAULT .Lcopy_words_fault
    rep stosq
    mov %edx, %ecx
    MAY_FAULT .Lcopy_bytes_fault
    rep stosb
    jmp .Lcopy_bytes_fault

    .section .note.GNU-stack, "", @progbits
