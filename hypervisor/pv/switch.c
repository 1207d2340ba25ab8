/* SPDX-License-Identifier: MIT */
/* Context switch of pv vcpus: what of the processor is a guest's, saved and loaded. */
#include "pv/switch.h"

#include "core/domain.h"
#include "hw/cpu.h"
#include "hw/desc.h"
#include "hw/fpu.h"
#include "hw/layout.h"
#include "hw/tlb.h"
#include "hw/traps.h"
#include "pv/bounce.h"

#define DR7_ENABLED 0xffUL

/* Whose FPU state this CPU's registers hold; it is saved in memory as well. */
static DEFINE_PER_CPU(struct pv_vcpu *, fpu_owner);
static DEFINE_PER_CPU(uint64_t, loaded_xcr0);
static DEFINE_PER_CPU(bool, debug_loaded);
static DEFINE_PER_CPU(bool, ldt_loaded);

#define READ_SEL(name, var) __asm__ volatile("mov %%" name ", %0" : "=r"(var))

/* Evaluates to false, with the null selector loaded, when `sel` does not fit. */
#define LOAD_SEL(name, sel)                                                          \
    ({                                                                               \
        __label__ bad, out;                                                          \
        bool ok = true;                                                              \
        __asm__ goto("1: mov %0, %%" name "\n" EXTABLE("1b", "%l[bad]")             \
                     ::"r"((uint32_t)(sel)) : "memory" : bad);                       \
        goto out;                                                                    \
    bad:                                                                             \
        __asm__ volatile("mov %0, %%" name ::"r"(0) : "memory");                    \
        ok = false;                                                                  \
    out:                                                                             \
        ok;                                                                          \
    })

void pv_load_xcr0(uint64_t xcr0)
{
    __asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)xcr0), "d"((uint32_t)(xcr0 >> 32)));
    this_cpu(loaded_xcr0) = xcr0;
}

void pv_load_cr4(struct pv_vcpu *v)
{
    unsigned long now = read_cr4();
    unsigned long want = (now & ~(unsigned long)X86_CR4_TSD) | (v->cr4 & X86_CR4_TSD);

    if (want != now)
        write_cr4(want);
}

void pv_load_debug_registers(struct pv_vcpu *v)
{
    if (!(v->dr[7] & DR7_ENABLED)) {
        if (this_cpu(debug_loaded)) {
            __asm__ volatile("mov %0, %%db7" ::"r"(0x400UL));
            this_cpu(debug_loaded) = false;
        }
        return;
    }
    __asm__ volatile("mov %0, %%db0" ::"r"(v->dr[0]));
    __asm__ volatile("mov %0, %%db1" ::"r"(v->dr[1]));
    __asm__ volatile("mov %0, %%db2" ::"r"(v->dr[2]));
    __asm__ volatile("mov %0, %%db3" ::"r"(v->dr[3]));
    __asm__ volatile("mov %0, %%db7" ::"r"(v->dr[7]));
    this_cpu(debug_loaded) = true;
}

static void save_segments(struct pv_vcpu *v)
{
    uint64_t active = rd_gs_base(), shadow = rd_gs_shadow();

    READ_SEL("ds", v->ds);
    READ_SEL("es", v->es);
    READ_SEL("fs", v->fs);
    READ_SEL("gs", v->gs);
    v->fs_base = rd_fs_base();
    v->gs_base_kernel = v->kernel_mode ? active : shadow;
    v->gs_base_user = v->kernel_mode ? shadow : active;
}

/* False: a selector did not fit; all that did not are null now. */
static bool load_segments(const struct pv_vcpu *v)
{
    bool ok = true;
    uint16_t ds, es;

    /*
     * A selector survives in the register, its descriptor's meaning does not: only null to null is
     * free.
     */
    READ_SEL("ds", ds);
    READ_SEL("es", es);
    if (v->ds | ds)
        ok &= LOAD_SEL("ds", v->ds);
    if (v->es | es)
        ok &= LOAD_SEL("es", v->es);
    ok &= LOAD_SEL("fs", v->fs);
    ok &= LOAD_SEL("gs", v->gs);
    wr_fs_base(v->fs_base);
    wr_gs_base(v->kernel_mode ? v->gs_base_kernel : v->gs_base_user);
    wr_gs_shadow(v->kernel_mode ? v->gs_base_user : v->gs_base_kernel);
    return ok;
}

static void load_fpu(struct pv_vcpu *v)
{
    bool here = this_cpu(fpu_owner) == v && v->fpu_cpu == smp_cpu_id();

    if (cpu_features.xcr0 && this_cpu(loaded_xcr0) != v->xcr0)
        pv_load_xcr0(v->xcr0);
    if (!here) {
        /*
         * At once and not when first used: registers of another must not be there to be speculated
         * upon.
         */
        clear_ts();
        fpu_restore(v->fpu_area, v->xcr0);
        this_cpu(fpu_owner) = v;
        v->fpu_cpu = smp_cpu_id();
    }
    if (v->fpu_ts)
        set_ts();
    else
        clear_ts();
}

static void load_descriptor_tables(const struct pv_vcpu *v)
{
    gdt_window_set(v->gdt_mfn, (v->gdt_entries + 511) / 512);
    if (v->ldt_entries || this_cpu(ldt_loaded)) {
        ldt_window_set(v->ldt_mfn, (v->ldt_entries + 511) / 512, v->ldt_entries);
        this_cpu(ldt_loaded) = v->ldt_entries;
    }
}

void pv_kernel_view(struct vcpu *core, bool on)
{
    struct pv_vcpu *v = to_pv_vcpu(core);

    if (!v->kernel_mode)
        write_cr3((on ? v->cr3_kernel : v->cr3_user) << PAGE_SHIFT);
}

/* The page tables stay loaded: the scheduler replaces them by the next vcpu's or our own. */
void pv_switch_from(struct vcpu *core)
{
    struct pv_vcpu *v = to_pv_vcpu(core);

    v->regs = *guest_regs();
    save_segments(v);
    clear_ts();
    fpu_save(v->fpu_area, v->xcr0);
    this_cpu(fpu_owner) = v;
    v->fpu_cpu = smp_cpu_id();
}

void pv_switch_to(struct vcpu *core)
{
    struct pv_vcpu *v = to_pv_vcpu(core);
    struct trap_frame *f = guest_regs();

    *f = v->regs;
    load_descriptor_tables(v);
    write_cr3((v->kernel_mode ? v->cr3_kernel : v->cr3_user) << PAGE_SHIFT);
    load_fpu(v);
    pv_load_debug_registers(v);
    pv_load_cr4(v);
    if (!load_segments(v))
        pv_inject_failsafe_segments(v, f, (uint16_t[4]){ v->ds, v->es, v->fs, v->gs });
}
