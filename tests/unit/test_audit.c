/* SPDX-License-Identifier: MIT */
// sources: debug/audit.c
/* The audit finds nothing in a small machine that is in order, and each single count that is not. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/evtchn.h"
#include "core/grant_table.h"
#include "core/pirq.h"
#include "debug/audit.h"
#include "hw/console.h"
#include "mm/buddy.h"
#include "mm/m2p.h"
#include "pv/pt_entry.h"
#include "pv/ptype.h"
#include "suite.h"

#undef current /* also the name of a field */

#define NFRAMES 64
/* The guest's frames by what they are. */
enum { ROOT = 16, L3, L2, L1, DATA, READ_ONLY, GRANTED, INFO, GDT, EVENTS, HALF_DONE, HELD, SHARED };

uint64_t max_mfn = NFRAMES;
struct domain idle_domain_struct;
static struct cpu_info info;
static struct pv_domain d;
static struct pv_vcpu v;
static struct vcpu idle, *vcpus[1] = { &v.core };
static struct grant_table grants;
static struct grant_active actives[2 * ACTIVE_PER_PAGE];
static struct grant_active *active[2] = { actives, actives + ACTIVE_PER_PAGE };
static char verdict[256];
static unsigned complaints;
static int paused;
static uint64_t clock, runs_until;

struct cpu_info *get_cpu_info(void)
{
    info.current = &idle;
    return &info;
}
bool mfn_is_ram(uint64_t mfn) { return mfn >= ROOT && mfn < NFRAMES; }
struct domain *domain_get_next(unsigned first) { return first == 0 ? &d.core : NULL; }
void domain_put(struct domain *of) { }
void vcpu_sleep_nosync(struct vcpu *of) { paused++; }
void vcpu_wake(struct vcpu *of) { paused--; }
bool vcpu_on_a_cpu(const struct vcpu *of) { return !paused || clock < runs_until; }
uint64_t now_ns(void) { return clock += 1000000; }
void *hv_alloc_pages(unsigned order) { return malloc(PAGE_SIZE << order); }
void hv_free_pages(void *p, unsigned order) { free(p); }
uint64_t pirq_eoi_frame(const struct domain *of) { return 0; }
void evtchn_fifo_frames(struct domain *of, void (*fn)(uint64_t mfn)) { fn(EVENTS); }
void printk(enum log_level level, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(verdict, sizeof(verdict), fmt, ap);
    va_end(ap);
    complaints++;
}

static void own(uint64_t mfn, uint64_t type, unsigned typed, unsigned count)
{
    struct page_info *pg = mfn_to_page(mfn);

    pg->owner = &d.core;
    pg->type = type | typed | (typed ? PGT_VALIDATED : 0);
    pg->count = PGC_ALLOCATED | count;
    pg->next = d.core.page_list;
    d.core.page_list = mfn;
    d.core.tot_pages++;
}

static void maps(uint64_t table, unsigned slot, uint64_t mfn, bool writable)
{
    uint64_t *entries = mfn_to_virt(table);

    entries[slot] = mfn << PAGE_SHIFT | PTE_PRESENT | PTE_USER | (writable ? PTE_RW : 0);
}

static void *zeroed(uint64_t at, size_t size)
{
    return mmap((void *)at, size, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void set_up(void)
{
    ck_assert_ptr_ne(zeroed(FRAME_TABLE_VIRT, NFRAMES * sizeof(struct page_info)), MAP_FAILED);
    ck_assert_ptr_ne(zeroed(DIRECT_VIRT, NFRAMES * PAGE_SIZE), MAP_FAILED);
    memset(&d, 0, sizeof(d));
    memset(&v, 0, sizeof(v));
    memset(actives, 0, sizeof(actives));
    d.core.max_vcpus = 1;
    d.core.vcpu = vcpus;
    d.core.grant = &grants;
    grants.frames = 1;
    grants.active = active;
    actives[3] = (struct grant_active){ .mfn = GRANTED, .pins = 2, .writers = 1 };
    v.core.domain = &d.core;
    v.core.vcpu_info_mfn = INFO;
    v.cr3_kernel = ROOT;
    v.gdt_mfn[0] = GDT;
    v.gdt_entries = 16;

    own(ROOT, PGT_L4 | PGT_PINNED, 2, 3);
    own(L3, PGT_L3, 1, 2);
    own(L2, PGT_L2, 1, 2);
    own(L1, PGT_L1, 1, 2);
    own(DATA, PGT_WRITABLE, 3, 4);
    own(READ_ONLY, PGT_NONE, 0, 3);
    own(GRANTED, PGT_WRITABLE, 1, 3);
    own(INFO, PGT_WRITABLE, 1, 2);
    own(GDT, PGT_DESC, 1, 2);
    own(EVENTS, PGT_WRITABLE, 1, 2);
    own(HALF_DONE, PGT_L2, 1, 2);
    own(HELD, PGT_L1, 1, 2);
    maps(ROOT, 0, L3, true);
    maps(ROOT, HV_FIRST_SLOT, 60, true); /* ours: no reference of the guest's */
    maps(L3, 1, L2, true);
    maps(L2, 2, L1, true);
    maps(L1, 0, DATA, true);
    maps(L1, 1, DATA, true);
    maps(L1, 511, DATA, true);
    maps(L1, 5, READ_ONLY, false);
    maps(L1, 6, READ_ONLY, false);
    maps(L1, 7, 4, true); /* device memory */
    /* Stopped before entry 1: entry 0 holds a reference, the one behind does not yet. */
    mfn_to_page(HALF_DONE)->type = PGT_L2 | PGT_PARTIAL | 1ULL << PGT_STAMP_SHIFT | 1;
    maps(HALF_DONE, 0, HELD, true);
    maps(HALF_DONE, 1, L1, true);
    /* One of our own, shared. */
    mfn_to_page(SHARED)->owner = &d.core;
    mfn_to_page(SHARED)->type = PGT_WRITABLE | PGT_VALIDATED | 1;
    mfn_to_page(SHARED)->count = PGC_HV | PGC_ALLOCATED | 1;
    complaints = 0;
}

static unsigned wrong(void)
{
    unsigned before;

    complaints = 0;
    audit_frames();
    ck_assert_int_eq(paused, 0);
    ck_assert_uint_eq(v.core.pause_flags, 0);
    before = complaints;
    ck_assert_ptr_nonnull(strstr(verdict, before == 1 ? " of 1 domains, 0 wrong" : " wrong"));
    return before - 1;
}

START_TEST(a_machine_in_order)
{
    ck_assert_msg(wrong() == 0, "%s", verdict);
    ck_assert_ptr_nonnull(strstr(verdict, "audit: 13 frames"));
}
END_TEST

/* A vcpu that is on its CPU a little longer is waited for; one that stays makes the audit give up. */
START_TEST(a_vcpu_that_stays)
{
    runs_until = clock + 500000000;
    ck_assert_msg(wrong() == 0, "%s", verdict);
    ck_assert_uint_ge(clock, runs_until);
    runs_until = UINT64_MAX;
    audit_frames();
    ck_assert_str_eq(verdict, "audit: d0v0 does not leave its CPU; try again\n");
    ck_assert_int_eq(paused, 0);
    ck_assert_uint_eq(v.core.pause_flags, 0);
    runs_until = 0;
    ck_assert_uint_eq(wrong(), 0);
}
END_TEST

/* Any count that is one too high or too low, of any frame, is found. */
START_TEST(each_count)
{
    for (uint64_t mfn = ROOT; mfn <= SHARED; mfn++) {
        struct page_info *pg = mfn_to_page(mfn);

        pg->count++;
        ck_assert_uint_eq(wrong(), 1);
        pg->count -= 2;
        ck_assert_uint_eq(wrong(), 1);
        pg->count++;
        pg->type++;
        ck_assert_uint_eq(wrong(), 1);
        pg->type--;
    }
    ck_assert_uint_eq(wrong(), 0);
}
END_TEST

START_TEST(what_must_never_be)
{
    struct page_info *pg = mfn_to_page(DATA);

    /* A writable mapping of a table: the type is wrong, and both counts of the two frames. */
    maps(L1, 0, L2, true);
    ck_assert_uint_ge(wrong(), 3);
    maps(L1, 0, DATA, true);
    ck_assert_uint_eq(wrong(), 0);
    /* A mapping of a frame that has gone back to the allocator. */
    pg->owner = NULL;
    ck_assert_uint_ge(wrong(), 1);
    pg->owner = &d.core;
    /* A table that nobody is at work on. */
    mfn_to_page(L1)->type &= ~PGT_VALIDATED;
    ck_assert_uint_ge(wrong(), 1);
    mfn_to_page(L1)->type |= PGT_VALIDATED;
    /* Charged for a frame that is in no list. */
    d.core.tot_pages++;
    ck_assert_uint_eq(wrong(), 1);
    d.core.tot_pages--;
    ck_assert_uint_eq(wrong(), 0);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("frames");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, a_machine_in_order);
    tcase_add_test(tc, each_count);
    tcase_add_test(tc, a_vcpu_that_stays);
    tcase_add_test(tc, what_must_never_be);
    return run_suite("audit", tc);
}
