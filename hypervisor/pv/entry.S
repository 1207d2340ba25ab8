/* SPDX-License-Identifier: MIT */
/* Ways in from a guest by SYSCALL and SYSENTER, and the one way out to a guest. */
#include "hw/desc.h"
#include "hw/layout.h"
#include "hw/regs.h"
#include "hw/smap.h"
#include "public/hypercall.h"
#include "pv/asm_offsets.h"

/*
 * Code here runs on this CPU's main stack with rsp = &cpu_info.guest (8 modulo 16), interrupts off
 * and the guest's FS and GS; the stubs (hw/traps.h) come with rsp at the frame's end and the
 * guest's rsp in `scratch`. The two hot paths, a system call of a user program on its way to its
 * kernel and the kernel's HYPERVISOR_iret, are straight lines that save only the registers they
 * use; whatever is not the usual
 * case saves the rest and goes on in C. A fault on guest memory pushes its own frame below rsp, so
 * what is saved in cpu_info.guest survives it.
 *
 * A CR3 write here does not advance this CPU's flush time (hw/tlb.h): that only makes a later flush
 * happen that could have been left out.
 */

#define FLAGS_NEVER \
    (X86_EFLAGS_NT | X86_EFLAGS_VM | X86_EFLAGS_IOPL | X86_EFLAGS_VIF | X86_EFLAGS_VIP)
/* Cleared when a handler of the guest's kernel is entered. */
#define FLAGS_BOUNCE (FLAGS_NEVER | X86_EFLAGS_AC | X86_EFLAGS_RF | X86_EFLAGS_TF | X86_EFLAGS_DF)
/* SYSRET would lose or misplace these. */
#define FLAGS_NOT_SYSRET (FLAGS_NEVER | X86_EFLAGS_RF | X86_EFLAGS_TF)

/* The instruction that follows may fault: then go to \to. */
.macro MAY_FAULT to
    .pushsection .extable, "a"
    .balign 4
    .long   .Laccess\@ - ., \to - .
    .popsection
.Laccess\@:
.endm

/* Saves everything but rax, rbx, rdx and what SYSCALL put elsewhere. */
.macro SAVE_REST
    mov     %r15, F_R15(%rsp)
    mov     %r14, F_R14(%rsp)
    mov     %r13, F_R13(%rsp)
    mov     %r12, F_R12(%rsp)
    mov     %rbp, F_RBP(%rsp)
    mov     %r10, F_R10(%rsp)
    mov     %r9, F_R9(%rsp)
    mov     %r8, F_R8(%rsp)
    mov     %rsi, F_RSI(%rsp)
    mov     %rdi, F_RDI(%rsp)
.endm

/* The rest of the frame of a SYSCALL. */
.macro SAVE_SYSCALL_FRAME cs
    mov     %r11, F_R11(%rsp)
    mov     %rcx, F_RCX(%rsp)
    movl    $0, F_ERROR(%rsp)
    movl    $0x100, F_VECTOR(%rsp)
    mov     %rcx, F_RIP(%rsp)
    movq    $\cs, F_CS(%rsp)
    mov     %r11, F_RFLAGS(%rsp)
    movq    $GUEST_SS, F_SS(%rsp)
.endm

/* Clobbers \tmp1 and \tmp2; leaves ZF clear when a softirq waits for this CPU. */
.macro TEST_SOFTIRQ tmp1, tmp2
    mov     CI_PERCPU_OFFSET(%rsp), \tmp1
    lea     percpu_softirq_pending(%rip), \tmp2
    cmpl    $0, (\tmp1, \tmp2)
.endm

    .text

/* From the SYSCALL stub: rcx = rip, r11 = rflags, rsp = end of the guest's frame. */
    .globl syscall_entry
    .hidden syscall_entry
    .balign 64
syscall_entry:
    sub     $FRAME_SIZE, %rsp
    mov     %rdx, F_RDX(%rsp)
    mov     CI_CURRENT(%rsp), %rdx
    mov     %rax, F_RAX(%rsp)
    mov     %rbx, F_RBX(%rsp)
    cmpb    $0, V_KERNEL_MODE(%rdx)
    jne     .Lfrom_kernel

/*
 * System call: to kernel mode, frame on the kernel stack (aligned and checked when it was
 * registered).
 */
    mov     V_CR3_KERNEL(%rdx), %rbx
    swapgs
    shl     $PAGE_SHIFT, %rbx
    movb    $1, V_KERNEL_MODE(%rdx)
    mov     %rbx, %cr3
    mov     V_KERNEL_SP(%rdx), %rax
    mov     V_VCPU_INFO(%rdx), %rbx
    STAC
    MAY_FAULT .Lsyscall_bad_stack
    mov     %rcx, -56(%rax)
    MAY_FAULT .Lsyscall_bad_stack
    mov     %r11, -48(%rax)
    MAY_FAULT .Lsyscall_bad_stack
    mov     %rcx, -40(%rax)
    movzbl  VI_MASK(%rbx), %ecx
    MAY_FAULT .Lsyscall_bad_stack
    movl    $GUEST_CS64, -32(%rax)
    MAY_FAULT .Lsyscall_bad_stack
    mov     %ecx, -28(%rax)
    jecxz   1f
    and     $~X86_EFLAGS_IF, %r11d
1:  MAY_FAULT .Lsyscall_bad_stack
    mov     %r11, -24(%rax)
    mov     CI_SCRATCH(%rsp), %rcx
    MAY_FAULT .Lsyscall_bad_stack
    mov     %rcx, -16(%rax)
    MAY_FAULT .Lsyscall_bad_stack
    movq    $GUEST_SS, -8(%rax)
    CLAC
    sub     $56, %rax
    and     $~FLAGS_BOUNCE, %r11d
    movzbl  V_SYSCALL_MASKS(%rdx), %ecx
    or      $X86_EFLAGS_IF, %r11d
    or      %cl, VI_MASK(%rbx)
    mov     %rax, F_RSP(%rsp)
    cmpb    $0, VI_MASK(%rbx)
    je      .Lsyscall_unmasked
2:  TEST_SOFTIRQ %rax, %rbx
    mov     V_SYSCALL_CALLBACK(%rdx), %rcx
    jne     .Lsyscall_work
    mov     F_RBX(%rsp), %rbx
    mov     F_RAX(%rsp), %rax
    mov     F_RDX(%rsp), %rdx
    mov     F_RSP(%rsp), %rsp
    sysretq

.Lsyscall_unmasked:
    cmpb    $0, VI_PENDING(%rbx)
    je      2b
    mov     V_SYSCALL_CALLBACK(%rdx), %rcx
.Lsyscall_work:
    SAVE_SYSCALL_FRAME GUEST_CS64
    SAVE_REST
    jmp     return_to_guest

.Lsyscall_bad_stack:
    CLAC
    mov     CI_SCRATCH(%rsp), %rax
    mov     %rax, F_RSP(%rsp)
    SAVE_SYSCALL_FRAME GUEST_CS64
    SAVE_REST
    lea     F_R15(%rsp), %rdi
    sub     $8, %rsp
    call    pv_bad_kernel_stack
    jmp     return_to_guest

.Lfrom_kernel:
    cmp     $__HYPERVISOR_iret, %rax
    je      .Liret
    mov     CI_SCRATCH(%rsp), %rbx
    mov     %rbx, F_RSP(%rsp)
    mov     F_RBX(%rsp), %rbx
    SAVE_SYSCALL_FRAME GUEST_CS64
    SAVE_REST
    lea     F_R15(%rsp), %rdi
    sub     $8, %rsp
    call    hypercall
    add     $8, %rsp
    jmp     return_to_guest_stack_set

/*
 * HYPERVISOR_iret: struct iret_context at the guest's rsp. rax, rcx and r11 are free: the frame
 * restores them.
 */
.Liret:
    mov     CI_SCRATCH(%rsp), %rcx
    /*
     * (rsp - start of our range) >> 43 is 0 inside the range; below it are 2^47 non-canonical
     * bytes.
     */
    movabs  $-HV_VIRT_START, %rax
    add     %rcx, %rax
    shr     $43, %rax
    jz      .Liret_slow
    STAC
    MAY_FAULT .Liret_fault_restore
    mov     (%rcx), %rax
    MAY_FAULT .Liret_fault_restore
    cmpq    $0, 24(%rcx)
    jne     .Liret_slow_access
    MAY_FAULT .Liret_fault_restore
    movzwl  40(%rcx), %ebx
    mov     %rax, F_RAX(%rsp)
    test    $3, %bl
    jpo     1f                      /* not 0 and not 3: RPL 1 or 2 go to kernel mode */
    jz      1f
    cmpq    $0, V_CR3_USER(%rdx)
    je      .Liret_slow_access
1:  MAY_FAULT .Liret_fault_restore
    mov     8(%rcx), %rax
    mov     %rax, F_R11(%rsp)
    MAY_FAULT .Liret_fault_restore
    mov     32(%rcx), %rax
    mov     %rax, F_RIP(%rsp)
    MAY_FAULT .Liret_fault_restore
    movzwl  64(%rcx), %eax
    or      $3, %eax
    mov     %rax, F_SS(%rsp)
    MAY_FAULT .Liret_fault_restore
    mov     48(%rcx), %r11
    MAY_FAULT .Liret_fault_restore
    mov     16(%rcx), %rax
    mov     %rax, F_RCX(%rsp)
    MAY_FAULT .Liret_fault_restore
    mov     56(%rcx), %rax
    mov     %rax, F_RSP(%rsp)
    CLAC
    mov     %ebx, %ecx
    or      $3, %ebx
    and     $3, %ecx
    mov     %rbx, F_CS(%rsp)
    cmp     $3, %ecx
    jne     2f
    mov     V_CR3_USER(%rdx), %rax
    swapgs
    shl     $PAGE_SHIFT, %rax
    movb    $0, V_KERNEL_MODE(%rdx)
    mov     %rax, %cr3
2:  mov     V_VCPU_INFO(%rdx), %rcx
    mov     %r11, V_IRET_RFLAGS(%rdx)
    bt      $9, %r11d               /* IF */
    setnc   VI_MASK(%rcx)
    jnc     3f
    cmpb    $0, VI_PENDING(%rcx)
    jne     .Liret_work
3:  and     $~FLAGS_NEVER, %r11d
    or      $X86_EFLAGS_IF, %r11d
    mov     %r11, F_RFLAGS(%rsp)
    TEST_SOFTIRQ %rax, %rcx
    jne     .Liret_work_flags
    mov     F_R11(%rsp), %r11
    mov     F_RCX(%rsp), %rcx
    mov     F_RBX(%rsp), %rbx
    mov     F_RAX(%rsp), %rax
    mov     F_RDX(%rsp), %rdx
    add     $F_RIP, %rsp
    MAY_FAULT .Lleave_fault
    iretq

.Liret_work:
    and     $~FLAGS_NEVER, %r11d
    or      $X86_EFLAGS_IF, %r11d
    mov     %r11, F_RFLAGS(%rsp)
.Liret_work_flags:
    SAVE_REST
    movl    $0, F_ERROR(%rsp)
    movl    $0, F_VECTOR(%rsp)
    jmp     return_to_guest

/* Not the usual frame, or one that cannot be read: C reads it again and decides. */
.Liret_fault_restore:
.Liret_slow_access:
    CLAC
.Liret_slow:
    movl    $0, F_ERROR(%rsp)
    movl    $0, F_VECTOR(%rsp)
    mov     CI_SCRATCH(%rsp), %rcx
    mov     %rcx, F_RSP(%rsp)
    SAVE_REST
    lea     F_R15(%rsp), %rdi
    sub     $8, %rsp
    call    pv_iret
    jmp     return_to_guest

/* From the stub of SYSCALL in 32-bit code, as above. Always meant for the guest's kernel. */
    .globl syscall32_entry
    .hidden syscall32_entry
syscall32_entry:
    sub     $FRAME_SIZE, %rsp
    mov     %rdx, F_RDX(%rsp)
    mov     %rax, F_RAX(%rsp)
    mov     %rbx, F_RBX(%rsp)
    mov     CI_SCRATCH(%rsp), %rax
    mov     %rax, F_RSP(%rsp)
    SAVE_SYSCALL_FRAME GUEST_CS32
    SAVE_REST
    lea     F_R15(%rsp), %rdi
    sub     $8, %rsp
    call    pv_syscall32
    jmp     return_to_guest

/*
 * From SYSENTER, which tells neither rip nor rsp: by convention of its users they are in memory and
 * registers. It keeps NT, AC and DF, and TF until the #DB handler has seen this address.
 */
    .globl sysenter_entry
    .hidden sysenter_entry
sysenter_entry:
    CLAC
    cld
    sub     $FRAME_SIZE, %rsp
    mov     %rdx, F_RDX(%rsp)
    mov     %rax, F_RAX(%rsp)
    mov     %rbx, F_RBX(%rsp)
    pushf
    pop     %rax
    or      $X86_EFLAGS_IF, %rax
    and     $~(X86_EFLAGS_TF | FLAGS_NEVER), %eax
    mov     %rax, %rbx
    push    $2
    popf
    movq    $0, F_RSP(%rsp)
    SAVE_SYSCALL_FRAME GUEST_CS32
    mov     %rbx, F_RFLAGS(%rsp)
    movq    $0, F_RIP(%rsp)
    movl    $0x101, F_VECTOR(%rsp)
    SAVE_REST
    lea     F_R15(%rsp), %rdi
    sub     $8, %rsp
    call    pv_sysenter
    jmp     return_to_guest

/*
 * Leaves with the registers in guest_regs(), whatever the stack below holds. Softirqs first, since
 * they may switch to another vcpu; then events; then nothing that could raise either until the
 * guest runs.
 */
    .globl return_to_guest
    .hidden return_to_guest
return_to_guest:
    /* rsp moves in one step: interrupts may be on, and one between two would find it too high. */
    mov     %rsp, %rax
    or      $0xffff, %rax           /* STACK_BLOCK_SIZE - 1 */
    lea     -(CI_SIZE - 1)(%rax), %rsp
return_to_guest_stack_set:
    cli
    TEST_SOFTIRQ %rcx, %rdx
    jne     .Lsoftirq
    mov     CI_CURRENT(%rsp), %rdx
    mov     V_VCPU_INFO(%rdx), %rcx
    cmpb    $0, V_NMI_PENDING(%rdx)
    jne     .Lnmi
    cmpb    $0, VI_PENDING(%rcx)
    jne     .Levent
.Lleave:
    mov     F_RIP(%rsp), %rcx
    mov     F_RFLAGS(%rsp), %r11
    mov     F_R15(%rsp), %r15
    mov     F_R14(%rsp), %r14
    mov     F_R13(%rsp), %r13
    mov     F_R12(%rsp), %r12
    mov     F_RBP(%rsp), %rbp
    mov     F_RBX(%rsp), %rbx
    mov     F_R10(%rsp), %r10
    mov     F_R9(%rsp), %r9
    mov     F_R8(%rsp), %r8
    mov     F_RDX(%rsp), %rdx
    mov     F_RSI(%rsp), %rsi
    mov     F_RDI(%rsp), %rdi
    /*
     * SYSRET only where it does exactly what IRET would: it leaves rip in rcx and rflags in r11,
     * loads the flat selectors, and faults in ring 0 on the guest's stack when rip is not canonical
     * (Intel).
     */
    cmpw    $GUEST_CS64, F_CS(%rsp)
    jne     .Lleave_iret
    cmpw    $GUEST_SS, F_SS(%rsp)
    jne     .Lleave_iret
    cmp     %rcx, F_RCX(%rsp)
    jne     .Lleave_iret
    cmp     %r11, F_R11(%rsp)
    jne     .Lleave_iret
    test    $FLAGS_NOT_SYSRET, %r11d
    jnz     .Lleave_iret
    mov     %rcx, %rax
    sar     $47, %rax
    inc     %rax
    cmp     $1, %rax
    ja      .Lleave_iret
    mov     F_RAX(%rsp), %rax
    mov     F_RSP(%rsp), %rsp
    sysretq

.Lleave_iret:
    mov     F_R11(%rsp), %r11
    mov     F_RCX(%rsp), %rcx
    mov     F_RAX(%rsp), %rax
    add     $F_RIP, %rsp
    MAY_FAULT .Lleave_fault
    iretq

.Lsoftirq:
    sub     $8, %rsp
    call    guest_softirqs
    jmp     return_to_guest

.Lnmi:
    lea     F_R15(%rsp), %rdi
    sub     $8, %rsp
    call    pv_inject_nmi
    jmp     return_to_guest

.Levent:
    cmpb    $0, VI_MASK(%rcx)
    jne     .Lleave
    lea     F_R15(%rsp), %rdi
    sub     $8, %rsp
    call    pv_inject_event
    jmp     return_to_guest

/*
 * IRET refused the frame: a bad selector or address. The guest's registers are live and rsp is at
 * &guest.rip; the fault's own frame has overwritten what was saved below.
 */
.Lleave_fault:
    sub     $F_RIP, %rsp
    mov     %rdx, F_RDX(%rsp)
    mov     %rax, F_RAX(%rsp)
    mov     %rbx, F_RBX(%rsp)
    mov     %r11, F_R11(%rsp)
    mov     %rcx, F_RCX(%rsp)
    SAVE_REST
    movl    $0, F_ERROR(%rsp)
    movl    $0, F_VECTOR(%rsp)
    lea     F_R15(%rsp), %rdi
    sub     $8, %rsp
    call    pv_inject_failsafe
    jmp     return_to_guest

    .section .note.GNU-stack, "", @progbits
