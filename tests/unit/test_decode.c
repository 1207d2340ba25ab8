/* SPDX-License-Identifier: MIT */
/* The instruction decoder, against encodings taken from the processor manuals. */
// sources: pv/decode.c
#include <stdlib.h>
#include <string.h>

#include "core/guest_access.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "pv/decode.h"
#include "pv/descriptor.h"
#include "suite.h"

/* A guest's code: two pages at 0x1000, the second of which may be missing. */
static uint8_t code[0x2000];
static unsigned code_len = sizeof(code);

struct cpu_info *get_cpu_info(void) { abort(); }
bool guest_range_ok(uint64_t va, uint64_t len) { return va < 0x800000000000 && len < 0x1000; }
int copy_from_guest(void *dst, struct guest_ptr src, size_t len)
{
    if (src.va < 0x1000 || src.va + len > 0x1000 + code_len)
        return -EFAULT;
    memcpy(dst, code + src.va - 0x1000, len);
    return 0;
}
bool pv_segment(struct pv_vcpu *v, uint16_t sel, struct segment *s)
{
    *s = (struct segment){ .long_mode = sel == 0x33, .big = true };
    return sel != 0;
}
bool pv_linear(struct pv_vcpu *v, unsigned seg, bool long_mode, uint64_t ea, unsigned ad_bytes,
               unsigned len, uint64_t *va)
{
    *va = ad_bytes == 8 ? ea : ea & ((1ULL << (8 * ad_bytes)) - 1);
    return true;
}

static struct insn insn;

static int parse(unsigned code_bytes, const char *bytes, unsigned n)
{
    return insn_parse(&insn, (const uint8_t *)bytes, n, code_bytes);
}
#define PARSE(code_bytes, bytes) parse(code_bytes, bytes, sizeof(bytes) - 1)

START_TEST(lengths)
{
    static const struct {
        const char *bytes;
        unsigned len, map, opcode, op_bytes;
    } cases[] = {
        { "\xcd\x80", 2, INSN_MAP_1, 0xcd, 4 },                         /* int 0x80 */
        { "\x0f\x30", 2, INSN_MAP_0F, 0x30, 4 },                        /* wrmsr */
        { "\x48\x89\x07", 3, INSN_MAP_1, 0x89, 8 },                     /* mov %rax,(%rdi) */
        { "\x66\x89\x07", 3, INSN_MAP_1, 0x89, 2 },                     /* mov %ax,(%rdi) */
        { "\x48\xc7\x07\x01\x02\x03\x84", 7, INSN_MAP_1, 0xc7, 8 },     /* movq $imm32,(%rdi) */
        { "\x66\xc7\x07\x01\x02", 5, INSN_MAP_1, 0xc7, 2 },             /* movw $imm16,(%rdi) */
        { "\x48\xb8\x01\x02\x03\x04\x05\x06\x07\x08", 10, INSN_MAP_1, 0xb8, 8 },
        { "\xf0\x48\x0f\xb1\x0c\x24", 6, INSN_MAP_0F, 0xb1, 8 },        /* lock cmpxchg %rcx,(%rsp) */
        { "\x48\x0f\xba\x6c\x24\x10\x3f", 7, INSN_MAP_0F, 0xba, 8 },    /* btsq $63,16(%rsp) */
        { "\x41\x0f\x22\xd8", 4, INSN_MAP_0F, 0x22, 4 },                /* mov %r8,%cr3 */
        { "\x0f\x22\x18", 3, INSN_MAP_0F, 0x22, 4 },                    /* mod is ignored */
        { "\xf6\x07\x01", 3, INSN_MAP_1, 0xf6, 4 },                     /* testb $1,(%rdi) */
        { "\xf6\x1f", 2, INSN_MAP_1, 0xf6, 4 },                         /* negb (%rdi) */
        { "\xf7\x07\x01\x00\x00\x00", 6, INSN_MAP_1, 0xf7, 4 },
        { "\xf3\x6e", 2, INSN_MAP_1, 0x6e, 4 },                         /* rep outsb */
        { "\x8b\x05\x01\x00\x00\x00", 6, INSN_MAP_1, 0x8b, 4 },         /* mov 1(%rip),%eax */
        { "\x8b\x04\x25\x00\x10\x00\x00", 7, INSN_MAP_1, 0x8b, 4 },     /* mov 0x1000,%eax */
        { "\x48\xa3\x01\x02\x03\x04\x05\x06\x07\x08", 10, INSN_MAP_1, 0xa3, 8 },
        { "\x0f\x38\xf1\x07", 4, INSN_MAP_0F38, 0xf1, 4 },              /* movbe */
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        uint8_t bytes[INSN_MAX] = { 0 };

        memset(bytes, 0x90, sizeof(bytes));
        memcpy(bytes, cases[i].bytes, cases[i].len);
        ck_assert_int_eq(insn_parse(&insn, bytes, sizeof(bytes), 8), 0);
        ck_assert_msg(insn.len == cases[i].len, "case %u: length %u", i, insn.len);
        ck_assert_int_eq(insn.map, cases[i].map);
        ck_assert_int_eq(insn.opcode, cases[i].opcode);
        ck_assert_int_eq(insn.op_bytes, cases[i].op_bytes);
        /* One byte less is no instruction at all. */
        ck_assert_int_eq(insn_parse(&insn, bytes, cases[i].len - 1, 8), -EINVAL);
    }
}
END_TEST

START_TEST(refused)
{
    ck_assert_int_eq(parse(8, "", 0), -EINVAL);
    ck_assert_int_eq(PARSE(8, "\x66\x66\x66"), -EINVAL);
    ck_assert_int_eq(PARSE(8, "\x06"), -EINVAL);      /* push %es: not in 64-bit code */
    ck_assert_int_eq(PARSE(8, "\x0f\x3a\x00"), -EINVAL);
    /* Fifteen prefixes leave no room for an opcode. */
    ck_assert_int_eq(PARSE(8, "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x90"), -EINVAL);
}
END_TEST

START_TEST(prefixes)
{
    ck_assert_int_eq(PARSE(8, "\x48\x66\x89\x07"), 0); /* REX before another prefix does not count */
    ck_assert_int_eq(insn.op_bytes, 2);
    ck_assert_int_eq(insn.rex, 0);
    ck_assert_int_eq(PARSE(8, "\x65\x48\x89\x04\x25\x28\x00\x00\x00"), 0);
    ck_assert_int_eq(insn.seg, SEG_GS);
    ck_assert_int_eq(PARSE(8, "\xf2\xf3\x6c"), 0);
    ck_assert(insn.rep && !insn.repne);
    ck_assert_int_eq(PARSE(4, "\x66\x89\x07"), 0);
    ck_assert_int_eq(insn.op_bytes, 2);
    ck_assert_int_eq(insn.ad_bytes, 4);
    ck_assert_int_eq(PARSE(4, "\x67\x89\x07"), 0);     /* 16-bit addressing: (%bx) */
    ck_assert_int_eq(insn.ad_bytes, 2);
    ck_assert_int_eq(insn.base, 3);
    ck_assert_int_eq(insn.index, REG_NONE);
    ck_assert_int_eq(PARSE(2, "\x89\x46\x10"), 0);     /* mov %ax,16(%bp) */
    ck_assert_int_eq(insn.base, 5);
    ck_assert_int_eq(insn.disp, 16);
}
END_TEST

START_TEST(addresses)
{
    struct trap_frame f = { .rip = 0x1000, .rdi = 0x5000, .rcx = 8, .rsp = 0x7000, .r13 = 0x100, .r12 = 0x3000 };
    uint64_t va;

    ck_assert_int_eq(PARSE(8, "\x48\x8b\x44\xcf\xf0"), 0); /* mov -16(%rdi,%rcx,8),%rax */
    ck_assert(insn_address(NULL, &f, &insn, 8, &va));
    ck_assert_uint_eq(va, 0x5000 + 64 - 16);
    ck_assert_int_eq(PARSE(8, "\x8b\x05\x10\x00\x00\x00"), 0); /* mov 16(%rip),%eax */
    ck_assert(insn_address(NULL, &f, &insn, 4, &va));
    ck_assert_uint_eq(va, 0x1000 + 6 + 16);
    ck_assert_int_eq(PARSE(8, "\x41\x8b\x45\x00"), 0); /* mov 0(%r13),%eax */
    ck_assert(insn_address(NULL, &f, &insn, 4, &va));
    ck_assert_uint_eq(va, 0x100);
    ck_assert_int_eq(PARSE(8, "\x43\x8b\x04\x24"), 0); /* mov (%r12,%r12),%eax: REX.X makes index 12 valid */
    ck_assert(insn_address(NULL, &f, &insn, 4, &va));
    ck_assert_uint_eq(va, 0x6000);
    ck_assert_int_eq(PARSE(8, "\x8b\x04\x24"), 0); /* mov (%rsp),%eax */
    ck_assert_int_eq(insn.seg, SEG_SS);
    ck_assert(insn_address(NULL, &f, &insn, 4, &va));
    ck_assert_uint_eq(va, 0x7000);
    f.rdi = 0xffffffff00000004;
    ck_assert_int_eq(PARSE(8, "\x67\x8b\x07"), 0); /* mov (%edi),%eax */
    ck_assert(insn_address(NULL, &f, &insn, 4, &va));
    ck_assert_uint_eq(va, 4);
}
END_TEST

START_TEST(registers)
{
    struct trap_frame f = { .rax = 0x1122334455667788, .rsp = 0xaabbccdd };

    ck_assert_int_eq(PARSE(8, "\x88\x27"), 0); /* mov %ah,(%rdi) */
    ck_assert_uint_eq(insn_read_reg(&f, &insn, insn.reg, 1), 0x77);
    insn_write_reg(&f, &insn, insn.reg, 1, 0xee);
    ck_assert_uint_eq(f.rax, 0x112233445566ee88);
    ck_assert_int_eq(PARSE(8, "\x40\x88\x27"), 0); /* mov %spl,(%rdi) */
    ck_assert_uint_eq(insn_read_reg(&f, &insn, insn.reg, 1), 0xdd);
    insn_write_reg(&f, &insn, 0, 2, 0x1234);
    ck_assert_uint_eq(f.rax, 0x1122334455661234);
    insn_write_reg(&f, &insn, 0, 4, 0x9abcdef0);
    ck_assert_uint_eq(f.rax, 0x9abcdef0);
    insn_write_reg(&f, &insn, 0, 8, ~0ULL);
    ck_assert_uint_eq(f.rax, ~0ULL);
}
END_TEST

START_TEST(fetch)
{
    struct trap_frame f = { .rip = 0x1ffe, .cs = 0x33 };

    memcpy(code + 0xffe, "\xcd\x80", 2);
    code_len = 0x1000; /* the instruction ends with the page, and the next page is missing */
    ck_assert_int_eq(pv_decode(NULL, &f, &insn), 0);
    ck_assert_int_eq(insn.fetched, 2);
    ck_assert_int_eq(insn.imm, (int8_t)0x80);
    f.rip = 0x1fff;
    ck_assert_int_eq(pv_decode(NULL, &f, &insn), -EINVAL);
    f.rip = 0x3000;
    ck_assert_int_eq(pv_decode(NULL, &f, &insn), -EFAULT);
    code_len = sizeof(code);
    f.rip = 0x1ffe;
    ck_assert_int_eq(pv_decode(NULL, &f, &insn), 0);
    ck_assert_int_eq(insn.fetched, INSN_MAX);
    f.rflags = X86_EFLAGS_RF;
    insn_done(&f, &insn);
    ck_assert_uint_eq(f.rip, 0x2000);
    ck_assert_uint_eq(f.rflags, 0);
}
END_TEST

/* Whatever the bytes, the result lies within them. */
START_TEST(random_bytes)
{
    uint8_t bytes[INSN_MAX];

    srand(1);
    for (unsigned i = 0; i < 200000; i++) {
        unsigned n = rand() % (INSN_MAX + 1), size = 2u << (i % 3);

        for (unsigned b = 0; b < INSN_MAX; b++)
            bytes[b] = rand();
        if (insn_parse(&insn, bytes, n, size) == 0)
            ck_assert_uint_le(insn.len, n);
    }
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("decode");

    tcase_add_test(t, lengths);
    tcase_add_test(t, refused);
    tcase_add_test(t, prefixes);
    tcase_add_test(t, addresses);
    tcase_add_test(t, registers);
    tcase_add_test(t, fetch);
    tcase_add_test(t, random_bytes);
    return run_suite("decode", t);
}
