/* SPDX-License-Identifier: MIT */
/* What a pv guest sees of the processor: nothing that needs ring 0 or that we do not switch. */
// sources: pv/cpuid.c pv/policy.c
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "hw/tsc.h"
#include "public/cpuid.h"
#include "public/extension.h"
#include "pv/cpuid.h"
#include "suite.h"

struct cpu_features cpu_features;
uint64_t tsc_khz = 2400000;
bool tsc_stable(void) { return true; }
struct tsc_scale tsc_scale = { .mul = 0x80000000, .shift = -1 };
struct cpu_info *get_cpu_info(void) { abort(); }

static const struct cpuid_policy none;
static const struct cpuid_regs ones = { ~0U, ~0U, ~0U, ~0U };

static void full_features(void)
{
    cpu_features = (struct cpu_features){ .xcr0 = 0xe7, .xsave_size = 2688, .fsgsbase = true, .phys_bits = 46 };
}

#define HAS(word, bit) (((word) >> (bit)) & 1)

START_TEST(basic_features)
{
    struct cpuid_regs r;

    full_features();
    r = pv_cpuid_filter(true, &none, 1, 0, ones);
    ck_assert(HAS(r.ecx, 31));                        /* a hypervisor is present */
    ck_assert(!HAS(r.ecx, 5) && !HAS(r.ecx, 3) && !HAS(r.ecx, 17) && !HAS(r.ecx, 21) && !HAS(r.ecx, 24));
    ck_assert(HAS(r.ecx, 27));                        /* OSXSAVE: we have set it */
    ck_assert(HAS(r.edx, 9) && HAS(r.edx, 26));       /* APIC, SSE2 */
    ck_assert(!HAS(r.edx, 3) && !HAS(r.edx, 7) && !HAS(r.edx, 12) && !HAS(r.edx, 13) && !HAS(r.edx, 14));
    r = pv_cpuid_filter(false, &none, 1, 0, ones);
    ck_assert_uint_eq(r.ebx >> 24, 0);
}
END_TEST

START_TEST(no_xsave_no_avx)
{
    struct cpuid_regs r;

    memset(&cpu_features, 0, sizeof(cpu_features));
    r = pv_cpuid_filter(true, &none, 1, 0, ones);
    ck_assert(!HAS(r.ecx, 26) && !HAS(r.ecx, 27) && !HAS(r.ecx, 28) && !HAS(r.ecx, 12) && !HAS(r.ecx, 29));
    r = pv_cpuid_filter(true, &none, 7, 0, ones);
    ck_assert(!HAS(r.ebx, 5) && !HAS(r.ebx, 16) && !HAS(r.ebx, 0));
    r = pv_cpuid_filter(true, &none, 0xd, 0, ones);
    ck_assert_uint_eq(r.eax | r.ebx | r.ecx | r.edx, 0);
    cpu_features.xcr0 = 7; /* AVX without AVX-512 */
    r = pv_cpuid_filter(true, &none, 7, 0, ones);
    ck_assert(HAS(r.ebx, 5) && !HAS(r.ebx, 16) && !HAS(r.ebx, 31));
    r = pv_cpuid_filter(true, &none, 0xd, 5, ones);
    ck_assert_uint_eq(r.eax, 0);
    r = pv_cpuid_filter(true, &none, 0xd, 2, ones);
    ck_assert_uint_eq(r.eax, ~0U);
}
END_TEST

START_TEST(structured_features)
{
    struct cpuid_regs r;

    full_features();
    r = pv_cpuid_filter(true, &none, 7, 0, ones);
    ck_assert_uint_eq(r.eax, 1);
    ck_assert(HAS(r.ebx, 0) && HAS(r.ebx, 3) && HAS(r.ebx, 5));
    ck_assert(!HAS(r.ebx, 7) && !HAS(r.ebx, 20) && !HAS(r.ebx, 10)); /* SMEP, SMAP, INVPCID */
    ck_assert(!HAS(r.ecx, 2) && !HAS(r.ecx, 3) && !HAS(r.ecx, 16) && !HAS(r.ecx, 22));
    ck_assert(!HAS(r.edx, 26) && !HAS(r.edx, 27) && !HAS(r.edx, 31) && !HAS(r.edx, 29));
    r = pv_cpuid_filter(true, &none, 0xd, 1, ones);
    ck_assert_uint_eq(r.eax, 7);
    r = pv_cpuid_filter(true, &none, 0xd, 0, ones);
    ck_assert_uint_eq(r.eax, 0xe7);
    ck_assert_uint_eq(r.ecx, 2688);
}
END_TEST

START_TEST(extended_features)
{
    struct cpuid_regs r;

    full_features();
    r = pv_cpuid_filter(false, &none, 0x80000000, 0, ones);
    ck_assert_uint_eq(r.eax, 0x80000008);
    r = pv_cpuid_filter(false, &none, 0x80000001, 0, ones);
    ck_assert(HAS(r.edx, 20) && HAS(r.edx, 29) && HAS(r.edx, 11));
    ck_assert(!HAS(r.edx, 26) && !HAS(r.edx, 27) && !HAS(r.ecx, 2));
    ck_assert_uint_eq(pv_cpuid_filter(false, &none, 0x80000007, 0, ones).edx, 0);
    ck_assert_uint_eq(pv_cpuid_filter(true, &none, 0x80000007, 0, ones).edx, 1 << 8);
    r = pv_cpuid_filter(true, &none, 0x8000000a, 0, ones);
    ck_assert_uint_eq(r.eax | r.ebx | r.ecx | r.edx, 0);
    r = pv_cpuid_filter(true, &none, 0xa, 0, ones);
    ck_assert_uint_eq(r.eax | r.ebx | r.ecx | r.edx, 0);
}
END_TEST

START_TEST(hypervisor_leaves)
{
    static struct pv_domain d;
    struct pv_vcpu v = { .core.domain = &d.core };
    struct cpuid_regs r;

    full_features();
    r = pv_cpuid_leaf(&v, 0x40000000, 0);
    ck_assert_uint_eq(r.eax, 0x40000005);
    ck_assert_int_eq(memcmp(&r.ebx, "XenVMMXenVMM", 12), 0); /* ebx, ecx, edx follow each other */
    ck_assert_uint_eq(pv_cpuid_leaf(&v, 0x40000001, 0).eax, 0x00040011);
    r = pv_cpuid_leaf(&v, 0x40000002, 0);
    ck_assert_uint_eq(r.eax, 1);
    ck_assert_uint_eq(r.ebx, 0x40000000);
    ck_assert_uint_eq(pv_cpuid_leaf(&v, 0x40000003, 2).eax, 2400000);
    ck_assert_uint_eq(pv_cpuid_leaf(&v, 0x40000003, 1).edx, ~0U);
    r = pv_cpuid_leaf(&v, PARADOR_CPUID_BASE, 0);
    ck_assert_int_eq(memcmp(&r.ebx, "ParadorParad", 12), 0);
    r = pv_cpuid_leaf(&v, 0x40000100, 0);
    ck_assert_uint_eq(r.eax | r.ebx | r.ecx | r.edx, 0);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("cpuid");

    tcase_add_test(t, basic_features);
    tcase_add_test(t, no_xsave_no_avx);
    tcase_add_test(t, structured_features);
    tcase_add_test(t, extended_features);
    tcase_add_test(t, hypervisor_leaves);
    return run_suite("cpuid", t);
}
