/* SPDX-License-Identifier: MIT */
/* Copying between granted frames without mapping them. */
#include "core/grant_table.h"
#include "core/vcpu.h"
#include "core/vehicle.h"
#include "hw/percpu.h"
#include "lib/string.h"

/* One side of a copy while it is held. */
struct side {
    struct domain *d;
    grant_ref_t ref;
    uint32_t mfn;
    bool by_ref, readonly;
};

/* A frame of the caller's own, or of a domain it may act for, by number. */
static int hold_own(struct side *s, uint64_t gmfn)
{
    struct page_info *pg;

    if (s->d != current->domain)
        return GNTST_permission_denied;
    if (gmfn > UINT32_MAX || !mfn_is_ram(gmfn))
        return GNTST_bad_page;
    pg = mfn_to_page(gmfn);
    if (!page_get(pg, s->d))
        return GNTST_bad_page;
    if (!s->readonly && s->d->vehicle->page_get_type(pg, PGT_WRITABLE) != 0) {
        page_put(pg);
        return GNTST_bad_page;
    }
    s->mfn = gmfn;
    return GNTST_okay;
}

static int hold(struct side *s, const struct gnttab_copy_ptr *p, bool by_ref, bool readonly)
{
    s->by_ref = by_ref;
    s->readonly = readonly;
    s->ref = p->u.ref;
    s->d = domain_lookup(p->domid);
    if (s->d == NULL)
        return GNTST_bad_domain;
    if (by_ref)
        return grant_acquire(s->d, current->domain->domid, p->u.ref, readonly, &s->mfn);
    return hold_own(s, p->u.gmfn);
}

static void release(const struct side *s)
{
    if (s->by_ref) {
        grant_release(s->d, s->ref, s->mfn, s->readonly);
        return;
    }
    if (!s->readonly)
        s->d->vehicle->page_put_type(mfn_to_page(s->mfn));
    page_put(mfn_to_page(s->mfn));
}

void grant_copy_one(struct gnttab_copy *op)
{
    struct side src, dst;
    int status;

    if ((unsigned)op->source.offset + op->len > PAGE_SIZE ||
        (unsigned)op->dest.offset + op->len > PAGE_SIZE) {
        op->status = GNTST_bad_copy_arg;
        return;
    }
    status = hold(&src, &op->source, op->flags & GNTCOPY_source_gref, true);
    if (status == GNTST_okay) {
        status = hold(&dst, &op->dest, op->flags & GNTCOPY_dest_gref, false);
        if (status == GNTST_okay) {
            /* Both may be the same frame: the ranges can overlap. */
            memmove(mfn_to_virt(dst.mfn) + op->dest.offset, mfn_to_virt(src.mfn) + op->source.offset,
                    op->len);
            release(&dst);
        }
        release(&src);
    }
    op->status = status;
}
