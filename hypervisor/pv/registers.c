/* SPDX-License-Identifier: MIT */
/* Registers that a guest sets through us: segment bases, debug registers, CR0.TS, CR4, XCR0. */
#include "core/domain.h"
#include "hw/cpu.h"
#include "hw/fpu.h"
#include "hw/layout.h"
#include "hw/traps.h"
#include "lib/errno.h"
#include "public/mmu.h"
#include "pv/emulate.h"
#include "pv/switch.h"

/* DR6 and DR7 (Intel SDM volume 3, section 17.2): bits that read as one, and those that exist. */
#define DR6_ONES 0xffff0ff0UL
#define DR6_MASK 0xe00fUL
#define DR7_ONES 0x400UL
#define DR7_MASK 0xffff03ffUL /* without GD: the registers are ours to guard */
#define DR7_ENABLED 0xffUL

static bool canonical(uint64_t va)
{
    return (int64_t)(va << 16) >> 16 == (int64_t)va;
}

/* SEGBASE_GS_USER_SEL: the base that the selector's descriptor gives becomes that of user mode. */
static void load_user_gs(uint16_t sel)
{
    unsigned long flags = irq_save();

    /* The inactive base has to be the active one while the selector is loaded. */
    __asm__ volatile("swapgs");
    __asm__ goto("1: mov %0, %%gs\n" EXTABLE("1b", "%l[bad]")::"r"(sel) : "memory" : bad);
    __asm__ volatile("mfence; swapgs" ::: "memory");
    irq_restore(flags);
    return;
bad:
    __asm__ volatile("mov %0, %%gs; mfence; swapgs" ::"r"(0) : "memory");
    irq_restore(flags);
}

int pv_set_segment_base(struct pv_vcpu *v, unsigned which, uint64_t base)
{
    if (which != SEGBASE_GS_USER_SEL && !canonical(base))
        return -EINVAL;
    switch (which) {
    case SEGBASE_FS:
        wr_fs_base(base);
        return 0;
    case SEGBASE_GS_USER:
        wr_gs_shadow(base);
        return 0;
    case SEGBASE_GS_KERNEL:
        wr_gs_base(base);
        return 0;
    case SEGBASE_GS_USER_SEL:
        load_user_gs(base);
        return 0;
    }
    return -EINVAL;
}

/* A breakpoint on our own code or data would be an oracle for what we do. */
static bool breakpoint_ok(uint64_t addr)
{
    return canonical(addr) && addr - (HV_VIRT_START - 8) >= HV_VIRT_END - HV_VIRT_START + 8;
}

int pv_set_debugreg(struct pv_vcpu *v, unsigned reg, uint64_t value)
{
    switch (reg) {
    case 0 ... 3:
        if (value && !canonical(value))
            return -EINVAL;
        if (value && !breakpoint_ok(value))
            return -EPERM;
        break;
    case 4:
    case 6:
        reg = 6;
        if (value >> 32)
            return -EINVAL;
        value = (value & DR6_MASK) | DR6_ONES;
        break;
    case 5:
    case 7:
        reg = 7;
        if (value >> 32)
            return -EINVAL;
        value = (value & DR7_MASK) | DR7_ONES;
        /* Port breakpoints (R/W 10) would strike at our own accesses. */
        for (unsigned i = 0; i < 4; i++)
            if (((value >> (16 + 4 * i)) & 3) == 2)
                return -EINVAL;
        break;
    default:
        return -EINVAL;
    }
    v->dr[reg] = value;
    if (current == &v->core)
        pv_load_debug_registers(v);
    return 0;
}

uint64_t pv_get_debugreg(struct pv_vcpu *v, unsigned reg)
{
    switch (reg) {
    case 0 ... 3: return v->dr[reg];
    case 4:
    case 6: return v->dr[6] | DR6_ONES;
    case 5:
    case 7: return v->dr[7] | DR7_ONES;
    }
    return (uint64_t)-EINVAL;
}

void pv_fpu_taskswitch(struct pv_vcpu *v, bool set)
{
    v->fpu_ts = set;
    if (set)
        set_ts();
    else
        clear_ts();
}

bool pv_set_cr4(struct pv_vcpu *v, uint64_t cr4)
{
    uint64_t allowed = X86_CR4_TSD | X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE | X86_CR4_MCE |
                       X86_CR4_PGE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;

    if (cpu_features.fsgsbase)
        allowed |= X86_CR4_FSGSBASE;
    if (cpu_features.xcr0)
        allowed |= X86_CR4_OSXSAVE;
    if ((cr4 & ~allowed) || !(cr4 & X86_CR4_PAE))
        return false;
    v->cr4 = cr4;
    if (current == &v->core)
        pv_load_cr4(v);
    return true;
}

bool pv_set_xcr0(struct pv_vcpu *v, uint64_t xcr0)
{
    uint64_t may = policy_xcr0(&to_pv_domain(v->core.domain)->policy);
    unsigned long flags;

    /*
     * SDM volume 1, section 13.3: x87 always, SSE below AVX, the three AVX-512 components together
     * over AVX.
     */
    if (!may || (xcr0 & ~may) || !(xcr0 & 1) ||
        ((xcr0 & 4) && !(xcr0 & 2)) || ((xcr0 & 0xe0) && (xcr0 & 0xe4) != 0xe4) ||
        ((xcr0 & 0x18) && (xcr0 & 0x18) != 0x18))
        return false;
    /* The registers hold all components at all times, whether XCR0 shows them or not (hw/fpu.c). */
    flags = irq_save();
    v->xcr0 = xcr0;
    pv_load_xcr0(xcr0);
    irq_restore(flags);
    return true;
}
