/* SPDX-License-Identifier: MIT */
/* The frame table: owner, reference count and typed count of every machine frame. */
#ifndef MM_FRAME_H
#define MM_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/layout.h"

struct domain;

/*
 * A frame has one owner, a total count and a typed count. `count` counts references of any kind;
 * PGC_ALLOCATED is the owner's own, dropped when the owner gives the frame back; the frame is
 * freed when the count falls to zero. `type` counts users of the frame *as something*: while it
 * is not zero the frame is of that type and no other. A frame is never at once writable by a
 * guest and a page table, a descriptor table, or shared by us. The theory is in pv/ptype.c.
 */
struct page_info {
    uint64_t count;          /* PGC_* flags and the reference count; atomic */
    uint64_t type;           /* PGT_* flags, type and the type count; atomic */
    struct domain *owner;    /* NULL: free, or the hypervisor's own */
    union {
        struct {
            uint32_t next, prev; /* list of the owner's frames, by mfn; 0 ends it (LOCK_PHYSMEM) */
        };
        struct {
            uint32_t free_next, free_prev; /* buddy free lists (LOCK_HEAP) */
        };
    };
};
_Static_assert(sizeof(struct page_info) == 32, "32 bytes per frame is our promise");

#define PGC_ALLOCATED (1ULL << 63) /* the owner's own reference is held */
#define PGC_FREE (1ULL << 62)      /* in the buddy allocator */
#define PGC_HV (1ULL << 61)        /* allocated by the hypervisor: never given back by a guest */
#define PGC_FOREIGN (1ULL << 59)   /* a domain other than its owner has mapped it: widens TLB flushes (pv/ptype.c) */
#define PGC_ORDER_SHIFT 54         /* while PGC_FREE: order of the block this frame heads */
#define PGC_COUNT_MASK ((1ULL << 54) - 1)

#define PGT_NONE (0ULL << 61)
#define PGT_L1 (1ULL << 61)
#define PGT_L2 (2ULL << 61)
#define PGT_L3 (3ULL << 61)
#define PGT_L4 (4ULL << 61)
#define PGT_DESC (5ULL << 61)      /* guest GDT or LDT page */
#define PGT_SHARED (6ULL << 61)    /* we write it for the guest: never anything but data (grant status …) */
#define PGT_WRITABLE (7ULL << 61)
#define PGT_TYPE_MASK (7ULL << 61)
#define PGT_PINNED (1ULL << 60)
#define PGT_VALIDATED (1ULL << 59)
#define PGT_PARTIAL (1ULL << 58)   /* validation or its undoing stopped half way; progress in the stamp */
#define PGT_STAMP_SHIFT 24         /* 32 bits: tlb clock when the count last fell to 0, or partial progress */
#define PGT_STAMP_MASK (0xffffffffULL << PGT_STAMP_SHIFT)
#define PGT_COUNT_MASK ((1ULL << 24) - 1)

#define frame_table ((struct page_info *)FRAME_TABLE_VIRT)
extern uint64_t max_mfn; /* one above the highest RAM frame; the frame table covers [0, max_mfn) */

static inline struct page_info *mfn_to_page(uint64_t mfn) { return frame_table + mfn; }
static inline uint64_t page_to_mfn(const struct page_info *pg) { return pg - frame_table; }
static inline void *mfn_to_virt(uint64_t mfn) { return (void *)(DIRECT_VIRT + (mfn << PAGE_SHIFT)); }
static inline void *page_to_virt(const struct page_info *pg) { return mfn_to_virt(page_to_mfn(pg)); }
/* Direct-map addresses only. */
static inline uint64_t virt_to_mfn(const void *v) { return ((uint64_t)v - DIRECT_VIRT) >> PAGE_SHIFT; }
static inline struct page_info *virt_to_page(const void *v) { return mfn_to_page(virt_to_mfn(v)); }

/* Boot: makes the frame table (and the map of what is RAM), all zero. */
void frame_table_init(void);

/* RAM that the frame table describes; false for MMIO, holes and anything above. */
bool mfn_is_ram(uint64_t mfn);

/*
 * Take a reference if `pg` belongs to d (any domain when d is NULL… never NULL from guest paths).
 * False: not its frame, free, or the count would overflow.
 */
bool page_get(struct page_info *pg, const struct domain *d);
/* Takes another reference of a page the caller already holds one of; false on overflow. */
bool page_get_again(struct page_info *pg);
/* Drops a reference; the last one frees the frame to its owner's account (physmem_free_page). */
void page_put(struct page_info *pg);
/* Registered by core/physmem: called when a domain's frame loses its last reference. */
extern void (*page_last_put)(struct page_info *pg);

#endif
