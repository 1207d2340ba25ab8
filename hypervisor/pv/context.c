/* SPDX-License-Identifier: MIT */
/* A vcpu's whole state as tools and vcpu start-up exchange it: checked in full, then taken over. */
#include "pv/context.h"

#include "core/domain.h"
#include "hw/cpu.h"
#include "hw/fpu.h"
#include "hw/layout.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "pv/descriptor.h"
#include "pv/emulate.h"
#include "pv/pagetable.h"
#include "public/mmu.h"

#define FXSAVE_BYTES 512
#define FXSAVE_MXCSR 24
#define FXSAVE_XSTATE_BV 512 /* first word of the XSAVE header, which follows the FXSAVE image */
#define MXCSR_VALID 0xffffu

uint64_t pv_fixup_rflags(uint64_t rflags)
{
    return (rflags & ~(uint64_t)(X86_EFLAGS_NT | X86_EFLAGS_VM | X86_EFLAGS_IOPL | X86_EFLAGS_VIF |
                                 X86_EFLAGS_VIP)) |
           X86_EFLAGS_IF | X86_EFLAGS_RSVD1;
}

/*
 * A register image names a top-level table as a cr3 value whose frame number is rotated for width.
 */
static uint64_t cr3_to_mfn(uint64_t cr3)
{
    return (cr3 >> PAGE_SHIFT) | (cr3 << 52 & ~((1ULL << 52) - 1));
}

static uint64_t mfn_to_cr3(uint64_t mfn)
{
    return mfn << PAGE_SHIFT;
}

static bool canonical(uint64_t va)
{
    return (int64_t)(va << 16) >> 16 == (int64_t)va;
}

/* The frame of the user mode's top-level table; 0: there is none. Bit 0 is a flag of older ABIs. */
static uint64_t user_root(const struct vcpu_guest_context *c)
{
    return cr3_to_mfn(c->ctrlreg[1] & ~1ULL);
}

static bool callback_ok(uint64_t va)
{
    return va == 0 || pv_entry_ok(va);
}

/* Everything that can be judged without taking a reference. */
static int check(const struct vcpu_guest_context *c)
{
    if (c->gdt_ents > FIRST_RESERVED_GDT_ENTRY || c->ldt_ents > LDT_WINDOW_PAGES * 512ULL)
        return -EINVAL;
    if (c->ldt_ents &&
        ((c->ldt_base & (PAGE_SIZE - 1)) || !guest_range_ok(c->ldt_base, c->ldt_ents * 8)))
        return -EINVAL;
    if (!callback_ok(c->event_callback_eip) || !callback_ok(c->failsafe_callback_eip) ||
        !callback_ok(c->syscall_callback_eip) || !pv_stack_ok(c->kernel_sp & ~15ULL))
        return -EINVAL;
    if (!canonical(c->fs_base) || !canonical(c->gs_base_kernel) || !canonical(c->gs_base_user))
        return -EINVAL;
    /* Without a root of its own user mode would run on frame 0. */
    if (!(c->flags & VGCF_in_kernel) && !user_root(c))
        return -EINVAL;
    for (unsigned i = 0; i < 256; i++)
        if (!callback_ok(c->trap_ctxt[i].address))
            return -EINVAL;
    return 0;
}

static void set_registers(struct pv_vcpu *v, const struct cpu_user_regs *r)
{
    struct trap_frame *f = &v->regs;

    *f = (struct trap_frame){
        .r15 = r->r15, .r14 = r->r14, .r13 = r->r13, .r12 = r->r12, .rbp = r->rbp, .rbx = r->rbx,
        .r11 = r->r11, .r10 = r->r10, .r9 = r->r9, .r8 = r->r8, .rax = r->rax, .rcx = r->rcx,
        .rdx = r->rdx, .rsi = r->rsi, .rdi = r->rdi, .rip = r->rip, .rsp = r->rsp,
    };
    f->cs = pv_fixup_selector(r->cs);
    f->ss = pv_fixup_selector(r->ss);
    f->rflags = pv_fixup_rflags(r->rflags);
    v->iret_rflags = r->rflags;
    v->ds = pv_fixup_selector(r->ds);
    v->es = pv_fixup_selector(r->es);
    v->fs = pv_fixup_selector(r->fs);
    v->gs = pv_fixup_selector(r->gs);
}

/* The FXSAVE image; reserved MXCSR bits, on which FXRSTOR would fault, make it be ignored. */
static void set_fpu(struct pv_vcpu *v, const struct vcpu_guest_context *c)
{
    uint32_t mxcsr;

    v->fpu_cpu = ~0U;
    fpu_area_init(v->fpu_area);
    memcpy(&mxcsr, c->fpu_ctxt.x + FXSAVE_MXCSR, sizeof(mxcsr));
    if (!(c->flags & VGCF_i387_valid) || (mxcsr & ~MXCSR_VALID))
        return;
    memcpy(v->fpu_area, c->fpu_ctxt.x, FXSAVE_BYTES);
    if (cpu_features.xcr0)
        /* x87 and SSE are in the image. */
        *(uint64_t *)((char *)v->fpu_area + FXSAVE_XSTATE_BV) |= 3;
}

static void set_entries(struct pv_vcpu *v, const struct vcpu_guest_context *c)
{
    for (unsigned i = 0; i < 256; i++) {
        v->traps[i] = c->trap_ctxt[i];
        v->traps[i].cs = pv_fixup_selector(c->trap_ctxt[i].cs);
    }
    v->event_callback = c->event_callback_eip;
    v->failsafe_callback = c->failsafe_callback_eip;
    v->syscall_callback = c->syscall_callback_eip;
    v->failsafe_masks_events = c->flags & VGCF_failsafe_disables_events;
    v->syscall_masks_events = c->flags & VGCF_syscall_disables_events;
    v->kernel_sp = c->kernel_sp & ~15ULL;
    v->kernel_ss = pv_fixup_selector(c->kernel_ss);
}

/*
 * Page tables and descriptor tables: what may fail or be preempted. Repeating it is harmless, since
 * a table that is there already is recognised.
 */
static int set_tables(struct pv_vcpu *v, const struct vcpu_guest_context *c)
{
    uint64_t frames[14];
    unsigned n = (c->gdt_ents + 511) / 512;
    int ret;

    ret = pt_new_kernel_root(v, cr3_to_mfn(c->ctrlreg[3]));
    if (ret)
        return ret;
    ret = pt_new_user_root(v, user_root(c));
    if (ret)
        return ret;
    memcpy(frames, c->gdt_frames, n * sizeof(*frames));
    return pv_set_gdt(v, frames, c->gdt_ents);
}

int pv_set_context(struct vcpu *core, const struct vcpu_guest_context *c)
{
    struct pv_vcpu *v = to_pv_vcpu(core);
    int ret = check(c);

    if (ret == 0)
        ret = set_tables(v, c);
    if (ret)
        return ret;
    if (c->ctrlreg[4] && !pv_set_cr4(v, (c->ctrlreg[4] | X86_CR4_PAE) & 0xffffffff))
        v->cr4 = X86_CR4_PAE | X86_CR4_OSFXSR | X86_CR4_OSXMMEXCPT;
    set_registers(v, &c->user_regs);
    set_entries(v, c);
    set_fpu(v, c);
    v->kernel_mode = c->flags & VGCF_in_kernel;
    /* Secondary vcpus make no PHYSDEVOP_set_iopl. */
    v->iopl = (c->user_regs.rflags & X86_EFLAGS_IOPL) >> 12;
    v->fpu_ts = c->ctrlreg[0] & X86_CR0_TS;
    v->fs_base = c->fs_base;
    v->gs_base_kernel = c->gs_base_kernel;
    v->gs_base_user = c->gs_base_user;
    for (unsigned i = 0; i < 8; i++)
        if (i != 4 && i != 5)
            pv_set_debugreg(v, i, c->debugreg[i]); /* one that does not fit stays as it is */
    core->domain->vm_assist |= (uint32_t)c->vm_assist &
                               ((1u << VMASST_TYPE_writable_pagetables) |
                                (1u << VMASST_TYPE_architectural_iopl) |
                                (1u << VMASST_TYPE_runstate_update_flag));
    return pv_set_ldt(v, c->ldt_base, c->ldt_ents);
}

static void get_registers(const struct pv_vcpu *v, struct cpu_user_regs *r)
{
    const struct trap_frame *f = &v->regs;

    *r = (struct cpu_user_regs){
        .r15 = f->r15, .r14 = f->r14, .r13 = f->r13, .r12 = f->r12, .rbp = f->rbp, .rbx = f->rbx,
        .r11 = f->r11, .r10 = f->r10, .r9 = f->r9, .r8 = f->r8, .rax = f->rax, .rcx = f->rcx,
        .rdx = f->rdx, .rsi = f->rsi, .rdi = f->rdi, .rip = f->rip, .rsp = f->rsp,
        .cs = v->kernel_mode ? f->cs & ~3 : f->cs, .ss = f->ss, .ds = v->ds, .es = v->es,
        .fs = v->fs, .gs = v->gs,
        .rflags = (f->rflags & ~(uint64_t)X86_EFLAGS_IOPL) | (uint64_t)v->iopl << 12,
        .saved_upcall_mask = v->core.vcpu_info->evtchn_upcall_mask,
    };
    if (v->core.vcpu_info->evtchn_upcall_mask)
        r->rflags &= ~(uint64_t)X86_EFLAGS_IF;
}

void pv_get_context(struct vcpu *core, struct vcpu_guest_context *c)
{
    struct pv_vcpu *v = to_pv_vcpu(core);

    memset(c, 0, sizeof(*c));
    memcpy(c->fpu_ctxt.x, v->fpu_area, FXSAVE_BYTES);
    c->flags = VGCF_i387_valid | (v->kernel_mode ? VGCF_in_kernel : 0) |
               (v->failsafe_masks_events ? VGCF_failsafe_disables_events : 0) |
               (v->syscall_masks_events ? VGCF_syscall_disables_events : 0) |
               (core->pause_flags & (1UL << VPF_DOWN) ? 0 : VGCF_online);
    get_registers(v, &c->user_regs);
    memcpy(c->trap_ctxt, v->traps, sizeof(c->trap_ctxt));
    c->ldt_base = v->ldt_base;
    c->ldt_ents = v->ldt_entries;
    memcpy(c->gdt_frames, v->gdt_mfn, sizeof(v->gdt_mfn));
    c->gdt_ents = v->gdt_entries;
    c->kernel_ss = v->kernel_ss;
    c->kernel_sp = v->kernel_sp;
    c->ctrlreg[0] = v->fpu_ts ? X86_CR0_TS : 0;
    c->ctrlreg[1] = v->cr3_user ? mfn_to_cr3(v->cr3_user) : 0;
    c->ctrlreg[3] = mfn_to_cr3(v->cr3_kernel);
    c->ctrlreg[4] = v->cr4;
    memcpy(c->debugreg, v->dr, sizeof(c->debugreg));
    c->event_callback_eip = v->event_callback;
    c->failsafe_callback_eip = v->failsafe_callback;
    c->syscall_callback_eip = v->syscall_callback;
    c->vm_assist = core->domain->vm_assist;
    c->fs_base = v->fs_base;
    c->gs_base_kernel = v->gs_base_kernel;
    c->gs_base_user = v->gs_base_user;
}
