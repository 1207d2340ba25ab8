/* SPDX-License-Identifier: MIT */
/* GDT, TSS and IDT, and the per-CPU windows that show a guest's descriptor tables. */
#include "hw/desc.h"

#include <stdbool.h>

#include "hw/cpu.h"
#include "hw/layout.h"
#include "hw/percpu.h"
#include "hw/traps.h"
#include "lib/string.h"

#define GDT_LIMIT (15 * PAGE_SIZE - 1)

/* Intel SDM volume 3, figure 8-11. */
struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, iomap;
} __attribute__((packed));

/* Figure 6-8: a 64-bit gate. */
struct gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_high, reserved;
};

struct table_register {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

struct cpu_desc {
    struct tss tss __attribute__((aligned(128))); /* must not cross a page */
    uint64_t *reserved;    /* our page of the GDT window */
    uint64_t *gdt_l1e;     /* entries of the windows */
    uint64_t *ldt_l1e;
    unsigned gdt_used, ldt_used; /* pages of the windows that may hold something */
    unsigned ldt_entries;
};
static DEFINE_PER_CPU(struct cpu_desc, cpu_desc);

static struct gate idt[256] __attribute__((aligned(PAGE_SIZE)));
extern char exception_stubs[];

static void set_gate(unsigned vector, unsigned ist, unsigned dpl)
{
    uint64_t at = (uint64_t)exception_stubs + 16 * vector;

    idt[vector] = (struct gate){
        .offset_low = at,
        .selector = HV_CS,
        .ist = ist,
        .type = 0x8e | (dpl << 5), /* present interrupt gate */
        .offset_mid = at >> 16,
        .offset_high = at >> 32,
    };
}

static void build_idt(void)
{
    for (unsigned i = 0; i < 256; i++)
        set_gate(i, 0, 0);
    /* INT3 and INTO are instructions of their own; every other INT n faults and is decoded. */
    set_gate(TRAP_BP, 0, 3);
    set_gate(TRAP_OF, 0, 3);
    set_gate(TRAP_NMI, IST_NMI, 0);
    set_gate(TRAP_DF, IST_DF, 0);
    set_gate(TRAP_MC, IST_MC, 0);
    set_gate(TRAP_DB, IST_DB, 0);
}

/* Index of a selector's descriptor in our page. */
static unsigned slot(unsigned selector)
{
    return (selector - GDT_RESERVED_PAGE * PAGE_SIZE) / 8;
}

/* TSS and LDT descriptors are 16 bytes (figure 8-4). type: 9 available TSS, 2 LDT. */
static void set_system(uint64_t *gdt, unsigned selector, unsigned long base, uint32_t limit,
                       unsigned type)
{
    gdt[slot(selector)] = (limit & 0xffff) | ((base & 0xffffff) << 16) |
        ((uint64_t)(0x80 | type) << 40) | ((uint64_t)(limit & 0xf0000) << 32) |
        ((base >> 24 & 0xff) << 56);
    gdt[slot(selector) + 1] = base >> 32;
}

static void build_gdt(uint64_t *gdt, struct tss *tss, unsigned cpu)
{
    gdt[slot(HV_CS)] = 0x00af9b000000ffffULL;     /* 64-bit code, ring 0 */
    gdt[slot(HV_SS)] = 0x00cf93000000ffffULL;     /* data, ring 0 */
    gdt[slot(GUEST_CS32)] = 0x00cffb000000ffffULL;
    gdt[slot(GUEST_SS)] = 0x00cff3000000ffffULL;
    gdt[slot(GUEST_CS64)] = 0x00affb000000ffffULL;
    set_system(gdt, HV_TSS, (unsigned long)tss, sizeof(*tss) - 1, 9);
    gdt[slot(HV_PER_CPU_SEL)] = 0x0040f10000000000ULL | cpu; /* read-only data, byte limit */
}

static void build_tss(struct tss *tss, unsigned cpu)
{
    unsigned long block = STACK_BLOCK(cpu);

    *tss = (struct tss){ .iomap = sizeof(*tss) };
    tss->rsp[0] = (unsigned long)(guest_regs() + 1);
    tss->ist[IST_NMI - 1] = block + STACK_NMI_END;
    tss->ist[IST_DF - 1] = block + STACK_DF_END;
    tss->ist[IST_MC - 1] = block + STACK_MC_END;
    tss->ist[IST_DB - 1] = block + STACK_DB_END;
}

static void load_tables(unsigned cpu)
{
    struct table_register gdtr = { GDT_LIMIT, GDT_WINDOW(cpu) };
    struct table_register idtr = { sizeof(idt) - 1, (uint64_t)idt };

    __asm__ volatile("lgdt %0\n\t"
                     "pushq %2\n\t"
                     "lea 1f(%%rip), %%rax\n\t"
                     "push %%rax\n\t"
                     "lretq\n"
                     "1: mov %3, %%ss\n\t"
                     "mov %4, %%ds\n\t"
                     "mov %4, %%es\n\t"
                     "mov %4, %%fs\n\t"
                     "mov %4, %%gs\n\t"
                     "lidt %1\n\t"
                     "lldt %w4\n\t"
                     "ltr %w5"
                     :
                     : "m"(gdtr), "m"(idtr), "i"(HV_CS), "r"(HV_SS), "r"(0), "r"(HV_TSS)
                     : "rax", "memory");
}

void desc_set_windows(unsigned cpu, uint64_t *gdt_l1e, uint64_t *ldt_l1e)
{
    per_cpu(cpu_desc, cpu).gdt_l1e = gdt_l1e;
    per_cpu(cpu_desc, cpu).ldt_l1e = ldt_l1e;
}

void desc_init_cpu(void)
{
    struct cpu_desc *d = &this_cpu(cpu_desc);
    unsigned cpu = smp_cpu_id();

    if (cpu == 0)
        build_idt();
    d->reserved = (uint64_t *)(GDT_WINDOW(cpu) + GDT_RESERVED_PAGE * PAGE_SIZE);
    build_tss(&d->tss, cpu);
    build_gdt(d->reserved, &d->tss, cpu);
    load_tables(cpu);
}

/*
 * Present, writable, dirty, accessed, no-execute. Writable for the processor, which sets accessed
 * bits in descriptors as it loads them; guests cannot reach our half.
 */
#define WINDOW_ENTRY(mfn) (((mfn) << PAGE_SHIFT) | 0x8000000000000063ULL)

/*
 * Only what changes is written and invalidated: switching between users of one table is free. All
 * beyond the first *used pages is empty already.
 */
static void set_window(uint64_t *l1e, unsigned long va, const uint64_t *mfns, unsigned n,
                       unsigned *used)
{
    unsigned pages = n > *used ? n : *used;

    *used = n;
    for (unsigned i = 0; i < pages; i++) {
        uint64_t e = i < n && mfns[i] != ~0ULL ? WINDOW_ENTRY(mfns[i]) : 0;

        if ((l1e[i] | 0x60) == (e | 0x60))
            continue;
        l1e[i] = e;
        __asm__ volatile("invlpg (%0)" ::"r"(va + i * PAGE_SIZE) : "memory");
    }
}

void gdt_window_set(const uint64_t *mfns, unsigned n)
{
    set_window(this_cpu(cpu_desc).gdt_l1e, GDT_WINDOW(smp_cpu_id()), mfns, n,
               &this_cpu(cpu_desc).gdt_used);
}

void ldt_window_set(const uint64_t *mfns, unsigned n, unsigned entries)
{
    struct cpu_desc *d = &this_cpu(cpu_desc);
    unsigned long va = LDT_WINDOW(smp_cpu_id());

    if (!entries && !d->ldt_entries)
        return;
    set_window(d->ldt_l1e, va, mfns, n, &d->ldt_used);
    d->ldt_entries = entries;
    if (entries)
        set_system(d->reserved, HV_LDT, va, entries * 8 - 1, 2);
    __asm__ volatile("lldt %w0" ::"r"(entries ? HV_LDT : 0));
}
