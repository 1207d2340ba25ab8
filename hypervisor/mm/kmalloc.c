/* SPDX-License-Identifier: MIT */
/* Small allocations: frames cut into objects of one size class each. */
#include "mm/kmalloc.h"

#include <stdbool.h>
#include <stdint.h>

#include "hw/panic.h"
#include "hw/spinlock.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/frame.h"

/*
 * Classes are 16, 32, … 2048 bytes, so an object lies at a multiple of its size. A frame of a
 * class keeps its state in its own page_info, which no guest can reach (PGC_HV, no owner):
 * `type` holds the class, the number of objects in use and the first free one, and next/prev
 * link it into its class's list while it has a free object. A free object begins with the
 * index of the next free one. Larger requests get whole frames; `type` of the first tells how many.
 */
#define MIN_SHIFT 4
#define NR_CLASSES 8
#define MARK_SLAB 1
#define MARK_PAGES 2
#define NO_OBJECT 0xffff

struct slab {
    uint8_t mark, class;
    uint16_t used, first_free;
    uint16_t unused;
};
struct whole {
    uint8_t mark, unused[3];
    uint32_t pages;
};
_Static_assert(sizeof(struct slab) == 8 && sizeof(struct whole) == 8, "they live in page_info.type");

static struct class {
    struct spinlock lock;
    uint32_t partial; /* frames with a free object, by mfn; 0 ends */
} classes[NR_CLASSES] = {
    [0 ... NR_CLASSES - 1] = { .lock = SPINLOCK_INIT(LOCK_HEAP) },
};

static struct slab *slab_of(struct page_info *pg)
{
    return (struct slab *)&pg->type;
}

static struct whole *whole_of(struct page_info *pg)
{
    return (struct whole *)&pg->type;
}

static void list_in(struct class *c, struct page_info *pg)
{
    uint32_t mfn = page_to_mfn(pg);

    pg->prev = 0;
    pg->next = c->partial;
    if (pg->next)
        mfn_to_page(pg->next)->prev = mfn;
    c->partial = mfn;
}

static void list_out(struct class *c, struct page_info *pg)
{
    if (pg->prev)
        mfn_to_page(pg->prev)->next = pg->next;
    else
        c->partial = pg->next;
    if (pg->next)
        mfn_to_page(pg->next)->prev = pg->prev;
}

/* Cuts a fresh frame into objects of class i; NULL when out of memory. */
static struct page_info *new_slab(unsigned i)
{
    char *p = hv_alloc_pages(0);
    unsigned n = PAGE_SIZE >> (MIN_SHIFT + i);

    if (!p)
        return NULL;
    for (unsigned k = 0; k < n; k++)
        *(uint16_t *)(p + (k << (MIN_SHIFT + i))) = k + 1 < n ? k + 1 : NO_OBJECT;
    *slab_of(virt_to_page(p)) = (struct slab){ .mark = MARK_SLAB, .class = i };
    return virt_to_page(p);
}

static void *alloc_object(unsigned i)
{
    struct class *c = &classes[i];
    struct page_info *pg;
    struct slab *s;
    char *p;

    spin_lock(&c->lock);
    if (!c->partial) {
        spin_unlock(&c->lock);
        pg = new_slab(i);
        if (!pg)
            return NULL;
        spin_lock(&c->lock);
        list_in(c, pg);
    }
    pg = mfn_to_page(c->partial);
    s = slab_of(pg);
    p = (char *)page_to_virt(pg) + ((unsigned)s->first_free << (MIN_SHIFT + i));
    s->first_free = *(uint16_t *)p;
    s->used++;
    if (s->first_free == NO_OBJECT)
        list_out(c, pg);
    spin_unlock(&c->lock);
    memset(p, 0, 1UL << (MIN_SHIFT + i));
    return p;
}

static void free_object(struct page_info *pg, void *p)
{
    struct slab *s = slab_of(pg);
    unsigned i = s->class;
    struct class *c = &classes[i];
    bool empty;

    BUG_ON((unsigned long)p & ((1UL << (MIN_SHIFT + i)) - 1));
    spin_lock(&c->lock);
    if (s->first_free == NO_OBJECT)
        list_in(c, pg);
    *(uint16_t *)p = s->first_free;
    s->first_free = ((unsigned long)p % PAGE_SIZE) >> (MIN_SHIFT + i);
    empty = --s->used == 0;
    if (empty)
        list_out(c, pg);
    spin_unlock(&c->lock);
    if (empty)
        hv_free_pages(page_to_virt(pg), 0);
}

/* A power of two of frames, of which those that are not needed go back at once. */
static void *alloc_frames(size_t size)
{
    uint64_t want = (size + PAGE_SIZE - 1) >> PAGE_SHIFT;
    unsigned order = want == 1 ? 0 : 64 - __builtin_clzl(want - 1);
    char *p;

    if (order > MAX_ORDER)
        return NULL;
    p = hv_alloc_pages(order);
    if (!p)
        return NULL;
    for (uint64_t i = want; i < 1UL << order; i++)
        hv_free_pages(p + (i << PAGE_SHIFT), 0);
    *whole_of(virt_to_page(p)) = (struct whole){ .mark = MARK_PAGES, .pages = want };
    return p;
}

void *kzalloc(size_t size)
{
    if (size > PAGE_SIZE / 2)
        return alloc_frames(size);
    if (size <= 1UL << MIN_SHIFT)
        return alloc_object(0);
    return alloc_object(64 - __builtin_clzl(size - 1) - MIN_SHIFT);
}

void *kzalloc_array(size_t n, size_t size)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : kzalloc(bytes);
}

void kfree(void *p)
{
    struct page_info *pg;

    if (!p)
        return;
    pg = virt_to_page(p);
    if (slab_of(pg)->mark == MARK_SLAB) {
        free_object(pg, p);
        return;
    }
    BUG_ON(whole_of(pg)->mark != MARK_PAGES || (unsigned long)p % PAGE_SIZE);
    for (uint64_t i = 0, n = whole_of(pg)->pages; i < n; i++)
        hv_free_pages((char *)p + (i << PAGE_SHIFT), 0);
}
