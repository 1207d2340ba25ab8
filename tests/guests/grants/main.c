/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: what is granted can be mapped and copied, nothing else; a mapping keeps its frame and its type
 * whatever the guest does with entries, handles and page tables. (The class of XSA-26, -224, -227,
 * -234, -255, -268, -379.)
 */
#include "guest.h"

static struct grant_entry_v1 *table;

static void setup(void)
{
    static uint64_t frame;
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1, .frame_list = (uint64_t)&frame };
    static char place[PAGE_SIZE] __attribute__((aligned(4096)));

    if (table)
        return;
    if (HC3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &op, 1) != 0 || op.status != 0)
        broken("setup_table");
    if (HC3(__HYPERVISOR_update_va_mapping, place, frame * PAGE_SIZE | PTE_BITS, UVMF_INVLPG) != 0)
        broken("the grant table cannot be mapped");
    table = (struct grant_entry_v1 *)place;
}

static void grant(grant_ref_t ref, void *page, unsigned flags, domid_t to)
{
    setup();
    table[ref].domid = to;
    table[ref].frame = virt_to_mfn(page);
    __atomic_store_n(&table[ref].flags, GTF_permit_access | flags, __ATOMIC_SEQ_CST);
}

static domid_t self(void)
{
    static domid_t id = DOMID_SELF;
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_status status = { .dom = DOMID_SELF };

    if (id == DOMID_SELF) {
        HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &alloc);
        status.port = alloc.port;
        if (HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_status, &status) != 0)
            broken("my own domid");
        id = status.u.unbound.dom;
    }
    return id;
}

static struct gnttab_map_grant_ref map(grant_ref_t ref, void *at, unsigned flags)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = (uint64_t)at, .flags = GNTMAP_host_map | flags, .ref = ref, .dom = self(),
    };

    check_is(HC3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &op, 1), 0);
    return op;
}

static int unmap(grant_handle_t handle, void *at)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = (uint64_t)at, .handle = handle };

    check_is(HC3(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1), 0);
    return op.status;
}

static void map_and_unmap(void)
{
    char *page = page_alloc(), *at = page_alloc();
    struct gnttab_map_grant_ref m;

    grant(20, page, 0, self());
    m = map(20, at, 0);
    check_is(m.status, GNTST_okay);
    page[5] = 42;
    check(at[5] == 42);
    at[6] = 43;
    check(page[6] == 43);
    check((table[20].flags & (GTF_reading | GTF_writing)) == (GTF_reading | GTF_writing));
    check_is(unmap(m.handle, at), GNTST_okay);
    check_is(table[20].flags, GTF_permit_access);
    check_is(unmap(m.handle, at), GNTST_bad_handle);
}

static void write_byte(void *p)
{
    *(volatile char *)p = 1;
}

static void readonly_is_readonly(void)
{
    char *page = page_alloc(), *at = page_alloc();
    struct gnttab_map_grant_ref m;
    struct fault f;

    grant(21, page, GTF_readonly, self());
    m = map(21, at, 0);
    check(m.status != GNTST_okay);
    m = map(21, at, GNTMAP_readonly);
    check_is(m.status, GNTST_okay);
    check(faults(write_byte, at, &f) && f.vector == 14);
    check(HC3(__HYPERVISOR_update_va_mapping, at, *pte_of(at, NULL) | PTE_RW, UVMF_INVLPG) == 0 ||
          faults(write_byte, at, &f));
    check_is(unmap(m.handle, at), GNTST_okay);
}

static void others_grants_are_closed(void)
{
    void *at = page_alloc();
    struct gnttab_map_grant_ref op = { .host_addr = (uint64_t)at, .flags = GNTMAP_host_map };

    for (unsigned dom = 0; dom < 3; dom++)
        for (op.ref = 0; op.ref < 64; op.ref++) {
            op.dom = dom;
            if (dom == self())
                continue;
            check_is(HC3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &op, 1), 0);
            check(op.status != GNTST_okay);
        }
    *(volatile char *)at = 1;
}

static void bad_references(void)
{
    static const grant_ref_t refs[] = { 100, 511, 512, 4096, 0x7fffffff, 0xffffffff };

    setup();
    for (unsigned i = 0; i < sizeof(refs) / sizeof(refs[0]); i++)
        check(map(refs[i], page_alloc(), 0).status != GNTST_okay);
}

static void frames_that_are_not_ours(void)
{
    static const uint32_t mfns[] = { 0, 0x200, 0x300, 0xb8, 0xfee00, 0xffffffff };

    for (unsigned i = 0; i < sizeof(mfns) / sizeof(mfns[0]); i++) {
        grant(22, page_alloc(), 0, self());
        table[22].frame = mfns[i];
        check(map(22, page_alloc(), 0).status != GNTST_okay);
    }
    table[22].flags = 0;
}

/* A page table granted for writing would be a page table that is writable. */
static void page_table_cannot_be_granted(void)
{
    void *at = page_alloc();

    grant(23, (void *)start_info->pt_base, 0, self());
    check(map(23, at, 0).status != GNTST_okay);
    check(map(23, at, GNTMAP_readonly).status == GNTST_okay);
}

static void mapped_frame_cannot_become_a_table(void)
{
    char *page = page_alloc(), *at = page_alloc();
    struct gnttab_map_grant_ref m;

    grant(24, page, 0, self());
    m = map(24, at, 0);
    check_is(m.status, GNTST_okay);
    check_is(map_readonly(page), 0);
    check(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(page), 0) != 0);
    check_is(unmap(m.handle, at), GNTST_okay);
    check_is(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(page), 0), 0);
    check_is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(page), 0), 0);
}

/*
 * Two mappings, one writable. Unmapping the writable handle while naming the read-only entry must not
 * leave the writable entry behind without the type that goes with it.
 */
static void handles_cannot_be_crossed(void)
{
    char *page = page_alloc(), *ro = page_alloc(), *rw = page_alloc();
    struct gnttab_map_grant_ref m1, m2;
    struct fault f;

    grant(25, page, 0, self());
    m1 = map(25, ro, GNTMAP_readonly);
    m2 = map(25, rw, 0);
    check_is(m1.status, GNTST_okay);
    check_is(m2.status, GNTST_okay);
    (void)unmap(m2.handle, ro);
    check_is(map_readonly(page), 0);
    if (mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(page), 0) == 0)
        check(faults(write_byte, rw, &f));
}

/* Dropping the entry without unmapping keeps the frame with its grant. */
static void implicit_unmap_keeps_the_frame(void)
{
    char *page = page_alloc(), *at = page_alloc();
    struct gnttab_map_grant_ref m;

    grant(26, page, 0, self());
    m = map(26, at, 0);
    check_is(m.status, GNTST_okay);
    check_is(map_none(at), 0);
    check(table[26].flags & GTF_reading);
    check(unmap(m.handle, at) != GNTST_okay);
}

static long copy(struct gnttab_copy *op)
{
    return HC3(__HYPERVISOR_grant_table_op, GNTTABOP_copy, op, 1);
}

static void copying(void)
{
    char *from = page_alloc(), *to = page_alloc();
    struct gnttab_copy op = { .len = 100, .flags = GNTCOPY_source_gref };

    for (unsigned i = 0; i < 4096; i++)
        from[i] = i;
    grant(27, from, GTF_readonly, self());
    op.source.domid = self();
    op.source.u.ref = 27;
    op.source.offset = 50;
    op.dest.domid = DOMID_SELF;
    op.dest.u.gmfn = virt_to_mfn(to);
    op.dest.offset = 7;
    check_is(copy(&op), 0);
    check_is(op.status, GNTST_okay);
    for (unsigned i = 0; i < 100; i++)
        if (!check(to[7 + i] == (char)(50 + i)))
            break;
    check(to[6] == 0 && to[107] == 0);
    check(table[27].flags == (GTF_permit_access | GTF_readonly));
}

static void copies_stay_in_their_pages(void)
{
    char *page = page_alloc();
    struct gnttab_copy op = { .flags = 0 };

    op.source.domid = op.dest.domid = DOMID_SELF;
    op.source.u.gmfn = op.dest.u.gmfn = virt_to_mfn(page);
    op.source.offset = 4000;
    op.len = 97;
    check_is(copy(&op), 0);
    check_is(op.status, GNTST_bad_copy_arg);
    op.source.offset = 0;
    op.dest.offset = 65535;
    op.len = 65535;
    check_is(copy(&op), 0);
    check_is(op.status, GNTST_bad_copy_arg);
    op.dest.offset = 0;
    op.len = 8;
    op.dest.u.gmfn = virt_to_mfn((void *)start_info->pt_base);
    check_is(copy(&op), 0);
    check(op.status != GNTST_okay);
    op.dest.u.gmfn = 0x200;
    check_is(copy(&op), 0);
    check(op.status != GNTST_okay);
}

static void lists_and_sizes(void)
{
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1 << 30 };

    check(HC3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, NON_CANONICAL, 1) == -XEN_EFAULT);
    check(HC3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, HV_ADDRESS, 2) == -XEN_EFAULT);
    check(HC3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &op, 0xffffffff) < 0);
    check_is(HC3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &op, 1), 0);
    check(op.status != GNTST_okay);
    op = (struct gnttab_setup_table){ .dom = 0, .nr_frames = 1 };
    check_is(HC3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &op, 1), 0);
    check(op.status != GNTST_okay);
    check(HC3(__HYPERVISOR_grant_table_op, 99, &op, 1) == -XEN_ENOSYS);
}

static void transfer_is_refused(void)
{
    void *page = page_alloc();
    struct gnttab_transfer op = { .mfn = virt_to_mfn(page), .domid = 0, .ref = 8 };

    (void)HC3(__HYPERVISOR_grant_table_op, GNTTABOP_transfer, &op, 1);
    check(op.status != GNTST_okay);
    *(volatile char *)page = 1;
}

CASES({ "map-unmap", map_and_unmap, false },
      { "readonly", readonly_is_readonly, false },
      { "others-grants", others_grants_are_closed, false },
      { "bad-references", bad_references, false },
      { "not-our-frames", frames_that_are_not_ours, false },
      { "page-table", page_table_cannot_be_granted, false },
      { "mapped-not-a-table", mapped_frame_cannot_become_a_table, false },
      { "crossed-handles", handles_cannot_be_crossed, false },
      { "implicit-unmap", implicit_unmap_keeps_the_frame, false },
      { "copy", copying, false },
      { "copy-bounds", copies_stay_in_their_pages, false },
      { "lists", lists_and_sizes, false },
      { "transfer", transfer_is_refused, false });
