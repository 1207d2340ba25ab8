/* SPDX-License-Identifier: MIT */
/*
 * Memory operations with sizes, orders, domains and addresses that lie; frames that were given back; multicalls;
 * and what may change while it is read. (The class of XSA-31, -110, -212, -225, -252, -383, -385.)
 */
#include "guest.h"

#define RAM_TO_TRY 64 /* extents; far less than the hypervisor has */

static const uint64_t *const m2p = (const uint64_t *)__MACH2PHYS_VIRT_START;

static long memory(unsigned long cmd, void *arg)
{
    return HC2(__HYPERVISOR_memory_op, cmd, arg);
}

static struct xen_memory_reservation one(uint64_t *frame)
{
    return (struct xen_memory_reservation){
        .extent_start = (uint64_t)frame, .nr_extents = 1, .domid = DOMID_SELF,
    };
}

static uint64_t pfn_of(const void *page)
{
    return ((uint64_t)page - VIRT_BASE) / PAGE_SIZE;
}

static long map_frame(void *at, uint64_t mfn, uint64_t bits)
{
    return HC3(__HYPERVISOR_update_va_mapping, at, mfn * PAGE_SIZE | bits, UVMF_INVLPG);
}

/* A page given back is out of reach at once; another one comes in its place, empty. */
static void give_and_take(void)
{
    char *page = page_alloc();
    uint64_t old = virt_to_mfn(page), frame = old;
    struct xen_memory_reservation r = one(&frame);
    long before = memory(XENMEM_current_reservation, &(struct xen_memory_domain){ DOMID_SELF });

    memset(page, 0x5a, PAGE_SIZE);
    check_is(map_none(page), 0);
    check_is(memory(XENMEM_decrease_reservation, &r), 1);
    check_is(memory(XENMEM_current_reservation, &(struct xen_memory_domain){ DOMID_SELF }), before - 1);
    check(map_frame(page, old, PTE_BITS) != 0);
    check(map_frame(page, old, PTE_BITS & ~PTE_RW) != 0);
    frame = old;
    check_is(memory(XENMEM_decrease_reservation, &r), 0);
    frame = pfn_of(page);
    check_is(memory(XENMEM_populate_physmap, &r), 1);
    check(m2p[frame] == pfn_of(page));
    ((uint64_t *)start_info->mfn_list)[pfn_of(page)] = frame;
    check_is(map_frame(page, frame, PTE_BITS), 0);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        if (!check(page[i] == 0))
            break;
}

/* Whatever the hypervisor clears frames with, the guest's registers and its CR0.TS are as before. */
static const uint64_t vector[2] = { 0x0123456789abcdef, 0xfedcba9876543210 };

static void read_vector(void *to)
{
    __asm__ volatile("movups %%xmm0, %0" : "=m"(*(uint64_t(*)[2])to));
}

static void registers_survive(bool ts)
{
    char *page = page_alloc(), *other = page_alloc();
    uint64_t after[2] = { 0, 0 }, frame = virt_to_mfn(other), pfn = pfn_of(other);
    struct xen_memory_reservation take = one(&pfn), give = one(&frame);
    struct fault f;

    memset(page, 0x5a, PAGE_SIZE);
    check_is(map_none(other), 0);
    __asm__ volatile("movups %0, %%xmm0" ::"m"(vector));
    check_is(HC1(__HYPERVISOR_fpu_taskswitch, ts), 0);
    check_is(mmuext(MMUEXT_CLEAR_PAGE, virt_to_mfn(page), 0), 0);
    check_is(memory(XENMEM_decrease_reservation, &give), 1);
    check_is(memory(XENMEM_populate_physmap, &take), 1);
    check(faults(read_vector, after, &f) == ts && (!ts || f.vector == 7));
    check_is(HC1(__HYPERVISOR_fpu_taskswitch, 0), 0);
    read_vector(after);
    check(after[0] == vector[0] && after[1] == vector[1]);
    ((uint64_t *)start_info->mfn_list)[pfn_of(other)] = pfn;
    check_is(map_frame(other, pfn, PTE_BITS), 0);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        if (!check(page[i] == 0 && other[i] == 0))
            break;
}

static void clears(void)
{
    registers_survive(false);
    registers_survive(true);
}

/* A page is cleared or overwritten as a whole, and only where the guest may write itself. */
static void clear_and_copy(void)
{
    uint64_t *from = page_alloc(), *to = page_alloc(), table;

    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
        from[i] = i + 1;
    check_is(mmuext(MMUEXT_COPY_PAGE, virt_to_mfn(to), virt_to_mfn(from)), 0);
    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
        if (!check(to[i] == i + 1))
            break;
    pte_of(to, &table);
    check(mmuext(MMUEXT_CLEAR_PAGE, table / PAGE_SIZE, 0) != 0);
    check(mmuext(MMUEXT_COPY_PAGE, table / PAGE_SIZE, virt_to_mfn(from)) != 0);
    check(mmuext(MMUEXT_CLEAR_PAGE, ~0UL, 0) != 0);
    check(mmuext(MMUEXT_CLEAR_PAGE, 1UL << 52, 0) != 0);
    check(mmuext(MMUEXT_COPY_PAGE, virt_to_mfn(to), ~0UL) != 0);
    check(mmuext(MMUEXT_CLEAR_PAGE, start_info->shared_info / PAGE_SIZE + (1UL << 40), 0) != 0);
    check(to[0] == 1 && to[PAGE_SIZE / 8 - 1] == PAGE_SIZE / 8);
}

/* A frame given back while it is mapped stays until the mapping goes, and cannot be had again. */
static void give_what_is_mapped(void)
{
    char *page = page_alloc();
    uint64_t frame = virt_to_mfn(page), old = frame;
    struct xen_memory_reservation r = one(&frame);

    check_is(memory(XENMEM_decrease_reservation, &r), 1);
    *(volatile char *)page = 1;
    check_is(memory(XENMEM_decrease_reservation, &r), 0);
    check_is(map_none(page), 0);
    check(map_frame(page, old, PTE_BITS) != 0);
    frame = pfn_of(page);
    check_is(memory(XENMEM_populate_physmap, &r), 1);
    ((uint64_t *)start_info->mfn_list)[pfn_of(page)] = frame;
    check_is(map_frame(page, frame, PTE_BITS), 0);
}

/* Tables in use, shared frames of the hypervisor, frames of others, of nobody. */
static void give_what_is_not_ours(void)
{
    uint64_t shared = start_info->shared_info / PAGE_SIZE;
    uint64_t frames[] = { shared, 0, 1, 0xb8, 0x200, 0xfee00, ~0UL, 1UL << 52, ~0UL >> 12 };

    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        struct xen_memory_reservation r = one(&frames[i]);

        check_is(memory(XENMEM_decrease_reservation, &r), 0);
        r.extent_order = 9;
        check(memory(XENMEM_decrease_reservation, &r) <= 0);
    }
    check(shared_info->vcpu_info[0].time.version != 0);
}

static void lying_sizes(void)
{
    static const unsigned ops[] = { XENMEM_increase_reservation, XENMEM_decrease_reservation,
                                    XENMEM_populate_physmap };
    uint64_t frame = ~0UL;

    for (unsigned i = 0; i < 3; i++) {
        struct xen_memory_reservation r = one(&frame);

        r.extent_order = 64;
        check(memory(ops[i], &r) <= 0);
        r.extent_order = ~0u;
        check(memory(ops[i], &r) <= 0);
        r.extent_order = 18;
        check(memory(ops[i], &r) <= 0);
        r.extent_order = 0;
        r.nr_extents = ~0UL;
        check(memory(ops[i], &r) <= 0);
        r.nr_extents = 1;
        /* Continuations that no preemption asked for. */
        check(memory(ops[i] | 2UL << 6, &r) <= 0);
        check(memory(ops[i] | ~0UL << 6, &r) <= 0);
        r.extent_start = HV_ADDRESS;
        check(memory(ops[i], &r) <= 0);
        r.extent_start = ~0UL - 3;
        check(memory(ops[i], &r) <= 0);
        r.extent_start = NON_CANONICAL;
        check(memory(ops[i], &r) <= 0);
        check(memory(ops[i], (void *)NON_CANONICAL) == -XEN_EFAULT);
        check(memory(ops[i], (void *)HV_ADDRESS) == -XEN_EFAULT);
    }
}

/* The creator's limit holds whatever is asked for, and in whatever pieces. */
static void limit_holds(void)
{
    static uint64_t frames[RAM_TO_TRY];
    struct xen_memory_reservation r = one(frames);
    long max = memory(XENMEM_maximum_reservation, &(struct xen_memory_domain){ DOMID_SELF }), got;

    r.nr_extents = RAM_TO_TRY;
    got = memory(XENMEM_increase_reservation, &r);
    check(memory(XENMEM_current_reservation, &(struct xen_memory_domain){ DOMID_SELF }) <= max);
    if (got > 0) {
        for (long i = 0; i < got; i++)
            check(frames[i] && m2p[frames[i]] >= start_info->nr_pages);
        r.nr_extents = got;
        check_is(memory(XENMEM_decrease_reservation, &r), got);
    }
    r.nr_extents = 1;
    r.extent_order = 9;
    for (unsigned i = 0; i < 64 && memory(XENMEM_increase_reservation, &r) == 1; i++)
        check(memory(XENMEM_current_reservation, &(struct xen_memory_domain){ DOMID_SELF }) <= max);
}

static void other_domains_are_closed(void)
{
    uint64_t frame = 1;

    for (unsigned domid = 0; domid < 3; domid++) {
        struct xen_memory_reservation r = one(&frame);
        struct xen_memory_domain d = { .domid = domid };
        struct xen_foreign_memory_map f = { .domid = domid };
        struct xen_mem_acquire_resource a = { .domid = domid,
                                              .type = XENMEM_resource_grant_table };

        r.domid = domid;
        if (memory(XENMEM_current_reservation, &d) > 0)
            continue; /* it is our own */
        check(memory(XENMEM_decrease_reservation, &r) < 0);
        check(memory(XENMEM_increase_reservation, &r) < 0);
        check(memory(XENMEM_populate_physmap, &r) < 0);
        check(memory(XENMEM_maximum_gpfn, &d) < 0);
        check(memory(XENMEM_set_memory_map, &f) < 0);
        check(memory(XENMEM_acquire_resource, &a) < 0);
    }
}

/* What the toolstack may and a guest may not. */
static void no_privileges(void)
{
    static char buffer[PAGE_SIZE];
    struct xen_memory_map map = { .nr_entries = 100, .buffer = (uint64_t)buffer };
    struct xen_machphys_mfn_list list = { .max_extents = 1, .extent_start = (uint64_t)buffer };
    struct xen_mem_acquire_resource a = { .domid = DOMID_SELF, .type = XENMEM_resource_grant_table,
                                          .nr_frames = 4, .frame_list = (uint64_t)buffer };

    check(memory(XENMEM_machine_memory_map, &map) < 0);
    check(memory(XENMEM_machphys_mfn_list, &list) < 0);
    check(memory(XENMEM_acquire_resource, &a) < 0);
    check(memory(63, buffer) < 0);
    for (unsigned i = 0; i < sizeof(buffer); i++)
        if (!check(buffer[i] == 0))
            break;
}

/* The caller's buffer is as long as it says. */
static void memory_map_is_bounded(void)
{
    static uint8_t buffer[512];
    struct xen_memory_map map = { .nr_entries = 0, .buffer = (uint64_t)buffer };
    long err;

    memset(buffer, 0xee, sizeof(buffer));
    err = memory(XENMEM_memory_map, &map);
    if (err == -XEN_ENOSYS) {
        skip("the builder gave no map");
        return;
    }
    check(buffer[0] == 0xee);
    map.nr_entries = 1;
    check_is(memory(XENMEM_memory_map, &map), 0);
    check(map.nr_entries <= 1 && buffer[20] == 0xee);
    map.nr_entries = ~0u;
    check_is(memory(XENMEM_memory_map, &map), 0);
    check(map.nr_entries < 20);
    map.buffer = HV_ADDRESS;
    map.nr_entries = 1;
    check(memory(XENMEM_memory_map, &map) == -XEN_EFAULT);
}

static struct xen_memory_exchange trade_of(uint64_t *in, uint64_t *out)
{
    struct xen_memory_exchange x = { .in = one(in), .out = one(out) };

    return x;
}

static void exchange(void)
{
    char *page = page_alloc();
    uint64_t in = virt_to_mfn(page), out = pfn_of(page), old = in;
    struct xen_memory_exchange x = trade_of(&in, &out);

    check(memory(XENMEM_exchange, &x) != 0); /* it is mapped */
    check_is(map_none(page), 0);
    check_is(memory(XENMEM_exchange, &x), 0);
    check_is(x.nr_exchanged, 1);
    check(out != old && m2p[out] == pfn_of(page));
    check(map_frame(page, old, PTE_BITS) != 0);
    ((uint64_t *)start_info->mfn_list)[pfn_of(page)] = out;
    check_is(map_frame(page, out, PTE_BITS), 0);
    for (unsigned i = 0; i < PAGE_SIZE; i++)
        if (!check(page[i] == 0))
            break;
}

static void exchange_lies(void)
{
    char *page = page_alloc();
    uint64_t mfn = virt_to_mfn(page), in[2] = { mfn, mfn }, out[2] = { 0, 0 };
    struct xen_memory_exchange x;

    check_is(map_none(page), 0);
    x = trade_of(in, out);
    x.in.nr_extents = 2; /* the same frame twice */
    x.out.extent_order = 1;
    check(memory(XENMEM_exchange, &x) != 0);
    x = trade_of(in, out);
    x.out.nr_extents = 2;
    check(memory(XENMEM_exchange, &x) != 0);
    x = trade_of(in, out);
    x.in.extent_order = x.out.extent_order = 64;
    check(memory(XENMEM_exchange, &x) != 0);
    x = trade_of(in, out);
    x.in.nr_extents = 1UL << 63;
    x.out.nr_extents = 1UL << 62;
    x.out.extent_order = 1;
    check(memory(XENMEM_exchange, &x) != 0);
    x = trade_of(in, out);
    x.nr_exchanged = ~0UL;
    check(memory(XENMEM_exchange, &x) != 0);
    x = trade_of(in, out);
    x.out.domid = 0;
    check(memory(XENMEM_exchange, &x) != 0);
    x = trade_of(in, out);
    x.in.extent_start = HV_ADDRESS;
    check(memory(XENMEM_exchange, &x) != 0);
    in[0] = 0x200;
    x = trade_of(in, out);
    check(memory(XENMEM_exchange, &x) != 0);
    in[0] = start_info->shared_info / PAGE_SIZE;
    check(memory(XENMEM_exchange, &x) != 0);
    in[0] = virt_to_mfn((void *)start_info->pt_base);
    check(memory(XENMEM_exchange, &x) != 0);
    check_is(map_frame(page, mfn, PTE_BITS), 0); /* nothing was taken */
}

static void no_physmap(void)
{
    struct xen_add_to_physmap a = { .domid = DOMID_SELF };

    for (unsigned space = 0; space < 8; space++) {
        a.space = space;
        a.idx = ~0UL;
        a.gpfn = 5;
        check(memory(XENMEM_add_to_physmap, &a) < 0);
        a.idx = 0;
        check(memory(XENMEM_add_to_physmap, &a) < 0);
    }
}

static void *written;

static void write_m2p(void *p)
{
    (void)p;
    *(volatile uint64_t *)written = 0;
}

static void m2p_is_readonly(void)
{
    struct fault f;
    uint64_t info[3];

    check_is(memory(XENMEM_machphys_mapping, info), 0);
    written = (void *)info[0];
    check(faults(write_m2p, NULL, &f) && f.vector == 14);
    written = (void *)(uint64_t)&m2p[virt_to_mfn(page_alloc())];
    check(faults(write_m2p, NULL, &f) && f.vector == 14);
    check(memory(XENMEM_machphys_mapping, (void *)info[0]) == -XEN_EFAULT);
}

static long multicall(void *list, unsigned long n)
{
    return HC2(__HYPERVISOR_multicall, list, n);
}

static void multicalls(void)
{
    struct multicall_entry inner = { .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } };
    struct multicall_entry list[] = {
        { .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } },
        { .op = __HYPERVISOR_multicall, .args = { (uint64_t)&inner, 1 } },
        { .op = __HYPERVISOR_iret },
        { .op = 63 },
        { .op = ~0UL },
        { .op = 1UL << 32 | __HYPERVISOR_xen_version, .args = { XENVER_pagesize } },
        { .op = __HYPERVISOR_memory_op, .args = { XENMEM_maximum_ram_page } },
    };
    unsigned n = sizeof(list) / sizeof(list[0]);

    check_is(multicall(list, n), 0);
    check_is(list[0].result, 4096);
    check((long)list[1].result < 0 && inner.result == 0);
    check((long)list[2].result < 0);
    check((long)list[3].result < 0);
    check((long)list[4].result < 0);
    check((long)list[5].result < 0);
    check((long)list[6].result > 0);
    check_is(multicall(list, 0), 0);
    check(multicall((void *)NON_CANONICAL, 1) == -XEN_EFAULT);
    check(multicall((void *)HV_ADDRESS, 1) == -XEN_EFAULT);
    check(multicall((void *)HV_ADDRESS, ~0UL) < 0);
    check(multicall((void *)(0UL - sizeof(list[0])), 2) < 0);
}

/* A list that rewrites itself: the entry that runs unmaps the page its result is to go to. */
static void multicall_unmaps_itself(void)
{
    struct multicall_entry *list = page_alloc();
    long err;

    list[0] = (struct multicall_entry){ .op = __HYPERVISOR_update_va_mapping,
                                        .args = { (uint64_t)list, 0, UVMF_INVLPG } };
    list[1] = (struct multicall_entry){ .op = __HYPERVISOR_xen_version };
    err = multicall(list, 2);
    check_is(map_writable(list), 0);
    check_is(err, -XEN_EFAULT);
}

/* Results that land on the request they answer. */
static void answers_over_requests(void)
{
    struct mmu_update req[2] = { { .val = 0 } };
    uint64_t maddr, good, frame;
    struct xen_memory_reservation r = one(&frame);
    void *page = page_alloc();

    pte_of(page, &maddr);
    good = *pte_of(page, NULL);
    req[0].ptr = req[1].ptr = maddr;
    req[0].val = req[1].val = good;
    check_is(HC4(__HYPERVISOR_mmu_update, req, 2, &req[0].val, DOMID_SELF), 0);
    check_is((uint32_t)req[0].val, 2);
    r.extent_start = (uint64_t)&r;
    r.nr_extents = 1;
    memory(XENMEM_populate_physmap, &r);
    r = one(&frame);
    r.extent_start = (uint64_t)&r.nr_extents;
    r.nr_extents = 3;
    memory(XENMEM_increase_reservation, &r);
    *(volatile char *)page = 1;
}

static void vm_assists(void)
{
    static const uint64_t bad[] = { 31, 32, 33, 63, 64, 0x7fffffff, ~0UL, 6 + (1UL << 31) };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check(HC2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, bad[i]) < 0);
    check(HC2(__HYPERVISOR_vm_assist, 2, VMASST_TYPE_writable_pagetables) < 0);
    check_is(HC2(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables), 0);
    check_is(HC2(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
}

static void sched_op_lies(void)
{
    struct sched_remote_shutdown other = { .domain_id = 0, .reason = SHUTDOWN_crash };
    struct sched_shutdown code = { .reason = 0x7fffffff };
    struct sched_watchdog dog = { .id = 99, .timeout = 1 };
    struct sched_poll poll = { .ports = HV_ADDRESS, .nr_ports = 1 };

    check(HC2(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, &other) == -XEN_EPERM);
    check(HC2(__HYPERVISOR_sched_op, SCHEDOP_shutdown_code, &code) == -XEN_EINVAL);
    check(HC2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, HV_ADDRESS) == -XEN_EFAULT);
    check(HC2(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &dog) == -XEN_EINVAL);
    dog.id = ~0u;
    check(HC2(__HYPERVISOR_sched_op, SCHEDOP_watchdog, &dog) == -XEN_EINVAL);
    check(HC2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll) == -XEN_EFAULT);
    poll.nr_ports = ~0u;
    check(HC2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll) == -XEN_EINVAL);
    check(HC2(__HYPERVISOR_sched_op, 77, 0) < 0);
}

/* A reason that nobody knows counts as a crash. */
static void shutdown_for_no_reason(void)
{
    struct sched_shutdown op = { .reason = 0xfffffff0 };

    HC2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &op);
}

CASES({ "give-and-take", give_and_take, false },
      { "clears", clears, false },
      { "clear-and-copy", clear_and_copy, false },
      { "give-mapped", give_what_is_mapped, false },
      { "give-foreign", give_what_is_not_ours, false },
      { "lying-sizes", lying_sizes, false },
      { "limit", limit_holds, false },
      { "other-domains", other_domains_are_closed, false },
      { "no-privileges", no_privileges, false },
      { "memory-map", memory_map_is_bounded, false },
      { "exchange", exchange, false },
      { "exchange-lies", exchange_lies, false },
      { "no-physmap", no_physmap, false },
      { "m2p-readonly", m2p_is_readonly, false },
      { "multicall", multicalls, false },
      { "multicall-self", multicall_unmaps_itself, false },
      { "answers-over-requests", answers_over_requests, false },
      { "vm-assist", vm_assists, false },
      { "sched-op", sched_op_lies, false },
      { "no-reason", shutdown_for_no_reason, true });
