/* SPDX-License-Identifier: MIT */
/*
 * Scalar types and notation shared by all public headers.
 *
 * Notation used in every header of this folder:
 *   IN / OUT      who writes a field: the caller / the hypervisor; IN+OUT both.
 *   guest address a virtual address in the calling vcpu's current address space. Such fields are
 *                 plain uint64_t, never pointer types, so that the hypervisor cannot dereference
 *                 one by accident. 0 is "no address" only where an op says so.
 *   E...          an error is returned as the negative of a XEN_E* value (public/errno.h) in the
 *                 hypercall's result. 0 or a positive value is success. Unless said otherwise:
 *                 EFAULT  a guest address could not be read or written
 *                 ENOSYS  the op or sub-op is unknown or not offered to this caller
 *                 ESRCH   a domid names no domain
 *                 EPERM   the caller may not act on that domain or object
 * Only 64-bit x86 guests exist, so unsigned long of the historical interface is uint64_t here.
 */
#ifndef PUBLIC_TYPES_H
#define PUBLIC_TYPES_H

/* Constants with a C suffix that must also assemble. */
#ifdef __ASSEMBLER__
#define xen_mk_uint(x)   x
#define xen_mk_ulong(x)  x
#define xen_mk_ullong(x) x
#else
#define xen_mk_uint_(x)   x ## U
#define xen_mk_ulong_(x)  x ## UL
#define xen_mk_ullong_(x) x ## ULL
#define xen_mk_uint(x)    xen_mk_uint_(x)
#define xen_mk_ulong(x)   xen_mk_ulong_(x)
#define xen_mk_ullong(x)  xen_mk_ullong_(x)
#endif

/* vcpus whose vcpu_info lives in shared_info; higher ones must register their own. */
#define XEN_LEGACY_MAX_VCPUS 32

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <stdint.h>

typedef uint16_t domid_t;            /* names a domain; DOMID_* in public/hypercall.h */
typedef uint64_t xen_pfn_t;          /* frame number: pfn, gfn or mfn as the field says */
typedef uint64_t xen_ulong_t;        /* register-sized scalar */
typedef uint64_t xen_callback_t;     /* virtual address of a guest entry point */
typedef uint32_t evtchn_port_t;      /* event channel number, local to one domain */
typedef uint32_t grant_ref_t;        /* index into the granting domain's table */
typedef uint32_t grant_handle_t;     /* names one live mapping of the mapping domain */
typedef uint8_t  xen_domain_handle_t[16]; /* UUID given by the toolstack, opaque to us */

/* A bitmap in caller memory: bit n of byte n/8. Ops accept lengths unlike the host's width: bits
 * beyond nr_bits are not read, or are not written. */
struct xenctl_bitmap {
    uint64_t bitmap;        /* guest address of (nr_bits + 7) / 8 bytes */
    uint32_t nr_bits;
};

/* One CPUID leaf as tools and hypervisor exchange it. */
struct xen_cpuid_leaf {
    uint32_t leaf, subleaf; /* subleaf XEN_CPUID_NO_SUBLEAF where the leaf has none */
    uint32_t a, b, c, d;
};

/* One MSR as tools and hypervisor exchange it. */
struct xen_msr_entry {
    uint32_t idx;
    uint32_t flags;         /* 0 */
    uint64_t val;
};

#endif /* !__ASSEMBLER__ */

#define XEN_CPUID_NO_SUBLEAF xen_mk_uint(0xffffffff)

#endif /* PUBLIC_TYPES_H */
