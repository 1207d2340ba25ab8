/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op(int cmd, uint32_t vcpuid, guest address arg): a guest's control over its own vcpus.
 *
 * Common errors: ENOENT no such vcpu; EFAULT; ENOSYS.
 */
#ifndef PUBLIC_VCPU_H
#define PUBLIC_VCPU_H

#include "types.h"
#include "shared_info.h"

/* IN struct vcpu_guest_context (public/trap.h): the first state of a vcpu that has none.
 *   EEXIST  it is initialised already    EINVAL  see vcpu_guest_context    ENOMEM */
#define VCPUOP_initialise                       0
/* Make it runnable. EINVAL: not initialised. Being up already is success. */
#define VCPUOP_up                               1
/* Make it not runnable; synchronous only for the caller itself. */
#define VCPUOP_down                             2
/* Result: 1 if it is up, else 0. */
#define VCPUOP_is_up                            3
/* OUT struct vcpu_runstate_info. */
#define VCPUOP_get_runstate_info                4
/* IN struct vcpu_register_runstate_memory_area: an area, in the address space of the vcpu, which we
 * fill at once and at every later change that matters to it while it runs; 0 stops. */
#define VCPUOP_register_runstate_memory_area    5
/* IN struct vcpu_set_periodic_timer: VIRQ_TIMER every period. EINVAL: shorter than 1 ms. */
#define VCPUOP_set_periodic_timer               6
#define VCPUOP_stop_periodic_timer              7
/* IN struct vcpu_set_singleshot_timer: VIRQ_TIMER once. Only the vcpu itself: else EINVAL.
 *   ETIME  VCPU_SSHOTTMR_future was given and the time has passed; the timer is not set */
#define VCPUOP_set_singleshot_timer             8
#define VCPUOP_stop_singleshot_timer            9
/* IN struct vcpu_register_vcpu_info: move vcpu_info out of shared_info, once. Its contents are kept
 * and every pending bit is re-evaluated.
 *   EINVAL  done already, misaligned, crosses the page, rsvd not 0, or not a frame of the caller's
 *           that it may write */
#define VCPUOP_register_vcpu_info               10
/* Deliver an NMI to it. */
#define VCPUOP_send_nmi                         11
/* OUT struct vcpu_get_physid. EINVAL: the vcpu is not pinned to one cpu. */
#define VCPUOP_get_physid                       12
/* IN struct vcpu_register_time_memory_area: a second copy of the vcpu's clock for user mode, kept
 * up to date like the first; 0 stops. */
#define VCPUOP_register_vcpu_time_memory_area   13

/* vcpu_runstate_info.state */
#define RUNSTATE_running    0   /* on a cpu */
#define RUNSTATE_runnable   1   /* waiting for a cpu */
#define RUNSTATE_blocked    2   /* waiting for an event */
#define RUNSTATE_offline    3   /* down, paused or not started */

/* Set in state_entry_time while we update, if VMASST_TYPE_runstate_update_flag is enabled. */
#define XEN_RUNSTATE_UPDATE (xen_mk_ullong(1) << 63)

/* vcpu_set_singleshot_timer.flags */
#define _VCPU_SSHOTTMR_future 0
#define VCPU_SSHOTTMR_future  (xen_mk_uint(1) << _VCPU_SSHOTTMR_future)

/* vcpu_get_physid.phys_id */
#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

#ifndef __ASSEMBLER__

struct vcpu_runstate_info {
    int32_t state;              /* RUNSTATE_* */
    uint64_t state_entry_time;  /* system time in ns */
    uint64_t time[4];           /* ns spent in each state; their sum does not drift */
};

struct vcpu_register_runstate_memory_area {
    union {
        uint64_t h;             /* guest address of vcpu_runstate_info */
        uint64_t v;
        uint64_t p;
    } addr;                     /* IN */
};

struct vcpu_set_periodic_timer {
    uint64_t period_ns;         /* IN */
};

struct vcpu_set_singleshot_timer {
    uint64_t timeout_abs_ns;    /* IN  system time */
    uint32_t flags;             /* IN */
};

struct vcpu_register_vcpu_info {
    uint64_t mfn;               /* IN  frame, an mfn for a PV guest */
    uint32_t offset;            /* IN  byte in it */
    uint32_t rsvd;              /* IN  0 */
};

struct vcpu_get_physid {
    uint64_t phys_id;           /* OUT */
};

struct vcpu_register_time_memory_area {
    union {
        uint64_t h;             /* guest address of vcpu_time_info */
        uint64_t v;
        uint64_t p;
    } addr;                     /* IN */
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_VCPU_H */
