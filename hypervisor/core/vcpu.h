/* SPDX-License-Identifier: MIT */
/* Virtual CPUs: scheduling state, shared areas, and waking. */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include <stdbool.h>
#include <stdint.h>

#include "core/guest_access.h"
#include "hw/timer.h"
#include "lib/cpumask.h"
#include "lib/list.h"
#include "public/shared_info.h"
#include "public/vcpu.h"

struct domain;
struct vcpu_guest_context;

/* Reasons not to run, bits of pause_flags. */
#define VPF_BLOCKED 0    /* SCHEDOP_block: an event wakes it */
#define VPF_DOWN 1       /* not brought up, or VCPUOP_down */
#define VPF_POLLING 2    /* SCHEDOP_poll */
#define VPF_MIGRATING 3
#define VPF_INITIALISING 4 /* VCPUOP_initialise is at work */
#define VPF_CAPPED 5     /* its domain has used up what its cap allows */
#define VPF_AUDIT 6      /* while every frame's references are counted */

enum sched_state { SCHED_IDLE_VCPU, SCHED_OFF_QUEUE, SCHED_QUEUED, SCHED_RUNNING };

/* Owned by the scheduler policy; [LOCK_SCHED of `cpu`'s queue]. */
struct sched_entity {
    struct list_head queue;
    struct list_head claim;        /* share: among those queued that have a reservation */
    struct list_head woken;        /* share: among those queued that woke */
    enum sched_state state;
    bool boosted;                  /* rr: woke with part of its slice left */
    bool active;                   /* share: counted in its domain */
    bool yielded;                  /* share: lets others go first, once */
    bool visiting;                 /* share: woke on another CPU than home */
    bool reserved;                 /* share: runs on its domain's reservation */
    int64_t credit;                /* rr: rest of its slice; share: of its piece of a capped budget */
    bool capped;                   /* share: `credit` counts */
    uint64_t last_start;           /* its time is accounted for up to here */
    uint64_t run_start;            /* share: when it got the CPU */
    unsigned home;                 /* share: the CPU with whose virtual time it is compared */
    uint64_t burst;                /* share: how long it runs before it sleeps, about, ns */
    uint64_t key;                  /* share: its domain's virtual time when it was last looked at */
    uint64_t own;                  /* share: what it has run, among its domain's vcpus, ns */
};

struct vcpu {
    unsigned vcpu_id;
    unsigned cpu;                  /* where it runs or last ran [LOCK_SCHED] */
    struct domain *domain;
    bool is_running;               /* (a) its registers are on a CPU */
    bool initialised;              /* has a context */
    unsigned long pause_flags;     /* (a) VPF_* bits */
    uint32_t pause_count;          /* (a) */

    struct vcpu_info *vcpu_info;   /* never NULL: shared_info's, a registered page's, or a dummy */
    uint64_t vcpu_info_mfn;        /* registered page, referenced; M2P_INVALID: none */
    struct vcpu_info dummy_info;   /* stands in where shared_info has no record for this vcpu */

    struct sched_entity sched;
    struct cpumask hard_affinity, soft_affinity;
    struct cpumask affinity_before_pin; /* SCHEDOP_pin_override: what to go back to */
    bool pin_overridden;
    unsigned long dirty_cpu;       /* CPU whose TLB and FPU may hold its state; ~0: none */

    /* Time accounting (core/runstate) */
    struct vcpu_runstate_info runstate;
    uint32_t runstate_seq;             /* odd while the record changes */
    int runstate_before;               /* the state before the present one … */
    uint64_t runstate_stay;            /* … and how long it lasted */
    uint64_t hv_ticks;                 /* core/usage: TSC ticks that we worked for it */
    uint64_t switches;                 /* times it was put on a CPU; an idle vcpu: its CPU's */
    struct guest_ptr runstate_guest;   /* VCPUOP_register_runstate_memory_area; va 0: none */
    struct guest_ptr time_info_guest;  /* VCPUOP_register_vcpu_time_memory_area; va 0: none */
    bool time_info_stale;              /* the copy above is to be rewritten when the vcpu next runs */

    /* Timers */
    struct timer singleshot_timer; /* VIRQ_TIMER: set_timer_op, VCPUOP_set_singleshot_timer */
    struct timer periodic_timer;
    uint64_t periodic_period, periodic_last;
    struct timer poll_timer;

    uint32_t virq_to_evtchn[24];   /* per-vcpu and, on vcpu 0, global VIRQs [LOCK_EVTCHN_DOMAIN] */
    uint32_t poll_evtchn;          /* 0: several or none; else the one port polled */
    void *fifo;                    /* core/evtchn_fifo: control block and queues */

    bool nmi_pending;
    unsigned trap_priority;
    /* Progress of a hypercall that was preempted inside (physmem's stride, decrease …) is in its arguments. */
};

/* Makes vcpu `id` of d (VPF_DOWN). 0 or -errno. LOCK_DOMCTL held, or dom0's boot. */
int vcpu_create(struct domain *d, unsigned id);
void vcpu_destroy(struct vcpu *v);

/* Runnable from here on if nothing else holds it. Any context. */
void vcpu_wake(struct vcpu *v);
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_pause(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
/* An event is pending for v: wakes it if blocked, interrupts its CPU if it runs elsewhere. Any context. */
void vcpu_kick(struct vcpu *v);
/* Sets evtchn_upcall_pending and kicks when it was clear. Any context. */
void vcpu_mark_events_pending(struct vcpu *v);
static inline bool vcpu_event_deliverable(const struct vcpu *v)
{
    return v->vcpu_info->evtchn_upcall_pending && !v->vcpu_info->evtchn_upcall_mask;
}
static inline bool vcpu_runnable(const struct vcpu *v);

/* VCPUOP_register_vcpu_info: the record moves to (gfn's frame, offset). 0 or -errno; only once per vcpu. */
int vcpu_map_info(struct vcpu *v, uint64_t mfn, unsigned offset);
void vcpu_unmap_info(struct vcpu *v);
void vcpu_reset(struct vcpu *v);
/*
 * Gives v, which is paused or down, its registers and page tables (vehicle->vcpu_set_context), and brings it up
 * if the context says VGCF_online. 0 or -errno; -ERESTART: call again.
 */
int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
/* Brings an initialised vcpu up (-EINVAL: not initialised) or takes it down; being so already is success. */
int vcpu_up(struct vcpu *v);
void vcpu_down(struct vcpu *v);

#include "core/domain.h"
static inline bool vcpu_runnable(const struct vcpu *v)
{
    return !(v->pause_flags | v->pause_count | v->domain->pause_count);
}
static inline bool is_idle_vcpu(const struct vcpu *v) { return v->domain == &idle_domain_struct; }

#endif
