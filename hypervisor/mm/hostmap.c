/* SPDX-License-Identifier: MIT */
/* The hypervisor's own page tables: image, direct map, per-CPU areas and dynamic mappings. */
#include "mm/hostmap.h"

#include <stdbool.h>

#include "hw/cpu.h"
#include "hw/panic.h"
#include "hw/spinlock.h"
#include "hw/tlb.h"
#include "lib/bitmap.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/e820.h"
#include "mm/early.h"
#include "mm/frame.h"

/*
 * Intel SDM volume 3, 4.5: entries of 4-level paging. Ours are global: every address space has
 * them.
 */
#define P_PRESENT (1ULL << 0)
#define P_RW (1ULL << 1)
#define P_USER (1ULL << 2)
#define P_PWT (1ULL << 3)
#define P_PCD (1ULL << 4)
#define P_ACCESSED (1ULL << 5)
#define P_DIRTY (1ULL << 6)
#define P_LARGE (1ULL << 7)
#define P_GLOBAL (1ULL << 8)
#define P_NX (1ULL << 63)
#define P_ADDR 0x000ffffffffff000ULL
/* Upper levels allow everything (the user bit included: the leaf alone decides). */
#define P_TABLE (P_PRESENT | P_RW | P_USER | P_ACCESSED | P_DIRTY)

#define NR_SLOTS (HV_LAST_SLOT - HV_FIRST_SLOT + 1)
#define DYNMAP_PAGES 65536

extern char _start[], _etext[], _erodata[], _init_start[], _init_end[], _end[];

static uint64_t host_l4[PT_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
static uint64_t host_l3[NR_SLOTS][PT_ENTRIES] __attribute__((aligned(PAGE_SIZE)));
unsigned long host_cr3;

static bool boot_done;
static struct spinlock map_lock = SPINLOCK_INIT(LOCK_MAP);
static unsigned long dynmap_used[BITMAP_WORDS(DYNMAP_PAGES)];

static uint64_t image_phys(const void *p)
{
    return (uint64_t)p - TEXT_VIRT;
}

static uint64_t leaf_flags(unsigned prot)
{
    uint64_t f = P_PRESENT | P_ACCESSED | P_GLOBAL;

    if (prot & HPROT_RW)
        f |= P_RW | P_DIRTY;
    if (!(prot & HPROT_RX))
        f |= P_NX;
    if (prot & HPROT_UNCACHED)
        f |= P_PCD | P_PWT;
    if (prot & HPROT_USER)
        f |= P_USER;
    return f;
}

/* A zeroed table; NULL when out of memory (never while booting). */
static uint64_t *new_table(void)
{
    uint64_t *t;

    if (boot_done)
        return hv_alloc_pages(0);
    t = mfn_to_virt(early_alloc(PAGE_SIZE, PAGE_SIZE) >> PAGE_SHIFT);
    memset(t, 0, PAGE_SIZE);
    return t;
}

static uint64_t *table_of(uint64_t entry)
{
    return mfn_to_virt((entry & P_ADDR) >> PAGE_SHIFT);
}

static uint64_t *l3_entry(unsigned long va)
{
    unsigned slot = (va >> L4_SLOT_SHIFT) % PT_ENTRIES;

    return &host_l3[slot - HV_FIRST_SLOT][(va >> L3_PAGE_SHIFT) % PT_ENTRIES];
}

/*
 * The table below *entry, made if there is none; a large page is split into the next smaller size.
 */
static uint64_t *descend(uint64_t *entry, unsigned child_shift)
{
    uint64_t *t, old = *entry;

    if ((old & P_PRESENT) && !(old & P_LARGE))
        return table_of(old);
    t = new_table();
    if (!t)
        return NULL;
    if (old & P_PRESENT) {
        uint64_t step = 1ULL << child_shift;
        uint64_t e = child_shift == PAGE_SHIFT ? old & ~P_LARGE : old;

        for (unsigned i = 0; i < PT_ENTRIES; i++)
            t[i] = e + i * step;
    }
    *entry = (virt_to_mfn(t) << PAGE_SHIFT) | P_TABLE;
    return t;
}

static uint64_t *l2_entry(unsigned long va)
{
    uint64_t *l2 = descend(l3_entry(va), L2_PAGE_SHIFT);

    return l2 ? &l2[(va >> L2_PAGE_SHIFT) % PT_ENTRIES] : NULL;
}

static uint64_t *l1_entry(unsigned long va)
{
    uint64_t *l2e = l2_entry(va), *l1 = l2e ? descend(l2e, PAGE_SHIFT) : NULL;

    return l1 ? &l1[(va >> PAGE_SHIFT) % PT_ENTRIES] : NULL;
}

static bool fits(unsigned long va, uint64_t pa, uint64_t len, unsigned shift)
{
    uint64_t size = 1ULL << shift;

    return len >= size && !((va | pa) & (size - 1));
}

void hostmap_range(unsigned long va, uint64_t pa, uint64_t len, unsigned prot)
{
    uint64_t flags = leaf_flags(prot);

    while (len) {
        unsigned shift = PAGE_SHIFT;

        if (cpu_features.page1gb && fits(va, pa, len, L3_PAGE_SHIFT)) {
            shift = L3_PAGE_SHIFT;
            *l3_entry(va) = pa | flags | P_LARGE;
        } else if (fits(va, pa, len, L2_PAGE_SHIFT)) {
            shift = L2_PAGE_SHIFT;
            *l2_entry(va) = pa | flags | P_LARGE;
        } else {
            *l1_entry(va) = pa | flags;
        }
        va += 1UL << shift;
        pa += 1ULL << shift;
        len -= 1ULL << shift;
    }
}

void hostmap_hole(unsigned long va, uint64_t pa, unsigned prot)
{
    static uint64_t cached_pa, *cached_l1;

    if (!cached_l1 || cached_pa != (pa | prot)) {
        cached_l1 = new_table();
        cached_pa = pa | prot;
        for (unsigned i = 0; i < PT_ENTRIES; i++)
            cached_l1[i] = pa | leaf_flags(prot);
    }
    *l2_entry(va) = (virt_to_mfn(cached_l1) << PAGE_SHIFT) | P_TABLE;
}

static void map_direct(uint64_t start, uint64_t end)
{
    start &= -PAGE_SIZE;
    end = (end + PAGE_SIZE - 1) & -PAGE_SIZE;
    if (end > DIRECT_END - DIRECT_VIRT)
        end = DIRECT_END - DIRECT_VIRT;
    if (start < end)
        hostmap_range(DIRECT_VIRT + start, start, end - start, HPROT_RW);
}

static void map_image(const char *start, const char *end, unsigned prot)
{
    hostmap_range((unsigned long)start, image_phys(start), end - start, prot);
}

void hostmap_init(void)
{
    for (unsigned i = 0; i < NR_SLOTS; i++)
        host_l4[HV_FIRST_SLOT + i] = image_phys(host_l3[i]) | P_TABLE;
    host_cr3 = image_phys(host_l4);

    map_direct(0, 0x100000); /* BIOS tables, the start-up page of other CPUs, VGA */
    for (unsigned i = 0; i < e820.count; i++) {
        const struct e820_entry *e = &e820.entry[i];

        if (e->type == E820_RAM && e->start + e->size > 0x100000)
            map_direct(e->start > 0x100000 ? e->start : 0x100000, e->start + e->size);
    }

    map_image(_start, _etext, HPROT_RX);
    map_image(_etext, _erodata, HPROT_RO);
    map_image(_erodata, _init_start, HPROT_RW);
    map_image(_init_start, _init_end, HPROT_RW | HPROT_RX); /* gone before a guest runs */
    map_image(_init_end, _end, HPROT_RW);
    /* What must not change is not writable through the direct map either. */
    hostmap_range(DIRECT_VIRT + image_phys(_start), image_phys(_start), _erodata - _start,
                  HPROT_RO);
    early_set_limit(1ULL << 32);
    __asm__ volatile("mov %0, %%cr3" ::"r"(host_cr3) : "memory");
    early_set_limit(~0ULL);
}

void hostmap_boot_done(void)
{
    boot_done = true;
}

void hostmap_drop_image(unsigned long start, unsigned long end)
{
    for (unsigned long va = start; va < end; va += PAGE_SIZE)
        host_map_page(va, ~0ULL, 0);
    tlb_flush_all_global();
}

int host_map_page(unsigned long va, uint64_t mfn, unsigned prot)
{
    uint64_t *e;

    spin_lock(&map_lock);
    e = l1_entry(va);
    if (e)
        *e = mfn == ~0ULL ? 0 : (mfn << PAGE_SHIFT) | leaf_flags(prot);
    spin_unlock(&map_lock);
    return e ? 0 : -ENOMEM;
}

uint64_t *host_l1e(unsigned long va)
{
    return l1_entry(va);
}

/* Finds n free pages of the dynamic area and marks them used; DYNMAP_PAGES: none. map_lock held. */
static unsigned long dynmap_take(unsigned long n)
{
    unsigned long at = 0;

    for (;;) {
        at = bitmap_next_clear(dynmap_used, DYNMAP_PAGES, at);
        if (at + n > DYNMAP_PAGES)
            return DYNMAP_PAGES;

        unsigned long busy = bitmap_next_set(dynmap_used, DYNMAP_PAGES, at);

        if (busy - at >= n)
            break;
        at = busy;
    }
    for (unsigned long i = at; i < at + n; i++)
        bitmap_set(dynmap_used, i);
    return at;
}

static void dynmap_release(unsigned long at, unsigned long n)
{
    spin_lock(&map_lock);
    while (n--)
        bitmap_clear(dynmap_used, at++);
    spin_unlock(&map_lock);
}

void *host_ioremap(uint64_t pa, size_t len, unsigned prot)
{
    uint64_t mfn = pa >> PAGE_SHIFT, offset = pa % PAGE_SIZE;
    unsigned long n, at;

    if (!len || len > (size_t)DYNMAP_PAGES * PAGE_SIZE / 2)
        return NULL;
    n = (offset + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
    spin_lock(&map_lock);
    at = dynmap_take(n);
    spin_unlock(&map_lock);
    if (at == DYNMAP_PAGES)
        return NULL;
    for (unsigned long i = 0; i < n; i++) {
        if (host_map_page(DYNMAP_VIRT + ((at + i) << PAGE_SHIFT), mfn + i, prot)) {
            dynmap_release(at, n);
            return NULL;
        }
    }
    return (char *)DYNMAP_VIRT + (at << PAGE_SHIFT) + offset;
}

void host_iounmap(void *va, size_t len)
{
    unsigned long first = ((unsigned long)va - DYNMAP_VIRT) >> PAGE_SHIFT;
    unsigned long n = (((unsigned long)va % PAGE_SIZE) + len + PAGE_SIZE - 1) >> PAGE_SHIFT;

    for (unsigned long i = 0; i < n; i++)
        host_map_page(DYNMAP_VIRT + ((first + i) << PAGE_SHIFT), ~0ULL, 0);
    tlb_flush_all_global();
    dynmap_release(first, n);
}

void host_fill_l4(uint64_t *l4)
{
    memcpy(l4 + HV_FIRST_SLOT, host_l4 + HV_FIRST_SLOT, NR_SLOTS * sizeof(*l4));
}
