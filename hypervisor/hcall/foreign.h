/* SPDX-License-Identifier: MIT */
/* Which domain a domid in a memory hypercall means, and whether the caller may name it. */
#ifndef HCALL_FOREIGN_H
#define HCALL_FOREIGN_H

#include "core/access.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "core/vcpu.h"

/*
 * The domain whose memory the current domain means by `id`: its own, or one that it controls.
 * 0, -ESRCH, or -EPERM (also for a domain on its way out). The pointer is good until this CPU
 * leaves the hypervisor.
 */
static inline int domain_for_memory(domid_t id, struct domain **out)
{
    struct domain *self = current->domain, *d;

    if (id == DOMID_SELF || id == self->domid) {
        *out = self;
        return 0;
    }
    if (!self->privileged)
        return -EPERM;
    d = domain_lookup(id);
    if (!d)
        return -ESRCH;
    if (!access_control(self, d) || __atomic_load_n(&d->state, __ATOMIC_ACQUIRE) != DOM_ALIVE)
        return -EPERM;
    *out = d;
    return 0;
}

/*
 * As above for the owner of frames to be mapped: also DOMID_IO, and DOMID_XEN for whoever has the
 * platform.
 */
static inline int domain_for_frames(domid_t id, struct domain **out)
{
    if (id == DOMID_IO || id == DOMID_XEN) {
        *out = id == DOMID_IO ? dom_io : dom_xen;
        return access_platform(current->domain) ? 0 : -EPERM;
    }
    return domain_for_memory(id, out);
}

#endif
