/* SPDX-License-Identifier: MIT */
/* Grant tables: creation, growth, and the use of entries. */
#include "core/grant.h"

#include "config.h"
#include "core/grant_table.h"
#include "core/physmem.h"
#include "core/vehicle.h"
#include "hw/panic.h"
#include "lib/errno.h"
#include "mm/buddy.h"
#include "mm/kmalloc.h"

int grant_domain_init(struct domain *d, unsigned max_frames, unsigned max_maptrack)
{
    struct grant_table *t = kzalloc(sizeof(*t));

    if (t == NULL)
        return -ENOMEM;
    spin_lock_init(&t->lock, LOCK_GRANT);
    spin_lock_init(&t->maptrack_lock, LOCK_MAPTRACK);
    t->max_frames = max_frames;
    t->max_maptrack_pages = max_maptrack;
    t->shared = kzalloc_array(max_frames, sizeof(*t->shared));
    t->active = kzalloc_array(2 * (size_t)max_frames, sizeof(*t->active));
    t->handles = kzalloc_array(max_maptrack, sizeof(*t->handles));
    d->grant = t;
    if ((t->shared == NULL || t->active == NULL) && max_frames != 0)
        goto fail;
    if (t->handles == NULL && max_maptrack != 0)
        goto fail;
    return 0;
fail:
    grant_domain_destroy(d);
    return -ENOMEM;
}

void grant_domain_destroy(struct domain *d)
{
    struct grant_table *t = d->grant;

    if (t == NULL)
        return;
    for (unsigned i = 0; i < t->frames; i++) {
        physmem_unshare_hv_page(virt_to_page(t->shared[i]));
        hv_free_pages(t->active[2 * i], 0);
        hv_free_pages(t->active[2 * i + 1], 0);
    }
    for (unsigned i = 0; i < t->maptrack_pages; i++)
        hv_free_pages(t->handles[i], 0);
    kfree(t->shared);
    kfree(t->active);
    kfree(t->handles);
    kfree(t);
    d->grant = NULL;
}

/* One more frame. Lock held. */
static int grow(struct domain *d)
{
    struct grant_table *t = d->grant;
    void *frame, *a, *b;

    if (t->frames == t->max_frames)
        return -EINVAL;
    frame = hv_alloc_pages(0);
    a = hv_alloc_pages(0);
    b = hv_alloc_pages(0);
    if (frame == NULL || a == NULL || b == NULL) {
        if (frame != NULL)
            hv_free_pages(frame, 0);
        if (a != NULL)
            hv_free_pages(a, 0);
        if (b != NULL)
            hv_free_pages(b, 0);
        return -ENOMEM;
    }
    physmem_share_hv_page(virt_to_page(frame), d, true);
    t->active[2 * t->frames] = a;
    t->active[2 * t->frames + 1] = b;
    t->shared[t->frames++] = frame;
    return 0;
}

int grant_table_frame(struct domain *d, unsigned idx, uint64_t *mfn)
{
    struct grant_table *t = d->grant;
    int err = 0;

    if (idx >= t->max_frames)
        return -EINVAL;
    spin_lock(&t->lock);
    while (err == 0 && t->frames <= idx)
        err = d->state == DOM_ALIVE ? grow(d) : -ESRCH;
    if (err == 0)
        *mfn = virt_to_mfn(t->shared[idx]);
    spin_unlock(&t->lock);
    return err;
}

void grant_table_usage(struct domain *d, unsigned *frames, unsigned *maptrack_in_use)
{
    *frames = d->grant->frames;
    *maptrack_in_use = d->grant->handles_used;
}

/*
 * Marks the guest's entry as in use and checks it, in one step: flags and domid are the first 32
 * bits, so whoever it is granted to cannot change between the look and the mark.
 */
static int mark_entry(struct grant_entry_v1 *e, domid_t user, bool readonly)
{
    uint32_t *word = (uint32_t *)(void *)e;
    uint32_t old = __atomic_load_n(word, __ATOMIC_ACQUIRE), set;

    set = readonly ? GTF_reading : GTF_reading | GTF_writing;
    for (unsigned tries = 0; tries < 8; tries++) {
        uint16_t flags = old;

        if ((flags & GTF_type_mask) != GTF_permit_access || (flags & GTF_sub_page))
            return GNTST_bad_gntref;
        if ((domid_t)(old >> 16) != user || (!readonly && (flags & GTF_readonly)))
            return GNTST_permission_denied;
        if (__atomic_compare_exchange_n(word, &old, old | set, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return GNTST_okay;
    }
    return GNTST_eagain; /* the guest keeps changing it under us */
}

/*
 * Holds the frame for as long as the use lasts. On failure *drop is a reference that the caller gives
 * up once it holds no lock: it may be the last one.
 */
static int hold_frame(struct domain *rd, uint32_t mfn, bool readonly, struct page_info **drop)
{
    struct page_info *pg;

    if (!mfn_is_ram(mfn))
        return GNTST_bad_page;
    pg = mfn_to_page(mfn);
    if (!page_get(pg, rd))
        return GNTST_bad_page;
    if (!readonly && rd->vehicle->page_get_type(pg, PGT_WRITABLE) != 0) {
        *drop = pg;
        return GNTST_permission_denied;
    }
    return GNTST_okay;
}

static void clear_marks(struct grant_table *t, grant_ref_t ref, const struct grant_active *a)
{
    uint16_t clear = 0;

    if (a->writers == 0)
        clear |= GTF_writing;
    if (a->pins == 0)
        clear |= GTF_reading;
    if (clear != 0)
        __atomic_fetch_and(&grant_entry(t, ref)->flags, ~clear, __ATOMIC_RELEASE);
}

int grant_acquire(struct domain *rd, domid_t user, grant_ref_t ref, bool readonly, uint32_t *mfn)
{
    struct grant_table *t = rd->grant;
    struct page_info *drop = NULL;
    struct grant_active *a;
    int status;

    spin_lock(&t->lock);
    if (rd->state != DOM_ALIVE) {
        status = GNTST_bad_domain;
        goto out;
    }
    if (ref >= t->frames * ENTRIES_PER_FRAME) {
        status = GNTST_bad_gntref;
        goto out;
    }
    a = grant_active(t, ref);
    if (a->pins != 0 && a->domid != user) {
        status = GNTST_permission_denied;
        goto out;
    }
    if (a->pins == UINT32_MAX) {
        status = GNTST_no_space;
        goto out;
    }
    status = GNTST_okay;
    if (a->pins == 0 || (!readonly && a->writers == 0)) {
        status = mark_entry(grant_entry(t, ref), user, readonly);
        if (status == GNTST_okay && a->pins == 0) {
            a->domid = user;
            a->mfn = __atomic_load_n(&grant_entry(t, ref)->frame, __ATOMIC_RELAXED);
        }
    }
    if (status == GNTST_okay) {
        status = hold_frame(rd, a->mfn, readonly, &drop);
        if (status == GNTST_okay) {
            a->pins++;
            a->writers += !readonly;
            *mfn = a->mfn;
        } else {
            clear_marks(t, ref, a);
        }
    }
out:
    spin_unlock(&t->lock);
    if (drop != NULL)
        page_put(drop);
    return status;
}

void grant_release(struct domain *rd, grant_ref_t ref, uint32_t mfn, bool readonly)
{
    struct grant_table *t = rd->grant;
    struct page_info *pg = mfn_to_page(mfn);
    struct grant_active *a;

    spin_lock(&t->lock);
    a = grant_active(t, ref);
    BUG_ON(a->pins == 0 || a->mfn != mfn || (!readonly && a->writers == 0));
    a->pins--;
    a->writers -= !readonly;
    clear_marks(t, ref, a);
    spin_unlock(&t->lock);

    if (!readonly)
        rd->vehicle->page_put_type(pg);
    page_put(pg);
}
