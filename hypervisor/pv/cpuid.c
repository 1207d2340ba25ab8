/* SPDX-License-Identifier: MIT */
/*
 * What CPUID tells a guest: a table of the feature bits a pv guest may have, and the hypervisor's
 * own leaves.
 */
#include "pv/cpuid.h"

#include "core/domain.h"
#include "hw/tsc.h"
#include "lib/string.h"
#include "public/control.h"
#include "public/cpuid.h"
#include "public/extension.h"

#define BIT(n) (1u << (n))

#define INTERFACE_MAJOR 4
#define INTERFACE_MINOR 17

/* Highest leaves we answer; what lies above describes things a pv guest cannot have. */
#define MAX_BASIC_LEAF 0xd
#define MAX_EXTENDED_LEAF 0x80000008

#define OSXSAVE BIT(27)
#define HYPERVISOR BIT(31)

/*
 * Feature masks, by Intel SDM volume 2 (CPUID) and AMD APM volume 3 appendix E. Visible is what
 * needs no more than ring 3 or what we context-switch. Hidden is what belongs to ring 0 and to page
 * tables the guest does not own: VME, PSE, PGE, PSE-36, MCE, MCA, MTRR, MONITOR, VMX, SVM, PCID,
 * SMEP, SMAP, UMIP, PKU, LA57, x2APIC, TSC deadline, performance monitoring, speculation control,
 * XSAVES, CET, 1 GiB pages; and RDTSCP with RDPID, whose register we do not switch.
 */
#define LEAF1_EDX \
    (BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(11) | BIT(15) | \
     BIT(16) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26))
#define LEAF1_ECX \
    (BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | BIT(23) | \
     BIT(25) | BIT(26) | BIT(28) | BIT(29) | BIT(30))
#define LEAF7_EBX \
    (BIT(0) | BIT(3) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(13) | BIT(16) | BIT(17) | \
     BIT(18) | BIT(19) | BIT(21) | BIT(23) | BIT(24) | BIT(26) | BIT(27) | BIT(28) | \
     BIT(29) | BIT(30) | BIT(31))
#define LEAF7_ECX \
    (BIT(1) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(14) | BIT(25) | \
     BIT(27) | BIT(28))
#define LEAF7_EDX (BIT(2) | BIT(3) | BIT(4) | BIT(8))
#define LEAF7_1_EAX (BIT(4) | BIT(5) | BIT(10) | BIT(11) | BIT(12))
#define LEAF_D1_EAX (BIT(0) | BIT(1) | BIT(2)) /* XSAVEOPT, XSAVEC, XGETBV with ecx 1 */
#define EXT1_EDX \
    (BIT(0) | BIT(2) | BIT(4) | BIT(5) | BIT(6) | BIT(8) | BIT(9) | BIT(11) | BIT(15) | \
     BIT(16) | BIT(20) | BIT(22) | BIT(23) | BIT(24) | BIT(25) | BIT(29) | BIT(30) | BIT(31))
#define EXT1_ECX (BIT(0) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(11) | BIT(16) | BIT(21))
#define EXT8_EBX (BIT(0) | BIT(2) | BIT(9))

/* Where the area ends that holds no more than SSE, or AVX: SDM volume 1, section 13.4. */
#define XSAVE_SIZE_SSE 576
#define XSAVE_SIZE_AVX 832
/* Features that mean nothing without their register state in XCR0. */
#define LEAF1_ECX_AVX (BIT(12) | BIT(28) | BIT(29))
#define LEAF7_EBX_AVX BIT(5)
#define LEAF7_EBX_AVX512 \
    (BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31))
#define LEAF7_ECX_AVX (BIT(9) | BIT(10))
#define LEAF7_ECX_AVX512 (BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14))
#define LEAF7_EDX_AVX512 (BIT(2) | BIT(3) | BIT(8))
#define LEAF7_1_EAX_AVX BIT(4)
#define LEAF7_1_EAX_AVX512 BIT(5)
#define EXT1_ECX_AVX (BIT(11) | BIT(16))

/* Structured features, leaf 7. */
static struct cpuid_regs filter_leaf7(uint64_t xcr0, uint32_t sub, struct cpuid_regs r)
{
    bool avx = xcr0 & XCR0_AVX;
    bool avx512 = (xcr0 & XCR0_AVX512) == XCR0_AVX512;

    if (sub == 0) {
        r.eax = r.eax > 1 ? 1 : r.eax;
        r.ebx &= LEAF7_EBX & ~(avx ? 0 : LEAF7_EBX_AVX) & ~(avx512 ? 0 : LEAF7_EBX_AVX512);
        r.ecx &= LEAF7_ECX & ~(avx ? 0 : LEAF7_ECX_AVX) & ~(avx512 ? 0 : LEAF7_ECX_AVX512);
        r.edx &= LEAF7_EDX & ~(avx512 ? 0 : LEAF7_EDX_AVX512);
        if (!cpu_features.fsgsbase)
            r.ebx &= ~BIT(0);
        return r;
    }
    if (sub == 1)
        return (struct cpuid_regs){ .eax = r.eax & LEAF7_1_EAX & ~(avx ? 0 : LEAF7_1_EAX_AVX) &
                                           ~(avx512 ? 0 : LEAF7_1_EAX_AVX512) };
    return (struct cpuid_regs){ 0 };
}

/* XSAVE state, leaf 0xd: the components we switch, as far as the domain has them, and no others. */
static struct cpuid_regs filter_xsave(uint64_t xcr0, uint32_t sub, struct cpuid_regs r)
{
    if (!xcr0)
        return (struct cpuid_regs){ 0 };
    if (sub == 0) {
        r.eax &= (uint32_t)xcr0;
        r.edx &= (uint32_t)(xcr0 >> 32);
        r.ecx = xcr0 == cpu_features.xcr0 ? cpu_features.xsave_size
                                          : xcr0 & XCR0_AVX ? XSAVE_SIZE_AVX : XSAVE_SIZE_SSE;
        return r; /* ebx: the size for XCR0 as it is now, which is the guest's */
    }
    if (sub == 1)
        return (struct cpuid_regs){ .eax = r.eax & LEAF_D1_EAX, .ebx = r.ebx };
    if (sub < 63 && ((xcr0 >> sub) & 1))
        return r;
    return (struct cpuid_regs){ 0 };
}

static struct cpuid_regs filter_leaf1(uint64_t xcr0, struct cpuid_regs r)
{
    /* One logical processor per package; its identifier is filled in by the caller. */
    r.ebx = (r.ebx & 0xff00) | (1 << 16);
    r.ecx &= LEAF1_ECX;
    r.edx &= LEAF1_EDX;
    if (!xcr0)
        r.ecx &= ~(BIT(26) | LEAF1_ECX_AVX);
    else if (!(xcr0 & XCR0_AVX))
        r.ecx &= ~LEAF1_ECX_AVX;
    /*
     * Not the guest's CR4.OSXSAVE, which it sets later: Linux takes the bit at its start for our word
     * that XSAVE may be used (its xen_check_xsave()).
     */
    if (r.ecx & BIT(26))
        r.ecx |= OSXSAVE;
    r.ecx |= HYPERVISOR;
    return r;
}

static struct cpuid_regs filter_extended(bool privileged, uint64_t xcr0, uint32_t leaf,
                                         struct cpuid_regs r)
{
    switch (leaf) {
    case 0x80000000:
        if (r.eax > MAX_EXTENDED_LEAF)
            r.eax = MAX_EXTENDED_LEAF;
        return r;
    case 0x80000001:
        r.ecx &= EXT1_ECX & ~(xcr0 & XCR0_AVX ? 0 : EXT1_ECX_AVX);
        r.edx &= EXT1_EDX;
        return r;
    case 0x80000002 ... 0x80000006: /* the processor's name, caches */
        return r;
    case 0x80000007:
        /* A clock source of its own is for the domain that never moves to another host. */
        return (struct cpuid_regs){ .edx = privileged ? r.edx & BIT(8) : 0 };
    case 0x80000008:
        r.ebx &= EXT8_EBX;
        r.ecx = r.edx = 0;
        return r;
    }
    return (struct cpuid_regs){ 0 };
}

/* What the domain could see, were its policy only about the state in XCR0. */
static struct cpuid_regs filter(bool privileged, uint64_t xcr0, uint32_t leaf, uint32_t sub,
                                struct cpuid_regs r)
{
    if (leaf >= 0x80000000)
        return filter_extended(privileged, xcr0, leaf, r);
    switch (leaf) {
    case 0:
        if (r.eax > MAX_BASIC_LEAF)
            r.eax = MAX_BASIC_LEAF;
        return r;
    case 1:
        return filter_leaf1(xcr0, r);
    case 2:
        return r;
    case 4: /* caches, of one processor */
        r.eax &= 0x3fff;
        return r;
    case 7:
        return filter_leaf7(xcr0, sub, r);
    case 0xd:
        return filter_xsave(xcr0, sub, r);
    }
    return (struct cpuid_regs){ 0 };
}

struct cpuid_regs pv_cpuid_filter(bool privileged, const struct cpuid_policy *policy, uint32_t leaf,
                                  uint32_t sub, struct cpuid_regs host)
{
    struct cpuid_regs r = filter(privileged, policy_xcr0(policy), leaf, sub, host);

    policy_apply(policy, leaf, sub, &r);
    return r;
}

struct cpuid_regs pv_cpuid_policy_leaf(bool privileged, const struct cpuid_policy *policy,
                                       uint32_t leaf, uint32_t sub)
{
    /* Beyond its last leaf, Intel's processors repeat another. */
    if (leaf > (leaf >= 0x80000000 ? cpu_features.max_ext_leaf : cpu_features.max_leaf))
        return (struct cpuid_regs){ 0 };
    return pv_cpuid_filter(privileged, policy, leaf, sub, cpuid(leaf, sub));
}

static struct cpuid_regs tsc_leaf(uint32_t sub)
{
    switch (sub) {
    case 0:
        return (struct cpuid_regs){ .eax = tsc_stable() ? BIT(1) : 0, .ecx = (uint32_t)tsc_khz };
    case 1:
        return (struct cpuid_regs){ .ecx = tsc_scale.mul,
                                    .edx = (uint32_t)(int32_t)tsc_scale.shift };
    case 2:
        return (struct cpuid_regs){ .eax = (uint32_t)tsc_khz };
    }
    return (struct cpuid_regs){ 0 };
}

/* public/cpuid.h and public/extension.h say what these are. */
static struct cpuid_regs hypervisor_leaf(uint32_t leaf, uint32_t sub)
{
    switch (leaf) {
    case XEN_CPUID_LEAF(0):
        return (struct cpuid_regs){ XEN_CPUID_LEAF(XEN_CPUID_MAX_NUM_LEAVES),
                                    XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
                                    XEN_CPUID_SIGNATURE_EDX };
    case XEN_CPUID_LEAF(1):
        return (struct cpuid_regs){ .eax = (INTERFACE_MAJOR << 16) | INTERFACE_MINOR };
    case XEN_CPUID_LEAF(2):
        return (struct cpuid_regs){ .eax = 1, .ebx = XEN_CPUID_FIRST_LEAF,
                                    .ecx = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD };
    case XEN_CPUID_LEAF(3):
        return tsc_leaf(sub);
    case XEN_CPUID_LEAF(5):
        if (sub == 0)
            return (struct cpuid_regs){ .ebx = cpu_features.phys_bits };
        break;
    case PARADOR_CPUID_BASE:
        return (struct cpuid_regs){ PARADOR_CPUID_LAST, PARADOR_CPUID_EBX, PARADOR_CPUID_ECX,
                                    PARADOR_CPUID_EDX };
    case PARADOR_CPUID_VERSION:
        return (struct cpuid_regs){ .eax = PARADOR_INTERFACE_VERSION };
    case PARADOR_CPUID_FEATURES:
        return (struct cpuid_regs){
            .eax = BIT(PARADOR_HYPERCALL_control - PARADOR_HYPERCALL_FIRST) };
    }
    return (struct cpuid_regs){ 0 };
}

struct cpuid_regs pv_cpuid_leaf(struct pv_vcpu *v, uint32_t leaf, uint32_t sub)
{
    struct cpuid_regs r;

    if (leaf >= 0x40000000 && leaf < 0x50000000)
        return hypervisor_leaf(leaf, sub);
    r = pv_cpuid_policy_leaf(v->core.domain->privileged, &to_pv_domain(v->core.domain)->policy, leaf,
                             sub);
    if (leaf == 1)
        r.ebx |= v->core.vcpu_id << 24;
    return r;
}

void pv_cpuid(struct pv_vcpu *v, struct trap_frame *f)
{
    struct cpuid_regs r = pv_cpuid_leaf(v, (uint32_t)f->rax, (uint32_t)f->rcx);

    f->rax = r.eax;
    f->rbx = r.ebx;
    f->rcx = r.ecx;
    f->rdx = r.edx;
}
