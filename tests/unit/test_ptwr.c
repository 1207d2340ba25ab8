/* SPDX-License-Identifier: MIT */
/* Emulated writes to page tables, against what this processor does with the same instruction. */
// sources: pv/ptwr.c pv/decode.c pv/ptype.c pv/pt_validate.c pv/pt_write.c pv/pt_root.c pv/pt_lookup.c
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

#define NFRAMES 32
uint64_t max_mfn = NFRAMES;
unsigned long host_cr3;
struct cpu_features cpu_features = { .nx = true, .pte_reserved = 0x000fff0000000000 };
struct cpumask cpu_online_mask = { { 1 } };
struct domain idle_domain_struct, dom_xen_struct, dom_io_struct;
DEFINE_PER_CPU(uint32_t, softirq_pending);
static struct pv_domain d;
static struct pv_vcpu vcpu;
static struct cpu_info info;

struct cpu_info *get_cpu_info(void)
{
    info.current = &vcpu.core;
    return &info;
}
bool mfn_is_ram(uint64_t mfn) { return mfn >= 8 && mfn < NFRAMES; }
bool page_get(struct page_info *pg, const struct domain *o) { return pg->owner == o && pg->count++; }
bool page_get_again(struct page_info *pg) { return pg->count++; }
void page_put(struct page_info *pg) { pg->count--; }
bool iocap_mfn_ok(const struct domain *dd, uint64_t first, uint64_t last) { return false; }
int pv_validate_desc_page(struct page_info *pg) { return 0; }
void host_fill_l4(uint64_t *l4) {}
uint32_t tlb_clock(void) { return 1; }
void tlb_filter(struct cpumask *mask, uint32_t stamp) {}
void tlb_flush_mask(const struct cpumask *mask) {}
void write_cr3(unsigned long cr3) {}
struct domain *domain_lookup(domid_t id) { return &d.core; }
void spin_lock(struct spinlock *l) {}
void spin_unlock(struct spinlock *l) {}
void kfree(void *p) {}
bool bitmap_empty(const unsigned long *m, unsigned long bits) { return true; }
bool guest_range_ok(uint64_t va, uint64_t len) { return true; }
int copy_from_guest(void *dst, struct guest_ptr src, size_t len)
{
    memcpy(dst, (void *)src.va, len);
    return 0;
}
bool pv_segment(struct pv_vcpu *v, uint16_t sel, struct segment *s)
{
    *s = (struct segment){ .long_mode = true };
    return true;
}
bool pv_linear(struct pv_vcpu *v, unsigned seg, bool long_mode, uint64_t ea, unsigned ad_bytes, unsigned len,
               uint64_t *va)
{
    *va = ea;
    return true;
}
void panic(const char *fmt, ...)
{
    abort();
}

/* Frames: 8 L4, 9 L3, 10 L2, 11 L1, which maps itself and a device frame (3) read-only. */
#define L1_VA 0x5000UL
#define DEVICE_VA 0x6000UL
#define DATA_VA 0x7000UL
static uint64_t *table(uint64_t mfn) { return mfn_to_virt(mfn); }
static uint64_t entry(uint64_t mfn, uint64_t flags) { return mfn << PAGE_SHIFT | flags | PTE_PRESENT; }

static uint8_t *code;

static void setup(void)
{
    if (!code) {
        code = mmap(NULL, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(code, MAP_FAILED);
        ck_assert_ptr_ne(mmap((void *)DIRECT_VIRT, NFRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), MAP_FAILED);
        ck_assert_ptr_ne(mmap((void *)FRAME_TABLE_VIRT, PAGE_SIZE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0), MAP_FAILED);
    }
    memset((void *)DIRECT_VIRT, 0, NFRAMES * PAGE_SIZE);
    memset(frame_table, 0, PAGE_SIZE);
    memset(&d, 0, sizeof(d));
    memset(&vcpu, 0, sizeof(vcpu));
    d.core.privileged = true;
    d.core.vm_assist = 1 << VMASST_TYPE_writable_pagetables;
    vcpu.core.domain = &d.core;
    for (unsigned mfn = 8; mfn < NFRAMES; mfn++) {
        frame_table[mfn].owner = &d.core;
        frame_table[mfn].count = PGC_ALLOCATED | 1;
    }
    table(8)[0] = entry(9, PTE_RW);
    table(9)[0] = entry(10, PTE_RW);
    table(10)[0] = entry(11, PTE_RW);
    table(11)[L1_VA >> PAGE_SHIFT] = entry(11, 0);
    table(11)[DEVICE_VA >> PAGE_SHIFT] = entry(3, 0);
    table(11)[DATA_VA >> PAGE_SHIFT] = entry(20, 0);
    ck_assert_int_eq(pt_new_kernel_root(&vcpu, 8), 0);
    vcpu.kernel_mode = true;
}

struct result {
    uint64_t cell, rax, rsi, flags;
};

/* The instruction, with rdi at the cell, as the processor does it. */
static struct result run(const uint8_t *insn, unsigned len, struct result in)
{
    uint64_t cell[2] = { in.cell, 0 };

    memcpy(code, insn, len);
    memcpy(code + len, "\x9c\x59\xc3", 3); /* pushfq; pop %rcx; ret */
    __asm__ volatile("push %%rcx; popfq; call *%%rdx; cld"
                     : "+a"(in.rax), "+S"(in.rsi), "+c"(in.flags)
                     : "D"(cell), "d"(code) : "memory", "cc");
    in.cell = cell[0];
    return in;
}

/* The same with rdi at slot 9 of the table. */
static struct result emulate(const uint8_t *insn, unsigned len, struct result in, unsigned offset, bool *done)
{
    struct trap_frame f = { .error_code = PFEC_PRESENT | PFEC_WRITE | PFEC_USER, .cs = 0xe033 };
    uint64_t *cell = &table(11)[9];

    memcpy(code, insn, len);
    f.rip = (uint64_t)code;
    f.rax = in.rax;
    f.rsi = in.rsi;
    f.rdi = L1_VA + 9 * 8;
    f.rflags = in.flags;
    *cell = in.cell;
    *done = pt_write_fault(&vcpu, &f, f.rdi + offset);
    if (*done)
        ck_assert_uint_eq(f.rip, (uint64_t)code + len);
    return (struct result){ *cell, f.rax, f.rsi, f.rflags };
}

#define CF 0x001
#define ALL 0x8d5
#define LOGIC (ALL & ~0x10) /* AF is undefined */
static const struct {
    const char *bytes;
    unsigned len, offset, flags; /* flags: those that are defined afterwards */
} cases[] = {
    { "\x48\x89\x37", 3, 0, ALL },                      /* mov %rsi,(%rdi) */
    { "\x89\x37", 2, 0, ALL },                          /* mov %esi,(%rdi) */
    { "\x89\x77\x04", 3, 4, ALL },                      /* mov %esi,4(%rdi) */
    { "\x66\x89\x77\x06", 4, 6, ALL },                  /* mov %si,6(%rdi) */
    { "\x40\x88\x77\x03", 4, 3, ALL },                  /* mov %sil,3(%rdi) */
    { "\x48\xc7\x07\x10\x32\x54\x86", 7, 0, ALL },      /* movq $imm,(%rdi) */
    { "\xc7\x07\x10\x32\x54\x86", 6, 0, ALL },          /* movl $imm,(%rdi) */
    { "\xc6\x07\x10", 3, 0, ALL },                      /* movb $imm,(%rdi) */
    { "\x48\x87\x37", 3, 0, ALL },                      /* xchg %rsi,(%rdi) */
    { "\xf0\x48\x87\x74\x27\x00", 6, 0, ALL },          /* lock xchg %rsi,0(%rdi) with a SIB byte */
    { "\x48\x89\xb7\x00\x00\x00\x00", 7, 0, ALL },      /* mov %rsi,0(%rdi), 32-bit displacement */
    { "\x3e\x48\x87\x37", 4, 0, ALL },                  /* ds xchg %rsi,(%rdi) */
    { "\x80\x67\x05\x3d", 4, 5, LOGIC },                /* andb $0x3d,5(%rdi) */
    { "\x87\x77\x04", 3, 4, ALL },                      /* xchg %esi,4(%rdi) */
    { "\xf0\x48\x0f\xb1\x37", 5, 0, ALL },              /* lock cmpxchg %rsi,(%rdi) */
    { "\xf0\x0f\xb1\x77\x04", 5, 4, ALL },              /* lock cmpxchg %esi,4(%rdi) */
    { "\xf0\x80\x27\xfd", 4, 0, LOGIC },                /* lock andb $~2,(%rdi): clear RW */
    { "\xf0\x80\x4f\x07\x80", 5, 7, LOGIC },            /* lock orb $0x80,7(%rdi) */
    { "\x48\x83\x27\xf0", 4, 0, LOGIC },                /* andq $~15,(%rdi) */
    { "\x48\x81\x0f\x10\x32\x54\x86", 7, 0, LOGIC },    /* orq $imm,(%rdi) */
    { "\x48\x21\x37", 3, 0, LOGIC },                    /* and %rsi,(%rdi) */
    { "\x48\x09\x37", 3, 0, LOGIC },                    /* or %rsi,(%rdi) */
    { "\x48\x31\x37", 3, 0, LOGIC },                    /* xor %rsi,(%rdi) */
    { "\xf0\x48\x0f\xba\x37\x05", 6, 0, CF },           /* lock btr $5,(%rdi) */
    { "\xf0\x48\x0f\xba\x2f\x3f", 6, 0, CF },           /* lock bts $63,(%rdi) */
    { "\x48\x0f\xba\x3f\x06", 5, 0, CF },               /* btc $6,(%rdi) */
};

/* Values with bit 0 clear: entries that are not present, so that any contents will do. */
START_TEST(as_the_processor)
{
    static const uint64_t values[] = { 0, 0x8000000000000062, 0x1234567890abcdee, 0x7ffffffffffffffe, 0x80000042,
                                       0xfffffffffffffffe };
    bool done;

    setup();
    for (unsigned i = 0; i < 6; i++)
        for (unsigned j = 0; j < 6; j++)
            for (unsigned k = 0; k < 12; k++) {
                const uint8_t *insn = (const uint8_t *)cases[_i].bytes;
                struct result in = { values[i], values[k % 6], values[j], k < 6 ? 0x202 : 0xad7 };
                struct result want = run(insn, cases[_i].len, in);
                struct result got = emulate(insn, cases[_i].len, in, cases[_i].offset, &done);

                ck_assert(done);
                ck_assert_uint_eq(got.cell, want.cell);
                ck_assert_uint_eq(got.rax, want.rax);
                ck_assert_uint_eq(got.rsi, want.rsi);
                ck_assert_uint_eq(got.flags & cases[_i].flags, want.flags & cases[_i].flags);
            }
}
END_TEST

#define NCASES (sizeof(cases) / sizeof(cases[0]))

/* What was found out about an instruction does not outlive its bytes: the next has the same address. */
START_TEST(remembered_by_its_bytes)
{
    static const struct result in = { 0x1234567890abcdee, 0x7ffffffffffffffe, 0x80000042, 0x202 };
    bool done;

    setup();
    for (unsigned n = 0; n < 2 * NCASES; n++) {
        unsigned turn[] = { _i, n / 2, _i };

        for (unsigned t = 0; t < 3; t++) {
            const uint8_t *insn = (const uint8_t *)cases[turn[t]].bytes;
            struct result want = run(insn, cases[turn[t]].len, in);
            struct result got = emulate(insn, cases[turn[t]].len, in, cases[turn[t]].offset, &done);

            ck_assert(done);
            ck_assert_uint_eq(got.cell, want.cell);
            ck_assert_uint_eq(got.rax, want.rax);
            ck_assert_uint_eq(got.rsi, want.rsi);
        }
        emulate((const uint8_t *)"\x48\xff\x07", 3, in, 0, &done);
        ck_assert(!done);
    }
}
END_TEST

/* Registers are read at each write, also where the instruction is known. */
START_TEST(index_register)
{
    struct trap_frame f = { .error_code = PFEC_PRESENT | PFEC_WRITE | PFEC_USER, .cs = 0xe033 };

    setup();
    memcpy(code, "\x48\x89\x34\xcf", 4); /* mov %rsi,(%rdi,%rcx,8) */
    f.rdi = L1_VA;
    for (unsigned slot = 8; slot < 16; slot++) {
        f.rip = (uint64_t)code;
        f.rcx = slot;
        f.rsi = 0x1000 * slot;
        ck_assert(pt_write_fault(&vcpu, &f, L1_VA + slot * 8));
        ck_assert_uint_eq(table(11)[slot], 0x1000 * slot);
        ck_assert_uint_eq(f.rip, (uint64_t)code + 4);
        f.rip = (uint64_t)code;
        ck_assert(!pt_write_fault(&vcpu, &f, L1_VA + slot * 8 + 8));
    }
}
END_TEST

/* At the end of a page: what follows need not be readable. */
START_TEST(code_at_the_edge)
{
    struct trap_frame f = { .error_code = PFEC_PRESENT | PFEC_WRITE | PFEC_USER, .cs = 0xe033,
                            .rdi = L1_VA + 72, .rsi = 0x5000, .rflags = 0x202 };

    setup();
    memcpy(code + PAGE_SIZE - 3, "\x48\x89\x37", 3);
    f.rip = (uint64_t)code + PAGE_SIZE - 3;
    ck_assert(pt_write_fault(&vcpu, &f, f.rdi));
    ck_assert_uint_eq(table(11)[9], 0x5000);
}
END_TEST

START_TEST(refused)
{
    struct result in = { .cell = 0, .rsi = entry(3, 0), .flags = 0x202 }, got;
    bool done;

    setup();
    /* A value that is not permitted: the guest gets its fault, the entry stays. */
    got = emulate((const uint8_t *)"\x48\x89\x37", 3, (struct result){ .rsi = entry(40, 1ULL << 42) }, 0, &done);
    ck_assert(!done);
    ck_assert_uint_eq(got.cell, 0);
    got = emulate((const uint8_t *)"\x48\x89\x37", 3, (struct result){ .rsi = entry(11, PTE_RW) }, 0, &done);
    ck_assert(!done);
    ck_assert_uint_eq(got.cell, 0);
    /* An access that leaves its entry. */
    emulate((const uint8_t *)"\x48\x89\x77\x04", 4, in, 4, &done);
    ck_assert(!done);
    /* An address that is not the instruction's. */
    emulate((const uint8_t *)"\x48\x89\x37", 3, in, 8, &done);
    ck_assert(!done);
    /* An instruction that does not belong here. */
    emulate((const uint8_t *)"\x48\xff\x07", 3, in, 0, &done);
    ck_assert(!done);
    /* Without the assist the guest gets all its faults. */
    d.core.vm_assist = 0;
    emulate((const uint8_t *)"\x48\x89\x37", 3, in, 0, &done);
    ck_assert(!done);
}
END_TEST

START_TEST(counts)
{
    bool done;

    setup();
    emulate((const uint8_t *)"\x48\x89\x37", 3, (struct result){ .rsi = entry(21, PTE_RW) }, 0, &done);
    ck_assert(done);
    ck_assert_uint_eq(frame_table[21].type & PGT_COUNT_MASK, 1);
    ck_assert_uint_eq(frame_table[21].count & PGC_COUNT_MASK, 2);
    table(11)[10] = table(11)[9]; /* emulate() sets slot 9 itself: keep the reference's entry elsewhere */
    emulate((const uint8_t *)"\x48\x89\x37", 3, (struct result){ .rsi = entry(22, 0) }, 0, &done);
    ck_assert(done);
    ck_assert_uint_eq(frame_table[22].type & PGT_COUNT_MASK, 0);
    ck_assert_uint_eq(frame_table[22].count & PGC_COUNT_MASK, 2);
    pt_drop_roots(&vcpu);
    for (unsigned mfn = 8; mfn < NFRAMES; mfn++) {
        ck_assert_uint_eq(frame_table[mfn].count & PGC_COUNT_MASK, 1);
        ck_assert_uint_eq(frame_table[mfn].type & PGT_COUNT_MASK, 0);
    }
}
END_TEST

START_TEST(other_faults)
{
    struct trap_frame f = { .error_code = PFEC_PRESENT | PFEC_WRITE | PFEC_USER, .cs = 0xe033 };

    setup();
    memcpy(code, "\x48\x89\x37", 3);
    f.rip = (uint64_t)code;
    /* A read-only data page is the guest's business; a device that is ours swallows the write. */
    f.rdi = DATA_VA;
    ck_assert(!pt_write_fault(&vcpu, &f, DATA_VA));
    f.rdi = DEVICE_VA;
    ck_assert(pt_write_fault(&vcpu, &f, DEVICE_VA));
    ck_assert_uint_eq(f.rip, (uint64_t)code + 3);
    /* Nothing there, and our own range. */
    ck_assert(!pt_write_fault(&vcpu, &f, 0x8000));
    ck_assert(!pt_write_fault(&vcpu, &f, HV_VIRT_START));
    /* The entry permits it by now: spurious. */
    table(11)[8] = entry(23, PTE_RW);
    ck_assert(pt_write_fault(&vcpu, &f, 0x8000));
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("all");

    tcase_add_loop_test(c, as_the_processor, 0, NCASES);
    tcase_add_loop_test(c, remembered_by_its_bytes, 0, NCASES);
    tcase_add_test(c, index_register);
    tcase_add_test(c, code_at_the_edge);
    tcase_add_test(c, refused);
    tcase_add_test(c, counts);
    tcase_add_test(c, other_faults);
    return run_suite_in(CK_NOFORK, "ptwr", c);
}
