/* SPDX-License-Identifier: MIT */
/* CPU policies: what the toolstack has taken away of the features that a domain could have. */
#include "pv/policy.h"

#include "lib/errno.h"
#include "lib/string.h"

enum { EAX, EBX, ECX, EDX };

enum { TOP_BASIC, TOP_LEAF7, TOP_EXTENDED, TOPS, LEAF1_ECX = TOPS, LEAF7_EBX = TOPS + 2 };

/* Not the toolstack's to say: OSXSAVE is on where XSAVE is; the number of processors in a package. */
#define OSXSAVE (1u << 27)
#define HTT (1u << 28)
#define CMP_LEGACY (1u << 1)

static const struct {
    uint32_t leaf;
    uint8_t sub, reg;
    uint32_t ours;
} words[POLICY_WORDS] = {
    { 0, 0, EAX, 0 },                   { 7, 0, EAX, 0 },          { 0x80000000, 0, EAX, 0 },
    { 1, 0, ECX, OSXSAVE },             { 1, 0, EDX, HTT },        { 7, 0, EBX, 0 },
    { 7, 0, ECX, 0 },                   { 7, 0, EDX, 0 },          { 7, 1, EAX, 0 },
    { 0xd, 1, EAX, 0 },                 { 0x80000007, 0, EDX, 0 }, { 0x80000008, 0, EBX, 0 },
    { 0x80000001, 0, ECX, CMP_LEGACY }, { 0x80000001, 0, EDX, 0 },
};

/* Of leaf 1 ecx and leaf 7 ebx: features that stand for components of XCR0. */
#define XSAVE (1u << 26)
#define AVX (1u << 28)
#define AVX512F (1u << 16)

static uint32_t *word_of(struct cpuid_regs *r, unsigned reg)
{
    uint32_t *const all[] = { &r->eax, &r->ebx, &r->ecx, &r->edx };

    return all[reg];
}

void policy_apply(const struct cpuid_policy *p, uint32_t leaf, uint32_t sub, struct cpuid_regs *r)
{
    if (!p->narrowed)
        return;
    if (leaf > p->words[leaf >= 0x80000000 ? TOP_EXTENDED : TOP_BASIC] ||
        (leaf == 7 && sub > p->words[TOP_LEAF7])) {
        *r = (struct cpuid_regs){ 0 };
        return;
    }
    for (unsigned i = 0; i < POLICY_WORDS; i++) {
        uint32_t *word = word_of(r, words[i].reg);

        if (words[i].leaf != leaf || (words[i].sub != sub && cpuid_has_subleaves(leaf)))
            continue;
        if (i >= TOPS)
            *word &= p->words[i];
        else if (*word > p->words[i])
            *word = p->words[i];
    }
}

/* What we make ourselves, from the vcpu's number or from the features that are left. */
static bool derived(uint32_t leaf, uint32_t sub, unsigned reg)
{
    return (leaf == 1 && reg == EBX) || (leaf == 0xd && !(sub == 1 && reg == EAX));
}

static int take(struct cpuid_policy *p, const struct xen_cpuid_leaf *l, uint32_t sub, unsigned reg,
                uint32_t value, uint32_t may)
{
    for (unsigned i = 0; i < POLICY_WORDS; i++) {
        if (words[i].leaf != l->leaf || words[i].sub != sub || words[i].reg != reg)
            continue;
        value = (value & ~words[i].ours) | (may & words[i].ours);
        if (i < TOPS ? value > may : value & ~may)
            return -EINVAL;
        p->words[i] = value;
        return 0;
    }
    return value == may || derived(l->leaf, sub, reg) ? 0 : -EINVAL;
}

int policy_set_leaf(struct cpuid_policy *p, const struct xen_cpuid_leaf *l, struct cpuid_regs may)
{
    bool has_sub = cpuid_has_subleaves(l->leaf);
    uint32_t sub = has_sub ? l->subleaf : 0;
    const uint32_t values[] = { l->a, l->b, l->c, l->d };
    struct cpuid_policy fresh = *p;

    if (!has_sub && l->subleaf != XEN_CPUID_NO_SUBLEAF)
        return -EINVAL;
    if (!fresh.narrowed)
        memset(fresh.words, 0xff, sizeof(fresh.words));
    fresh.narrowed = true;
    for (unsigned reg = EAX; reg <= EDX; reg++)
        if (take(&fresh, l, sub, reg, values[reg], *word_of(&may, reg)))
            return -EINVAL;
    *p = fresh;
    return 0;
}

uint64_t policy_xcr0(const struct cpuid_policy *p)
{
    uint64_t xcr0 = cpu_features.xcr0;

    if (!p->narrowed)
        return xcr0;
    if (!(p->words[LEAF1_ECX] & XSAVE))
        return 0;
    if (!(p->words[LEAF1_ECX] & AVX))
        return xcr0 & ~(XCR0_AVX | XCR0_AVX512);
    return p->words[LEAF7_EBX] & AVX512F ? xcr0 : xcr0 & ~XCR0_AVX512;
}
