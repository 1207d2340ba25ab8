/* SPDX-License-Identifier: MIT */
/*
 * A PV vcpu's processor state: traps, segments, stacks, iret, registers.
 *
 * A 64-bit PV kernel and its user programs both run in ring 3, on two root page tables. The vcpu is
 * in kernel mode or user mode; every trap, SYSCALL and upcall enters kernel mode, on the stack
 * kernel_ss:kernel_sp when it comes from user mode, else on the current one, aligned down to 16.
 * The frame pushed for every entry is, from low to high addresses:
 *     rcx, r11, [error code], rip, cs, rflags, rsp, ss
 * The low byte of the upper half of the cs slot is the upcall mask before the entry, and
 * rflags.IF is its inverse.
 */
#ifndef PUBLIC_TRAP_H
#define PUBLIC_TRAP_H

#include "types.h"

/* Frames of the guest-visible GDT that are ours: descriptors from index 7168 on. */
#define FIRST_RESERVED_GDT_PAGE     14
#define FIRST_RESERVED_GDT_BYTE     (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY    (FIRST_RESERVED_GDT_BYTE / 8)

/* Flat selectors in that part; always usable, and what a vcpu starts with. */
#define FLAT_RING3_CS32     0xe023
#define FLAT_RING3_CS64     0xe033
#define FLAT_RING3_DS32     0xe02b
#define FLAT_RING3_DS64     0x0000
#define FLAT_RING3_SS32     0xe02b
#define FLAT_RING3_SS64     0xe02b
#define FLAT_KERNEL_DS64    FLAT_RING3_DS64
#define FLAT_KERNEL_DS32    FLAT_RING3_DS32
#define FLAT_KERNEL_DS      FLAT_KERNEL_DS64
#define FLAT_KERNEL_CS64    FLAT_RING3_CS64
#define FLAT_KERNEL_CS32    FLAT_RING3_CS32
#define FLAT_KERNEL_CS      FLAT_KERNEL_CS64
#define FLAT_KERNEL_SS64    FLAT_RING3_SS64
#define FLAT_KERNEL_SS32    FLAT_RING3_SS32
#define FLAT_KERNEL_SS      FLAT_KERNEL_SS64
#define FLAT_USER_DS64      FLAT_RING3_DS64
#define FLAT_USER_DS32      FLAT_RING3_DS32
#define FLAT_USER_DS        FLAT_USER_DS64
#define FLAT_USER_CS64      FLAT_RING3_CS64
#define FLAT_USER_CS32      FLAT_RING3_CS32
#define FLAT_USER_CS        FLAT_USER_CS64
#define FLAT_USER_SS64      FLAT_RING3_SS64
#define FLAT_USER_SS32      FLAT_RING3_SS32
#define FLAT_USER_SS        FLAT_USER_SS64

/* Vectors a guest may handle (the processor's exceptions; Intel SDM volume 3, table 6-1). */
#define PARADOR_TRAP_divide_error       0
#define PARADOR_TRAP_debug              1
#define PARADOR_TRAP_nmi                2
#define PARADOR_TRAP_int3               3
#define PARADOR_TRAP_overflow           4
#define PARADOR_TRAP_bounds             5
#define PARADOR_TRAP_invalid_op         6
#define PARADOR_TRAP_no_device          7
#define PARADOR_TRAP_double_fault       8
#define PARADOR_TRAP_invalid_tss        10
#define PARADOR_TRAP_no_segment         11
#define PARADOR_TRAP_stack_error        12
#define PARADOR_TRAP_gp_fault           13
#define PARADOR_TRAP_page_fault         14
#define PARADOR_TRAP_copro_error        16
#define PARADOR_TRAP_alignment_check    17
#define PARADOR_TRAP_machine_check      18
#define PARADOR_TRAP_simd_error         19

/*
 * trap_info.flags: bits 0-1 the lowest privilege (DPL) that may raise the vector by INT n (only 3
 * lets user mode; the kernel counts as 1 or less), bit 2 mask upcalls on entry.
 */
#define TI_GET_DPL(_ti)         ((_ti)->flags & 3)
#define TI_GET_IF(_ti)          ((_ti)->flags & 4)
#define TI_SET_DPL(_ti, _dpl)   ((_ti)->flags |= (_dpl))
#define TI_SET_IF(_ti, _if)     ((_ti)->flags |= ((!!(_if)) << 2))

/* vcpu_guest_context.flags */
#define _VGCF_i387_valid                0
#define VGCF_i387_valid                 (1 << _VGCF_i387_valid) /* fpu_ctxt means something */
#define VGCF_I387_VALID                 (1 << 0)
#define _VGCF_in_kernel                 2
#define VGCF_in_kernel                  (1 << _VGCF_in_kernel)  /* starts in kernel mode */
#define VGCF_IN_KERNEL                  (1 << 2)
#define _VGCF_failsafe_disables_events  3
#define VGCF_failsafe_disables_events   (1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events   4
#define VGCF_syscall_disables_events    (1 << _VGCF_syscall_disables_events)
#define _VGCF_online                    5
#define VGCF_online                     (1 << _VGCF_online)     /* runnable at once */

/* iret_context.flags: leave by SYSRET semantics; rcx and r11 of the frame are not restored. */
#define _VGCF_in_syscall                8
#define VGCF_in_syscall                 (1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL                 VGCF_in_syscall

#ifndef __ASSEMBLER__

/*
 * set_trap_table(guest address of trap_info[])
 * The list ends with an entry whose address is 0. Entries replace what is set for their vector;
 * 0 for the list's address removes all handlers. cs is forced to ring 3.
 *   EFAULT  as usual, or an address is not canonical / not a guest's; earlier entries took effect
 *   EPERM   an entry's cs selects a descriptor of ours other than the flat ones
 * A trap without a handler crashes the domain.
 */
struct trap_info {
    uint8_t vector;
    uint8_t flags;              /* see TI_GET_DPL */
    uint16_t cs;
    uint64_t address;
};

/*
 * iret(): ends a trap, system call or upcall. No arguments: rsp points to this frame on the kernel
 * stack. Privilege of cs: 0, 1, 2 return to kernel mode; 3 returns to user mode and switches to the
 * user root page table. rflags.IF becomes the inverse of the upcall mask; IOPL and the like are
 * ours. Any other register is kept. Does not return; a frame that cannot be read, or user mode
 * without a user root (MMUEXT_NEW_USER_BASEPTR), crashes the domain. A frame the processor refuses
 * raises the failsafe callback.
 * Its stub in the hypercall page pushes rcx, r11 and rax and sets rax to the number, so a guest
 * jumps to it with flags at the top of the stack.
 */
struct iret_context {
    uint64_t rax, r11, rcx;     /* restored; the stub pushes these */
    uint64_t flags;             /* VGCF_in_syscall or 0 */
    uint64_t rip, cs, rflags, rsp, ss;
};

/* General registers of a vcpu as tools and vcpu start-up exchange them. */
struct cpu_user_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
    uint64_t rax, rcx, rdx, rsi, rdi;
    uint32_t error_code;        /* not meaningful outside the hypervisor */
    uint32_t entry_vector;      /* not meaningful outside the hypervisor */
    uint64_t rip;
    uint16_t cs, _pad0[1];
    uint8_t saved_upcall_mask;  /* OUT evtchn_upcall_mask when the state was taken */
    uint8_t _pad1[3];
    uint64_t rflags;
    uint64_t rsp;
    uint16_t ss, _pad2[3];
    uint16_t es, _pad3[3];
    uint16_t ds, _pad4[3];
    uint16_t fs, _pad5[3];
    uint16_t gs, _pad6[3];
};

/*
 * Whole state of a vcpu: IN to VCPUOP_initialise and XEN_DOMCTL_setvcpucontext, OUT of
 * XEN_DOMCTL_getvcpucontext. When setting: EINVAL if ldt_ents or gdt_ents exceed their limits, an
 * address is not canonical, or a frame cannot become what it is named as.
 */
struct vcpu_guest_context {
    struct {
        char x[512];            /* FXSAVE image, used if VGCF_i387_valid */
    } fpu_ctxt;
    uint64_t flags;             /* VGCF_* */
    struct cpu_user_regs user_regs;
    struct trap_info trap_ctxt[256];
    uint64_t ldt_base, ldt_ents;        /* virtual address, descriptors */
    uint64_t gdt_frames[16], gdt_ents;  /* mfns, descriptors */
    uint64_t kernel_ss, kernel_sp;      /* as stack_switch sets */
    uint64_t ctrlreg[8];        /* [0] cr0 (only TS is the guest's), [1] user root table as a cr3
                                 * value, 0 none, [3] kernel root table as a cr3 value, [4] cr4 */
    uint64_t debugreg[8];
    uint64_t event_callback_eip;
    uint64_t failsafe_callback_eip;
    uint64_t syscall_callback_eip;
    uint64_t vm_assist;         /* bit n: VMASST_TYPE n is enabled */
    uint64_t fs_base;
    uint64_t gs_base_kernel;    /* active gs base in kernel mode */
    uint64_t gs_base_user;      /* active gs base in user mode */
};

/*
 * set_gdt(guest address of uint64_t mfns[], uint32_t entries)
 * Replaces the vcpu's GDT by (entries + 511) / 512 frames, which must not be writable by the guest;
 * our own descriptors stay above FIRST_RESERVED_GDT_ENTRY.
 *   EINVAL  entries > FIRST_RESERVED_GDT_ENTRY, or a frame is not the caller's, is writable, or
 *           holds a descriptor that is not permitted; the old GDT stays
 *
 * update_descriptor(uint64_t machine address, uint64_t descriptor)
 * Writes one 8-byte descriptor into a page in use as GDT or LDT, or into an ordinary page.
 *   EINVAL  misaligned, not the caller's frame, or a descriptor that would leave ring 3
 *
 * stack_switch(uint64_t ss, uint64_t sp)
 * Where the next entry from user mode pushes its frame. Never fails; ss is forced to ring 3. An sp
 * inside the hypervisor's range: EPERM.
 *
 * fpu_taskswitch(int set)
 * Sets (nonzero) or clears the guest's CR0.TS, so that lazy FPU switching works. Cleared by us
 * whenever no_device is delivered. Never fails.
 *
 * set_debugreg(int reg, uint64_t value), get_debugreg(int reg)
 * Debug registers 0-3, 6, 7 (4 and 5 alias 6 and 7).
 *   EINVAL  bad number or a value the processor would refuse
 *   EPERM   an address inside the hypervisor's range
 * get_debugreg returns the value itself, so an error cannot be told from a value.
 */

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_TRAP_H */
