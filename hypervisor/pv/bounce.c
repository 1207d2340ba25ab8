/* SPDX-License-Identifier: MIT */
/* Sending a guest to one of its own handlers: exception, event, failsafe and system-call frames. */
#include "pv/bounce.h"

#include "core/domain.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/desc.h"
#include "hw/fpu.h"
#include "hw/layout.h"
#include "hw/smap.h"
#include "hw/traps.h"
#include "public/mmu.h"
#include "pv/pv.h"

/*
 * rflags bits that a guest never runs with, and those cleared when its kernel is entered (as
 * pv/entry.S).
 */
#define FLAGS_NEVER \
    (X86_EFLAGS_NT | X86_EFLAGS_VM | X86_EFLAGS_IOPL | X86_EFLAGS_VIF | X86_EFLAGS_VIP)
#define FLAGS_BOUNCE \
    (FLAGS_NEVER | X86_EFLAGS_AC | X86_EFLAGS_RF | X86_EFLAGS_TF | X86_EFLAGS_DF)

/*
 * Stores at a guest address between smap_allow() and smap_forbid(); jumps to `fail` if that faults.
 * Volatile asm statements stay in order, so the lowest address goes first: that is the one checked
 * against our range.
 */
#define PUT(addr, val, fail)                                                              \
    __asm__ goto("1: movq %1, %0\n" EXTABLE("1b", "%l[" #fail "]")                       \
                 :: "m"(*(uint64_t *)(addr)), "r"((uint64_t)(val)) : "memory" : fail)

bool pv_entry_ok(uint64_t va)
{
    return (int64_t)(va << 16) >> 16 == (int64_t)va &&
           va - HV_VIRT_START >= HV_VIRT_END - HV_VIRT_START;
}

bool pv_stack_ok(uint64_t sp)
{
    /* The largest frame is eleven words; below zero is the top of the guest's own half. */
    return pv_entry_ok(sp - 128) && pv_entry_ok(sp - 1);
}

uint16_t pv_fixup_selector(uint16_t sel)
{
    return sel & ~3 ? sel | 3 : sel;
}

unsigned pv_iopl(const struct pv_vcpu *v)
{
    if (v->core.domain->vm_assist & (1u << VMASST_TYPE_architectural_iopl))
        return (v->iret_rflags >> 12) & 3;
    return v->iopl;
}

void pv_toggle_mode(struct pv_vcpu *v)
{
    uint64_t root;

    v->kernel_mode = !v->kernel_mode;
    __asm__ volatile("swapgs");
    /* Not write_cr3(): an unrecorded flush only costs another one later (hw/tlb.h). */
    root = v->kernel_mode ? v->cr3_kernel : v->cr3_user;
    __asm__ volatile("mov %0, %%cr3" ::"r"(root << PAGE_SHIFT) : "memory");
}

/*
 * Builds the frame and points f at the handler. False: the kernel stack cannot be written. Inlined
 * into each of its few callers, in which most arguments are constants: reflected page faults come
 * through here by the million. `segments` (failsafe): ds, es, fs, gs go into the frame; else NULL.
 */
static inline __attribute__((always_inline)) bool
enter(struct pv_vcpu *v, struct trap_frame *f, uint64_t target, uint16_t target_cs,
      bool masks_events, bool has_error_code, uint32_t error_code, const uint16_t *segments)
{
    struct vcpu_info *info = v->core.vcpu_info;
    uint8_t mask = info->evtchn_upcall_mask;
    uint64_t rflags = (f->rflags & ~(uint64_t)(X86_EFLAGS_IF | X86_EFLAGS_IOPL)) |
                      (mask ? 0 : X86_EFLAGS_IF);
    uint64_t cs = f->cs, sp, p;

    if (v->core.domain->vm_assist & (1u << VMASST_TYPE_architectural_iopl))
        rflags |= v->iret_rflags & X86_EFLAGS_IOPL;
    if (v->kernel_mode) {
        cs &= ~3ULL; /* how the guest tells an interrupted kernel from a program */
        sp = f->rsp & ~15ULL;
    } else {
        pv_toggle_mode(v);
        sp = v->kernel_sp;
    }
    p = sp -= 56 + (has_error_code ? 8 : 0) + (segments ? 32 : 0);
    if (sp - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START)
        return false;
    smap_allow();
    PUT(p, f->rcx, fail);
    PUT(p + 8, f->r11, fail);
    p += 16;
    if (segments) {
        for (unsigned i = 0; i < 4; i++, p += 8)
            PUT(p, segments[i], fail);
    }
    if (has_error_code) {
        PUT(p, error_code, fail);
        p += 8;
    }
    PUT(p, f->rip, fail);
    PUT(p + 8, cs | ((uint64_t)mask << 32), fail);
    PUT(p + 16, rflags, fail);
    PUT(p + 24, f->rsp, fail);
    PUT(p + 32, f->ss, fail);
    smap_forbid();

    if (masks_events)
        info->evtchn_upcall_mask = 1;
    f->rflags = (f->rflags & ~(uint64_t)FLAGS_BOUNCE) | X86_EFLAGS_IF;
    f->rip = target;
    f->cs = target_cs;
    f->rsp = sp;
    f->ss = GUEST_SS;
    /*
     * rcx and r11 are in the frame: as SYSRET leaves them, so that it can be used on the way out.
     */
    f->rcx = f->rip;
    f->r11 = f->rflags;
    return true;
fail:
    smap_forbid();
    return false;
}

static void __attribute__((cold, noinline))
bad_stack(struct pv_vcpu *v, const struct trap_frame *f, const char *what)
{
    domain_crash(v->core.domain, "%s: cannot write to the kernel stack (rsp %lx, kernel_sp %lx)",
                 what, (unsigned long)f->rsp, (unsigned long)v->kernel_sp);
}

static void __attribute__((cold, noinline))
no_handler(struct pv_vcpu *v, const struct trap_frame *f, unsigned vector, uint32_t error_code)
{
    domain_crash(v->core.domain, "exception %u (error code %x) without a handler at %lx", vector,
                 error_code, (unsigned long)f->rip);
}

static bool has_error_code(unsigned vector)
{
    return (0x27d00U >> vector) & 1; /* 8, 10 to 14 and 17: Intel SDM volume 3, table 6-1 */
}

static inline __attribute__((always_inline)) void
inject(struct pv_vcpu *v, struct trap_frame *f, unsigned vector, uint32_t error_code,
       bool with_code)
{
    const struct trap_info *ti = &v->traps[vector];

    if (__builtin_expect(!ti->address, 0))
        no_handler(v, f, vector, error_code);
    else if (!enter(v, f, ti->address, ti->cs, TI_GET_IF(ti), with_code, error_code, NULL))
        bad_stack(v, f, "exception");
}

void pv_inject(struct trap_frame *f, unsigned vector, uint32_t error_code)
{
    if (vector < 32 && has_error_code(vector))
        inject(current_pv, f, vector, error_code, true);
    else
        inject(current_pv, f, vector, error_code, false);
}

void pv_inject_soft(struct trap_frame *f, unsigned vector)
{
    inject(current_pv, f, vector, 0, false);
}

void pv_inject_page_fault(struct trap_frame *f, uint64_t addr, uint32_t error_code)
{
    struct pv_vcpu *v = current_pv;

    v->core.vcpu_info->arch.cr2 = addr;
    inject(v, f, TRAP_PF, error_code, true);
}

void pv_inject_event(struct trap_frame *f)
{
    struct pv_vcpu *v = current_pv;

    if (!enter(v, f, v->event_callback, GUEST_CS64, true, false, 0, NULL))
        bad_stack(v, f, "event");
}

void pv_inject_nmi(struct trap_frame *f)
{
    struct pv_vcpu *v = current_pv;

    v->core.nmi_pending = false;
    if (v->traps[TRAP_NMI].address)
        inject(v, f, TRAP_NMI, 0, false);
}

void pv_inject_failsafe_segments(struct pv_vcpu *v, struct trap_frame *f,
                                 const uint16_t segments[4])
{
    if (!v->failsafe_callback)
        domain_crash(v->core.domain, "bad cs %x, ss %x or rip %lx, and no failsafe callback",
                     f->cs, f->ss, (unsigned long)f->rip);
    else if (!enter(v, f, v->failsafe_callback, GUEST_CS64, v->failsafe_masks_events, false, 0,
                    segments))
        bad_stack(v, f, "failsafe");
}

void pv_inject_failsafe(struct trap_frame *f)
{
    uint16_t segments[4];

    __asm__("mov %%ds,%0" : "=r"(segments[0]));
    __asm__("mov %%es,%0" : "=r"(segments[1]));
    __asm__("mov %%fs,%0" : "=r"(segments[2]));
    __asm__("mov %%gs,%0" : "=r"(segments[3]));
    pv_inject_failsafe_segments(current_pv, f, segments);
}

static void callback(struct trap_frame *f, uint64_t target, bool masks_events, const char *what)
{
    struct pv_vcpu *v = current_pv;

    if (v->kernel_mode || !target)
        pv_inject(f, TRAP_GP, 0);
    else if (!enter(v, f, target, GUEST_CS64, masks_events, false, 0, NULL))
        bad_stack(v, f, what);
}

/* SYSCALL from 32-bit code (pv/entry.S). */
void pv_syscall32(struct trap_frame *f)
{
    struct pv_vcpu *v = current_pv;

    callback(f, v->syscall32_callback, v->syscall32_masks_events, "32-bit system call");
}

/* SYSENTER (pv/entry.S). */
void pv_sysenter(struct trap_frame *f)
{
    struct pv_vcpu *v = current_pv;

    callback(f, v->sysenter_callback, v->sysenter_masks_events, "SYSENTER");
}

/*
 * The system-call path of pv/entry.S could not write its frame; the registers are the program's,
 * the mode kernel.
 */
void pv_bad_kernel_stack(struct trap_frame *f)
{
    domain_crash(current->domain, "system call: cannot write to the kernel stack at %lx",
                 (unsigned long)current_pv->kernel_sp);
}
