/* SPDX-License-Identifier: MIT */
/* The frame allocator: a buddy system per address zone. */
#include "mm/buddy.h"

#include "hw/console.h"
#include "hw/panic.h"
#include "hw/spinlock.h"
#include "lib/string.h"
#include "mm/early.h"

/*
 * Zone z holds the frames with numbers in [2^(z-1), 2^z): a limit on address bits is a limit on
 * zones. A block never straddles zones, since a block of 2^k frames starts at a multiple of 2^k and
 * frame 0 is never free. Allocation begins at the highest zone, which keeps low memory for those
 * who need it. Lists are threaded through the frame table by frame number; 0 ends them.
 */
#define NR_ZONES 41 /* 40-bit frame numbers: 52-bit addresses */

struct zone {
    uint32_t head[MAX_ORDER + 1];
    uint32_t nonempty;      /* bit per order */
    uint64_t free_pages;
};

static struct zone zones[NR_ZONES];
static unsigned top_zone;
static uint64_t free_pages, hv_pages;
static struct spinlock lock = SPINLOCK_INIT(LOCK_HEAP);

static unsigned zone_of(uint64_t mfn)
{
    return 64 - __builtin_clzl(mfn);
}

static uint64_t free_mark(unsigned order)
{
    return PGC_FREE | ((uint64_t)order << PGC_ORDER_SHIFT);
}

static void push(struct zone *z, uint64_t mfn, unsigned order)
{
    struct page_info *pg = mfn_to_page(mfn);

    pg->count = free_mark(order);
    pg->free_prev = 0;
    pg->free_next = z->head[order];
    if (pg->free_next)
        mfn_to_page(pg->free_next)->free_prev = mfn;
    z->head[order] = mfn;
    z->nonempty |= 1U << order;
}

static void unlink_block(struct zone *z, uint64_t mfn, unsigned order)
{
    struct page_info *pg = mfn_to_page(mfn);

    if (pg->free_prev)
        mfn_to_page(pg->free_prev)->free_next = pg->free_next;
    else
        z->head[order] = pg->free_next;
    if (pg->free_next)
        mfn_to_page(pg->free_next)->free_prev = pg->free_prev;
    if (!z->head[order])
        z->nonempty &= ~(1U << order);
    pg->count = 0;
}

/* Lock held. Joins the block with its buddies as far as they are free, and queues the result. */
static void release_block(uint64_t mfn, unsigned order)
{
    struct zone *z = &zones[zone_of(mfn)];

    z->free_pages += 1ULL << order;
    free_pages += 1ULL << order;
    for (; order < MAX_ORDER; order++) {
        uint64_t buddy = mfn ^ (1ULL << order);

        if (!buddy || !mfn_is_ram(buddy) || zone_of(buddy) != zone_of(mfn) ||
            mfn_to_page(buddy)->count != free_mark(order))
            break;
        unlink_block(z, buddy, order);
        mfn &= ~(1ULL << order);
    }
    push(z, mfn, order);
}

/* Lock held. First fit from zone `from` down; 0: none. */
static uint64_t take_block(unsigned order, unsigned from)
{
    for (unsigned i = from; i > 0; i--) {
        struct zone *z = &zones[i];
        uint32_t fit = z->nonempty >> order;

        if (!fit)
            continue;

        unsigned o = order + __builtin_ctz(fit);
        uint64_t mfn = z->head[o];

        unlink_block(z, mfn, o);
        while (o > order) {
            o--;
            push(z, mfn + (1ULL << o), o);
        }
        z->free_pages -= 1ULL << order;
        free_pages -= 1ULL << order;
        return mfn;
    }
    return 0;
}

struct page_info *buddy_alloc(unsigned order, unsigned addr_bits)
{
    unsigned from = top_zone;
    uint64_t mfn;

    if (order > MAX_ORDER || (addr_bits && addr_bits <= PAGE_SHIFT))
        return NULL;
    if (addr_bits && addr_bits - PAGE_SHIFT < from)
        from = addr_bits - PAGE_SHIFT;
    spin_lock(&lock);
    mfn = take_block(order, from);
    spin_unlock(&lock);
    if (!mfn)
        return NULL;

    struct page_info *pg = mfn_to_page(mfn);

    for (uint64_t i = 0; i < 1ULL << order; i++) {
        pg[i].count = 0; /* heads of blocks that were joined still carry their mark */
        pg[i].owner = NULL;
    }
    return pg;
}

void buddy_free(struct page_info *pg, unsigned order)
{
    for (uint64_t i = 0; i < 1ULL << order; i++) {
        pg[i].count = 0;
        pg[i].owner = NULL;
    }
    spin_lock(&lock);
    release_block(page_to_mfn(pg), order);
    spin_unlock(&lock);
}

/* Lock held. Cuts [mfn, last) into the largest aligned blocks that do not straddle zones. */
static void release_run(uint64_t mfn, uint64_t last)
{
    while (mfn < last) {
        unsigned order = __builtin_ctzl(mfn);

        if (order > MAX_ORDER)
            order = MAX_ORDER;
        while (mfn + (1ULL << order) > last)
            order--;
        release_block(mfn, order);
        mfn += 1ULL << order;
    }
}

void buddy_free_run(uint64_t mfn, uint64_t end)
{
    for (uint64_t i = mfn; i < end; i++)
        *mfn_to_page(i) = (struct page_info){ .count = 0 };
    spin_lock(&lock);
    release_run(mfn, end);
    spin_unlock(&lock);
}

uint64_t buddy_free_pages(void)
{
    return __atomic_load_n(&free_pages, __ATOMIC_RELAXED);
}

uint64_t buddy_free_pages_below(unsigned addr_bits)
{
    unsigned from = top_zone;
    uint64_t sum = 0;

    if (addr_bits && addr_bits <= PAGE_SHIFT)
        return 0;
    if (addr_bits && addr_bits - PAGE_SHIFT < from)
        from = addr_bits - PAGE_SHIFT;
    for (unsigned i = 1; i <= from; i++)
        sum += __atomic_load_n(&zones[i].free_pages, __ATOMIC_RELAXED);
    return sum;
}

static void add_range(uint64_t start, uint64_t end)
{
    uint64_t mfn = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

    if (mfn == last)
        return;
    if (zone_of(last - 1) > top_zone)
        top_zone = zone_of(last - 1);
    spin_lock(&lock);
    release_run(mfn, last);
    spin_unlock(&lock);
}

void buddy_init(void)
{
    early_release(add_range);
}

void buddy_add(uint64_t start, uint64_t end)
{
    start = (start + PAGE_SIZE - 1) & -PAGE_SIZE;
    end &= -PAGE_SIZE;
    for (uint64_t pa = start; pa < end; pa += PAGE_SIZE)
        mfn_to_page(pa >> PAGE_SHIFT)->owner = NULL;
    if (start < end)
        add_range(start, end);
}

void *hv_alloc_pages(unsigned order)
{
    struct page_info *pg = buddy_alloc(order, 0);

    if (!pg)
        return NULL;
    for (uint64_t i = 0; i < 1ULL << order; i++) {
        pg[i].type = PGT_NONE;
        pg[i].count = PGC_HV | 1;
    }
    memset(page_to_virt(pg), 0, (size_t)PAGE_SIZE << order);
    __atomic_add_fetch(&hv_pages, 1ULL << order, __ATOMIC_RELAXED);
    return page_to_virt(pg);
}

void hv_free_pages(void *v, unsigned order)
{
    struct page_info *pg;

    if (!v)
        return;
    pg = virt_to_page(v);
    for (uint64_t i = 0; i < 1ULL << order; i++)
        pg[i].type = PGT_NONE;
    __atomic_sub_fetch(&hv_pages, 1ULL << order, __ATOMIC_RELAXED);
    buddy_free(pg, order);
}

uint64_t hv_pages_in_use(void)
{
    return __atomic_load_n(&hv_pages, __ATOMIC_RELAXED);
}

void buddy_dump(void)
{
    for (unsigned i = 1; i <= top_zone; i++) {
        const struct zone *z = &zones[i];

        if (!z->free_pages)
            continue;
        printk(LOG_INFO, "zone of %u address bits: %lu KiB free, blocks up to %lu KiB\n",
               i + PAGE_SHIFT, z->free_pages << (PAGE_SHIFT - 10),
               4UL << (31 - __builtin_clz(z->nonempty)));
    }
}
