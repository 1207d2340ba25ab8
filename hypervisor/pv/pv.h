/* SPDX-License-Identifier: MIT */
/* What a paravirtual domain and vcpu are, beyond what the core knows. */
#ifndef PV_PV_H
#define PV_PV_H

#include <stdbool.h>
#include <stdint.h>

#include "core/domain.h"
#include "core/vcpu.h"
#include "hw/percpu.h"
#include "hw/regs.h"
#include "lib/list.h"
#include "public/trap.h"
#include "pv/policy.h"

/* A pv domain embeds the core's as first member; to_pv_domain() is the only cast. */
struct pv_domain {
    struct domain core;
    struct cpuid_policy policy;  /* [LOCK_DOMCTL] constant once a vcpu has a context */
    uint32_t pci_cf8;            /* dom0: latch of port 0xcf8, as its last write left it */
    uint64_t next_pinned;        /* relinquish: frame reached in the page list, referenced; 0: at its start */
    bool pins_dropped;           /* relinquish: the page list has been walked */
    void *e820;                  /* XENMEM_set_memory_map: array of e820_count 20-byte entries */
    unsigned e820_count;
};

/* An instruction that wrote to a page table, as pv/ptwr.c understood these bytes. */
struct ptwr_insn {
    uint64_t bytes[2];
    int32_t disp;
    uint8_t opcode, len;         /* len 0: none of those that are done the quick way */
    uint8_t reg, base, index;    /* where in struct trap_frame */
    uint8_t scale;               /* 0: no index */
    uint8_t clear;               /* AND: the bits that it clears */
};
#define PTWR_KNOWN 8

struct pv_vcpu {
    struct vcpu core;

    /* Which half of the guest the registers belong to, and its page tables (pv/pt_root.c) */
    bool kernel_mode;
    uint64_t cr3_kernel;         /* mfn of the kernel's L4, referenced as PGT_L4 */
    uint64_t cr3_user;           /* mfn of the user L4, likewise; 0: none */
    uint64_t pt_undo[8];         /* tables whose undoing was preempted: mfn, and owner << 48 (pt_root.c) */
    unsigned pt_undo_count;
    struct ptwr_insn ptwr_known[PTWR_KNOWN]; /* by rip; each holds for its bytes alone */

    /* Entry points and kernel stack, as the guest registered them (canonical, checked at registration) */
    uint64_t event_callback, failsafe_callback, syscall_callback, syscall32_callback, sysenter_callback;
    bool syscall_masks_events, failsafe_masks_events, syscall32_masks_events, sysenter_masks_events;
    uint64_t kernel_sp;
    uint16_t kernel_ss;
    struct trap_info traps[256]; /* set_trap_table; address 0: none */

    /* Registers while not on a CPU */
    struct trap_frame regs;
    uint16_t ds, es, fs, gs;
    uint64_t fs_base, gs_base_kernel, gs_base_user;
    uint64_t cr0, cr2, cr4;      /* as the guest sees them */
    uint64_t dr[8];
    uint8_t iopl;                /* PHYSDEVOP_set_iopl */
    uint64_t iobmp;              /* guest address of its I/O bitmap, PHYSDEVOP_set_iobitmap */
    unsigned iobmp_limit;
    void *fpu_area;
    unsigned fpu_cpu;            /* CPU whose registers last held fpu_area's state */
    bool fpu_ts;                 /* guest has set CR0.TS (fpu_taskswitch) */
    uint64_t xcr0;

    /* Descriptor tables: frames typed PGT_DESC and referenced (pv/descriptor.c) */
    uint64_t gdt_mfn[14];
    unsigned gdt_entries;
    uint64_t ldt_mfn[16];
    uint64_t ldt_base;
    unsigned ldt_entries;

    /* rflags of the last HYPERVISOR_iret: its IOPL counts under VMASST_TYPE_architectural_iopl */
    uint64_t iret_rflags;
};

static inline struct pv_domain *to_pv_domain(struct domain *d) { return container_of(d, struct pv_domain, core); }
static inline struct pv_vcpu *to_pv_vcpu(struct vcpu *v) { return container_of(v, struct pv_vcpu, core); }
extern const struct vehicle_ops pv_vehicle;
#define current_pv (to_pv_vcpu(current))

/* Canonical and outside the hypervisor's range: acceptable as a guest entry point or stack. */
bool pv_entry_ok(uint64_t va);
/* As pv_entry_ok for a kernel stack pointer: room for a frame below it too. The entry code relies on this. */
bool pv_stack_ok(uint64_t sp);
/* The I/O privilege that counts now, wherever the guest keeps it. */
unsigned pv_iopl(const struct pv_vcpu *v);
/* A selector fit for guest use: RPL 3, or null where allowed; forces RPL as the ABI says. */
uint16_t pv_fixup_selector(uint16_t sel);

#endif
