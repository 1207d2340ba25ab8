/* SPDX-License-Identifier: MIT */
/*
 * CPUID leaves by which a guest recognises the hypervisor.
 *
 * A PV kernel runs CPUID with XEN_EMULATE_PREFIX before it: the prefix is an invalid instruction,
 * so the pair traps and is emulated even where CPUID itself would not. Leaves start at
 * XEN_CPUID_FIRST_LEAF; Linux scans upwards from there in steps of 0x100 below 0x40010000.
 */
#ifndef PUBLIC_CPUID_H
#define PUBLIC_CPUID_H

#include "types.h"

#define XEN_CPUID_FIRST_LEAF        0x40000000
#define XEN_CPUID_LEAF(i)           (XEN_CPUID_FIRST_LEAF + (i))

/* Leaf base + 0: eax highest leaf of this range; ebx, ecx, edx the signature "XenVMMXenVMM". */
#define XEN_CPUID_SIGNATURE_EBX     0x566e6558
#define XEN_CPUID_SIGNATURE_ECX     0x65584d4d
#define XEN_CPUID_SIGNATURE_EDX     0x4d4d566e

/* Leaf base + 1: eax major version << 16 | minor version of the interface; others 0. */

/*
 * Leaf base + 2: eax number of hypercall pages (1); ebx the MSR that, written with a guest-physical
 * address, fills a hypercall page there; ecx feature bits below; edx 0.
 */
#define _XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD 0
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD  (xen_mk_uint(1) << 0)

/*
 * Leaf base + 3: time stamp counter.
 *   subleaf 0: eax bit 0 rdtsc is emulated, bit 1 host TSC is known good, bit 2 RDTSCP exists;
 *              ebx tsc mode (XEN_DOMCTL_settscinfo); ecx guest kHz; edx incarnation
 *   subleaf 1: eax, ebx offset low, high; ecx multiplier; edx shift (as in vcpu_time_info)
 *   subleaf 2: eax host kHz
 */

/* Leaf base + 4: hardware-assisted guests only; a PV guest reads zeroes. */
#define XEN_HVM_CPUID_APIC_ACCESS_VIRT  (xen_mk_uint(1) << 0)
#define XEN_HVM_CPUID_X2APIC_VIRT       (xen_mk_uint(1) << 1)
#define XEN_HVM_CPUID_IOMMU_MAPPINGS    (xen_mk_uint(1) << 2)
#define XEN_HVM_CPUID_VCPU_ID_PRESENT   (xen_mk_uint(1) << 3) /* ebx is the vcpu id */
#define XEN_HVM_CPUID_DOMID_PRESENT     (xen_mk_uint(1) << 4) /* ecx is the domid */
#define XEN_HVM_CPUID_EXT_DEST_ID       (xen_mk_uint(1) << 5)
#define XEN_HVM_CPUID_UPCALL_VECTOR     (xen_mk_uint(1) << 6)

/* Leaf base + 5, PV guests: subleaf 0 eax highest subleaf; ebx machine address width below. */
#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK (xen_mk_uint(0xff) << 0)

/* Offset of the highest leaf described here. */
#define XEN_CPUID_MAX_NUM_LEAVES    5

/* ud2a followed by the letters "xen". */
#ifdef __ASSEMBLER__
#define XEN_EMULATE_PREFIX .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e ;
#define XEN_CPUID          XEN_EMULATE_PREFIX cpuid
#else
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID          XEN_EMULATE_PREFIX "cpuid"
#endif

#endif /* PUBLIC_CPUID_H */
