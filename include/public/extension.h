/* SPDX-License-Identifier: MIT */
/*
 * Where this hypervisor's own interface lives, beyond the Xen ABI, and how a guest finds it.
 *
 * The Xen ABI uses hypercall numbers 0 to 55 and leaves room to 63; a hypercall page holds 128
 * stubs. Numbers 0x60 to 0x7f are ours. Xen answers them with -ENOSYS, so that a guest which asks
 * there learns politely that it cannot.
 *
 * CPUID leaves: Xen's range may start at any multiple of 0x100 from 0x40000000 up to, but not
 * including, 0x40010000; ours starts there. A guest that sees our signature at PARADOR_CPUID_BASE
 * may use those of our hypercalls which PARADOR_CPUID_FEATURES announces, and no others.
 */
#ifndef PUBLIC_EXTENSION_H
#define PUBLIC_EXTENSION_H

#define PARADOR_HYPERCALL_FIRST     0x60
#define PARADOR_HYPERCALL_LAST      0x7f

/* Base + 0: eax highest leaf of this range; ebx, ecx, edx the signature "ParadorParad". */
#define PARADOR_CPUID_BASE          0x40010000
#define PARADOR_CPUID_EBX           0x61726150
#define PARADOR_CPUID_ECX           0x50726f64
#define PARADOR_CPUID_EDX           0x64617261

/* Base + 1: eax version of this interface, from 1; ebx, ecx, edx 0. */
#define PARADOR_CPUID_VERSION       (PARADOR_CPUID_BASE + 1)
#define PARADOR_INTERFACE_VERSION   1

/* Base + 2: eax bit n set: hypercall PARADOR_HYPERCALL_FIRST + n is offered; ebx, ecx, edx 0. */
#define PARADOR_CPUID_FEATURES      (PARADOR_CPUID_BASE + 2)

/* Highest leaf of the range, as base + 0 reports it. */
#define PARADOR_CPUID_LAST          PARADOR_CPUID_FEATURES

#endif /* PUBLIC_EXTENSION_H */
