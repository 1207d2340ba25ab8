/* SPDX-License-Identifier: MIT */
/* The shared_info frame of a domain: making it, its first contents, and letting it go. */
#include "core/domain.h"
#include "core/physmem.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/frame.h"

_Static_assert(sizeof(struct shared_info) <= PAGE_SIZE, "shared_info is one frame");

int shared_info_init(struct domain *d)
{
    struct shared_info *s = hv_alloc_pages(0);

    if (!s)
        return -ENOMEM;
    /* public/shared_info.h: every event masked and upcalls off until the guest is ready. */
    memset(s->evtchn_mask, 0xff, sizeof(s->evtchn_mask));
    for (unsigned i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        s->vcpu_info[i].evtchn_upcall_mask = 1;
    physmem_share_hv_page(virt_to_page(s), d, true);
    d->shared_info = s;
    d->shared_info_mfn = virt_to_mfn(s);
    return 0;
}

void shared_info_destroy(struct domain *d)
{
    if (d->shared_info)
        physmem_unshare_hv_page(virt_to_page(d->shared_info));
    d->shared_info = NULL;
}
