/* SPDX-License-Identifier: MIT */
/* The trap frame at the top of every stack block, and architectural register constants. */
#ifndef HW_REGS_H
#define HW_REGS_H

#define X86_EFLAGS_CF (1 << 0)
#define X86_EFLAGS_RSVD1 (1 << 1)
#define X86_EFLAGS_TF (1 << 8)
#define X86_EFLAGS_IF (1 << 9)
#define X86_EFLAGS_DF (1 << 10)
#define X86_EFLAGS_IOPL (3 << 12)
#define X86_EFLAGS_NT (1 << 14)
#define X86_EFLAGS_RF (1 << 16)
#define X86_EFLAGS_VM (1 << 17)
#define X86_EFLAGS_AC (1 << 18)
#define X86_EFLAGS_VIF (1 << 19)
#define X86_EFLAGS_VIP (1 << 20)
#define X86_EFLAGS_ID (1 << 21)

#define X86_CR0_PE (1 << 0)
#define X86_CR0_MP (1 << 1)
#define X86_CR0_EM (1 << 2)
#define X86_CR0_TS (1 << 3)
#define X86_CR0_ET (1 << 4)
#define X86_CR0_NE (1 << 5)
#define X86_CR0_WP (1 << 16)
#define X86_CR0_AM (1 << 18)
#define X86_CR0_PG (1U << 31)

#define X86_CR4_TSD (1 << 2)
#define X86_CR4_DE (1 << 3)
#define X86_CR4_PSE (1 << 4)
#define X86_CR4_PAE (1 << 5)
#define X86_CR4_MCE (1 << 6)
#define X86_CR4_PGE (1 << 7)
#define X86_CR4_OSFXSR (1 << 9)
#define X86_CR4_OSXMMEXCPT (1 << 10)
#define X86_CR4_UMIP (1 << 11)
#define X86_CR4_LA57 (1 << 12)
#define X86_CR4_FSGSBASE (1 << 16)
#define X86_CR4_PCIDE (1 << 17)
#define X86_CR4_OSXSAVE (1 << 18)
#define X86_CR4_SMEP (1 << 20)
#define X86_CR4_SMAP (1 << 21)

/* Page-fault error code. */
#define PFEC_PRESENT (1 << 0)
#define PFEC_WRITE (1 << 1)
#define PFEC_USER (1 << 2)
#define PFEC_RSVD (1 << 3)
#define PFEC_INSN (1 << 4)

#define TRAP_DE 0
#define TRAP_DB 1
#define TRAP_NMI 2
#define TRAP_BP 3
#define TRAP_OF 4
#define TRAP_BR 5
#define TRAP_UD 6
#define TRAP_NM 7
#define TRAP_DF 8
#define TRAP_TS 10
#define TRAP_NP 11
#define TRAP_SS 12
#define TRAP_GP 13
#define TRAP_PF 14
#define TRAP_MF 16
#define TRAP_AC 17
#define TRAP_MC 18
#define TRAP_XM 19

#ifndef __ASSEMBLER__
#include <stdint.h>

/*
 * What the entry stubs push, lowest address first. The processor pushes rip..ss; for vectors
 * without an error code, and for SYSCALL, the stub pushes zero in its place. `vector` shares the
 * error code's eight bytes: the processor writes zero in the upper half and the stub the vector.
 */
struct trap_frame {
    uint64_t r15, r14, r13, r12, rbp, rbx;
    uint64_t r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    uint32_t error_code;
    uint32_t vector;
    uint64_t rip;
    uint16_t cs, cs_pad[3];
    uint64_t rflags;
    uint64_t rsp;
    uint16_t ss, ss_pad[3];
};

/* `vector` values that are not processor exceptions. */
#define ENTRY_SYSCALL 0x100
#define ENTRY_SYSENTER 0x101
#endif

#endif
