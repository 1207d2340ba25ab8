/* SPDX-License-Identifier: MIT */
/* The first instructions of the other CPUs: from real mode to our stack block for them. */
#include "hw/layout.h"
#include "hw/regs.h"

#define PHYS(symbol) ((symbol) - TEXT_VIRT)
#define CODE64 0x08 /* selectors of boot/head.S's boot_gdt */
#define DATA 0x10
#define CODE32 0x18

    .text

/* Copied below 1 MiB; a start-up IPI begins here with cs = page << 8 and ip = 0. */
    .balign 16
    .globl trampoline, trampoline_end
    .code16
trampoline:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    lgdtl 2f - trampoline
    mov $(X86_CR0_PE | X86_CR0_ET), %eax
    mov %eax, %cr0
    ljmpl $CODE32, $PHYS(ap_start32)
    .balign 4
2:  .short 4 * 8 - 1
    .long PHYS(boot_gdt)
trampoline_end:

    .code32
ap_start32:
    mov $DATA, %eax
    mov %eax, %ds
    mov %eax, %ss
    mov $(X86_CR4_PAE | X86_CR4_PGE), %eax
    mov %eax, %cr4
    mov $PHYS(boot_l4), %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx       /* EFER: LME, NXE */
    rdmsr
    or $0x900, %eax
    wrmsr
    mov $0x80010033, %eax       /* PG, WP, NE, ET, MP, PE */
    mov %eax, %cr0
    ljmp $CODE64, $PHYS(ap_start64)

    .code64
ap_start64:
    movabs $1f, %rax
    jmp *%rax
1:  lgdt boot_gdtr64(%rip)
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    mov host_cr3(%rip), %rax
    mov %rax, %cr3
    mov smp_starting(%rip), %rdi
    lea smp_ap_start(%rip), %rsi
    jmp stack_switch

    .section .note.GNU-stack, "", @progbits
