/* SPDX-License-Identifier: MIT */
/* Virtual CPUs: creation, their vcpu_info, pausing, and telling them of events. */
#include "core/vcpu.h"

#include "core/evtchn.h"
#include "core/sched.h"
#include "core/time.h"
#include "core/vehicle.h"
#include "hw/ipi.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "mm/m2p.h"
#include "public/trap.h"

/* What vcpu_destroy() undoes, and nothing that can fail. */
static void init_fields(struct vcpu *v, struct domain *d, unsigned id)
{
    v->vcpu_id = id;
    v->domain = d;
    v->pause_flags = 1UL << VPF_DOWN;
    v->vcpu_info_mfn = M2P_INVALID;
    v->dummy_info.evtchn_upcall_mask = 1;
    v->vcpu_info = id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[id] : &v->dummy_info;
    v->dirty_cpu = ~0UL;
    v->hard_affinity = v->soft_affinity = cpu_online_mask;
    v->runstate.state = RUNSTATE_offline;
    v->runstate.state_entry_time = now_ns();
    list_init(&v->sched.queue);
    list_init(&v->sched.claim);
    list_init(&v->sched.woken);
    v->sched.state = SCHED_OFF_QUEUE;
}

int vcpu_create(struct domain *d, unsigned id)
{
    struct vcpu *v;
    int rc;

    if (id >= d->max_vcpus)
        return -EINVAL;
    if (d->vcpu[id])
        return -EEXIST;
    v = d->vehicle->vcpu_alloc();
    if (!v)
        return -ENOMEM;
    init_fields(v, d, id);
    rc = evtchn_vcpu_init(v);
    if (rc)
        goto free;
    rc = d->vehicle->vcpu_init(v);
    if (rc)
        goto events;
    sched_insert_vcpu(v);
    vcpu_timers_init(v);
    time_update_vcpu(v);
    __atomic_store_n(&d->vcpu[id], v, __ATOMIC_RELEASE);
    return 0;

events:
    evtchn_vcpu_destroy(v);
free:
    d->vehicle->vcpu_free(v);
    return rc;
}

void vcpu_destroy(struct vcpu *v)
{
    struct domain *d = v->domain;

    vcpu_timers_destroy(v);
    sched_remove_vcpu(v);
    vcpu_unmap_info(v);
    d->vehicle->vcpu_destroy(v);
    evtchn_vcpu_destroy(v);
    d->vcpu[v->vcpu_id] = NULL;
    d->vehicle->vcpu_free(v);
}

int vcpu_map_info(struct vcpu *v, uint64_t mfn, unsigned offset)
{
    struct domain *d = v->domain;
    struct page_info *pg;
    struct vcpu_info *info;

    if (offset > PAGE_SIZE - sizeof(struct vcpu_info) || offset % sizeof(uint64_t))
        return -EINVAL;
    if (v != current && !bitmap_test(&v->pause_flags, VPF_DOWN))
        return -EINVAL;
    if (!mfn_is_ram(mfn))
        return -EINVAL;
    pg = mfn_to_page(mfn);
    if (!page_get(pg, d))
        return -EINVAL;
    if (d->vehicle->page_get_type(pg, PGT_WRITABLE)) {
        page_put(pg);
        return -EINVAL;
    }
    spin_lock(&d->lock);
    if (v->vcpu_info_mfn != M2P_INVALID) {
        spin_unlock(&d->lock);
        d->vehicle->page_put_type(pg);
        page_put(pg);
        return -EINVAL;
    }
    info = (struct vcpu_info *)((char *)page_to_virt(pg) + offset);
    memcpy(info, v->vcpu_info, sizeof(*info));
    v->vcpu_info_mfn = mfn;
    __atomic_store_n(&v->vcpu_info, info, __ATOMIC_SEQ_CST);
    spin_unlock(&d->lock);

    /*
     * An event that was sent while we copied may be marked in the old place only: make the guest
     * look at every word of its pending bits once.
     */
    __atomic_store_n(&info->evtchn_pending_sel, ~0UL, __ATOMIC_SEQ_CST);
    vcpu_mark_events_pending(v);
    return 0;
}

/* The vcpu does not run any more and no sender can still be on its way to the page. */
void vcpu_unmap_info(struct vcpu *v)
{
    struct page_info *pg;

    if (v->vcpu_info_mfn == M2P_INVALID) {
        v->vcpu_info = &v->dummy_info;
        return;
    }
    pg = mfn_to_page(v->vcpu_info_mfn);
    v->vcpu_info_mfn = M2P_INVALID;
    v->vcpu_info = &v->dummy_info;
    v->domain->vehicle->page_put_type(pg);
    page_put(pg);
}

/* Caller holds v paused. The vcpu becomes as vcpu_create() left it, but for its vcpu_info. */
void vcpu_reset(struct vcpu *v)
{
    bitmap_set_atomic(&v->pause_flags, VPF_DOWN);
    bitmap_clear_atomic(&v->pause_flags, VPF_BLOCKED);
    sched_poll_end(v);
    v->initialised = false;
    v->runstate_guest = guest_ptr(0);
    v->time_info_guest = guest_ptr(0);
    vcpu_set_singleshot(v, 0);
    vcpu_set_periodic(v, 0);
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
    int rc = v->domain->vehicle->vcpu_set_context(v, c);

    if (rc)
        return rc;
    v->initialised = true;
    if (c->flags & VGCF_online)
        return vcpu_up(v);
    bitmap_set_atomic(&v->pause_flags, VPF_DOWN);
    return 0;
}

int vcpu_up(struct vcpu *v)
{
    if (!v->initialised)
        return -EINVAL;
    if (bitmap_test_clear_atomic(&v->pause_flags, VPF_DOWN))
        vcpu_wake(v);
    return 0;
}

void vcpu_down(struct vcpu *v)
{
    if (!bitmap_test_set_atomic(&v->pause_flags, VPF_DOWN))
        vcpu_sleep_nosync(v);
}

void vcpu_pause_nosync(struct vcpu *v)
{
    __atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
    vcpu_sleep_nosync(v);
}

void vcpu_pause(struct vcpu *v)
{
    __atomic_fetch_add(&v->pause_count, 1, __ATOMIC_SEQ_CST);
    vcpu_sleep_sync(v);
}

void vcpu_unpause(struct vcpu *v)
{
    if (__atomic_sub_fetch(&v->pause_count, 1, __ATOMIC_SEQ_CST) == 0)
        vcpu_wake(v);
}

void vcpu_kick(struct vcpu *v)
{
    /* Read before waking: a vcpu that was asleep looks at its events when it starts. */
    bool running = __atomic_load_n(&v->is_running, __ATOMIC_SEQ_CST);

    if (bitmap_test_clear_atomic(&v->pause_flags, VPF_BLOCKED))
        vcpu_wake(v);
    else
        sched_poll_end(v);
    if (running && v->cpu != smp_cpu_id())
        ipi_event_check(v->cpu);
}

void vcpu_mark_events_pending(struct vcpu *v)
{
    if (!__atomic_exchange_n(&v->vcpu_info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
        vcpu_kick(v);
}
