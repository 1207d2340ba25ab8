/* SPDX-License-Identifier: MIT */
/*
 * PARADOR_HYPERCALL_control: what tools ask of Parador beyond domctl and sysctl.
 *
 * Reservations and complete accounts of CPU time have no place in Xen's interface. Everything
 * that has one (weight, cap, affinity, CPU pools) works through domctl and sysctl as on Xen; a
 * tool falls back to those where this hypercall answers ENOSYS. For the control domain only.
 *
 * Errors of every op, besides those of public/types.h:
 *   EACCES  interface_version is not PARADOR_CONTROL_INTERFACE_VERSION
 */
#ifndef PUBLIC_CONTROL_H
#define PUBLIC_CONTROL_H

#include "extension.h"
#include "types.h"

#define PARADOR_HYPERCALL_control           (PARADOR_HYPERCALL_FIRST + 0)
#define PARADOR_CONTROL_INTERFACE_VERSION   0x00000001

#define PARADOR_CONTROL_sched_get           1 /* u.sched: all of it OUT */
#define PARADOR_CONTROL_sched_set           2 /* u.sched */
#define PARADOR_CONTROL_usage_host          3 /* u.usage_host */
#define PARADOR_CONTROL_usage_domains       4 /* u.usage_domains */
#define PARADOR_CONTROL_usage_vcpus         5 /* u.usage_vcpus */
#define PARADOR_CONTROL_usage_retired       6 /* u.usage_retired */

/* Which fields of struct parador_sched_params sched_set changes. */
#define PARADOR_SCHED_WEIGHT                (xen_mk_uint(1) << 0)
#define PARADOR_SCHED_CAP                   (xen_mk_uint(1) << 1)
#define PARADOR_SCHED_RESERVATION           (xen_mk_uint(1) << 2)

#define PARADOR_SCHED_WEIGHT_MIN            1
#define PARADOR_SCHED_WEIGHT_MAX            65535
#define PARADOR_SCHED_WEIGHT_DEFAULT        256

/* How many domains that are gone the hypervisor remembers. */
#define PARADOR_USAGE_RETIRED               1024

#ifndef __ASSEMBLER__

/*
 * A domain's claim on the CPUs of its pool. All percentages are of one physical CPU; they are
 * shared by the domain's vcpus.
 *
 * sched_set errors, each with nothing changed:
 *   EINVAL      a weight of 0 or above the maximum; a cap or reservation above 100 for each of
 *               the domain's vcpus; a reservation above the (new) cap; an unknown flag
 *   ENOSPC      the reservations of the pool would exceed its CPUs: capacity and reserved tell
 *   EOPNOTSUPP  the pool's scheduler has no such parameter
 */
struct parador_sched_params {
    uint32_t flags;         /* IN  PARADOR_SCHED_* */
    uint32_t weight;        /* IN+OUT */
    uint32_t cap;           /* IN+OUT never more than this; 0: no cap */
    uint32_t reservation;   /* IN+OUT this much whenever the domain wants it; 0: none */
    uint32_t pool;          /* OUT its CPU pool */
    uint32_t capacity;      /* OUT what the pool can promise: 100 for each of its CPUs */
    uint32_t reserved;      /* OUT promised there to other domains */
    uint32_t sched_id;      /* OUT XEN_SCHEDULER_* of the pool */
};

/*
 * Accounts. All times are nanoseconds and exact sums, never samples. At every instant each
 * physical CPU is in exactly one of three states, and the sums of these over any interval are
 * the interval:
 *   a vcpu runs      vcpu's running_ns; of it, hypervisor_ns was spent in the hypervisor on the
 *                    vcpu's behalf (hypercalls, emulation, page-table work; see docs/metering.md
 *                    for what is too short to be told from the guest's own time)
 *   idle             halted, waiting
 *   hypervisor       awake without a vcpu
 * A vcpu's four states sum up to its age in the same way. A domain that is being destroyed stays
 * in the list until nobody refers to its memory any more; at that instant its final record is
 * made and retired_running_ns grows by what it ran, so that
 *   guest_ns of all CPUs = running_ns of all listed domains + retired_running_ns
 * A caller that wants to see it asks for usage_host before and after usage_domains: if retired_next
 * is the same, nobody went meanwhile.
 */
struct parador_cpu_usage {
    uint32_t cpu;
    uint32_t pool;          /* CPU pool, or 0xffffffff: in none */
    uint64_t guest_ns;      /* vcpus ran, those of gone domains included */
    uint64_t hypervisor_ns;
    uint64_t idle_ns;
    uint64_t switches;      /* from one vcpu to another, the idle one included */
};

/* Of the machine; the instant now_ns is the same for all that one call reports. */
struct parador_usage_host {
    uint64_t cpus;          /* IN  guest address of parador_cpu_usage[], or 0 */
    uint32_t nr_cpus;       /* IN  room there; OUT CPUs online */
    uint32_t padding;
    uint64_t now_ns;        /* OUT system time, as in the guests' clock, since boot */
    uint64_t wall_sec;      /* OUT wall clock at system time 0, seconds since 1970, UTC */
    uint64_t retired_running_ns;  /* OUT sum over all domains that are gone */
    uint64_t retired_next;  /* OUT sequence number the next gone domain will have; first is 1 */
};

/* One domain: the sums over its vcpus. */
struct parador_domain_usage {
    uint64_t sequence;      /* gone domains only: 1, 2, … in the order they went; else 0 */
    uint64_t created_ns;    /* system time */
    uint64_t now_ns;        /* system time of these figures; a gone domain's end */
    uint64_t running_ns;
    uint64_t hypervisor_ns; /* of running_ns */
    uint64_t runnable_ns;   /* could have run, waited for a CPU */
    uint64_t blocked_ns;    /* waited for an event */
    uint64_t offline_ns;    /* paused, down, or over its cap */
    uint64_t switches;      /* times one of its vcpus was put on a CPU */
    uint64_t page_ms;       /* memory: 4 KiB frames owned, times milliseconds */
    uint64_t pages;         /* owned now */
    uint32_t nr_vcpus;      /* made */
    uint32_t nr_online;     /* of these up */
    uint32_t pool;
    domid_t domid;
    uint16_t padding;
    xen_domain_handle_t handle;
};

/*
 * The domains from `first` on, in order of domid. Fewer than there is room for does not mean that
 * there are no more: a long list ends early, though not empty, when other work waits for the CPU.
 * The end is reached when none is filled.
 */
struct parador_usage_domains {
    uint64_t domains;       /* IN  guest address of parador_domain_usage[] */
    uint32_t nr;            /* IN  room there, OUT filled */
    domid_t first;          /* IN */
    uint16_t padding;
};

struct parador_vcpu_usage {
    uint32_t vcpu;
    uint32_t cpu;           /* where it runs or last ran */
    uint32_t state;         /* RUNSTATE_* (public/vcpu.h) */
    uint32_t online;        /* 1: up */
    uint64_t running_ns, hypervisor_ns, runnable_ns, blocked_ns, offline_ns;
    uint64_t switches;
};

/* The vcpus of one domain from `first` on, those that were never made left out. */
struct parador_usage_vcpus {
    uint64_t vcpus;         /* IN  guest address of parador_vcpu_usage[] */
    uint32_t nr;            /* IN  room there, OUT filled */
    uint32_t first;         /* IN */
    uint64_t now_ns;        /* OUT */
    domid_t domain;         /* IN */
    uint16_t padding[3];
};

/*
 * Final figures of domains that are gone. The hypervisor keeps the last PARADOR_USAGE_RETIRED of
 * them; VIRQ_DOM_EXC says when to look. A gap in the sequence tells that some were missed, and
 * retired_running_ns still counts them. In order of sequence numbers; a list may end early, as that
 * of domains may.
 */
struct parador_usage_retired {
    uint64_t domains;       /* IN  guest address of parador_domain_usage[] */
    uint64_t first;         /* IN  the lowest sequence number wanted */
    uint32_t nr;            /* IN  room there, OUT filled */
    uint32_t padding;
};

struct parador_control {
    uint32_t cmd;                   /* IN  PARADOR_CONTROL_* */
    uint32_t interface_version;     /* IN  PARADOR_CONTROL_INTERFACE_VERSION */
    domid_t domain;                 /* IN  sched_get, sched_set */
    uint16_t padding[3];
    union {
        struct parador_sched_params sched;
        struct parador_usage_host usage_host;
        struct parador_usage_domains usage_domains;
        struct parador_usage_vcpus usage_vcpus;
        struct parador_usage_retired usage_retired;
        uint8_t size[112];
    } u;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_CONTROL_H */
