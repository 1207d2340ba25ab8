/* SPDX-License-Identifier: MIT */
/* Page types, validation and entry updates on a small machine of host memory. */
// sources: pv/ptype.c pv/pt_validate.c pv/pt_write.c pv/pt_root.c pv/pt_lookup.c
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/domain.h"
#include "core/iocap.h"
#include "hw/softirq.h"
#include "hw/tlb.h"
#include "lib/errno.h"
#include "public/mmu.h"
#include "pv/descriptor.h"
#include "pv/pt_entry.h"
#include "pv/ptype.h"
#include "suite.h"

#undef current /* also the name of a field, which is set here */

/*
 * Frames 0..63 are no RAM, 64..191 belong to domain a, 192..223 to b, 224..255 to the hypervisor.
 * Every reference that the code under test may hold can be found again by looking at the tables,
 * the pins and the roots; check_counts() does so and compares. That is the whole test, in one
 * sentence: whatever is done, and wherever it is interrupted, the counts are what the contents say.
 */
#define NFRAMES 256
#define A_FIRST 64
#define B_FIRST 192
#define HV_FIRST 224

uint64_t max_mfn = NFRAMES;
unsigned long host_cr3;
struct cpu_features cpu_features = { .nx = true, .pte_reserved = 0x000fff0000000000 };
struct cpumask cpu_online_mask = { { 1 } };
struct domain idle_domain_struct, dom_xen_struct, dom_io_struct;
DEFINE_PER_CPU(uint32_t, softirq_pending);

static struct pv_domain a, b;
/* Who makes the calls, and whose roots are changed: two, so that no control register is loaded. */
static _Thread_local struct pv_vcpu runner, vcpu;
static _Thread_local struct cpu_info info;
static _Thread_local unsigned preempt_rate; /* out of 256: how often a look at the softirqs finds one */
static _Thread_local uint64_t random_state;
static uint32_t clock_now, flushes;

static unsigned rnd(unsigned n)
{
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (random_state >> 33) % n;
}

struct cpu_info *get_cpu_info(void)
{
    info.current = &runner.core;
    /* softirq_any_pending() finds its variable through this. */
    __atomic_store_n(&percpu_softirq_pending, preempt_rate && rnd(256) < preempt_rate, __ATOMIC_RELAXED);
    return &info;
}
bool mfn_is_ram(uint64_t mfn) { return mfn >= A_FIRST && mfn < NFRAMES; }
static bool count_up(struct page_info *pg)
{
    uint64_t x = pg->count;

    do {
        if (!(x & PGC_COUNT_MASK) || (x & PGC_COUNT_MASK) == PGC_COUNT_MASK)
            return false;
    } while (!__atomic_compare_exchange_n(&pg->count, &x, x + 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return true;
}
bool page_get(struct page_info *pg, const struct domain *d) { return pg->owner == d && count_up(pg); }
bool page_get_again(struct page_info *pg) { return count_up(pg); }
void page_put(struct page_info *pg)
{
    ck_assert_uint_ne(__atomic_fetch_sub(&pg->count, 1, __ATOMIC_SEQ_CST) & PGC_COUNT_MASK, 1);
}
bool iocap_mfn_ok(const struct domain *d, uint64_t first, uint64_t last) { return d->privileged && first >= 8; }
int pv_validate_desc_page(struct page_info *pg) { return *(uint64_t *)page_to_virt(pg) ? -EINVAL : 0; }
void host_fill_l4(uint64_t *l4)
{
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        l4[i] = (HV_FIRST + i - HV_FIRST_SLOT) << PAGE_SHIFT | 3;
}
uint32_t tlb_clock(void) { return __atomic_add_fetch(&clock_now, 1, __ATOMIC_SEQ_CST); }
void tlb_filter(struct cpumask *mask, uint32_t stamp) {}
static void (*during_flush)(void);
void tlb_flush_mask(const struct cpumask *mask)
{
    void (*once)(void) = during_flush;

    __atomic_fetch_add(&flushes, 1, __ATOMIC_SEQ_CST);
    during_flush = NULL;
    if (once)
        once();
}
void write_cr3(unsigned long cr3) {}
struct domain *domain_lookup(domid_t id)
{
    return id == a.core.domid ? &a.core : id == b.core.domid ? &b.core : NULL;
}
void spin_lock(struct spinlock *l) {}
void spin_unlock(struct spinlock *l) {}
void kfree(void *p) {}
bool bitmap_empty(const unsigned long *m, unsigned long bits) { return !(m[0] | m[1]); }
void panic(const char *fmt, ...)
{
    ck_abort_msg("panic: %s", fmt);
    abort();
}

static uint64_t *table(uint64_t mfn) { return mfn_to_virt(mfn); }
static uint64_t entry(uint64_t mfn, uint64_t flags) { return mfn << PAGE_SHIFT | flags | PTE_PRESENT; }

static void setup(void)
{
    static bool mapped;

    if (!mapped) {
        ck_assert_ptr_ne(mmap((void *)DIRECT_VIRT, NFRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), MAP_FAILED);
        ck_assert_ptr_ne(mmap((void *)FRAME_TABLE_VIRT, 16 * PAGE_SIZE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), MAP_FAILED);
        ck_assert_ptr_ne(mmap((void *)M2P_RW_VIRT, 16 * PAGE_SIZE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), MAP_FAILED);
        mapped = true;
    }
    memset((void *)DIRECT_VIRT, 0, NFRAMES * PAGE_SIZE);
    memset(frame_table, 0, NFRAMES * sizeof(struct page_info));
    memset(&a, 0, sizeof(a));
    memset(&b, 0, sizeof(b));
    memset(&vcpu, 0, sizeof(vcpu));
    memset(&runner, 0, sizeof(runner));
    a.core.domid = 1;
    b.core.domid = 2;
    a.core.dirty_cpumask.bits[0] = b.core.dirty_cpumask.bits[0] = 1;
    vcpu.core.domain = runner.core.domain = &a.core;
    vcpu.kernel_mode = true;
    preempt_rate = 0;
    random_state = 1;
    for (uint64_t mfn = A_FIRST; mfn < HV_FIRST; mfn++) {
        frame_table[mfn].owner = mfn < B_FIRST ? &a.core : &b.core;
        frame_table[mfn].count = PGC_ALLOCATED | 1;
        if (mfn < HV_FIRST - 1)
            frame_table[mfn].next = mfn + 1;
    }
    a.core.page_list = A_FIRST;
    frame_table[B_FIRST - 1].next = 0;
}

/* What the contents say. */
struct expected {
    uint32_t refs[NFRAMES], types[NFRAMES];
    uint64_t type[NFRAMES];
};

static void expect_use(struct expected *x, uint64_t mfn, uint64_t type)
{
    x->refs[mfn]++;
    if (type != PGT_NONE) {
        x->types[mfn]++;
        x->type[mfn] = type;
    }
}

static void expect_table(struct expected *x, uint64_t mfn, uint64_t word)
{
    unsigned n = word & PGT_PARTIAL ? (word & PGT_STAMP_MASK) >> PGT_STAMP_SHIFT : PT_ENTRIES;
    unsigned level = pgt_level(word);

    if (word & PGT_PARTIAL)
        expect_use(x, mfn, word & PGT_TYPE_MASK);
    if (word & PGT_PINNED)
        expect_use(x, mfn, word & PGT_TYPE_MASK);
    for (unsigned i = 0; i < n; i++) {
        uint64_t e = table(mfn)[i];

        if (!(e & PTE_PRESENT) || (level == 4 && l4_slot_is_ours(i)) || !mfn_is_ram(pte_mfn(e)))
            continue;
        if (level > 1)
            expect_use(x, pte_mfn(e), (level - 1) * PGT_L1);
        else
            expect_use(x, pte_mfn(e), e & PTE_RW ? PGT_WRITABLE : PGT_NONE);
    }
}

static void check_counts(void)
{
    static struct expected x;

    memset(&x, 0, sizeof(x));
    for (uint64_t mfn = A_FIRST; mfn < HV_FIRST; mfn++)
        if (pgt_is_table(frame_table[mfn].type) && (frame_table[mfn].type & PGT_COUNT_MASK))
            expect_table(&x, mfn, frame_table[mfn].type);
    if (vcpu.cr3_kernel)
        expect_use(&x, vcpu.cr3_kernel, PGT_L4);
    if (vcpu.cr3_user)
        expect_use(&x, vcpu.cr3_user, PGT_L4);
    for (uint64_t mfn = A_FIRST; mfn < HV_FIRST; mfn++) {
        uint64_t word = frame_table[mfn].type;

        ck_assert_msg((frame_table[mfn].count & PGC_COUNT_MASK) == x.refs[mfn] + 1u,
                      "frame %lu: count %lu, used %u times",
                      mfn, (unsigned long)(frame_table[mfn].count & PGC_COUNT_MASK), x.refs[mfn]);
        ck_assert_msg((word & PGT_COUNT_MASK) == x.types[mfn], "frame %lu: type %#lx, used %u times", mfn,
                      (unsigned long)word, x.types[mfn]);
        if (x.types[mfn])
            ck_assert_uint_eq(word & PGT_TYPE_MASK, x.type[mfn]);
    }
    for (uint64_t mfn = HV_FIRST; mfn < NFRAMES; mfn++)
        ck_assert_uint_eq(frame_table[mfn].count | frame_table[mfn].type, 0);
}

/* Frames 64 L4, 65 L3, 66 L2, 67..70 L1, each with some data frames from 100 on. */
#define L4 64
#define L3 65
#define L2 66
#define L1 67
static void build_tree(void)
{
    table(L4)[0] = entry(L3, PTE_RW);
    table(L4)[511] = entry(L3, PTE_RW);
    table(L3)[3] = entry(L2, PTE_RW);
    for (unsigned i = 0; i < 4; i++) {
        table(L2)[i * 100] = entry(L1 + i, PTE_RW);
        for (unsigned j = 0; j < 10; j++)
            table(L1 + i)[j * 51] = entry(100 + i * 5 + j, j & 1 ? PTE_RW : PTE_NX);
    }
    table(L1)[510] = 0xdeadbeef000; /* not present: any contents */
}

static int pin(uint64_t mfn, uint64_t type)
{
    int err;

    do {
        err = pt_finish_undo(&runner);
        if (err == 0)
            err = pt_pin(&a.core, mfn, type);
        check_counts();
    } while (err == -ERESTART);
    while (pt_finish_undo(&runner))
        check_counts();
    return err;
}

static int unpin(uint64_t mfn)
{
    int err = pt_unpin(&a.core, mfn);

    while (pt_finish_undo(&runner))
        check_counts();
    check_counts();
    return err;
}

static int update(uint64_t mfn, unsigned slot, uint64_t val, unsigned cmd)
{
    struct mmu_update req = { mfn << PAGE_SHIFT | slot * 8 | cmd, val };
    struct pt_table t = { 0 };
    int err;

    do
        pt_mmu_update(&runner, &t, &a.core, &a.core, &req, 1, &err);
    while (err == -ERESTART);
    pt_table_release(&t);
    while (pt_finish_undo(&runner))
        ;
    return err;
}

static void check_all_free(void)
{
    for (uint64_t mfn = A_FIRST; mfn < HV_FIRST; mfn++) {
        ck_assert_uint_eq(frame_table[mfn].count & ~PGC_FOREIGN, PGC_ALLOCATED | 1);
        ck_assert_uint_eq(frame_table[mfn].type & (PGT_COUNT_MASK | PGT_PARTIAL | PGT_PINNED), 0);
    }
}

START_TEST(pin_and_unpin)
{
    setup();
    build_tree();
    preempt_rate = _i * 17;
    ck_assert_int_eq(pin(L4, PGT_L4), 0);
    ck_assert_uint_eq(table(L1)[0] & PTE_USER, PTE_USER);
    ck_assert_uint_eq(table(L4)[HV_FIRST_SLOT] & PTE_PRESENT, PTE_PRESENT);
    ck_assert_int_eq(pin(L4, PGT_L4), -EINVAL);
    ck_assert_int_eq(pin(L3, PGT_L3), 0);
    ck_assert_int_eq(unpin(L4), 0);
    ck_assert_uint_eq(table(L4)[HV_FIRST_SLOT], 0);
    ck_assert_int_eq(unpin(L3), 0);
    check_all_free();
    ck_assert_int_eq(unpin(L3), -EINVAL);
}
END_TEST

/* Each of these makes the tree one that must not be, and must leave nothing behind. */
static void spoil(int how)
{
    switch (how) {
    case 0: table(L1 + 3)[511] = entry(B_FIRST, 0); break;            /* another's frame */
    case 1: table(L1 + 3)[511] = entry(HV_FIRST, 0); break;           /* ours */
    case 2: table(L1 + 3)[511] = entry(L1, PTE_RW); break;            /* a table, writable */
    case 3: table(L1 + 3)[511] = entry(L1 + 3, PTE_RW); break;        /* itself, writable */
    case 4: table(L1 + 3)[511] = entry(100, 1ULL << 41); break;       /* address too long */
    case 5: table(L1 + 3)[511] = entry(9, 0); break;                  /* device memory, not its */
    case 6: table(L2)[511] = entry(100, PTE_PSE | PTE_RW); break;     /* superpage */
    case 7: table(L3)[511] = entry(L3, 0); break;                     /* a table of its own level */
    case 8: table(L4)[511] = entry(L4, 0); break;                     /* itself as its child */
    case 9: table(L2)[511] = entry(B_FIRST, 0); break;                /* another's table */
    case 10: table(L4)[510] = entry(5, 0); break;                     /* device memory as a table */
    case 11: table(L2)[511] = entry(1ULL << 38, 0); break;            /* far beyond memory */
    case 12: table(L1 + 3)[511] = entry(L4, PTE_RW); break;           /* its root, writable */
    case 13: table(L2)[511] = entry(103, 0); break;                   /* a frame mapped writable as table */
    }
}

START_TEST(refusals)
{
    for (unsigned rate = 0; rate < 256; rate += 85) {
        setup();
        build_tree();
        spoil(_i);
        preempt_rate = rate;
        ck_assert_int_ne(pin(L4, PGT_L4), 0);
        check_all_free();
    }
}
END_TEST

#define SHARED_FRAME 150

/* What another domain's mapping and its removal do to the frame. */
static void foreign_comes_and_goes(void)
{
    struct page_info *pg = &frame_table[SHARED_FRAME];

    ck_assert_int_eq(page_get_and_type(pg, &a.core, PGT_WRITABLE, false), 0);
    pt_mark_foreign(pg);
    ck_assert_int_eq(page_put_and_type(pg, false), 0);
}

/* A frame that others have mapped is flushed everywhere, also if that was while it was flushed. */
START_TEST(foreign_mark)
{
    struct page_info *pg = &frame_table[SHARED_FRAME];

    setup();
    a.core.dirty_cpumask.bits[0] = 0; /* a flush of its own CPUs is none */
    foreign_comes_and_goes();
    flushes = 0;
    during_flush = foreign_comes_and_goes;
    ck_assert_int_eq(page_get_and_type(pg, &a.core, PGT_L1, false), 0);
    ck_assert_uint_eq(flushes, 2);
    ck_assert(!(pg->count & PGC_FOREIGN));
    ck_assert_int_eq(page_put_and_type(pg, false), 0);
}
END_TEST

/* The same as an update of a live entry: refused, and nothing has changed. */
START_TEST(update_refusals)
{
    uint64_t bad[] = { entry(B_FIRST, 0),  entry(HV_FIRST, 0),      entry(L1, PTE_RW),
                       entry(L4, PTE_RW), entry(100, 1ULL << 41), entry(9, 0) };
    uint64_t before;

    setup();
    build_tree();
    ck_assert_int_eq(pin(L4, PGT_L4), 0);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        before = table(L1)[51];
        ck_assert_int_ne(update(L1, 51, bad[i], MMU_NORMAL_PT_UPDATE), 0);
        ck_assert_uint_eq(table(L1)[51], before);
        check_counts();
    }
    ck_assert_int_ne(update(L4, HV_FIRST_SLOT, entry(L3, 0), 0), 0);
    ck_assert_int_ne(update(L4, HV_LAST_SLOT, 0, 0), 0);
    ck_assert_int_ne(update(L2, 5, entry(100, PTE_PSE), 0), 0);
    ck_assert_int_ne(update(B_FIRST, 0, 0, 0), 0);
    ck_assert_int_ne(update(HV_FIRST, 0, 0, 0), 0);
    ck_assert_int_ne(update(NFRAMES + 5, 0, 0, 0), 0);
    check_counts();
    ck_assert_int_eq(unpin(L4), 0);
    check_all_free();
}
END_TEST

START_TEST(updates)
{
    setup();
    build_tree();
    ck_assert_int_eq(pin(L4, PGT_L4), 0);
    ck_assert_int_eq(update(L1, 7, entry(150, PTE_RW | PTE_GLOBAL), 0), 0);
    ck_assert_uint_eq(table(L1)[7], entry(150, PTE_RW | PTE_USER));
    table(L1)[7] |= PTE_DIRTY | PTE_ACCESSED;
    ck_assert_int_eq(update(L1, 7, entry(150, 0), MMU_PT_UPDATE_PRESERVE_AD), 0);
    ck_assert_uint_eq(table(L1)[7], entry(150, PTE_USER | PTE_DIRTY | PTE_ACCESSED));
    check_counts();
    ck_assert_uint_eq(frame_table[150].type & PGT_COUNT_MASK, 0);
    /* An idle writable frame becomes a table, and its CPUs are flushed first. */
    flushes = 0;
    ck_assert_int_eq(update(L2, 9, entry(150, PTE_RW), 0), 0);
    ck_assert_uint_gt(flushes, 0);
    check_counts();
    /* Now it cannot be written; an ordinary frame can, by the same call. */
    ck_assert_int_ne(update(L1, 8, entry(150, PTE_RW), 0), 0);
    ck_assert_int_eq(update(160, 3, 0x1234567, 0), 0);
    ck_assert_uint_eq(table(160)[3], 0x1234567);
    ck_assert_int_eq(update(L2, 9, 0, 0), 0);
    check_counts();
    /* A domain without devices cannot make its RAM uncached. */
    ck_assert_int_eq(update(L1, 8, entry(151, PTE_RW | PTE_PCD), 0), 0);
    ck_assert_uint_eq(table(L1)[8] & PTE_CACHE, 0);
    ck_assert_int_eq(unpin(L4), 0);
    check_all_free();
}
END_TEST

START_TEST(devices)
{
    setup();
    build_tree();
    a.core.privileged = true;
    ck_assert_int_eq(pin(L4, PGT_L4), 0);
    ck_assert_int_eq(update(L1, 7, entry(9, PTE_RW | PTE_PCD), 0), 0);
    ck_assert_uint_eq(table(L1)[7], entry(9, PTE_RW | PTE_PCD | PTE_USER));
    /* One that we keep: to look at only. */
    ck_assert_int_eq(update(L1, 8, entry(2, PTE_RW), 0), 0);
    ck_assert_uint_eq(table(L1)[8], entry(2, PTE_USER));
    ck_assert_int_eq(update(L1, 8, entry(1ULL << 27, PTE_RW), 0), 0);
    check_counts();
    ck_assert_int_eq(unpin(L4), 0);
    check_all_free();
}
END_TEST

/* A pinning that stopped half way is undone by unpinning, or with the domain. */
START_TEST(abandoned)
{
    int err;

    setup();
    build_tree();
    preempt_rate = 255;
    for (int i = 0; i < _i % 8; i++) {
        err = pt_pin(&a.core, L4, PGT_L4);
        check_counts();
        if (err == 0)
            break;
    }
    if (_i < 8) {
        pt_unpin(&a.core, L4);
        while (pt_finish_undo(&runner))
            check_counts();
    } else {
        struct vcpu *vcpus[1] = { &vcpu.core };

        a.core.vcpu = vcpus;
        a.core.max_vcpus = 1;
        while (pt_relinquish(&a.core))
            ;
    }
    check_counts();
    check_all_free();
}
END_TEST

static uint64_t random_entry(unsigned level)
{
    static const uint64_t flags[] = { 0, PTE_RW, PTE_RW | PTE_AD, PTE_NX | PTE_RW, PTE_GLOBAL, PTE_RW };
    unsigned r = rnd(16);

    if (r < 3)
        return 0;
    if (r == 3)
        return (uint64_t)rnd(1 << 20) << 1;
    if (level > 1)
        return entry(A_FIRST + (4 - level + 1) * 8 + rnd(8), PTE_RW);
    return entry(rnd(20) ? A_FIRST + rnd(64) : rnd(NFRAMES), flags[rnd(6)]);
}

/* Frames 64..71 are meant as L4, 72..79 L3, 80..87 L2, 88..95 L1; any frame may be mapped. */
static void random_step(void)
{
    unsigned level = 1 + rnd(4);
    uint64_t mfn = A_FIRST + (4 - level) * 8 + rnd(8);
    unsigned slot = rnd(4) ? rnd(8) * 70 : rnd(PT_ENTRIES);
    struct mmu_update req = { mfn << PAGE_SHIFT | slot * 8 | (rnd(4) ? 0 : 2), random_entry(level) };
    struct pt_table t = { 0 };
    int err;

    if (pt_finish_undo(&runner))
        return;
    switch (rnd(8)) {
    case 0: pt_pin(&a.core, mfn, level * PGT_L1); break;
    case 1: pt_unpin(&a.core, mfn); break;
    case 2: pt_new_kernel_root(&vcpu, A_FIRST + rnd(8)); break;
    case 3: pt_new_user_root(&vcpu, rnd(4) ? A_FIRST + rnd(8) : 0); break;
    default:
        pt_mmu_update(&runner, &t, &a.core, &a.core, &req, 1, &err);
        pt_table_release(&t);
    }
}

START_TEST(random_walk)
{
    static const unsigned rates[] = { 0, 40, 128, 250 };

    for (unsigned round = 0; round < 8; round++) {
        setup();
        random_state = round * 7919 + _i;
        preempt_rate = rates[round % 4];
        for (unsigned i = 0; i < 3000; i++) {
            random_step();
            if (i % 16 == 0)
                check_counts();
        }
        check_counts();
    }
}
END_TEST

static void *hammer(void *seed)
{
    memset(&vcpu, 0, sizeof(vcpu));
    memset(&runner, 0, sizeof(runner));
    vcpu.core.domain = runner.core.domain = &a.core;
    vcpu.kernel_mode = true;
    random_state = (uintptr_t)seed;
    for (unsigned i = 0; i < 30000; i++) {
        /*
         * The flag is common to the threads: what one sets another may see, as with real
         * interrupts.
         */
        preempt_rate = i & 1024 ? 60 : 0;
        random_step();
    }
    preempt_rate = 0;
    pt_new_user_root(&vcpu, 0);
    if (vcpu.cr3_kernel)
        pt_drop_roots(&vcpu);
    pt_finish_undo(&runner);
    return NULL;
}

/* Four vcpus at once on the same few tables; when they are still, the books must balance. */
START_TEST(races)
{
    pthread_t t[4];

    setup();
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&t[i], NULL, hammer, (void *)(i * 1000 + _i));
    for (unsigned i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    preempt_rate = 0;
    check_counts();
    while (pt_relinquish(&a.core))
        ;
    check_counts();
    check_all_free();
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("all");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, pin_and_unpin, 0, 16);
    tcase_add_loop_test(c, refusals, 0, 14);
    tcase_add_test(c, foreign_mark);
    tcase_add_test(c, update_refusals);
    tcase_add_test(c, updates);
    tcase_add_test(c, devices);
    tcase_add_loop_test(c, abandoned, 0, 16);
    tcase_add_loop_test(c, random_walk, 0, 2);
    tcase_add_loop_test(c, races, 0, 2);
    return run_suite_in(CK_NOFORK, "ptype", c);
}
