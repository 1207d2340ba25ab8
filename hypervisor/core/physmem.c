/* SPDX-License-Identifier: MIT */
/* A domain's memory: allocation, accounting, giving up, and the rest that freed frames take. */
#include "core/physmem.h"

#include "core/domain.h"
#include "hw/clear.h"
#include "hw/cpu.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/softirq.h"
#include "hw/timer.h"
#include "hw/tlb.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "mm/buddy.h"
#include "mm/m2p.h"

/*
 * A freed frame may still be in some CPU's TLB: unmapping does not flush, and the guest that gave
 * the frame back need not either. So it rests, on a list of the CPU that freed it, until a batch
 * of them is returned to the allocator after one flush of the CPUs that have not flushed since.
 */
#define REST_NS 1000000ULL  /* how long a frame rests at most */
#define REST_BATCH 1024U    /* a relinquishing domain returns its frames in such batches */
#define RELINQUISH_SLICE 256U

#define NS_PER_MS 1000000U

struct resting {
    uint32_t head;          /* list through page_info.next; 0 ends it */
    uint32_t count;
    uint32_t stamp;         /* TLB clock when the latest one was freed */
    struct timer timer;
};

static DEFINE_PER_CPU(struct resting, resting);

static void link_frame(struct domain *d, uint32_t *head, uint32_t mfn)
{
    struct page_info *pg = mfn_to_page(mfn);

    pg->prev = 0;
    pg->next = *head;
    if (*head)
        mfn_to_page(*head)->prev = mfn;
    *head = mfn;
}

static void unlink_frame(struct domain *d, uint32_t mfn)
{
    struct page_info *pg = mfn_to_page(mfn);

    if (pg->prev)
        mfn_to_page(pg->prev)->next = pg->next;
    else if (d->page_list == mfn)
        d->page_list = pg->next;
    else
        d->relinquished_list = pg->next;
    if (pg->next)
        mfn_to_page(pg->next)->prev = pg->prev;
    pg->next = pg->prev = 0;
}

/* Page lock held. Brings the sum of frames over time up to `now`; the count is about to change. */
static void settle(struct domain *d, uint64_t now)
{
    uint64_t ns = now > d->pages_since ? now - d->pages_since : 0;

    d->page_ms_rest += d->tot_pages * (ns % NS_PER_MS);
    d->page_ms += d->tot_pages * (ns / NS_PER_MS) + d->page_ms_rest / NS_PER_MS;
    d->page_ms_rest %= NS_PER_MS;
    d->pages_since += ns;
}

uint64_t physmem_usage(struct domain *d, uint64_t now, uint64_t *pages)
{
    uint64_t page_ms;

    spin_lock(&d->page_lock);
    settle(d, now);
    *pages = d->tot_pages;
    page_ms = d->page_ms;
    spin_unlock(&d->page_lock);
    return page_ms;
}

void physmem_bulk_begin(struct domain *d)
{
    spin_lock(&d->page_lock);
    settle(d, now_ns());
    d->bulk_changes++;
    spin_unlock(&d->page_lock);
}

void physmem_bulk_end(struct domain *d)
{
    spin_lock(&d->page_lock);
    d->bulk_changes--;
    spin_unlock(&d->page_lock);
}

/*
 * Frames name their owner, so a domain that owns any keeps one reference to itself. Called with
 * the page lock held; false when the limit or the domain's death forbids n more.
 */
static bool account(struct domain *d, uint64_t n)
{
    if (__atomic_load_n(&d->state, __ATOMIC_ACQUIRE) != DOM_ALIVE || d->tot_pages > d->max_pages ||
        n > d->max_pages - d->tot_pages)
        return false;
    if (d->tot_pages == 0 && !domain_hold(d))
        return false;
    if (!d->bulk_changes)
        settle(d, now_ns());
    d->tot_pages += n;
    return true;
}

/* Page lock held. Publishes the frames: the count comes last, page_get() goes by it. */
static void own_frames(struct domain *d, struct page_info *pg, unsigned order)
{
    for (uint64_t i = 0; i < 1ULL << order; i++) {
        pg[i].type = PGT_NONE;
        pg[i].owner = d;
        link_frame(d, &d->page_list, page_to_mfn(pg + i));
        __atomic_store_n(&pg[i].count, PGC_ALLOCATED | 1, __ATOMIC_RELEASE);
    }
}

struct page_info *physmem_alloc(struct domain *d, unsigned order, unsigned addr_bits)
{
    struct page_info *pg;
    bool ok;

    if (order > MAX_ORDER)
        return NULL;
    pg = buddy_alloc(order, addr_bits);
    if (!pg && irq_enabled()) {
        physmem_drain();
        pg = buddy_alloc(order, addr_bits);
    }
    if (!pg)
        return NULL;
    clear_frames(page_to_virt(pg), (size_t)PAGE_SIZE << order);

    spin_lock(&d->page_lock);
    ok = account(d, 1ULL << order);
    if (ok)
        own_frames(d, pg, order);
    spin_unlock(&d->page_lock);
    if (!ok) {
        buddy_free(pg, order);
        return NULL;
    }
    return pg;
}

int physmem_assign(struct domain *d, struct page_info *pg, unsigned order)
{
    bool ok;

    spin_lock(&d->page_lock);
    ok = account(d, 1ULL << order);
    if (ok)
        own_frames(d, pg, order);
    spin_unlock(&d->page_lock);
    return ok ? 0 : -E2BIG;
}

void physmem_share_hv_page(struct page_info *pg, struct domain *d, bool writable)
{
    pg->owner = d;
    pg->type = (writable ? PGT_WRITABLE : PGT_SHARED) | PGT_VALIDATED | 1;
    spin_lock(&d->page_lock);
    d->hv_pages++;
    spin_unlock(&d->page_lock);
    __atomic_store_n(&pg->count, PGC_HV | PGC_ALLOCATED | 1, __ATOMIC_RELEASE);
}

void physmem_unshare_hv_page(struct page_info *pg)
{
    struct domain *d = pg->owner;

    spin_lock(&d->page_lock);
    d->hv_pages--;
    spin_unlock(&d->page_lock);
    __atomic_store_n(&pg->owner, dom_xen, __ATOMIC_RELEASE);
    __atomic_fetch_sub(&pg->type, 1, __ATOMIC_SEQ_CST);
    if (__atomic_fetch_and(&pg->count, ~PGC_ALLOCATED, __ATOMIC_SEQ_CST) & PGC_ALLOCATED)
        page_put(pg);
}

static void rest_timer(void *arg)
{
    physmem_drain();
}

/*
 * Takes a list of n frames, from head to tail. Interrupts are off between finding this CPU's list
 * and changing it.
 */
static void rest_frames(uint32_t head, struct page_info *tail, uint32_t n)
{
    unsigned long flags = irq_save();
    struct resting *r = &this_cpu(resting);

    if (!r->timer.fn)
        timer_init(&r->timer, rest_timer, NULL, smp_cpu_id());
    tail->next = r->head;
    r->head = head;
    r->stamp = tlb_clock();
    if (r->count == 0)
        timer_set(&r->timer, now_ns() + REST_NS);
    r->count += n;
    irq_restore(flags);
}

static void rest_frame(struct page_info *pg)
{
    pg->prev = 0;
    rest_frames(page_to_mfn(pg), pg, 1);
}

void physmem_drain(void)
{
    unsigned long flags = irq_save();
    struct resting *r = &this_cpu(resting);
    uint32_t mfn = r->head, stamp = r->stamp;
    struct cpumask stale = cpu_online_mask;

    r->head = r->count = 0;
    irq_restore(flags);
    if (!mfn)
        return;
    tlb_filter(&stale, stamp);
    if (!cpumask_empty(&stale))
        tlb_flush_mask(&stale);
    while (mfn) {
        struct page_info *pg = mfn_to_page(mfn);
        bool hv = pg->count & PGC_HV;
        uint64_t end = mfn;

        /* What was allocated in one piece comes back in one: its frames follow each other here. */
        do {
            mfn = mfn_to_page(end)->next;
            end++;
        } while (!hv && mfn == end && !(mfn_to_page(mfn)->count & PGC_HV));
        if (hv)
            hv_free_pages(page_to_virt(pg), 0);
        else
            buddy_free_run(page_to_mfn(pg), end);
    }
}

void physmem_free_page(struct page_info *pg)
{
    struct domain *d = pg->owner;
    bool last;

    if (pg->count & PGC_HV) {
        pg->owner = NULL;
        pg->type = PGT_NONE;
        rest_frame(pg);
        return;
    }
    if (!d)
        panic("frame %#lx lost its last reference but has no owner",
              (unsigned long)page_to_mfn(pg));
    spin_lock(&d->page_lock);
    if (!d->bulk_changes)
        settle(d, now_ns());
    unlink_frame(d, page_to_mfn(pg));
    last = --d->tot_pages == 0;
    spin_unlock(&d->page_lock);
    pg->owner = NULL;
    pg->type = PGT_NONE;
    m2p_set(page_to_mfn(pg), M2P_INVALID);
    rest_frame(pg);
    if (last)
        domain_put(d);
}

/*
 * Page lock held. Takes frames from the head of the list as long as the owner's reference is their
 * only one, which most frames of a dead domain come to, and at most n. Returns how many; they are
 * linked from *head to *tail.
 */
static uint32_t take_unshared(struct domain *d, uint32_t n, uint32_t *head, struct page_info **tail)
{
    uint32_t taken = 0, mfn = d->page_list;

    *head = 0;
    while (mfn && taken < n) {
        struct page_info *pg = mfn_to_page(mfn);
        uint64_t sole = PGC_ALLOCATED | 1;
        uint32_t next = pg->next;

        sole |= __atomic_load_n(&pg->count, __ATOMIC_RELAXED) & PGC_FOREIGN;
        if (!__atomic_compare_exchange_n(&pg->count, &sole, 0, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            break;
        pg->owner = NULL;
        pg->type = PGT_NONE;
        pg->prev = 0;
        pg->next = *head;
        if (!taken++)
            *tail = pg;
        *head = mfn;
        m2p_set(mfn, M2P_INVALID);
        mfn = next;
    }
    d->page_list = mfn;
    if (mfn)
        mfn_to_page(mfn)->prev = 0;
    d->tot_pages -= taken;
    return taken;
}

static int relinquish_slice(struct domain *d)
{
    for (unsigned n = 0;; n++) {
        struct page_info *pg, *tail;
        uint32_t taken, head;
        bool held, last;

        if (this_cpu(resting).count >= REST_BATCH)
            physmem_drain();
        spin_lock(&d->page_lock);
        if (!d->page_list) {
            spin_unlock(&d->page_lock);
            return 0;
        }
        if (n >= RELINQUISH_SLICE && softirq_any_pending()) {
            spin_unlock(&d->page_lock);
            return -ERESTART;
        }
        taken = take_unshared(d, RELINQUISH_SLICE, &head, &tail);
        if (taken) {
            last = d->tot_pages == 0;
            n += taken - 1;
            spin_unlock(&d->page_lock);
            rest_frames(head, tail, taken);
            if (last)
                domain_put(d);
            continue;
        }
        pg = mfn_to_page(d->page_list);
        unlink_frame(d, page_to_mfn(pg));
        link_frame(d, &d->relinquished_list, page_to_mfn(pg));
        /* Fails when the last reference has just gone: whoever dropped it waits for the lock. */
        held = page_get(pg, d);
        spin_unlock(&d->page_lock);
        if (!held)
            continue;
        if (__atomic_fetch_and(&pg->count, ~PGC_ALLOCATED, __ATOMIC_SEQ_CST) & PGC_ALLOCATED)
            page_put(pg);
        page_put(pg);
    }
}

int physmem_relinquish(struct domain *d)
{
    int rc;

    physmem_bulk_begin(d);
    rc = relinquish_slice(d);
    physmem_bulk_end(d);
    return rc;
}

void physmem_init(void)
{
    page_last_put = physmem_free_page;
}
