/* SPDX-License-Identifier: MIT */
/* The smallest program to exec: exit(0), without a C library. */
        .globl  _start
_start:
        movl    $60, %eax       /* exit */
        xorl    %edi, %edi
        syscall
        .section .note.GNU-stack, "", @progbits
