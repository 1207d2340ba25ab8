/* SPDX-License-Identifier: MIT */
/* domctl and sysctl on CPU policies: which features there are, and which a domain is to see. */
#include "core/guest_access.h"
#include "hcall/hc_domctl.h"
#include "hcall/hc_sysctl.h"
#include "hw/cpu.h"
#include "lib/errno.h"
#include "pv/cpuid.h"

/*
 * Room that callers are told to have, and that libxenguest then takes: what Xen 4.17 answers. Its
 * structure has room for so many subleaves of leaves 4, 7, 0xb and 0xd, for leaves up to 0xd and
 * 0x80000021 and for two of the hypervisor's. It sends back at most as many leaves as it was given,
 * and fails if its own are more; so we give all that there are, zeroes too.
 */
#define MAX_LEAVES 120
#define MAX_MSRS 2

static const struct {
    uint32_t first, last;
} ranges[] = {
    { 0, 0xd }, { 0x40000000, 0x40000000 }, { 0x40000100, 0x40000100 }, { 0x80000000, 0x80000008 }
};

static unsigned subleaves(uint32_t leaf)
{
    return leaf == 4 ? 6 : leaf == 7 || leaf == 0xb ? 2 : leaf == 0xd ? 63 : 1;
}

/* 14 + 2 + 9 leaves, and the further subleaves. */
#define NR_LEAVES (25 + 5 + 1 + 1 + 62)

/* PLATFORM_INFO and ARCH_CAPABILITIES: no guest has anything that they would tell of. */
static const uint32_t msrs[MAX_MSRS] = { 0xce, 0x10a };

/* Whose answers: the processor's, or those for a domain with that policy. */
struct view {
    bool raw, privileged;
    struct cpuid_policy policy;
};

static struct cpuid_regs answer(const struct view *v, uint32_t leaf, uint32_t sub)
{
    if (!v->raw)
        return pv_cpuid_policy_leaf(v->privileged, &v->policy, leaf, sub);
    if (leaf > (leaf >= 0x80000000 ? cpu_features.max_ext_leaf : cpu_features.max_leaf) ||
        (leaf == 7 && sub > cpuid(7, 0).eax))
        return (struct cpuid_regs){ 0 };
    return cpuid(leaf, sub);
}

/* What sysctl's numbers of policies and of feature sets mean, which are the same. */
static long view_of(uint32_t index, struct view *v)
{
    switch (index) {
    case XEN_SYSCTL_cpu_policy_raw:
    case XEN_SYSCTL_cpu_policy_host:
        *v = (struct view){ .raw = true };
        return 0;
    case XEN_SYSCTL_cpu_policy_pv_max:
    case XEN_SYSCTL_cpu_policy_pv_default:
        *v = (struct view){ 0 };
        return 0;
    case XEN_SYSCTL_cpu_policy_hvm_max:
    case XEN_SYSCTL_cpu_policy_hvm_default:
        return -EOPNOTSUPP;
    }
    return -EINVAL;
}

static int write_leaves(const struct view *v, struct guest_ptr array)
{
    unsigned n = 0;

    for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        for (uint32_t leaf = ranges[i].first; leaf <= ranges[i].last; leaf++)
            for (uint32_t sub = 0; sub < subleaves(leaf); sub++) {
                struct cpuid_regs r = answer(v, leaf, sub);
                struct xen_cpuid_leaf l = {
                    .leaf = leaf,
                    .subleaf = cpuid_has_subleaves(leaf) ? sub : XEN_CPUID_NO_SUBLEAF,
                    .a = r.eax, .b = r.ebx, .c = r.ecx, .d = r.edx,
                };

                if (copy_to_guest(guest_ptr_at(array, n++, sizeof(l)), &l, sizeof(l)))
                    return -EFAULT;
            }
    return 0;
}

/* Writes a policy to the caller's arrays; an address of 0 asks how much room there should be. */
static long write_policy(const struct view *v, uint32_t *nr_leaves, uint64_t leaf_array,
                         uint32_t *nr_msrs, uint64_t msr_array)
{
    uint32_t leaf_room = *nr_leaves, msr_room = *nr_msrs;

    *nr_leaves = leaf_array ? NR_LEAVES : MAX_LEAVES;
    *nr_msrs = MAX_MSRS;
    if ((leaf_array && leaf_room < NR_LEAVES) || (msr_array && msr_room < MAX_MSRS))
        return -ENOBUFS;
    if (leaf_array && write_leaves(v, guest_ptr(leaf_array)))
        return -EFAULT;
    for (unsigned i = 0; msr_array && i < MAX_MSRS; i++) {
        struct xen_msr_entry e = { .idx = msrs[i] };

        if (copy_to_guest(guest_ptr_at(guest_ptr(msr_array), i, sizeof(e)), &e, sizeof(e)))
            return -EFAULT;
    }
    return 0;
}

long sysctl_get_cpu_policy(struct xen_sysctl *op)
{
    struct xen_sysctl_cpu_policy *p = &op->u.cpu_policy;
    struct view v;
    long rc = p->_rsvd ? -EINVAL : view_of(p->index, &v);

    return rc ? rc : write_policy(&v, &p->nr_leaves, p->leaves, &p->nr_msrs, p->msrs);
}

/* The words of a feature set: arch-x86/cpufeatureset.h in libxen-dev. */
static const struct {
    uint32_t leaf;
    uint8_t sub, reg;
} features[] = {
    { 1, 0, 3 }, { 1, 0, 2 }, { 0x80000001, 0, 3 }, { 0x80000001, 0, 2 }, { 0xd, 1, 0 },
    { 7, 0, 1 }, { 7, 0, 2 }, { 0x80000007, 0, 3 }, { 0x80000008, 0, 1 }, { 7, 0, 3 },
    { 7, 1, 0 }, { 0x80000021, 0, 0 }, { 7, 1, 1 }, { 7, 2, 3 }, { 7, 1, 2 }, { 7, 1, 3 },
};
/* Behind these two for ARCH_CAPABILITIES, hidden, and one for leaf 0x80000021 ecx. */
#define NR_FEATURES (sizeof(features) / sizeof(features[0]) + 3)

long sysctl_get_cpu_featureset(struct xen_sysctl *op)
{
    struct xen_sysctl_cpu_featureset *f = &op->u.cpu_featureset;
    uint32_t words[NR_FEATURES] = { 0 }, room = f->nr_features;
    struct view v;
    long rc = view_of(f->index, &v);

    if (rc)
        return rc;
    f->nr_features = NR_FEATURES;
    if (!f->features)
        return 0;
    if (room < NR_FEATURES)
        return -ENOBUFS;
    for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
        struct cpuid_regs r = answer(&v, features[i].leaf, features[i].sub);
        const uint32_t regs[] = { r.eax, r.ebx, r.ecx, r.edx };

        words[i] = regs[features[i].reg];
    }
    words[NR_FEATURES - 1] = answer(&v, 0x80000021, 0).ecx;
    return copy_to_guest(guest_ptr(f->features), words, sizeof(words));
}

long domctl_get_cpu_policy(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
    struct view v = { .privileged = d->privileged, .policy = to_pv_domain(d)->policy };

    return write_policy(&v, &p->nr_leaves, p->leaves, &p->nr_msrs, p->msrs);
}

/* CPUID must not change under a kernel that has looked: only while no vcpu has registers. */
static bool has_begun(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    for_each_vcpu (d, v, i)
        if (v->initialised)
            return true;
    return false;
}

static int check_msr(const struct xen_msr_entry *e)
{
    bool known = e->idx == msrs[0] || e->idx == msrs[1];

    return known && !e->flags && !e->val ? 0 : -EINVAL;
}

long domctl_set_cpu_policy(struct domain *d, struct xen_domctl *op)
{
    static const struct cpuid_policy everything;
    struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
    struct cpuid_policy fresh = to_pv_domain(d)->policy;

    p->err_leaf = p->err_subleaf = p->err_msr = UINT32_MAX;
    if (p->nr_leaves > MAX_LEAVES || p->nr_msrs > MAX_MSRS)
        return -E2BIG;
    if (has_begun(d))
        return -EEXIST;
    for (uint32_t i = 0; i < p->nr_leaves; i++) {
        struct xen_cpuid_leaf l;

        if (copy_from_guest(&l, guest_ptr_at(guest_ptr(p->leaves), i, sizeof(l)), sizeof(l)))
            return -EFAULT;
        if (policy_set_leaf(&fresh, &l, pv_cpuid_policy_leaf(d->privileged, &everything, l.leaf,
                                                             l.subleaf))) {
            p->err_leaf = l.leaf;
            p->err_subleaf = l.subleaf;
            return -EINVAL;
        }
    }
    for (uint32_t i = 0; i < p->nr_msrs; i++) {
        struct xen_msr_entry e;

        if (copy_from_guest(&e, guest_ptr_at(guest_ptr(p->msrs), i, sizeof(e)), sizeof(e)))
            return -EFAULT;
        if (check_msr(&e)) {
            p->err_msr = e.idx;
            return -EINVAL;
        }
    }
    to_pv_domain(d)->policy = fresh;
    return 0;
}
