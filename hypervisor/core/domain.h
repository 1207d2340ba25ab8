/* SPDX-License-Identifier: MIT */
/* Domains: identity, life cycle, and the anchors of every per-domain facility. */
#ifndef CORE_DOMAIN_H
#define CORE_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/quiesce.h"
#include "core/sched_domain.h"
#include "hw/spinlock.h"
#include "hw/timer.h"
#include "lib/cpumask.h"
#include "lib/list.h"
#include "lib/rangeset.h"
#include "public/hypercall.h"
#include "public/shared_info.h"

struct vcpu;
struct vehicle_ops;
struct evtchn_domain;
struct grant_table;
struct pirq_table;

/* shutdown_code while the guest has given none. */
#define SHUTDOWN_CODE_NONE 0xff
/* Watchdog timers a domain may run at a time. */
#define DOMAIN_WATCHDOGS 2

enum domain_state { DOM_ALIVE, DOM_DYING, DOM_DEAD };

/*
 * (c) constant after creation  (a) atomic  [x] under lock x
 * Lifetime: the table holds a reference while the domain is found by domid; the structure is
 * freed when the count reaches zero and every CPU has since passed a quiescent point.
 */
struct domain {
    domid_t domid;                      /* (c) */
    bool privileged;                    /* (c) dom0 */
    uint64_t created_ns;                /* (c) system time */
    uint8_t handle[16];                 /* [domctl] uuid */
    const struct vehicle_ops *vehicle;  /* (c) */
    uint32_t refcount;                  /* (a) */
    uint32_t state;                     /* (a) enum domain_state, forwards only */
    struct spinlock lock;               /* LOCK_DOMAIN */

    unsigned max_vcpus;                 /* (c) */
    struct vcpu **vcpu;                 /* (c) array; entries set once, NULL until made */

    struct shared_info *shared_info;    /* (c) a PGC_HV frame shared with the guest */
    uint64_t shared_info_mfn;           /* (c) */

    /* Memory: core/physmem [LOCK_PHYSMEM] */
    struct spinlock page_lock;
    uint32_t page_list;                 /* first mfn of the owned frames, linked through page_info */
    uint32_t relinquished_list;         /* frames given up that others still refer to */
    uint64_t tot_pages;
    uint64_t max_pages;
    uint64_t page_ms, page_ms_rest;     /* frames times milliseconds until pages_since; the rest / 10^6 */
    uint64_t pages_since;               /* system time of the last change that was accounted for */
    unsigned bulk_changes;              /* under way: one reading of the clock does for each */
    uint64_t hv_pages;                  /* our frames shared with it: shared_info, grant tables */
    struct cpumask dirty_cpumask;       /* (a) CPUs that may hold its translations */

    /* Pausing and shutting down */
    uint32_t pause_count;               /* (a) not runnable while non-zero */
    uint16_t controller_pauses;         /* [LOCK_DOMCTL] how many of them are XEN_DOMCTL_pausedomain's */
    bool is_shutting_down, is_shut_down;/* (a) set by whoever shuts it down first; cleared by domain_resume */
    uint8_t shutdown_code;              /* (a) SHUTDOWN_*; SHUTDOWN_CODE_NONE until one is recorded */
    uint32_t suspend_port;              /* [LOCK_DOMCTL] its port to send on when it suspends; 0: none */
    uint32_t poll_count;                /* (a) vcpus that sleep in SCHEDOP_poll */
    struct timer watchdog[DOMAIN_WATCHDOGS]; /* [lock] SCHEDOP_watchdog */
    uint8_t watchdog_running;           /* [lock] bit per watchdog */
    bool debugger_attached;

    /* Facilities, each owned by its file */
    struct evtchn_domain *evtchn;       /* core/evtchn */
    struct grant_table *grant;          /* core/grant */
    struct pirq_table *pirq;            /* core/pirq: dom0 only, else NULL */
    struct rangeset *ioports;           /* core/iocap: permitted ports */
    struct rangeset *iomem;             /* core/iocap: permitted MMIO frames */
    struct rangeset *irqs;              /* core/iocap */
    uint32_t vm_assist;                 /* VMASST_TYPE_* bits */
    int64_t time_offset_seconds;

    uint32_t relinquish_step;           /* progress of domain_kill [LOCK_DOMCTL] */
    bool grace_passed;                  /* (a) every CPU has let go of lookups made before the death */
    struct quiesce grace;               /* domain_kill's, then the final free's */
    struct sched_domain sched;          /* core/sched */
    struct list_head all;               /* domain list, ordered by domid [LOCK_DOMAIN_TABLE] */
    void (*free_fn)(struct domain *);
};

extern struct domain *dom0;
extern struct domain idle_domain_struct;  /* owner of idle vcpus; never in the table */
/* Owners of frames that belong to nobody: DOMID_XEN's shared frames and DOMID_IO's MMIO. */
extern struct domain dom_xen_struct, dom_io_struct;
#define dom_xen (&dom_xen_struct)
#define dom_io (&dom_io_struct)

/*
 * Looks a domain up. The pointer stays valid until this CPU next returns to a guest or
 * schedules (core/quiesce.h); take a reference to keep it longer. DOMID_SELF gives the caller's.
 * NULL: no such domain.
 */
struct domain *domain_lookup(domid_t domid);
/* As domain_lookup, plus a reference; NULL also when it is on its way out of existence. */
struct domain *domain_get(domid_t domid);
bool domain_hold(struct domain *d);
void domain_put(struct domain *d);

struct domain_config {
    const struct vehicle_ops *vehicle;
    domid_t domid;               /* 0: choose one (unless privileged, which is domain 0) */
    bool privileged;
    unsigned max_vcpus;
    uint8_t handle[16];
    int max_grant_frames, max_maptrack_frames; /* <0: default */
    unsigned max_evtchn_port;    /* highest usable port; 0: unlimited */
    unsigned cpupool;
};
/* Creates a paused domain with no vcpus. Returns 0 and *out, or -errno with nothing left behind. */
int domain_create(const struct domain_config *cfg, struct domain **out);
/* Something is to be seen of a domain: VIRQ_DOM_EXC, soon. Takes no lock of events. */
void domain_notify_toolstack(void);
/* -ERESTART asks to be called again; 0: gone. Idempotent. Caller holds a reference. */
int domain_kill(struct domain *d);
/* The guest asked (or its crash decided): pauses all vcpus, records the code, tells the toolstack by VIRQ_DOM_EXC. */
void domain_shutdown(struct domain *d, uint8_t code);
int domain_resume(struct domain *d);
/*
 * A guest broke the rules: prints "(d<id>) crashed: ..." and the vcpu's registers once, and shuts it down as
 * SHUTDOWN_crash. Returns; the current vcpu is descheduled on the way back to it. dom0's crash ends the machine.
 */
void domain_crash(struct domain *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void domain_pause(struct domain *d);         /* waits until no vcpu runs; not for the caller's own domain */
void domain_pause_nosync(struct domain *d);
void domain_unpause(struct domain *d);
/* Iterates in domid order under the table lock: fn returns false to stop. */
void domain_for_each(domid_t first, bool (*fn)(struct domain *d, void *arg), void *arg);
/* The first domain with domid >= first, with a reference; NULL: none. */
struct domain *domain_get_next(unsigned first);
void domain_init_early(void);

/* SCHEDOP_watchdog: id 0 starts one (returns its id), else restarts or, with seconds 0, stops it. */
int domain_watchdog(struct domain *d, uint32_t id, uint32_t seconds);
void domain_watchdog_init(struct domain *d);
void domain_watchdog_kill(struct domain *d);
/* core/shared.c: the shared_info frame, with all events masked. 0 or -ENOMEM. */
int shared_info_init(struct domain *d);
void shared_info_destroy(struct domain *d);

#define for_each_vcpu(d, v, i) \
    for ((i) = 0; (i) < (d)->max_vcpus; (i)++) \
        if (((v) = (d)->vcpu[i]) != NULL)

#endif
