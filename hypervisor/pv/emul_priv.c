/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of guest kernels, and the few that user mode may be shown an answer to.
 */
#include "core/domain.h"
#include "hw/cpu.h"
#include "hw/layout.h"
#include "hw/tlb.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "pv/bounce.h"
#include "pv/cpuid.h"
#include "pv/emulate.h"
#include "pv/pagetable.h"

/* The CR0 a guest believes in: what long mode demands, and its own TS. */
#define GUEST_CR0 \
    (X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | X86_CR0_PG)

/* The same dummy table addresses that Linux gives to programs under UMIP. */
#define DUMMY_GDT_BASE 0xfffffffffffe0000ULL
#define DUMMY_IDT_BASE 0xffffffffffff0000ULL
#define DUMMY_TR 0x40

static uint64_t guest_cr0(const struct pv_vcpu *v)
{
    return GUEST_CR0 | (v->fpu_ts ? X86_CR0_TS : 0);
}

enum emulated pv_access_fault(struct pv_vcpu *v, struct fault *fault, uint64_t va, bool write)
{
    fault->vector = TRAP_PF;
    fault->addr = va;
    fault->error_code = (write ? PFEC_WRITE : 0) | (v->kernel_mode ? 0 : PFEC_USER);
    return EMUL_NOT_OURS;
}

static bool read_cr(struct pv_vcpu *v, unsigned cr, uint64_t *value)
{
    switch (cr) {
    case 0: *value = guest_cr0(v); return true;
    case 2: *value = v->core.vcpu_info->arch.cr2; return true;
    case 3: *value = v->cr3_kernel << PAGE_SHIFT; return true;
    case 4: *value = v->cr4; return true;
    case 8: *value = 0; return true;
    }
    return false;
}

static bool write_cr(struct pv_vcpu *v, unsigned cr, uint64_t value)
{
    switch (cr) {
    case 0:
        if ((value ^ guest_cr0(v)) & ~(uint64_t)X86_CR0_TS)
            return false;
        pv_fpu_taskswitch(v, value & X86_CR0_TS);
        return true;
    case 2:
        v->core.vcpu_info->arch.cr2 = value;
        return true;
    case 4:
        return pv_set_cr4(v, value);
    case 8:
        return value == 0;
    }
    return false;
}

/* A root that is refused: the guest's bug, reported as a processor would a bad value. */
static bool guest_cr3(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i, uint64_t value)
{
    int err = pt_new_kernel_root(v, (value & PTE_ADDR_MASK) >> PAGE_SHIFT);

    /* Interrupted: the caller's step over the instruction leads to it again. */
    if (err == -ERESTART)
        f->rip -= i->len;
    return err == 0 || err == -ERESTART;
}

/*
 * MOV to and from control and debug registers: 0F 20 to 0F 23, always eight bytes wide in 64-bit
 * code.
 */
static bool mov_special(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i)
{
    uint64_t *gpr = insn_reg(f, i->rm);

    switch (i->opcode) {
    case 0x20:
        return read_cr(v, i->reg, gpr);
    case 0x22:
        return i->reg == 3 ? guest_cr3(v, f, i, *gpr) : write_cr(v, i->reg, *gpr);
    case 0x21:
        if (i->reg > 7)
            return false;
        *gpr = pv_get_debugreg(v, i->reg);
        return true;
    default:
        return i->reg <= 7 && pv_set_debugreg(v, i->reg, *gpr) == 0;
    }
}

static bool msr_insn(struct pv_vcpu *v, struct trap_frame *f, bool write)
{
    uint64_t value = (uint32_t)f->rax | (f->rdx << 32);

    if (write)
        return pv_wrmsr(v, (uint32_t)f->rcx, value);
    if (!pv_rdmsr(v, (uint32_t)f->rcx, &value))
        return false;
    f->rax = (uint32_t)value;
    f->rdx = value >> 32;
    return true;
}

/* What UMIP forbids to ring 3: the answer is made up, and the same for everybody. */
static enum emulated store_table(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i,
                                 struct fault *fault)
{
    unsigned op = i->reg & 7;
    bool group6 = i->opcode == 0;
    uint64_t value, va;
    unsigned len;
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table = { 0, op == 0 ? DUMMY_GDT_BASE : DUMMY_IDT_BASE };

    if (group6 ? op > 1 : !(op < 2 || op == 4))
        return EMUL_NOT_OURS;
    value = group6 ? (op == 0 ? 0 : DUMMY_TR) : guest_cr0(v);
    if (!i->is_mem) {
        if (!group6 && op < 2)
            return EMUL_NOT_OURS; /* 0F 01 C0 to CF: VMX, MONITOR and the like */
        insn_write_reg(f, i, i->rm, i->op_bytes, i->op_bytes == 2 ? (uint16_t)value : value);
        insn_done(f, i);
        return EMUL_DONE;
    }
    len = !group6 && op < 2 ? (i->long_mode ? 10 : 6) : 2;
    if (!insn_address(v, f, i, len, &va))
        return EMUL_NOT_OURS;
    if (copy_to_guest(guest_ptr(va), len == 2 ? (void *)&value : (void *)&table, len))
        return pv_access_fault(v, fault, va, true);
    insn_done(f, i);
    return EMUL_DONE;
}

/* Group 7 of a kernel: XSETBV, LMSW, INVLPG. */
static bool group7(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i)
{
    uint64_t va;

    if (!i->is_mem && i->reg == 2 && i->rm == 1) /* XSETBV */
        return (uint32_t)f->rcx == 0 && pv_set_xcr0(v, (uint32_t)f->rax | (f->rdx << 32));
    if (!i->is_mem && (i->reg & 7) == 6) /* LMSW of a register: only TS can change */
        return write_cr(v, 0, (guest_cr0(v) & ~0xeULL) | (insn_read_reg(f, i, i->rm, 2) & 0xe));
    if (i->is_mem && (i->reg & 7) == 7) {
        if (insn_address(v, f, i, 1, &va))
            tlb_flush_local_one(va);
        return true;
    }
    return false;
}

static bool kernel_0f(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i)
{
    switch (i->opcode) {
    case 0x01:
        return group7(v, f, i);
    case 0x06:
        pv_fpu_taskswitch(v, false);
        return true;
    case 0x08:
    case 0x09:
        /* Who has no devices has no use for an empty cache; INVD would lose everybody's data. */
        if (v->core.domain->privileged)
            __asm__ volatile("wbinvd" ::: "memory");
        return true;
    case 0x20 ... 0x23:
        return mov_special(v, f, i);
    case 0x30:
        return msr_insn(v, f, true);
    case 0x31: {
        uint64_t tsc = rdtsc(); /* CR4.TSD is about programs, not about their kernel */

        f->rax = (uint32_t)tsc;
        f->rdx = tsc >> 32;
        return true;
    }
    case 0x32:
        return msr_insn(v, f, false);
    }
    return false;
}

enum emulated pv_emulate(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i,
                         struct fault *fault)
{
    if (i->lock)
        return EMUL_NOT_OURS;
    if (i->map == INSN_MAP_1) {
        switch (i->opcode) {
        case 0x6c ... 0x6f:
        case 0xe4 ... 0xe7:
        case 0xec ... 0xef:
            return pv_emulate_io(v, f, i, fault);
        case 0xfa:
        case 0xfb:
            /*
             * CLI and STI with IOPL: permitted, and without effect. Holding back upcalls for a
             * program that says CLI would hand it its kernel's interrupt flag.
             */
            if (pv_iopl(v) < (v->kernel_mode ? 1 : 3))
                return EMUL_NOT_OURS;
            insn_done(f, i);
            return EMUL_DONE;
        }
        return EMUL_NOT_OURS;
    }
    if (i->map != INSN_MAP_0F)
        return EMUL_NOT_OURS;
    if (i->opcode == 0xa2) { /* where CPUID faulting is on */
        pv_cpuid(v, f);
        insn_done(f, i);
        return EMUL_DONE;
    }
    if (v->kernel_mode && kernel_0f(v, f, i)) {
        insn_done(f, i);
        return EMUL_DONE;
    }
    if (i->opcode <= 1 && cpu_features.umip)
        return store_table(v, f, i, fault);
    return EMUL_NOT_OURS;
}
