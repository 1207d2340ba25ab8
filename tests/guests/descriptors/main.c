/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables: a guest's GDT and LDT hold nothing that reaches ring 0, are never writable while in
 * use, and selectors from anywhere are made harmless. (The class of XSA-7, -8, -10, -42, -56.)
 */
#include "guest.h"

#define DESC_CODE 0x00affb000000ffffUL  /* 64-bit code, DPL 3 */
#define DESC_DATA 0x00cff3000000ffffUL  /* data, DPL 3 */
#define DESC_CODE0 0x00af9b000000ffffUL /* 64-bit code, DPL 0 */
#define DESC_GATE 0x0000ec000000e008UL  /* call gate, DPL 3, to a ring-0 selector of ours */
#define DESC_TSS 0x0000890000000067UL
#define DESC_LDT 0x000082000000ffffUL
#define DESC_INTGATE 0x00008e000000e008UL

static uint64_t *gdt_page(uint64_t first)
{
    uint64_t *page = page_alloc();

    page[1] = first;
    check_is(map_readonly(page), 0);
    return page;
}

static long set_gdt(const void *page, unsigned entries)
{
    static uint64_t frames[16];

    frames[0] = virt_to_mfn(page);
    return HC2(__HYPERVISOR_set_gdt, frames, entries);
}

static long update(const uint64_t *entry, uint64_t value)
{
    uint64_t maddr = virt_to_mfn(entry) * PAGE_SIZE | ((uint64_t)entry & (PAGE_SIZE - 1));

    return HC2(__HYPERVISOR_update_descriptor, maddr, value);
}

static void store(void *p)
{
    *(volatile uint64_t *)p = 0;
}

static void a_good_gdt_is_taken(void)
{
    uint64_t *gdt = gdt_page(DESC_DATA);
    struct fault f;

    check_is(set_gdt(gdt, 512), 0);
    check(map_writable(gdt) != 0);
    check(faults(store, gdt, &f) && f.vector == 14);
    check_is(update(&gdt[2], DESC_CODE), 0);
    check(gdt[2] != 0);
    check_is(HC2(__HYPERVISOR_set_gdt, 0, 0), 0);
    check_is(map_writable(gdt), 0);
}

static void writable_gdt_is_refused(void)
{
    uint64_t *page = page_alloc();

    check(set_gdt(page, 512) != 0);
    *(volatile char *)page = 1;
}

static void gdt_sizes_are_checked(void)
{
    uint64_t *gdt = gdt_page(DESC_DATA);

    check(set_gdt(gdt, FIRST_RESERVED_GDT_ENTRY + 1) != 0);
    check(set_gdt(gdt, 8192) != 0);
    check(set_gdt(gdt, 0xffffffff) != 0);
    check(HC2(__HYPERVISOR_set_gdt, NON_CANONICAL, 512) != 0);
    check(HC2(__HYPERVISOR_set_gdt, HV_ADDRESS, 512) != 0);
}

/* Whatever becomes of it (refused or defused), the guest must not get through it to ring 0. */
static void tainted_gdt(uint64_t descriptor)
{
    uint64_t *gdt = gdt_page(descriptor);

    if (set_gdt(gdt, 512) == 0) {
        check(gdt[1] != descriptor);
        HC2(__HYPERVISOR_set_gdt, 0, 0);
    }
}

static void ring0_code_is_refused(void) { tainted_gdt(DESC_CODE0); }
static void call_gate_is_refused(void) { tainted_gdt(DESC_GATE); }
static void tss_is_refused(void) { tainted_gdt(DESC_TSS); }
static void ldt_descriptor_is_refused(void) { tainted_gdt(DESC_LDT); }

static void update_descriptor_checks(void)
{
    static const uint64_t bad[] = { DESC_GATE, DESC_TSS, DESC_LDT, DESC_INTGATE };
    uint64_t *gdt = gdt_page(DESC_DATA);

    check_is(set_gdt(gdt, 512), 0);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (update(&gdt[5], bad[i]) == 0)
            check(gdt[5] != bad[i]);
    if (update(&gdt[5], DESC_CODE0) == 0)
        check(gdt[5] != DESC_CODE0);
    HC2(__HYPERVISOR_set_gdt, 0, 0);
}

static void update_descriptor_targets(void)
{
    check(HC2(__HYPERVISOR_update_descriptor, 0x200000, DESC_DATA) != 0);
    check(HC2(__HYPERVISOR_update_descriptor, ~7UL, DESC_DATA) != 0);
    check(HC2(__HYPERVISOR_update_descriptor, virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE,
              DESC_DATA) != 0);
}

static void page_table_is_no_gdt(void)
{
    check(set_gdt((void *)start_info->pt_base, 512) != 0);
}

static void gdt_is_no_page_table(void)
{
    uint64_t *gdt = gdt_page(DESC_DATA);

    check_is(set_gdt(gdt, 512), 0);
    check(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(gdt), 0) != 0);
    check_is(HC2(__HYPERVISOR_set_gdt, 0, 0), 0);
}

static void ldt_sizes_are_checked(void)
{
    check(mmuext(MMUEXT_SET_LDT, (uint64_t)page_alloc(), 8193) != 0);
    check(mmuext(MMUEXT_SET_LDT, (uint64_t)page_alloc() + 1, 16) != 0);
    check(mmuext(MMUEXT_SET_LDT, HV_ADDRESS, 16) != 0);
    check(mmuext(MMUEXT_SET_LDT, NON_CANONICAL, 16) != 0);
    check_is(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
}

static void load_selector(void *selector)
{
    __asm__ volatile("mov %w0, %%es" ::"r"((unsigned)(unsigned long)selector));
}

/* Our own selectors are in the table that the guest's lies in: none of them may be loaded with effect. */
static void our_selectors_are_useless(void)
{
    struct fault f;

    check(faults(load_selector, (void *)0xe010, &f) && f.vector == 13);
    check(faults(load_selector, (void *)0xe008, &f) && f.vector == 13);
    check(faults(load_selector, (void *)0xe040, &f) && f.vector == 13);
    check(faults(load_selector, (void *)0xfff8, &f) && f.vector == 13);
    load_selector((void *)0xe02b);
    load_selector(0);
}

CASES({ "good-gdt", a_good_gdt_is_taken, false },
      { "writable-gdt", writable_gdt_is_refused, false },
      { "gdt-sizes", gdt_sizes_are_checked, false },
      { "ring0-code", ring0_code_is_refused, false },
      { "call-gate", call_gate_is_refused, false },
      { "tss", tss_is_refused, false },
      { "ldt-descriptor", ldt_descriptor_is_refused, false },
      { "update-descriptor", update_descriptor_checks, false },
      { "update-descriptor-targets", update_descriptor_targets, false },
      { "page-table-as-gdt", page_table_is_no_gdt, false },
      { "gdt-as-page-table", gdt_is_no_page_table, false },
      { "ldt-sizes", ldt_sizes_are_checked, false },
      { "our-selectors", our_selectors_are_useless, false });
