/* SPDX-License-Identifier: MIT */
/* The audit: every frame's counts, worked out again from all that refers to it. */
#include "debug/audit.h"

#include <stdbool.h>
#include <stdint.h>

#include "core/domain.h"
#include "core/evtchn.h"
#include "core/grant_table.h"
#include "core/pirq.h"
#include "core/sched.h"
#include "core/vcpu.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/frame.h"
#include "mm/m2p.h"
#include "pv/pt_entry.h"
#include "pv/ptype.h"
#include "pv/pv.h"

/*
 * pv/ptype.c says who holds which reference; this is the same once more, told by the holders. With
 * every other vcpu off its CPU nothing is half done: vcpus have no stack of ours, so what a
 * hypercall holds it has given back, or left in a PARTIAL frame, before its vcpu leaves. Frames
 * whose release waits for a grace period are the exception; nobody's work leaves any for long.
 *
 * Tables name frames anywhere, so all tables are read once for each window of frames: that bounds
 * the memory needed, whatever the machine has.
 */
#define WINDOW_ORDER 9
#define WINDOW ((PAGE_SIZE << WINDOW_ORDER) / sizeof(struct tally))
#define COMPLAINTS 8

/* How long vcpus may take to leave their CPUs. */
#define STOP_NS 1000000000ULL

struct tally {
    uint32_t count, typed;
};

static struct {
    struct tally *tally;
    uint64_t first;      /* of the window */
    uint64_t wrong;
    uint64_t frames, domains;
    uint64_t stop_by;
    const struct vcpu *stays;
} audit;
static uint32_t auditing;

/* True while there are not too many complaints already. */
static bool wrong(void)
{
    return audit.wrong++ < COMPLAINTS;
}

/* One reference of a frame, and one of its type unless that is PGT_NONE. */
static void refers(uint64_t mfn, uint64_t type)
{
    const struct page_info *pg = mfn_to_page(mfn);
    struct tally *t;

    if (mfn - audit.first >= WINDOW || mfn >= max_mfn)
        return;
    t = &audit.tally[mfn - audit.first];
    t->count++;
    if (type == PGT_NONE)
        return;
    t->typed++;
    if ((pg->type & PGT_TYPE_MASK) != type && wrong())
        printk(LOG_ERR, "audit: frame %lx: used as type %lu, but type word %lx\n", mfn,
               type >> 61, pg->type);
}

static void refers_writable(uint64_t mfn)
{
    refers(mfn, PGT_WRITABLE);
}

/* Device memory has no owner and no counts; RAM without an owner must not be mapped at all. */
static void leaf(uint64_t table, uint64_t e)
{
    uint64_t mfn = pte_mfn(e);

    if (mfn < max_mfn && mfn_to_page(mfn)->owner)
        refers(mfn, e & PTE_RW ? PGT_WRITABLE : PGT_NONE);
    else if (mfn_is_ram(mfn) && mfn - audit.first < WINDOW && wrong())
        printk(LOG_ERR, "audit: table %lx maps free frame %lx\n", table, mfn);
}

static void table(const struct page_info *pg)
{
    const uint64_t *entry = page_to_virt(pg);
    unsigned level = pgt_level(pg->type), n = PT_ENTRIES;

    if (pg->type & PGT_PARTIAL)
        n = (pg->type & PGT_STAMP_MASK) >> PGT_STAMP_SHIFT;
    for (unsigned i = 0; i < n; i++) {
        if (!(entry[i] & PTE_PRESENT) || (level == 4 && l4_slot_is_ours(i)))
            continue;
        if (level == 1)
            leaf(page_to_mfn(pg), entry[i]);
        else
            refers(pte_mfn(entry[i]), PGT_L1 * (level - 1));
    }
}

/* What the frame's own words say that it holds of itself, and what its contents hold of others. */
static void frame(const struct page_info *pg)
{
    uint64_t mfn = page_to_mfn(pg), type = pg->type & PGT_TYPE_MASK;

    if (!pg->owner)
        return;
    if (pg->count & PGC_ALLOCATED)
        refers(mfn, pg->count & PGC_HV ? type : PGT_NONE);
    if (pg->type & PGT_PINNED)
        refers(mfn, type);
    if (pg->type & PGT_PARTIAL)
        refers(mfn, type);
    if (!pgt_is_table(type) || !(pg->type & PGT_COUNT_MASK))
        return;
    if (pg->type & (PGT_VALIDATED | PGT_PARTIAL))
        table(pg);
    else if (wrong())
        printk(LOG_ERR, "audit: frame %lx: nobody is at work on it: %lx\n", mfn, pg->type);
}

static void vcpu_refers(struct vcpu *core)
{
    const struct pv_vcpu *v = to_pv_vcpu(core);

    if (v->cr3_kernel)
        refers(v->cr3_kernel, PGT_L4);
    if (v->cr3_user)
        refers(v->cr3_user, PGT_L4);
    if (core->vcpu_info_mfn != M2P_INVALID)
        refers_writable(core->vcpu_info_mfn);
    for (unsigned i = 0; i < v->gdt_entries; i += PAGE_SIZE / 8)
        refers(v->gdt_mfn[i / (PAGE_SIZE / 8)], PGT_DESC);
    /* An LDT has frames only where the guest had mapped some. */
    for (unsigned i = 0; i < v->ldt_entries; i += PAGE_SIZE / 8)
        if (v->ldt_mfn[i / (PAGE_SIZE / 8)] < max_mfn)
            refers(v->ldt_mfn[i / (PAGE_SIZE / 8)], PGT_DESC);
}

static void grants_refer(struct grant_table *t)
{
    for (grant_ref_t ref = 0; t && ref < t->frames * ENTRIES_PER_FRAME; ref++) {
        const struct grant_active *a = grant_active(t, ref);

        for (uint32_t i = 0; i < a->pins; i++)
            refers(a->mfn, i < a->writers ? PGT_WRITABLE : PGT_NONE);
    }
}

/* The frames that d is charged for are those in its lists. */
static void lists(struct domain *d)
{
    uint64_t n = 0;

    for (uint32_t mfn = d->page_list; mfn && n <= d->tot_pages; mfn = mfn_to_page(mfn)->next)
        n += mfn_to_page(mfn)->owner == d;
    for (uint32_t mfn = d->relinquished_list; mfn && n <= d->tot_pages;
         mfn = mfn_to_page(mfn)->next)
        n += mfn_to_page(mfn)->owner == d;
    if (n != d->tot_pages && wrong())
        printk(LOG_ERR, "audit: d%u has %lu frames and is charged for %lu\n", d->domid, n,
               d->tot_pages);
}

static void domain(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    for_each_vcpu (d, v, i)
        vcpu_refers(v);
    grants_refer(d->grant);
    evtchn_fifo_frames(d, refers_writable);
    if (pirq_eoi_frame(d))
        refers_writable(pirq_eoi_frame(d));
    /* Its death has come to a halt at this frame (pv/pt_root.c). */
    if (to_pv_domain(d)->next_pinned)
        refers(to_pv_domain(d)->next_pinned, PGT_NONE);
}

static void compare(void)
{
    for (uint64_t mfn = audit.first; mfn < audit.first + WINDOW && mfn < max_mfn; mfn++) {
        const struct page_info *pg = mfn_to_page(mfn);
        const struct tally *t = &audit.tally[mfn - audit.first];

        if (!pg->owner)
            continue;
        audit.frames++;
        if (((pg->count & PGC_COUNT_MASK) != t->count || (pg->type & PGT_COUNT_MASK) != t->typed) &&
            wrong())
            printk(LOG_ERR, "audit: frame %lx of d%u: count %lx, found %u; type %lx, found %u\n",
                   mfn, pg->owner->domid, pg->count, t->count, pg->type, t->typed);
    }
}

static void for_each_domain(void (*fn)(struct domain *d))
{
    unsigned next = 0;
    struct domain *d;

    while ((d = domain_get_next(next)) != NULL) {
        next = d->domid + 1;
        fn(d);
        domain_put(d);
    }
}

/* Asks every vcpu but the one that asked off its CPU; a domain that comes later is not yet run. */
static void stop(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    for_each_vcpu (d, v, i)
        if (v != current && !bitmap_test_set_atomic(&v->pause_flags, VPF_AUDIT))
            vcpu_sleep_nosync(v);
}

/*
 * Not for ever: a key on the serial line comes while any vcpu is current, and dom0 may be waiting on
 * another CPU for just that one to stop.
 */
static void await(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    for_each_vcpu (d, v, i) {
        if (v == current)
            continue;
        while (vcpu_on_a_cpu(v) && now_ns() < audit.stop_by)
            cpu_relax();
        if (vcpu_on_a_cpu(v))
            audit.stays = v;
    }
}

static void start(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    for_each_vcpu (d, v, i)
        if (bitmap_test_clear_atomic(&v->pause_flags, VPF_AUDIT))
            vcpu_wake(v);
}

static void count_domain(struct domain *d)
{
    audit.domains++;
    lists(d);
}

void audit_frames(void)
{
    if (__atomic_exchange_n(&auditing, 1, __ATOMIC_ACQUIRE))
        return;
    audit.wrong = audit.frames = audit.domains = 0;
    audit.tally = hv_alloc_pages(WINDOW_ORDER);
    if (!audit.tally) {
        printk(LOG_ERR, "audit: no %u KiB of memory to count in\n",
               (unsigned)PAGE_SIZE << WINDOW_ORDER >> 10);
        goto out;
    }
    audit.stop_by = now_ns() + STOP_NS;
    audit.stays = NULL;
    for_each_domain(stop);
    for_each_domain(await);
    if (audit.stays) {
        printk(LOG_ERR, "audit: d%uv%u does not leave its CPU; try again\n",
               audit.stays->domain->domid, audit.stays->vcpu_id);
        goto start;
    }
    for (audit.first = 0; audit.first < max_mfn; audit.first += WINDOW) {
        memset(audit.tally, 0, WINDOW * sizeof(*audit.tally));
        for (uint64_t mfn = 0; mfn < max_mfn; mfn++)
            frame(mfn_to_page(mfn));
        for_each_domain(domain);
        compare();
    }
    for_each_domain(count_domain);
    printk(LOG_ERR, "audit: %lu frames of %lu domains, %lu wrong\n", audit.frames, audit.domains,
           audit.wrong);
start:
    for_each_domain(start);
    hv_free_pages(audit.tally, WINDOW_ORDER);
out:
    __atomic_store_n(&auditing, 0, __ATOMIC_RELEASE);
}
