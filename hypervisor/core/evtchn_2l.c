/* SPDX-License-Identifier: MIT */
/* The two-level event channel ABI: pending and mask bitmaps in shared_info, a selector per vcpu. */
#include "core/evtchn_port.h"
#include "core/sched.h"

static uint32_t max_ports(const struct domain *d)
{
    return EVTCHN_2L_NR_CHANNELS;
}

static struct shared_info *shared(const struct domain *d)
{
    return d->shared_info;
}

/* The guest's masks decide whether anybody is told; the guest may change them under us at any time. */
static void notify(struct domain *d, struct evtchn *e)
{
    struct vcpu *v = d->vcpu[e->vcpu];

    if (!bitmap_test(shared(d)->evtchn_mask, e->port) &&
        !bitmap_test_set_atomic(&v->vcpu_info->evtchn_pending_sel, e->port / BITS_PER_LONG))
        vcpu_mark_events_pending(v);
}

static void set_pending(struct domain *d, struct evtchn *e)
{
    if (e->port >= EVTCHN_2L_NR_CHANNELS ||
        bitmap_test_set_atomic(shared(d)->evtchn_pending, e->port))
        return;
    notify(d, e);
    if (d->poll_count != 0)
        sched_poll_wake(d, e->port);
}

static void clear_pending(struct domain *d, struct evtchn *e)
{
    if (e->port < EVTCHN_2L_NR_CHANNELS)
        bitmap_clear_atomic(shared(d)->evtchn_pending, e->port);
}

static void unmask(struct domain *d, struct evtchn *e)
{
    if (e->port >= EVTCHN_2L_NR_CHANNELS)
        return;
    if (bitmap_test_clear_atomic(shared(d)->evtchn_mask, e->port) &&
        bitmap_test(shared(d)->evtchn_pending, e->port))
        notify(d, e);
}

static bool is_pending(const struct domain *d, uint32_t port)
{
    return port < EVTCHN_2L_NR_CHANNELS && bitmap_test(shared(d)->evtchn_pending, port);
}

static bool is_masked(const struct domain *d, uint32_t port)
{
    return port >= EVTCHN_2L_NR_CHANNELS || bitmap_test(shared(d)->evtchn_mask, port);
}

const struct evtchn_abi evtchn_2l = {
    .max_ports = max_ports,
    .set_pending = set_pending,
    .clear_pending = clear_pending,
    .unmask = unmask,
    .is_pending = is_pending,
    .is_masked = is_masked,
};
