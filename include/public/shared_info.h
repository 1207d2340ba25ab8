/* SPDX-License-Identifier: MIT */
/*
 * Memory the hypervisor and a guest share without a hypercall: events, time and p2m anchors.
 *
 * One page per domain holds struct shared_info. Its machine address is start_info.shared_info; the
 * guest maps it itself. Each vcpu's struct vcpu_info starts in it and may be moved once into the
 * guest's own memory (VCPUOP_register_vcpu_info).
 */
#ifndef PUBLIC_SHARED_INFO_H
#define PUBLIC_SHARED_INFO_H

#include "types.h"

/* vcpu_time_info.flags */
#define XEN_PVCLOCK_TSC_STABLE_BIT  (1 << 0) /* time is monotonic across vcpus */
#define XEN_PVCLOCK_GUEST_STOPPED   (1 << 1) /* set once after the vcpu was held up by a debugger */

#ifndef __ASSEMBLER__

/*
 * The clock of one vcpu; written by us, read by the guest.
 * Reading: take version, retry while it is odd; read the fields; retry if version changed since.
 *   delta = rdtsc() - tsc_timestamp, shifted left by tsc_shift (right if negative)
 *   system time in ns = system_time + ((delta * tsc_to_system_mul) >> 32)
 */
struct vcpu_time_info {
    uint32_t version;           /* odd while an update is under way */
    uint32_t pad0;
    uint64_t tsc_timestamp;
    uint64_t system_time;       /* ns since the host booted, at tsc_timestamp */
    uint32_t tsc_to_system_mul; /* 32.32 fixed point: ns per (shifted) tick */
    int8_t tsc_shift;
    uint8_t flags;              /* XEN_PVCLOCK_* */
    uint8_t pad1[2];
};

struct arch_vcpu_info {
    uint64_t cr2;               /* OUT faulting address of the page fault just delivered */
    uint64_t pad;
};

/*
 * Delivery with the two-level event channel ABI: the sender sets bit p of shared evtchn_pending; if
 * that bit of evtchn_mask is clear it sets bit p / 64 of the vcpu's evtchn_pending_sel and, if that
 * was clear, evtchn_upcall_pending; the vcpu takes an upcall as soon as evtchn_upcall_mask is 0.
 * The guest clears evtchn_upcall_pending first, then atomically swaps pending_sel with 0 and scans.
 */
struct vcpu_info {
    uint8_t evtchn_upcall_pending;  /* set by us, cleared by the guest */
    uint8_t evtchn_upcall_mask;     /* the virtual interrupt flag, inverted: 1 holds upcalls back.
                                     * Set by us on entry to a handler that asks for it. */
    xen_ulong_t evtchn_pending_sel; /* which words of evtchn_pending to look at */
    struct arch_vcpu_info arch;
    struct vcpu_time_info time;
};

/* Set by the guest so that tools can find its pfn-to-mfn list, and by us for NMIs. */
struct arch_shared_info {
    uint64_t max_pfn;           /* entries in the list */
    xen_pfn_t pfn_to_mfn_frame_list_list; /* mfn of a frame of mfns of frames of mfns of the list;
                                           * 0 not set, ~0 use the linear list below */
    uint64_t nmi_reason;        /* XEN_NMIREASON_* (public/nmi.h), written by us for dom0 */
    uint64_t p2m_cr3;           /* address space in which p2m_vaddr is valid; 0 none */
    uint64_t p2m_vaddr;         /* linear list of mfns */
    uint64_t p2m_generation;    /* odd while the list's own mapping changes */
};

struct shared_info {
    struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];

    /* Two-level event channels, bit p of the array for port p. */
    xen_ulong_t evtchn_pending[64];
    xen_ulong_t evtchn_mask[64];    /* 1: do not deliver; all 1 at start */

    /* Wall clock at system time 0; read with wc_version as above. */
    uint32_t wc_version;
    uint32_t wc_sec;                /* seconds since 1970, low half */
    uint32_t wc_nsec;
    uint32_t wc_sec_hi;

    struct arch_shared_info arch;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_SHARED_INFO_H */
