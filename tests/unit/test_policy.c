/* SPDX-License-Identifier: MIT */
/* CPU policies as the toolstack sets and asks for them: features go, none come. */
// sources: hcall/hc_policy.c pv/policy.c
#include <stdlib.h>
#include <string.h>

#include "core/guest_access.h"
#include "hcall/hc_domctl.h"
#include "hcall/hc_sysctl.h"
#include "lib/errno.h"
#include "pv/cpuid.h"
#include "suite.h"

struct cpu_features cpu_features = { .xcr0 = 0xe7, .max_leaf = 0xd, .max_ext_leaf = 0x80000008 };
struct cpu_info *get_cpu_info(void) { abort(); }

static struct pv_domain d;
static struct vcpu vcpu;
static struct vcpu *vcpus[1] = { &vcpu };
static uint64_t bad_address;

struct guest_ptr guest_ptr_at(struct guest_ptr p, uint64_t i, size_t size)
{
    return guest_ptr(p.va + i * size);
}

int copy_from_guest(void *dst, struct guest_ptr src, size_t len)
{
    if (src.va == bad_address)
        return -EFAULT;
    memcpy(dst, (const void *)src.va, len);
    return 0;
}

int copy_to_guest(struct guest_ptr dst, const void *src, size_t len)
{
    if (dst.va == bad_address)
        return -EFAULT;
    memcpy((void *)dst.va, src, len);
    return 0;
}

/* What every domain could see. */
struct cpuid_regs pv_cpuid_policy_leaf(bool privileged, const struct cpuid_policy *policy,
                                       uint32_t leaf, uint32_t sub)
{
    struct cpuid_regs r = { 0x10, 0x20, 0x30, 0x40 };

    switch (leaf) {
    case 0: r = (struct cpuid_regs){ 0xd, 'G', 'N', 'U' }; break;
    case 1: r = (struct cpuid_regs){ 0x60fb1, 0x10800, 0x9c002001, 0x789c3f5 }; break;
    case 7: r = sub ? (struct cpuid_regs){ 0 } : (struct cpuid_regs){ 1, 0x10021, 0, 0 }; break;
    case 0x80000000: r = (struct cpuid_regs){ 0x80000008, 'G', 'N', 'U' }; break;
    case 0x14: r = (struct cpuid_regs){ 0 }; break;
    }
    policy_apply(policy, leaf, sub, &r);
    return r;
}

static struct xen_domctl op;
static struct xen_cpuid_leaf leaves[121];
static struct xen_msr_entry msrs[3];

static void setup(void)
{
    memset(&d, 0, sizeof(d));
    memset(&op, 0, sizeof(op));
    memset(leaves, 0, sizeof(leaves));
    memset(msrs, 0, sizeof(msrs));
    vcpu.initialised = false;
    d.core.max_vcpus = 1;
    d.core.vcpu = vcpus;
    bad_address = ~0ULL;
    op.u.cpu_policy.leaves = (uint64_t)leaves;
    op.u.cpu_policy.msrs = (uint64_t)msrs;
}

static struct cpuid_regs sees(uint32_t leaf, uint32_t sub)
{
    return pv_cpuid_policy_leaf(false, &d.policy, leaf, sub);
}

static long set(uint32_t nr_leaves, uint32_t nr_msrs)
{
    op.u.cpu_policy.nr_leaves = nr_leaves;
    op.u.cpu_policy.nr_msrs = nr_msrs;
    return domctl_set_cpu_policy(&d.core, &op);
}

static void leaf1(uint32_t ecx, uint32_t edx)
{
    leaves[0] = (struct xen_cpuid_leaf){ 1, XEN_CPUID_NO_SUBLEAF, 0x60fb1, 0, ecx, edx };
}

/* What is given out can be set again, and changes nothing. */
START_TEST(round_trip)
{
    struct cpuid_policy before;

    op.u.cpu_policy.nr_leaves = 120;
    op.u.cpu_policy.nr_msrs = 2;
    ck_assert_int_eq(domctl_get_cpu_policy(&d.core, &op), 0);
    ck_assert_uint_eq(op.u.cpu_policy.nr_leaves, 94);
    ck_assert_uint_eq(leaves[93].leaf, 0x80000008);
    ck_assert_uint_eq(leaves[94].leaf, 0);
    ck_assert_uint_eq(op.u.cpu_policy.nr_msrs, 2);
    ck_assert_uint_eq(leaves[0].subleaf, XEN_CPUID_NO_SUBLEAF);
    ck_assert_int_eq(set(op.u.cpu_policy.nr_leaves, 2), 0);
    ck_assert_uint_eq(sees(1, 0).ecx, 0x9c002001);
    ck_assert_uint_eq(sees(1, 0).ebx, 0x10800);
    ck_assert_uint_eq(policy_xcr0(&d.policy), 0xe7);
    before = d.policy;
    ck_assert_int_eq(set(0, 0), 0);
    ck_assert_mem_eq(&before, &d.policy, sizeof(before));
    /* A leaf that is not there may be sent as the zeroes it reads as. */
    leaves[0] = (struct xen_cpuid_leaf){ .leaf = 0x14, .subleaf = XEN_CPUID_NO_SUBLEAF };
    ck_assert_int_eq(set(1, 0), 0);
}
END_TEST

START_TEST(features_go)
{
    leaf1(0x98000001, 0x789c3f5); /* without CX16, and XSAVE switched on but not there */
    ck_assert_int_eq(set(1, 0), 0);
    ck_assert_uint_eq(sees(1, 0).ecx, 0x98000001);
    ck_assert_uint_eq(sees(1, 0).edx, 0x789c3f5);
    ck_assert_uint_eq(sees(1, 0).ebx, 0x10800);
    ck_assert_uint_eq(sees(7, 0).ebx, 0x10021);
    ck_assert_uint_eq(policy_xcr0(&d.policy), 0);
    /* Until its kernel runs the domain can have it back. */
    leaf1(0x9c002001, 0x789c3f5);
    ck_assert_int_eq(set(1, 0), 0);
    ck_assert_uint_eq(sees(1, 0).ecx, 0x9c002001);
    /* How many processors a package has is not asked: libxenguest sets the host's bit. */
    leaf1(0x9c002001, 0x789c3f5 | 1 << 28);
    ck_assert_int_eq(set(1, 0), 0);
    ck_assert_uint_eq(sees(1, 0).edx, 0x789c3f5);
}
END_TEST

START_TEST(state_goes_with_features)
{
    leaf1(0x8c002001, 0x789c3f5); /* AVX */
    ck_assert_int_eq(set(1, 0), 0);
    ck_assert_uint_eq(policy_xcr0(&d.policy), 3);
    leaf1(0x94002001, 0x789c3f5); /* OSXSAVE alone is no feature */
    ck_assert_int_eq(set(1, 0), 0);
    ck_assert_uint_eq(sees(1, 0).ecx, 0x9c002001);
    leaves[0] = (struct xen_cpuid_leaf){ 7, 0, 1, 0x21, 0, 0 }; /* AVX-512 */
    ck_assert_int_eq(set(1, 0), 0);
    ck_assert_uint_eq(policy_xcr0(&d.policy), 7);
    ck_assert_uint_eq(sees(7, 0).ebx, 0x21);
}
END_TEST

START_TEST(highest_leaves_are_lowered)
{
    leaves[0] = (struct xen_cpuid_leaf){ 0, XEN_CPUID_NO_SUBLEAF, 4, 'G', 'N', 'U' };
    leaves[1] = (struct xen_cpuid_leaf){ 0x80000000, XEN_CPUID_NO_SUBLEAF, 0x80000001, 'G', 'N', 'U' };
    ck_assert_int_eq(set(2, 0), 0);
    ck_assert_uint_eq(sees(0, 0).eax, 4);
    ck_assert_uint_eq(sees(7, 0).ebx, 0);
    ck_assert_uint_eq(sees(4, 0).ebx, 0x20);
    ck_assert_uint_eq(sees(0x80000001, 0).eax, 0x10);
    ck_assert_uint_eq(sees(0x80000002, 0).eax, 0);
}
END_TEST

/* Refused: the leaf is named, and the domain sees what it saw. */
START_TEST(nothing_is_added)
{
    static const struct xen_cpuid_leaf bad[] = {
        { 1, XEN_CPUID_NO_SUBLEAF, 0x60fb1, 0, 0x9c002003, 0x789c3f5 }, /* PCLMULQDQ */
        { 1, XEN_CPUID_NO_SUBLEAF, 0x60fb1, 0, 0x9c002001, 0x789c3fd }, /* PSE */
        { 1, XEN_CPUID_NO_SUBLEAF, 0x60fb2, 0, 0x9c002001, 0x789c3f5 }, /* another model */
        { 1, 0, 0x60fb1, 0, 0x9c002001, 0x789c3f5 },                    /* it has no subleaves */
        { 7, 0, 2, 0x10021, 0, 0 },
        { 7, 0, 1, 0x10021, 4, 0 },
        { 7, 1, 1, 0, 0, 0 },
        { 0, XEN_CPUID_NO_SUBLEAF, 0xe, 'G', 'N', 'U' },
        { 0, XEN_CPUID_NO_SUBLEAF, 0xd, 'G', 'N', 'O' },
        { 0x80000000, XEN_CPUID_NO_SUBLEAF, 0x80000021, 'G', 'N', 'U' },
        { 0x14, XEN_CPUID_NO_SUBLEAF, 1, 0, 0, 0 },
        { 0x80000005, XEN_CPUID_NO_SUBLEAF, 0x10, 0x20, 0x30, 0 },
    };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        leaf1(0x9c000001, 0x789c3f5);
        leaves[1] = bad[i];
        ck_assert_int_eq(set(2, 0), -EINVAL);
        ck_assert_uint_eq(op.u.cpu_policy.err_leaf, bad[i].leaf);
        ck_assert_uint_eq(op.u.cpu_policy.err_subleaf, bad[i].subleaf);
        ck_assert_uint_eq(op.u.cpu_policy.err_msr, ~0U);
        ck_assert(!d.policy.narrowed);
    }
}
END_TEST

START_TEST(msrs_are_zero)
{
    static const struct xen_msr_entry bad[] = {
        { 0xce, 0, 1ULL << 31 }, { 0x10a, 0, 1 }, { 0x10a, 1, 0 }, { 0x1b, 0, 0 }
    };

    msrs[0].idx = 0xce;
    msrs[1].idx = 0x10a;
    ck_assert_int_eq(set(0, 2), 0);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        msrs[1] = bad[i];
        ck_assert_int_eq(set(0, 2), -EINVAL);
        ck_assert_uint_eq(op.u.cpu_policy.err_msr, bad[i].idx);
        ck_assert_uint_eq(op.u.cpu_policy.err_leaf, ~0U);
    }
}
END_TEST

START_TEST(limits)
{
    leaf1(0x9c000001, 0x789c3f5);
    ck_assert_int_eq(set(121, 0), -E2BIG);
    ck_assert_int_eq(set(0, 3), -E2BIG);
    bad_address = (uint64_t)&leaves[1];
    ck_assert_int_eq(set(2, 0), -EFAULT);
    bad_address = (uint64_t)msrs;
    ck_assert_int_eq(set(1, 1), -EFAULT);
    ck_assert(!d.policy.narrowed);
    bad_address = ~0ULL;
    vcpu.initialised = true;
    ck_assert_int_eq(set(1, 0), -EEXIST);
    ck_assert(!d.policy.narrowed);

    op.u.cpu_policy.nr_leaves = 5;
    op.u.cpu_policy.nr_msrs = 2;
    ck_assert_int_eq(domctl_get_cpu_policy(&d.core, &op), -ENOBUFS);
    ck_assert_uint_eq(op.u.cpu_policy.nr_leaves, 94);
    bad_address = (uint64_t)&leaves[3];
    ck_assert_int_eq(domctl_get_cpu_policy(&d.core, &op), -EFAULT);
    op.u.cpu_policy.leaves = op.u.cpu_policy.msrs = 0;
    ck_assert_int_eq(domctl_get_cpu_policy(&d.core, &op), 0);
    ck_assert_uint_eq(op.u.cpu_policy.nr_leaves, 120);
}
END_TEST

START_TEST(host_policies)
{
    struct xen_sysctl s = { .u.cpu_policy = { .index = XEN_SYSCTL_cpu_policy_pv_default,
                                              .nr_leaves = 120, .nr_msrs = 2,
                                              .leaves = (uint64_t)leaves } };
    uint32_t words[19];

    ck_assert_int_eq(sysctl_get_cpu_policy(&s), 0);
    ck_assert_uint_eq(leaves[1].leaf, 1);
    ck_assert_uint_eq(leaves[1].c, 0x9c002001);
    s.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_hvm_max;
    ck_assert_int_eq(sysctl_get_cpu_policy(&s), -EOPNOTSUPP);
    s.u.cpu_policy.index = 6;
    ck_assert_int_eq(sysctl_get_cpu_policy(&s), -EINVAL);
    s.u.cpu_policy.index = 0;
    s.u.cpu_policy._rsvd = 1;
    ck_assert_int_eq(sysctl_get_cpu_policy(&s), -EINVAL);

    s.u.cpu_featureset = (struct xen_sysctl_cpu_featureset){ .index = XEN_SYSCTL_cpu_featureset_pv };
    ck_assert_int_eq(sysctl_get_cpu_featureset(&s), 0);
    ck_assert_uint_eq(s.u.cpu_featureset.nr_features, 19);
    s.u.cpu_featureset.features = (uint64_t)words;
    s.u.cpu_featureset.nr_features = 18;
    ck_assert_int_eq(sysctl_get_cpu_featureset(&s), -ENOBUFS);
    s.u.cpu_featureset.nr_features = 19;
    ck_assert_int_eq(sysctl_get_cpu_featureset(&s), 0);
    ck_assert_uint_eq(words[0], 0x789c3f5);
    ck_assert_uint_eq(words[1], 0x9c002001);
    ck_assert_uint_eq(words[5], 0x10021);
    ck_assert_uint_eq(words[17], 0);
    s.u.cpu_featureset.index = XEN_SYSCTL_cpu_featureset_hvm;
    ck_assert_int_eq(sysctl_get_cpu_featureset(&s), -EOPNOTSUPP);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("policy");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, round_trip);
    tcase_add_test(t, features_go);
    tcase_add_test(t, state_goes_with_features);
    tcase_add_test(t, highest_leaves_are_lowered);
    tcase_add_test(t, nothing_is_added);
    tcase_add_test(t, msrs_are_zero);
    tcase_add_test(t, limits);
    tcase_add_test(t, host_policies);
    return run_suite("policy", t);
}
