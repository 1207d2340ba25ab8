/* SPDX-License-Identifier: MIT */
/* The tables every CPU starts with, and the first instructions of the others. */
#include "hw/layout.h"
#include "hw/regs.h"

#define PHYS(symbol) ((symbol) - TEXT_VIRT)
#define CODE64 0x08 /* selectors of boot_gdt */
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
    mov smp_cr3(%rip), %rax
    mov %rax, %cr3
    mov smp_starting(%rip), %rdi
    lea smp_ap_start(%rip), %rsi
    jmp stack_switch

    .balign 8
    .globl boot_gdt, boot_gdtr32, boot_gdtr64
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff    /* 0x08: 64-bit code */
    .quad 0x00cf93000000ffff    /* 0x10: data */
    .quad 0x00cf9b000000ffff    /* 0x18: 32-bit code */
boot_gdt_end:
boot_gdtr32:
    .short boot_gdt_end - boot_gdt - 1
    .long PHYS(boot_gdt)
    .balign 8
    .short 0, 0, 0
boot_gdtr64:
    .short boot_gdt_end - boot_gdt - 1
    .quad boot_gdt


/* Used until mm/ has built our own map, and by other CPUs on their way up: not init memory. */
    .section .bss.page_aligned, "aw", @nobits
    .balign PAGE_SIZE
    .globl boot_l4, boot_l3, boot_l2
boot_l4:
    .skip PAGE_SIZE
boot_l3:
    .skip PAGE_SIZE
boot_l2:
    .skip 4 * PAGE_SIZE

    .section .note.GNU-stack, "", @progbits
