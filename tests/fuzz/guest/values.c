/* SPDX-License-Identifier: MIT */
/* Random values, of the kinds that calls take: mostly right, sometimes at an edge, rarely absurd. */
#include "fuzz.h"

char playground[PLAY_PAGES][PAGE_SIZE] __attribute__((aligned(2 << 20)));
uint64_t frames[PLAY_PAGES];

#define CHOOSE(f, array) ((array)[below(f, sizeof(array) / sizeof((array)[0]))])

/* Marsaglia's xorshift with a multiplier: any state but 0 is good. */
uint64_t draw(struct fuzzer *f)
{
    f->state ^= f->state >> 12;
    f->state ^= f->state << 25;
    f->state ^= f->state >> 27;
    return f->state * 0x2545f4914f6cdd1dUL;
}

uint64_t below(struct fuzzer *f, uint64_t n)
{
    return (draw(f) >> 11) % n;
}

bool one_in(struct fuzzer *f, unsigned n)
{
    return below(f, n) == 0;
}

uint64_t a_number(struct fuzzer *f)
{
    static const uint64_t edges[] = {
        0x7f, 0x80, 0xff, 0x100, 0xfff, 0x1000, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
        0xffffffff, 1UL << 32, 1UL << 52, 1UL << 62, 1UL << 63, ~0UL, ~0UL - 1, ~0xfffUL,
    };

    switch (below(f, 8)) {
    case 0: return CHOOSE(f, edges);
    case 1: return draw(f);
    case 2: return below(f, 4096);
    case 3: return below(f, 64);
    default: return below(f, 6);
    }
}

uint64_t a_count(struct fuzzer *f)
{
    if (one_in(f, 16))
        return a_number(f);
    return one_in(f, 8) ? below(f, 600) : below(f, 5);
}

uint64_t a_frame(struct fuzzer *f)
{
    static const uint64_t special[] = {
        0, 1, 0xa0, 0xb8, 0xf0, 0xfec00, 0xfee00, 0xfffff, 0x100000, 0xffffffffffUL, ~0UL,
    };
    unsigned kind = below(f, 1000);

    if (kind < 3) /* any frame of ours: code, page tables, start_info */
        return ((const uint64_t *)start_info->mfn_list)[below(f, start_info->nr_pages)];
    if (kind < 20)
        return CHOOSE(f, special);
    if (kind < 40)
        return below(f, 1 << 19);
    if (kind < 60)
        return a_number(f);
    if (kind < 100) /* the table that maps the playground; rarely one of those beside it */
        return virt_to_mfn(play_table) + (one_in(f, 50) ? below(f, 3) - 1 : 0);
    return frames[one_in(f, 3) ? below(f, PLAY_PAGES) : below(f, 12)];
}

uint64_t an_entry(struct fuzzer *f)
{
    uint64_t flags = PTE_PRESENT | PTE_USER | 0x20;

    if (one_in(f, 16))
        return a_number(f);
    if (one_in(f, 16))
        return 0;
    if (one_in(f, 2))
        flags |= PTE_RW | 0x40;
    if (one_in(f, 8))
        flags ^= 1UL << below(f, 12);
    if (one_in(f, 16))
        flags ^= 1UL << (52 + below(f, 12));
    return (a_frame(f) << 12) ^ flags;
}

uint64_t an_address(struct fuzzer *f)
{
    static const uint64_t bad[] = {
        0, 8, NON_CANONICAL - 8, NON_CANONICAL, ~0UL - 7, ~0UL, HV_ADDRESS, __MACH2PHYS_VIRT_START,
        __MACH2PHYS_VIRT_START - 8, 0xffff800000000000UL, 0xffff87fffffffff8UL,
        0xffff880000000000UL - 1, 0xffff7ffffffffff8UL, VIRT_BASE - 8,
    };

    if (one_in(f, 12))
        return CHOOSE(f, bad);
    if (one_in(f, 24))
        return draw(f);
    return (uint64_t)playground[one_in(f, 3) ? below(f, PLAY_PAGES) : below(f, 12)] +
           (one_in(f, 4) ? below(f, PAGE_SIZE) : 0);
}

uint64_t an_entry_address(struct fuzzer *f)
{
    uint64_t low = below(f, 512) * 8;

    switch (below(f, 8)) {
    case 0: return a_frame(f) * PAGE_SIZE + low;
    case 1: return draw(f);
    case 2: return a_number(f);
    case 3: return frames[below(f, 12)] * PAGE_SIZE + low;
    default:
        if (one_in(f, 2))
            low = below(f, 12) * 8;
        return virt_to_mfn(play_table) * PAGE_SIZE + low;
    }
}

domid_t a_domain(struct fuzzer *f)
{
    static const domid_t known[] = { 0, 1, 2, 3, DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID,
                                     DOMID_IDLE, 0x7fef, 0x8000, 0xffff };

    if (one_in(f, 4))
        return CHOOSE(f, known);
    return one_in(f, 32) ? draw(f) : DOMID_SELF;
}

uint64_t a_time(struct fuzzer *f)
{
    uint64_t now = shared_info->vcpu_info[0].time.system_time;

    if (one_in(f, 8))
        return a_number(f);
    return now + below(f, 1 << 24) - (1 << 20);
}

void *take(struct fuzzer *f, unsigned size)
{
    size = (size + 7) & ~7u;
    if (size > ARENA_BYTES / 2)
        size = ARENA_BYTES / 2;
    if (f->used + size > ARENA_BYTES)
        f->used = 0;
    f->used += size;
    return f->arena + f->used - size;
}

uint64_t maybe_at(struct fuzzer *f, const void *it)
{
    if (one_in(f, 24))
        return an_address(f);
    if (one_in(f, 48)) /* at the end of what is mapped */
        return (uint64_t)f->arena + ARENA_BYTES - 1 - below(f, 64);
    return (uint64_t)it;
}
