/* SPDX-License-Identifier: MIT */
/* Page-table operations of pv guests: entry updates, roots, and write faults. */
#ifndef PV_PAGETABLE_H
#define PV_PAGETABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/guest_access.h"
#include "hw/regs.h"
#include "pv/pv.h"

/* Our spelling of the bits; the treatment of U/S is pt_entry.h's alone. */
#define PTE_PRESENT (1ULL << 0)
#define PTE_RW (1ULL << 1)
#define PTE_USER (1ULL << 2)
#define PTE_PWT (1ULL << 3)
#define PTE_PCD (1ULL << 4)
#define PTE_ACCESSED (1ULL << 5)
#define PTE_DIRTY (1ULL << 6)
#define PTE_PSE (1ULL << 7)
#define PTE_PAT (1ULL << 7)
#define PTE_GLOBAL (1ULL << 8)
#define PTE_AVAIL (7ULL << 9)
#define PTE_NX (1ULL << 63)
#define PTE_ADDR_MASK 0x000ffffffffff000ULL

struct pt_table;
struct mmu_update;
/*
 * mmu_update: up to n requests in order; returns how many succeeded, *err why not all (-ERESTART:
 * preempted, and nothing of the next one is written). `pt_owner` and `fg_owner` are held by the
 * caller. *t (pt_entry.h) keeps the table between calls: all zero before the first,
 * pt_table_release() after the last.
 */
unsigned pt_mmu_update(struct pv_vcpu *v, struct pt_table *t, struct domain *pt_owner,
                       struct domain *fg_owner, const struct mmu_update *req, unsigned n, int *err);
/* update_va_mapping of the current address space; flushing is the caller's. 0 or -errno. */
int pt_update_va(struct pv_vcpu *v, struct domain *fg_owner, uint64_t va, uint64_t val);

/* Roots (pv/pt_root.c). 0 or -errno; -ERESTART when preempted. */
int pt_new_kernel_root(struct pv_vcpu *v, uint64_t mfn);
int pt_new_user_root(struct pv_vcpu *v, uint64_t mfn);
int pt_pin(struct domain *d, uint64_t mfn, uint64_t type);
int pt_unpin(struct domain *d, uint64_t mfn);
/*
 * Drops a vcpu's roots when it dies or is reset: it is not running and its CR3 is loaded nowhere.
 * Always 0.
 */
int pt_drop_roots(struct pv_vcpu *v);
/* Domain death: unpins everything and drops what is left; resumable. */
int pt_relinquish(struct domain *d);

/*
 * A page fault by v's kernel at `addr` with `f->error_code`: true when it was a write to a page
 * table of its own, or to a device that is ours, and has been dealt with, or was spurious.
 */
bool pt_write_fault(struct pv_vcpu *v, struct trap_frame *f, uint64_t addr);

/* vehicle grant operations (pv/pt_grant.c) */
int pt_grant_map(struct vcpu *v, uint64_t host_addr, uint64_t mfn, uint32_t gnt_flags);
int pt_grant_unmap(struct vcpu *v, uint64_t host_addr, uint64_t mfn, uint32_t gnt_flags, uint64_t new_addr);

/* Reads the current guest's translation of va: the L1 entry; 0: none. For the LDT and diagnostics. */
uint64_t pt_lookup(struct pv_vcpu *v, uint64_t va);

#endif
