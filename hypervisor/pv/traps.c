/* SPDX-License-Identifier: MIT */
/* Exceptions raised by guests: which are emulated, which go back to the guest. */
#include "hw/traps.h"

#include "core/domain.h"
#include "core/usage.h"
#include "hw/cpu.h"
#include "hw/desc.h"
#include "hw/fpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "pv/bounce.h"
#include "pv/cpuid.h"
#include "pv/decode.h"
#include "pv/emulate.h"
#include "pv/fault.h"
#include "pv/pv.h"

#define GP_ERROR_IDT 2 /* the error code names an IDT entry */
#define GP_ERROR_EXT 1

/*
 * INT n, refused by the DPL of our IDT. The vector comes from the instruction: QEMU up to 7.2
 * reports a wrong index in the error code. False: not INT n after all.
 */
static bool software_interrupt(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i)
{
    const struct trap_info *ti;
    unsigned vector;

    if (i->map != INSN_MAP_1 || i->opcode != 0xcd)
        return false;
    vector = (uint8_t)i->imm;
    ti = &v->traps[vector];
    /* The kernel counts as ring 1, as in the trap table's own terms. */
    if (!ti->address || TI_GET_DPL(ti) < (v->kernel_mode ? 1 : 3)) {
        pv_inject(f, TRAP_GP, vector * 8 + GP_ERROR_IDT);
        return true;
    }
    insn_done(f, i);
    pv_inject_soft(f, vector);
    return true;
}

/*
 * RDMSR and WRMSR of a kernel, which Linux executes at each context switch, without the decoder:
 * two bytes, loaded once. False: something else, or refused.
 */
static bool kernel_msr(struct pv_vcpu *v, struct trap_frame *f)
{
    const uint16_t rdmsr_code = 0x320f, wrmsr_code = 0x300f;
    uint64_t value = (uint32_t)f->rax | (f->rdx << 32);
    uint16_t code;
    bool ok;

    if (!v->kernel_mode || f->cs != GUEST_CS64)
        return false;
    if (!guest_read_half(f->rip, &code) || (code != rdmsr_code && code != wrmsr_code))
        return false;
    if (code == rdmsr_code) {
        ok = pv_rdmsr(v, (uint32_t)f->rcx, &value);
        if (ok) {
            f->rax = (uint32_t)value;
            f->rdx = value >> 32;
        }
    } else {
        ok = pv_wrmsr(v, (uint32_t)f->rcx, value);
    }
    if (ok) {
        f->rip += sizeof(code);
        f->rflags &= ~(uint64_t)X86_EFLAGS_RF;
    }
    return ok;
}

/* Out of line, as forced_cpuid(): with their variables every trap would have a frame to set up. */
static __attribute__((noinline)) void decode_protection(struct pv_vcpu *v, struct trap_frame *f)
{
    uint32_t code = f->error_code;
    struct insn insn;
    struct fault fault = { .vector = TRAP_GP, .error_code = code };
    enum emulated result = EMUL_NOT_OURS;

    if ((code & (GP_ERROR_IDT | GP_ERROR_EXT)) == GP_ERROR_IDT || code == 0) {
        irq_enable();
        if (pv_decode(v, f, &insn) == 0) {
            if (code == 0)
                result = pv_emulate(v, f, &insn, &fault);
            irq_disable();
            if (code && software_interrupt(v, f, &insn))
                return;
        }
        irq_disable();
    }
    if (result == EMUL_DONE)
        return;
    if (fault.vector == TRAP_PF)
        pv_inject_page_fault(f, fault.addr, fault.error_code);
    else
        pv_inject(f, fault.vector, fault.error_code);
}

static inline void general_protection(struct pv_vcpu *v, struct trap_frame *f)
{
    bool done = false;

    if (f->error_code == 0) {
        irq_enable();
        done = kernel_msr(v, f);
        irq_disable();
    }
    if (!done)
        decode_protection(v, f);
}

/* UD2 "xen" CPUID: ten bytes that ask for our answer to CPUID (public/cpuid.h). */
static __attribute__((noinline)) bool forced_cpuid(struct pv_vcpu *v, struct trap_frame *f)
{
    static const uint8_t wanted[7] = { 0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2 };
    uint8_t bytes[sizeof(wanted)];
    bool match;

    irq_enable();
    match = !copy_from_guest(bytes, guest_ptr(f->rip), sizeof(bytes)) &&
            !memcmp(bytes, wanted, sizeof(wanted));
    if (match) {
        pv_cpuid(v, f);
        f->rip += sizeof(wanted);
        f->rflags &= ~(uint64_t)X86_EFLAGS_RF;
    }
    irq_disable();
    return match;
}

static void debug_trap(struct pv_vcpu *v, struct trap_frame *f)
{
    unsigned long dr6;

    __asm__ volatile("mov %%db6,%0" : "=r"(dr6));
    __asm__ volatile("mov %0,%%db6" ::"r"(0xffff0ff0UL));
    v->dr[6] = (v->dr[6] & ~0xfUL) | dr6;
    pv_inject(f, TRAP_DB, 0);
}

static void dispatch_trap(struct trap_frame *f)
{
    struct pv_vcpu *v = current_pv;

    switch (f->vector) {
    case TRAP_GP:
        general_protection(v, f);
        return;
    case TRAP_UD:
        if (!forced_cpuid(v, f))
            pv_inject(f, TRAP_UD, 0);
        return;
    case TRAP_NM:
        /* Only a guest that set its own TS gets here: we restore the FPU eagerly. */
        v->fpu_ts = false;
        clear_ts();
        pv_inject(f, TRAP_NM, 0);
        return;
    case TRAP_DB:
        debug_trap(v, f);
        return;
    case TRAP_DE:
    case TRAP_BP:
    case TRAP_OF:
    case TRAP_BR:
    case TRAP_TS:
    case TRAP_NP:
    case TRAP_SS:
    case TRAP_MF:
    case TRAP_AC:
    case TRAP_XM:
        pv_inject(f, f->vector, f->error_code);
        return;
    default:
        /* INT n through a gate that is open to ring 3 (0x80), or a vector nobody asked for. */
        if (f->vector < 256 && v->traps[f->vector].address && TI_GET_DPL(&v->traps[f->vector]) == 3)
            pv_inject_soft(f, f->vector);
        else
            pv_inject(f, TRAP_GP, (f->vector & 0xff) * 8 + GP_ERROR_IDT);
    }
}

/* Out of line, so that guest_trap() has no frame to set up before a page fault goes its way. */
static __attribute__((noinline)) void other_trap(struct trap_frame *f)
{
    uint64_t since = usage_begin();

    dispatch_trap(f);
    usage_end(since);
}

void guest_trap(struct trap_frame *f)
{
    if (__builtin_expect(f->vector == TRAP_PF, 1))
        pv_page_fault(f);
    else
        other_trap(f);
}
