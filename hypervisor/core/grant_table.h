/* SPDX-License-Identifier: MIT */
/* Inside the grant tables: entries in use, and the handles of those who use them. */
#ifndef CORE_GRANT_TABLE_H
#define CORE_GRANT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/domain.h"
#include "hw/layout.h"
#include "hw/spinlock.h"
#include "mm/frame.h"
#include "public/grant_table.h"

#define ENTRIES_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))

/*
 * Our own record of a granted entry while somebody uses it. The guest's entry is read once, when
 * the first user comes; from then on only this record counts, whatever the guest writes.
 */
struct grant_active {
    uint32_t mfn;
    uint32_t pins;         /* users of any kind */
    uint32_t writers;      /* of them, those that may write */
    domid_t domid;         /* to whom it was granted */
};
#define ACTIVE_PER_PAGE (PAGE_SIZE / sizeof(struct grant_active))
_Static_assert(ACTIVE_PER_PAGE * 2 == ENTRIES_PER_FRAME, "two pages of records for a table frame");

/* What a mapping domain holds for a handle. */
struct grant_handle {
    struct domain *owner;  /* with a reference; NULL: free */
    grant_ref_t ref;
    uint32_t next_free;    /* free: next one, 0 ends the list (handle 0 is the last to be given) */
    uint32_t mfn;
    uint16_t flags;        /* GNTMAP_* that still hold */
    bool busy;             /* an unmap of it is under way */
};
#define HANDLES_PER_PAGE (PAGE_SIZE / sizeof(struct grant_handle))

struct grant_table {
    struct spinlock lock;           /* LOCK_GRANT: entries, records, growth */
    unsigned frames, max_frames;    /* [lock]; max (c) */
    struct grant_entry_v1 **shared; /* (c) array of max_frames, filled as it grows */
    struct grant_active **active;   /* (c) array of 2 * max_frames */

    struct spinlock maptrack_lock;  /* LOCK_MAPTRACK: handles of this domain as mapper */
    unsigned maptrack_pages, max_maptrack_pages;
    unsigned handles_used;
    uint32_t free_head;             /* handle + 1; 0: none */
    struct grant_handle **handles;
    uint32_t relinquish_next;       /* progress of grant_domain_relinquish */
};

/* Entry `ref` of a table whose lock is held; the reference is below frames * ENTRIES_PER_FRAME. */
static inline struct grant_entry_v1 *grant_entry(struct grant_table *t, grant_ref_t ref)
{
    return t->shared[ref / ENTRIES_PER_FRAME] + ref % ENTRIES_PER_FRAME;
}
static inline struct grant_active *grant_active(struct grant_table *t, grant_ref_t ref)
{
    return t->active[ref / ACTIVE_PER_PAGE] + ref % ACTIVE_PER_PAGE;
}

/*
 * Begins and ends one use of rd's entry by domain `user`. acquire holds the frame (typed as
 * writable data unless readonly) and pins the entry; GNTST_* result, *mfn on success.
 */
int grant_acquire(struct domain *rd, domid_t user, grant_ref_t ref, bool readonly, uint32_t *mfn);
void grant_release(struct domain *rd, grant_ref_t ref, uint32_t mfn, bool readonly);

/* Handles of ld. alloc: the handle, or -1 when its limit is reached. */
int64_t grant_handle_alloc(struct domain *ld);
void grant_handle_free(struct domain *ld, uint32_t handle);
struct grant_handle *grant_handle_at(struct grant_table *t, uint32_t handle);

/* One element each; the structure is the guest's copy, its status is filled in. */
void grant_map_one(struct gnttab_map_grant_ref *op);
void grant_copy_one(struct gnttab_copy *op);
/*
 * A batch of unmaps: entries are cleared one by one, then one flush serves all, and only then do
 * the frames get free.
 */
#define GRANT_UNMAP_BATCH 16
struct grant_unmap_batch {
    unsigned n;
    bool flush;
    struct grant_unmapped {
        struct domain *owner;
        uint32_t handle, mfn;
        grant_ref_t ref;
        bool readonly;
    } item[GRANT_UNMAP_BATCH];
};
int16_t grant_unmap_one(struct grant_unmap_batch *b, uint32_t handle, uint64_t host_addr,
                        uint64_t dev_bus_addr, uint64_t new_addr);
void grant_unmap_finish(struct grant_unmap_batch *b);

#endif
