/* SPDX-License-Identifier: MIT */
/* Guests' descriptor tables: which descriptors are safe, and the GDT and LDT of a vcpu. */
#include "pv/descriptor.h"

#include "core/guest_access.h"
#include "hw/cpu.h"
#include "hw/desc.h"
#include "hw/layout.h"
#include "hw/usercopy.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "pv/decode.h"
#include "pv/pagetable.h"
#include "pv/ptype.h"

/* Segment descriptor bits (Intel SDM volume 3, section 3.4.5). */
#define DESC_TYPE_SHIFT 40
#define DESC_ACCESSED (1ULL << 40)
#define DESC_RW (1ULL << 41)
#define DESC_CONFORMING (1ULL << 42) /* code: conforming; data: expand-down */
#define DESC_CODE (1ULL << 43)
#define DESC_S (1ULL << 44)          /* code or data; clear: system */
#define DESC_DPL_SHIFT 45
#define DESC_PRESENT (1ULL << 47)
#define DESC_LONG (1ULL << 53)
#define DESC_BIG (1ULL << 54)
#define DESC_GRANULARITY (1ULL << 55)

#define DESCS_PER_PAGE 512
#define NO_LDT_FRAME (~0ULL)

/*
 * In long mode bases and limits of code and data segments protect nothing (paging does), so only
 * the type and the privilege matter. Ring 0 to 2 segments would let IRET or a far transfer leave
 * ring 3; gates enter whatever they name; LDT and TSS descriptors can be loaded by nobody but us,
 * yet are sixteen bytes long, so the processor could take guest-chosen bytes for one.
 */
bool pv_desc_fix(uint64_t *desc)
{
    uint64_t d = *desc;

    if (!(d & DESC_PRESENT))
        return true;
    if (!(d & DESC_S))
        return false;
    if (((d >> DESC_DPL_SHIFT) & 3) != 3) {
        /*
         * A kernel that believes in ring 0 writes its own segments with privilege 0, Linux among
         * them. It runs in ring 3, so raise them there: no selector can then lead below it.
         */
        d |= 3ULL << DESC_DPL_SHIFT;
    }
    /* A conforming segment is entered without a change of privilege: harmless from ring 3. */
    *desc = d | DESC_ACCESSED;
    return true;
}

int pv_validate_desc_page(struct page_info *pg)
{
    uint64_t *table = page_to_virt(pg);

    for (unsigned i = 0; i < DESCS_PER_PAGE; i++) {
        uint64_t d = table[i];

        if (!pv_desc_fix(&d))
            return -EINVAL;
        if (d != table[i])
            table[i] = d;
    }
    return 0;
}

static void put_frames(const uint64_t *mfns, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (mfns[i] != NO_LDT_FRAME)
            page_put_and_type(mfn_to_page(mfns[i]), false);
}

static bool is_loaded(const struct pv_vcpu *v)
{
    return current == &v->core;
}

/* Reloads a table of the current vcpu after its frames changed, then lets go of the old ones. */
static void reload_gdt(struct pv_vcpu *v)
{
    unsigned long flags;

    if (!is_loaded(v))
        return;
    flags = irq_save();
    gdt_window_set(v->gdt_mfn, (v->gdt_entries + DESCS_PER_PAGE - 1) / DESCS_PER_PAGE);
    irq_restore(flags);
}

static void reload_ldt(struct pv_vcpu *v)
{
    unsigned long flags;

    if (!is_loaded(v))
        return;
    flags = irq_save();
    ldt_window_set(v->ldt_mfn, (v->ldt_entries + DESCS_PER_PAGE - 1) / DESCS_PER_PAGE,
                   v->ldt_entries);
    irq_restore(flags);
}

int pv_set_gdt(struct pv_vcpu *v, const uint64_t *mfns, unsigned entries)
{
    unsigned n = (entries + DESCS_PER_PAGE - 1) / DESCS_PER_PAGE;
    unsigned old_n = (v->gdt_entries + DESCS_PER_PAGE - 1) / DESCS_PER_PAGE;
    uint64_t old[14];

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    for (unsigned i = 0; i < n; i++) {
        int ret = mfn_is_ram(mfns[i])
                      ? page_get_and_type(mfn_to_page(mfns[i]), v->core.domain, PGT_DESC, false)
                      : -EINVAL;

        if (ret) {
            put_frames(mfns, i);
            return -EINVAL;
        }
    }
    memcpy(old, v->gdt_mfn, sizeof(old));
    memcpy(v->gdt_mfn, mfns, n * sizeof(*mfns));
    v->gdt_entries = entries;
    reload_gdt(v);
    put_frames(old, old_n);
    return 0;
}

/*
 * The frames behind [base, +n pages) as descriptor pages; a page that cannot be one is left out:
 * using it faults.
 */
static void get_ldt_frames(struct pv_vcpu *v, uint64_t base, unsigned n, uint64_t *mfns)
{
    for (unsigned i = 0; i < n; i++) {
        uint64_t pte = pt_lookup(v, base + i * PAGE_SIZE);
        uint64_t mfn = (pte & PTE_ADDR_MASK) >> PAGE_SHIFT;

        mfns[i] = NO_LDT_FRAME;
        if ((pte & PTE_PRESENT) && mfn_is_ram(mfn) &&
            page_get_and_type(mfn_to_page(mfn), v->core.domain, PGT_DESC, false) == 0)
            mfns[i] = mfn;
    }
}

int pv_set_ldt(struct pv_vcpu *v, uint64_t base, unsigned entries)
{
    unsigned n = (entries + DESCS_PER_PAGE - 1) / DESCS_PER_PAGE;
    unsigned old_n = (v->ldt_entries + DESCS_PER_PAGE - 1) / DESCS_PER_PAGE;
    uint64_t old[LDT_WINDOW_PAGES], mfns[LDT_WINDOW_PAGES];

    if (entries > LDT_WINDOW_PAGES * DESCS_PER_PAGE || (base & (PAGE_SIZE - 1)))
        return -EINVAL;
    if (entries && (!pv_entry_ok(base) || !guest_range_ok(base, (uint64_t)n * PAGE_SIZE)))
        return -EINVAL;
    get_ldt_frames(v, base, n, mfns);
    memcpy(old, v->ldt_mfn, sizeof(old));
    memcpy(v->ldt_mfn, mfns, n * sizeof(*mfns));
    v->ldt_base = base;
    v->ldt_entries = entries;
    reload_ldt(v);
    put_frames(old, old_n);
    return 0;
}

void pv_drop_descriptor_tables(struct pv_vcpu *v)
{
    unsigned gdt_n = (v->gdt_entries + DESCS_PER_PAGE - 1) / DESCS_PER_PAGE;
    unsigned ldt_n = (v->ldt_entries + DESCS_PER_PAGE - 1) / DESCS_PER_PAGE;

    v->gdt_entries = v->ldt_entries = 0;
    reload_gdt(v);
    reload_ldt(v);
    put_frames(v->gdt_mfn, gdt_n);
    put_frames(v->ldt_mfn, ldt_n);
}

int pv_update_descriptor(struct domain *d, uint64_t maddr, uint64_t desc)
{
    uint64_t mfn = maddr >> PAGE_SHIFT;
    uint64_t *slot;
    struct page_info *pg;
    bool typed;

    if ((maddr & 7) || !mfn_is_ram(mfn))
        return -EINVAL;
    if (!pv_desc_fix(&desc))
        return -EINVAL;
    pg = mfn_to_page(mfn);
    if (!page_get(pg, d))
        return -EINVAL;
    /*
     * Whichever it is now, hold it as that while we write: a page table must not be written this
     * way.
     */
    typed = (pg->type & PGT_TYPE_MASK) == PGT_DESC && (pg->type & PGT_COUNT_MASK);
    if (page_get_type(pg, typed ? PGT_DESC : PGT_WRITABLE, false)) {
        page_put(pg);
        return -EINVAL;
    }
    slot = (uint64_t *)((char *)mfn_to_virt(mfn) + (maddr & (PAGE_SIZE - 1)));
    __atomic_store_n(slot, desc, __ATOMIC_RELAXED);
    page_put_type(pg, false);
    page_put(pg);
    return 0;
}

static bool flat_segment(uint16_t sel, struct segment *s)
{
    *s = (struct segment){ .limit = ~0U, .big = true };
    switch (sel) {
    case GUEST_CS64:
        s->long_mode = s->code = true;
        s->big = false;
        return true;
    case GUEST_CS32:
        s->code = true;
        return true;
    case GUEST_SS:
        s->writable = true;
        return true;
    }
    return false;
}

bool pv_segment(struct pv_vcpu *v, uint16_t sel, struct segment *s)
{
    unsigned index = sel >> 3;
    bool ldt = sel & 4;
    unsigned long cpu = smp_cpu_id();
    const uint64_t *table = (const uint64_t *)(ldt ? LDT_WINDOW(cpu) : GDT_WINDOW(cpu));
    uint64_t d;

    if (flat_segment(sel | 3, s))
        return true;
    if (!(sel & ~3) || index >= (ldt ? v->ldt_entries : v->gdt_entries))
        return false;
    if (usercopy_from(&d, &table[index], sizeof(d)) || !(d & DESC_PRESENT) || !(d & DESC_S))
        return false;
    s->base = ((d >> 16) & 0xffffff) | ((d >> 32) & 0xff000000);
    s->limit = (d & 0xffff) | ((d >> 32) & 0xf0000);
    if (d & DESC_GRANULARITY)
        s->limit = (s->limit << 12) | 0xfff;
    s->code = d & DESC_CODE;
    s->long_mode = s->code && (d & DESC_LONG);
    s->big = d & DESC_BIG;
    s->writable = !s->code && (d & DESC_RW);
    s->expand_down = !s->code && (d & DESC_CONFORMING);
    return true;
}

/*
 * The selector that segment register `seg` holds now. ES to GS keep the guest's value while we run.
 */
static uint16_t seg_selector(unsigned seg)
{
    uint16_t sel;

    switch (seg) {
    case SEG_ES: __asm__("mov %%es,%0" : "=r"(sel)); return sel;
    case SEG_CS: return guest_regs()->cs;
    case SEG_SS: return guest_regs()->ss;
    case SEG_FS: __asm__("mov %%fs,%0" : "=r"(sel)); return sel;
    case SEG_GS: __asm__("mov %%gs,%0" : "=r"(sel)); return sel;
    default: __asm__("mov %%ds,%0" : "=r"(sel)); return sel;
    }
}

bool pv_linear(struct pv_vcpu *v, unsigned seg, bool long_mode, uint64_t ea, unsigned ad_bytes,
               unsigned len, uint64_t *va)
{
    struct segment s;

    if (ad_bytes < 8)
        ea &= (1ULL << (8 * ad_bytes)) - 1;
    if (long_mode) {
        if (seg == SEG_FS)
            ea += rd_fs_base();
        else if (seg == SEG_GS)
            ea += rd_gs_base();
    } else {
        if (!pv_segment(v, seg_selector(seg), &s))
            return false;
        if (!s.expand_down && (ea > s.limit || len - 1 > s.limit - ea))
            return false;
        ea = (uint32_t)(ea + s.base);
    }
    *va = ea;
    return guest_range_ok(ea, len);
}
