/* SPDX-License-Identifier: MIT */
/*
 * Page types: no frame is ever writable and a page table at once, whatever order a guest does things
 * in; no foreign, foreign-typed or hypervisor frame gets into its tables; counts do not wrap.
 * (The class of XSA-26, -45, -148, -182, -212, -273.)
 */
#include "guest.h"

static uint64_t entry_for(const void *v, uint64_t bits)
{
    return virt_to_mfn(v) * PAGE_SIZE | bits;
}

static void store(void *p)
{
    *(volatile uint64_t *)p = 0;
}

static void *empty_table(void)
{
    void *t = page_alloc();

    check_is(map_readonly(t), 0);
    return t;
}

/* An entry of our own tables may be read through the map the builder made, never written. */
static void tables_are_not_writable(void)
{
    void *tables = (void *)start_info->pt_base;
    struct fault f;

    check(map_writable(tables) != 0);
    check(faults(store, tables, &f) && f.vector == 14);
    check(HC3(__HYPERVISOR_update_va_mapping, page_alloc(), entry_for(tables, PTE_BITS), 0) != 0);
}

static void writable_page_cannot_be_pinned(void)
{
    void *page = page_alloc();

    check(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(page), 0) != 0);
    check(mmuext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(page), 0) != 0);
    *(volatile char *)page = 1;
}

static void pin_and_unpin(void)
{
    void *t = empty_table();
    uint64_t mfn = virt_to_mfn(t);

    check_is(mmuext(MMUEXT_PIN_L1_TABLE, mfn, 0), 0);
    check(map_writable(t) != 0);
    check(mmuext(MMUEXT_PIN_L1_TABLE, mfn, 0) != 0);
    check(mmuext(MMUEXT_PIN_L2_TABLE, mfn, 0) != 0);
    check_is(mmuext(MMUEXT_UNPIN_TABLE, mfn, 0), 0);
    check(mmuext(MMUEXT_UNPIN_TABLE, mfn, 0) != 0);
    check_is(map_writable(t), 0);
    *(volatile char *)t = 1;
}

/* While pinned as level 1 it cannot be named by a level-3 entry, and the other way round. */
static void levels_are_not_confused(void)
{
    uint64_t *l1 = empty_table(), *l2 = page_alloc(), *l3 = page_alloc();

    l2[0] = entry_for(l1, PTE_BITS);
    l3[0] = entry_for(l1, PTE_BITS);
    check_is(map_readonly(l2), 0);
    check_is(map_readonly(l3), 0);
    check_is(mmuext(MMUEXT_PIN_L2_TABLE, virt_to_mfn(l2), 0), 0);
    check(mmuext(MMUEXT_PIN_L3_TABLE, virt_to_mfn(l3), 0) != 0);
    check(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(l2), 0) != 0);
    check_is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(l2), 0), 0);
}

/* A table that names itself at its own level would make its read-only mapping a writable one. */
static void no_self_map(void)
{
    uint64_t *l4 = page_alloc(), *l1 = page_alloc();

    l4[0] = entry_for(l4, PTE_BITS);
    check_is(map_readonly(l4), 0);
    check(mmuext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(l4), 0) != 0);
    l1[0] = entry_for(l1, PTE_BITS);
    check_is(map_readonly(l1), 0);
    check(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(l1), 0) != 0);
}

static void no_superpages(void)
{
    uint64_t *l2 = page_alloc(), *l3 = page_alloc();

    l2[3] = PTE_BITS | PTE_PSE;
    l3[3] = PTE_BITS | PTE_PSE;
    check_is(map_readonly(l2), 0);
    check_is(map_readonly(l3), 0);
    check(mmuext(MMUEXT_PIN_L2_TABLE, virt_to_mfn(l2), 0) != 0);
    check(mmuext(MMUEXT_PIN_L3_TABLE, virt_to_mfn(l3), 0) != 0);
}

static void no_reserved_bits(void)
{
    void *page = page_alloc();
    uint64_t maddr, good = *pte_of(page, &maddr);

    check(pte_write(maddr, good | 1UL << 51) != 0);
    check(HC3(__HYPERVISOR_update_va_mapping, page, good | 0x000f000000000000UL, 0) != 0);
    check((*pte_of(page, NULL) & ~0xfffUL) == (good & ~0xfffUL));
}

/* Frames of nobody, of dom0, of the hypervisor, of devices, and beyond the end of memory. */
static void no_foreign_frames(void)
{
    static const uint64_t mfns[] = { 0, 1, 0xa0, 0xb8, 0xf0, 0x200, 0x201, 0x280, 0x300, 0xfee00, 0xfec00,
                                     0xfffff, 0x100000, 0x7ffff, 0xfffffffff };
    uint64_t *slot = page_alloc();
    uint64_t maddr;

    pte_of(slot, &maddr);
    for (unsigned i = 0; i < sizeof(mfns) / sizeof(mfns[0]); i++) {
        check(pte_write(maddr, mfns[i] * PAGE_SIZE | PTE_BITS) != 0);
        check(pte_write(maddr, mfns[i] * PAGE_SIZE | (PTE_BITS & ~PTE_RW)) != 0);
    }
}

/* Every frame of the first 64 MiB that is not ours: none can be mapped. */
static void no_frame_of_anybody(void)
{
    const uint64_t *m2p = (const uint64_t *)__MACH2PHYS_VIRT_START;
    const uint64_t *p2m = (const uint64_t *)start_info->mfn_list;
    void *page = page_alloc();
    uint64_t maddr;

    pte_of(page, &maddr);
    for (uint64_t mfn = 0; mfn < 16384; mfn += 5) {
        uint64_t pfn = m2p[mfn];

        if (pfn < start_info->nr_pages && p2m[pfn] == mfn)
            continue;
        if (!check(pte_write(maddr, mfn * PAGE_SIZE | PTE_BITS) != 0)) {
            say("  mfn %lx\n", (unsigned long)mfn);
            break;
        }
    }
}

static void our_l4_slots_are_closed(void)
{
    uint64_t root = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    uint64_t *l3 = page_alloc();

    check_is(map_readonly(l3), 0);
    for (unsigned slot = 256; slot <= 271; slot++) {
        check(pte_write(root + slot * 8, entry_for(l3, PTE_BITS)) != 0);
        check(pte_write(root + slot * 8, 0) != 0);
    }
}

/* Entries for our slots in a new root are replaced, not followed. */
static void our_l4_slots_in_a_new_root(void)
{
    uint64_t *l4 = page_alloc(), *junk = page_alloc();

    memcpy(l4, (void *)start_info->pt_base, PAGE_SIZE);
    for (unsigned slot = 256; slot <= 271; slot++)
        l4[slot] = entry_for(junk, PTE_BITS);
    check_is(map_readonly(l4), 0);
    check_is(mmuext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(l4), 0), 0);
    check_is(mmuext(MMUEXT_NEW_BASEPTR, virt_to_mfn(l4), 0), 0);
    check_is(HC2(__HYPERVISOR_xen_version, XENVER_pagesize, 0), 4096);
    for (unsigned slot = 256; slot <= 271; slot++)
        check((l4[slot] & ~0xfffUL) != (entry_for(junk, 0)));
    check_is(mmuext(MMUEXT_NEW_BASEPTR, virt_to_mfn((void *)start_info->pt_base), 0), 0);
    check_is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(l4), 0), 0);
    *(volatile char *)junk = 1;
}

static void bad_roots_are_refused(void)
{
    void *page = page_alloc();

    check(mmuext(MMUEXT_NEW_BASEPTR, virt_to_mfn(page), 0) != 0);
    check(mmuext(MMUEXT_NEW_BASEPTR, 0, 0) != 0);
    check(mmuext(MMUEXT_NEW_BASEPTR, ~0UL, 0) != 0);
    check(mmuext(MMUEXT_NEW_USER_BASEPTR, 0x200, 0) != 0);
    check(mmuext(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(page), 0) != 0);
    *(volatile char *)page = 1;
}

/* Stores into live tables are carried out by the hypervisor, with the same checks. */
static void emulated_writes_are_checked(void)
{
    void *page = page_alloc();
    volatile uint64_t *pte = pte_of(page, NULL);
    uint64_t good = *pte;
    struct fault f;

    check_is(HC2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
    *pte = good & ~PTE_RW;
    check(!(*pte & PTE_RW));
    __asm__ volatile("lock orq %1, %0" : "+m"(*pte) : "r"(PTE_RW));
    check(*pte & PTE_RW);
    __asm__ volatile("lock btrq $1, %0" : "+m"(*pte));
    check(!(*pte & PTE_RW));
    check((__atomic_exchange_n(pte, good, __ATOMIC_SEQ_CST) & ~0x60UL) == (good & ~PTE_RW & ~0x60UL));
    *(volatile char *)page = 7;
    check(faults(store, (void *)pte, &f) == false); /* an empty entry is always allowed */
    *pte = good;
}

static void write_foreign(void *pte)
{
    *(volatile uint64_t *)pte = 0x200 * PAGE_SIZE | PTE_BITS;
}

static void emulated_writes_refuse_foreign(void)
{
    void *page = page_alloc();
    volatile uint64_t *pte = pte_of(page, NULL);
    uint64_t before = *pte;
    struct fault f;

    HC2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
    check(faults(write_foreign, (void *)pte, &f) && f.vector == 14);
    check(*pte == before);
}

static void update_va_refuses_bad_addresses(void)
{
    uint64_t value = entry_for(page_alloc(), PTE_BITS);

    check(HC3(__HYPERVISOR_update_va_mapping, HV_ADDRESS, value, 0) != 0);
    check(HC3(__HYPERVISOR_update_va_mapping, 0xffff800000000000UL, value, 0) != 0);
    check(HC3(__HYPERVISOR_update_va_mapping, NON_CANONICAL, value, 0) != 0);
    check(HC3(__HYPERVISOR_update_va_mapping, 0x123456789000UL, value, 0) != 0);
}

static void mmu_update_refuses_bad_lists(void)
{
    uint32_t done = 77;

    check(HC4(__HYPERVISOR_mmu_update, NON_CANONICAL, 1, 0, DOMID_SELF) == -XEN_EFAULT);
    check(HC4(__HYPERVISOR_mmu_update, HV_ADDRESS, 1, &done, DOMID_SELF) == -XEN_EFAULT);
    check(HC4(__HYPERVISOR_mmuext_op, NON_CANONICAL, 1, 0, DOMID_SELF) == -XEN_EFAULT);
    check_is(HC4(__HYPERVISOR_mmu_update, page_alloc(), 0, &done, DOMID_SELF), 0);
    check_is(done, 0);
}

static void other_domains_are_closed(void)
{
    struct mmu_update req = { 0 };
    uint32_t done = 77;
    uint64_t maddr;

    pte_of(page_alloc(), &maddr);
    req.ptr = maddr;
    check(HC4(__HYPERVISOR_mmu_update, &req, 1, &done, 1) != 0);
    check_is(done, 0);
    done = 77;
    check(HC4(__HYPERVISOR_mmuext_op, &req, 1, &done, 1) != 0);
    check_is(done, 0);
    for (unsigned domid = 0; domid < 4; domid++) {
        req.val = 0x1000 * PAGE_SIZE | PTE_BITS;
        check(HC4(__HYPERVISOR_mmu_update, &req, 1, 0, domid) != 0);
        check(HC4(__HYPERVISOR_mmu_update, &req, 1, 0, (domid + 1) << 16 | DOMID_SELF) != 0);
    }
    check(HC4(__HYPERVISOR_mmu_update, &req, 1, 0, DOMID_IO) != 0);
    check(HC4(__HYPERVISOR_mmu_update, &req, 1, 0, DOMID_XEN) != 0);
}

/* The table that says who owns what is ours alone to corrupt: only for our own frames. */
static void m2p_of_others_is_closed(void)
{
    struct mmu_update req = { .ptr = 0x300 * PAGE_SIZE | MMU_MACHPHYS_UPDATE, .val = 5 };
    void *page = page_alloc();

    check(HC4(__HYPERVISOR_mmu_update, &req, 1, 0, DOMID_SELF) != 0);
    req.ptr = virt_to_mfn(page) * PAGE_SIZE | MMU_MACHPHYS_UPDATE;
    req.val = ((uint64_t)page - VIRT_BASE) / PAGE_SIZE;
    check_is(HC4(__HYPERVISOR_mmu_update, &req, 1, 0, DOMID_SELF), 0);
}

/* One frame mapped 4,096 times, written, unmapped: the counts come back to where they were. */
static void many_mappings_of_one_frame(void)
{
    uint64_t *l1[8], e = entry_for(page_alloc(), PTE_BITS);

    for (unsigned t = 0; t < 8; t++) {
        l1[t] = page_alloc();
        for (unsigned i = 0; i < 512; i++)
            l1[t][i] = e;
        check_is(map_readonly(l1[t]), 0);
        check_is(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(l1[t]), 0), 0);
    }
    for (unsigned t = 0; t < 8; t++) {
        check_is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(l1[t]), 0), 0);
        check_is(map_writable(l1[t]), 0);
    }
}

CASES({ "tables-not-writable", tables_are_not_writable, false },
      { "writable-cannot-be-pinned", writable_page_cannot_be_pinned, false },
      { "pin-unpin", pin_and_unpin, false },
      { "levels", levels_are_not_confused, false },
      { "no-self-map", no_self_map, false },
      { "no-superpages", no_superpages, false },
      { "reserved-bits", no_reserved_bits, false },
      { "foreign-frames", no_foreign_frames, false },
      { "anybodys-frames", no_frame_of_anybody, false },
      { "l4-slots", our_l4_slots_are_closed, false },
      { "l4-slots-new-root", our_l4_slots_in_a_new_root, false },
      { "bad-roots", bad_roots_are_refused, false },
      { "emulated-writes", emulated_writes_are_checked, false },
      { "emulated-foreign", emulated_writes_refuse_foreign, false },
      { "update-va-addresses", update_va_refuses_bad_addresses, false },
      { "mmu-update-lists", mmu_update_refuses_bad_lists, false },
      { "other-domains", other_domains_are_closed, false },
      { "m2p", m2p_of_others_is_closed, false },
      { "many-mappings", many_mappings_of_one_frame, false });
