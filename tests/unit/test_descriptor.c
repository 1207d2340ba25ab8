/* SPDX-License-Identifier: MIT */
/* Descriptors that a guest may have: every type and privilege is tried. */
// sources: pv/descriptor.c
#include <stdlib.h>

#include "core/guest_access.h"
#include "hw/desc.h"
#include "hw/percpu.h"
#include "hw/usercopy.h"
#include "lib/errno.h"
#include "pv/descriptor.h"
#include "pv/pagetable.h"
#include "pv/ptype.h"
#include "suite.h"

#undef current

/* Linked with, and not reached by these tests. */
uint64_t max_mfn;
static struct cpu_info info;
struct cpu_info *get_cpu_info(void) { return &info; }
bool mfn_is_ram(uint64_t mfn) { return false; }
bool page_get(struct page_info *pg, const struct domain *d) { abort(); }
void page_put(struct page_info *pg) { abort(); }
int page_get_and_type(struct page_info *pg, struct domain *d, uint64_t type, bool preemptible) { abort(); }
int page_put_and_type(struct page_info *pg, bool preemptible) { abort(); }
int page_get_type(struct page_info *pg, uint64_t type, bool preemptible) { abort(); }
int page_put_type(struct page_info *pg, bool preemptible) { abort(); }
void gdt_window_set(const uint64_t *mfns, unsigned n) { abort(); }
void ldt_window_set(const uint64_t *mfns, unsigned n, unsigned entries) { abort(); }
uint64_t pt_lookup(struct pv_vcpu *v, uint64_t va) { return 0; }
unsigned long rd_fs_base(void) { return 0x10000; }
unsigned long rd_gs_base(void) { return 0x20000; }
bool guest_range_ok(uint64_t va, uint64_t len) { return va < 0x800000000000; }
bool pv_entry_ok(uint64_t va) { return va < 0x800000000000; }

/* The guest's GDT as the window would show it. */
static uint64_t gdt[16];
size_t usercopy_from(void *dst, const void *src, size_t n)
{
    unsigned index = ((unsigned long)src - GDT_WINDOW(0UL)) / 8;

    if (index >= 16)
        return n;
    *(uint64_t *)dst = gdt[index];
    return 0;
}

#define DESC(present, s, dpl, type) \
    (((uint64_t)(type) << 40) | ((uint64_t)(s) << 44) | ((uint64_t)(dpl) << 45) | ((uint64_t)(present) << 47))

START_TEST(every_kind)
{
    for (unsigned n = 0; n < 256; n++) {
        unsigned type = n & 15, s = (n >> 4) & 1, dpl = (n >> 5) & 3, present = n >> 7;
        uint64_t d = DESC(present, s, dpl, type) | 0x00af00000000ffff, before = d;
        bool ok = pv_desc_fix(&d);

        /* Gates, TSS and LDT never; what is absent may be anything. */
        ck_assert_int_eq(ok, !present || s);
        if (!ok || !present) {
            ck_assert_uint_eq(d, before);
            continue;
        }
        ck_assert_uint_eq((d >> 45) & 3, 3);
        ck_assert((d >> 40) & 1);
        ck_assert_uint_eq(d & ~DESC(0, 0, 3, 1), before & ~DESC(0, 0, 3, 1));
    }
}
END_TEST

START_TEST(refusals)
{
    struct domain dom = { 0 };
    struct pv_vcpu v = { .core.domain = &dom };
    uint64_t mfns[14] = { 0 };

    ck_assert_int_eq(pv_set_gdt(&v, mfns, FIRST_RESERVED_GDT_ENTRY + 1), -EINVAL);
    ck_assert_int_eq(pv_set_gdt(&v, mfns, 1), -EINVAL); /* frame 0 is no RAM */
    ck_assert_int_eq(pv_set_ldt(&v, 0x1000, 8193), -EINVAL);
    ck_assert_int_eq(pv_set_ldt(&v, 0x1008, 1), -EINVAL);
    ck_assert_int_eq(pv_set_ldt(&v, 0xffff800000000000, 1), -EINVAL);
    ck_assert_int_eq(pv_update_descriptor(&dom, 0x1000, 0), -EINVAL);
    ck_assert_int_eq(pv_update_descriptor(&dom, 0x1001, 0), -EINVAL);
}
END_TEST

START_TEST(segments)
{
    struct pv_vcpu v = { .gdt_entries = 8 };
    struct segment s;

    gdt[2] = 0x00affb000000ffff; /* 64-bit code */
    gdt[3] = 0x00cff3000000ffff; /* flat data */
    gdt[4] = 0x004ff31234560fff | 0x7800000000000000; /* byte limit 0xf0fff, base 0x78123456 */
    gdt[5] = 0x00cff30000000000 & ~(1ULL << 47);
    ck_assert(pv_segment(&v, 0x13, &s));
    ck_assert(s.long_mode && s.code);
    ck_assert(pv_segment(&v, 0x1b, &s));
    ck_assert(!s.long_mode && s.writable);
    ck_assert_uint_eq(s.limit, ~0U);
    ck_assert(pv_segment(&v, 0x23, &s));
    ck_assert_uint_eq(s.base, 0x78123456);
    ck_assert_uint_eq(s.limit, 0xf0fff);
    ck_assert(!pv_segment(&v, 0x2b, &s)); /* absent */
    ck_assert(!pv_segment(&v, 0x43, &s)); /* beyond the table */
    ck_assert(!pv_segment(&v, 3, &s));    /* null */
    ck_assert(!pv_segment(&v, 0xe008, &s)); /* ours */
    ck_assert(!pv_segment(&v, 0x17, &s)); /* no LDT */
    ck_assert(pv_segment(&v, 0xe033, &s));
    ck_assert(s.long_mode);
}
END_TEST

START_TEST(linear)
{
    struct pv_vcpu v = { .gdt_entries = 8 };
    uint64_t va;

    info.guest.ss = 0x23;
    gdt[4] = 0x0040f3010000ffff;
    ck_assert(pv_linear(&v, 2 /* SS */, false, 0xfffc, 4, 4, &va));
    ck_assert_uint_eq(va, 0x1fffc);
    ck_assert(!pv_linear(&v, 2, false, 0xfffd, 4, 4, &va));
    ck_assert(pv_linear(&v, 4 /* FS */, true, 8, 8, 8, &va));
    ck_assert_uint_eq(va, 0x10008);
    ck_assert(pv_linear(&v, 5 /* GS */, true, 0x100000008, 4, 8, &va));
    ck_assert_uint_eq(va, 0x20008);
    ck_assert(!pv_linear(&v, 3, true, 0xffff800000000000, 8, 8, &va));
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("descriptor");

    tcase_add_test(t, every_kind);
    tcase_add_test(t, refusals);
    tcase_add_test(t, segments);
    tcase_add_test(t, linear);
    return run_suite("descriptor", t);
}
