/* SPDX-License-Identifier: MIT */
/* Entry from the boot loader: 32-bit protected mode, paging off, to 64-bit C at our own addresses. */
#include "hw/layout.h"
#include "hw/regs.h"

#define PHYS(symbol) ((symbol) - TEXT_VIRT)
#define PTE_FLAGS 0x63        /* present, writable, accessed, dirty */
#define PTE_LARGE_FLAGS 0xe3  /* the same and a 2 MiB page */

    .section .head, "ax"
    .code32

/* Multiboot 1 (specification 0.6.96, 3.1): page-aligned modules, memory map. */
    .balign 4
    .long 0x1badb002, 0x00000003, -(0x1badb002 + 0x00000003)

/* Multiboot 2 (specification 2.0, 3.1): architecture i386, optional requests, end. */
    .balign 8
mb2_header:
    .long 0xe85250d6, 0, mb2_end - mb2_header, -(0xe85250d6 + (mb2_end - mb2_header))
    /* information request: memory map, modules, command line are given anyway; ask for ACPI */
    .short 1, 1
    .long 16, 6, 15
    .balign 8
    /* modules aligned to pages */
    .short 6, 1
    .long 8
    .balign 8
    .short 0, 0
    .long 8
mb2_end:

    .globl boot_entry
boot_entry:
    cli
    cld
    mov $PHYS(boot_stack_end), %esp
    mov %eax, %ebp              /* which protocol */
    mov %ebx, %edi              /* its information */

    /* 64-bit mode, NX and what we cannot do without? (CPUID 80000001h EDX 29, 20) */
    mov $0x80000000, %eax
    cpuid
    cmp $0x80000001, %eax
    jb no_long_mode
    mov $0x80000001, %eax
    cpuid
    bt $29, %edx
    jnc no_long_mode
    bt $20, %edx
    jnc no_nx
    mov %edi, %ebx

    /* 4 GiB in 2 MiB pages, seen at 0, at TEXT_VIRT and at DIRECT_VIRT. */
    xor %ecx, %ecx
1:  mov %ecx, %eax
    shl $L2_PAGE_SHIFT, %eax
    or $PTE_LARGE_FLAGS, %eax
    mov %eax, PHYS(boot_l2)(, %ecx, 8)
    inc %ecx
    cmp $(4 * PT_ENTRIES), %ecx
    jb 1b
    xor %ecx, %ecx
    mov $(PHYS(boot_l2) + PTE_FLAGS), %eax
1:  mov %eax, PHYS(boot_l3)(, %ecx, 8)
    add $PAGE_SIZE, %eax
    inc %ecx
    cmp $4, %ecx
    jb 1b
    mov $(PHYS(boot_l3) + PTE_FLAGS), %eax
    mov %eax, PHYS(boot_l4)
    mov %eax, PHYS(boot_l4) + 8 * ((TEXT_VIRT >> L4_SLOT_SHIFT) & (PT_ENTRIES - 1))
    mov %eax, PHYS(boot_l4) + 8 * ((DIRECT_VIRT >> L4_SLOT_SHIFT) & (PT_ENTRIES - 1))

    mov %cr4, %eax
    or $(X86_CR4_PAE | X86_CR4_PGE), %eax
    mov %eax, %cr4
    mov $PHYS(boot_l4), %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx       /* EFER: LME, NXE */
    rdmsr
    or $0x900, %eax
    wrmsr
    mov $0x80010033, %eax       /* PG, WP, NE, ET, MP, PE */
    mov %eax, %cr0
    lgdt PHYS(boot_gdtr32)
    ljmp $0x08, $PHYS(boot_long)

no_long_mode:
    mov $PHYS(text_no_long_mode), %esi
    jmp boot_die
no_nx:
    mov $PHYS(text_no_nx), %esi
/* Says esi on the first serial line and on the screen, and stops. */
boot_die:
    mov $0xb8000, %edi
    mov $0x3f8, %dx
1:  lodsb
    test %al, %al
    jz 2f
    out %al, %dx
    mov $0x4f, %ah
    stosw
    jmp 1b
2:  hlt
    jmp 2b

    .code64
boot_long:
    movabs $boot_high, %rax
    jmp *%rax
boot_high:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %eax, %fs
    mov %eax, %gs
    lgdt boot_gdtr64(%rip)
    lea boot_stack_end(%rip), %rsp
    mov %ebp, %edi
    mov %ebx, %esi
    xor %ebp, %ebp
    push %rbp
    push %rbp                   /* the backtrace ends here; the stack stays aligned */
    call boot_main
    ud2

text_no_long_mode:
    .asciz "Parador needs a 64-bit x86 processor.\r\n"
text_no_nx:
    .asciz "Parador needs a processor with no-execute pages (NX).\r\n"

    .section .bss.page_aligned, "aw", @nobits
    /* Like any stack block: aligned to its size, with struct cpu_info at its top. */
    .balign STACK_BLOCK_SIZE
boot_stack:
    .skip STACK_BLOCK_SIZE
    .globl boot_stack_top
boot_stack_top:
    .set boot_stack_end, boot_stack_top - 256

    .section .note.GNU-stack, "", @progbits
