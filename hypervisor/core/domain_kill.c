/* SPDX-License-Identifier: MIT */
/* The end of a domain, in slices: each can be repeated, none minds what creation left out. */
#include "core/domain.h"
#include "core/evtchn.h"
#include "core/grant.h"
#include "core/physmem.h"
#include "core/sched_pool.h"
#include "core/time.h"
#include "core/vcpu.h"
#include "core/vehicle.h"
#include "hw/panic.h"
#include "lib/errno.h"

/*
 * The order: nothing runs, then nobody else can reach in (events, grants), then no CPU still uses
 * what it looked up before, then what the vcpus hold, then the page tables, and the frames last.
 */
enum kill_step {
    KILL_STOP,
    KILL_EVTCHN,
    KILL_GRANTS,
    KILL_GRACE_BEGIN,
    KILL_GRACE_WAIT,
    KILL_VCPUS,
    KILL_VEHICLE,
    KILL_MEMORY,
    KILL_FINISH,
    KILL_DONE,
};

static void stop(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    domain_pause(d);
    __atomic_store_n(&d->state, DOM_DYING, __ATOMIC_SEQ_CST);
    domain_watchdog_kill(d);
    for_each_vcpu (d, v, i)
        vcpu_timers_destroy(v);
    sched_domain_retire(d);
    /* An allocation that was past its check of the state has finished when the lock is free. */
    spin_lock(&d->page_lock);
    spin_unlock(&d->page_lock);
}

static void grace_over(struct quiesce *q)
{
    struct domain *d = container_of(q, struct domain, grace);

    __atomic_store_n(&d->grace_passed, true, __ATOMIC_RELEASE);
}

static void release_vcpus(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    for_each_vcpu (d, v, i) {
        v->runstate_guest = guest_ptr(0);
        v->time_info_guest = guest_ptr(0);
        vcpu_unmap_info(v);
    }
}

static int kill_step(struct domain *d)
{
    switch (d->relinquish_step) {
    case KILL_STOP:
        stop(d);
        return 0;
    case KILL_EVTCHN:
        return evtchn_domain_relinquish(d);
    case KILL_GRANTS:
        return grant_domain_relinquish(d);
    case KILL_GRACE_BEGIN:
        quiesce_call(&d->grace, grace_over);
        return 0;
    case KILL_GRACE_WAIT:
        return __atomic_load_n(&d->grace_passed, __ATOMIC_ACQUIRE) ? 0 : -ERESTART;
    case KILL_VCPUS:
        release_vcpus(d);
        return 0;
    case KILL_VEHICLE:
        return d->vehicle->domain_relinquish(d);
    case KILL_MEMORY:
        return physmem_relinquish(d);
    case KILL_FINISH:
        __atomic_store_n(&d->state, DOM_DEAD, __ATOMIC_SEQ_CST);
        physmem_drain();
        /* Daemons that still map its rings hear that it is dying, and let go of them. */
        if (d->tot_pages)
            domain_notify_toolstack();
        domain_put(d); /* the table's reference; the caller has one of its own */
        return 0;
    default:
        panic("domain_kill: step %u", d->relinquish_step);
    }
}

int domain_kill(struct domain *d)
{
    while (d->relinquish_step < KILL_DONE) {
        int rc = kill_step(d);

        if (rc)
            return rc;
        d->relinquish_step++;
    }
    return 0;
}
