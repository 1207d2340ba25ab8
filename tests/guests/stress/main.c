/* SPDX-License-Identifier: MIT */
/*
 * All vcpus do everything that counts references of frames, to the same few frames, for a while:
 * "seconds=N" and "seed=N" on the command line. At the end nothing may be left of it.
 */
#include "guest.h"

#define FRAMES 48u        /* in play; the window has a slot for each */
#define ROOTS 3u
#define HANDLES 64u       /* that are remembered; others are given back at once, if they can be */
#define ALL_HANDLES 4096u
#define PORTS 48u
#define SHADOWED 16u
#define MAX_WORKERS 16u    /* vcpus of the stress */
#define MS 1000000UL

/* The window's own frames are the ones in play: they are mapped only as the operations map them. */
static char window[FRAMES][PAGE_SIZE] __attribute__((aligned(4096)));
static char scratch[PAGE_SIZE] __attribute__((aligned(4096)));
static uint64_t slot_maddr[FRAMES], scratch_maddr;
static volatile uint64_t frame_mfn[FRAMES];
/* Given away; or just going or coming. Neither is RAM. */
#define EMPTY 0u
#define BUSY 1u
static uint64_t *root[ROOTS], first_root;
static struct grant_entry_v1 *grants;
static domid_t me;
static volatile uint64_t handle_mfn[HANDLES], handle_at[HANDLES]; /* as last given */
static uint64_t given[4096]; /* mfns given away: whoever pinned one has to unpin it */
static volatile uint32_t nr_given;
static volatile bool over;
static uint64_t deadline;

static struct worker {
    unsigned id;
    uint64_t random;
    uint64_t *table, shadow[SHADOWED], table_maddr;
    uint64_t done, torn;
} workers[MAX_WORKERS];
static unsigned vcpus;
static volatile uint32_t succeeded[32];

static uint64_t any(struct worker *w, uint64_t n)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 7;
    w->random ^= w->random << 17;
    return (w->random >> 11) % n;
}

static uint64_t any_mfn(struct worker *w)
{
    return frame_mfn[any(w, FRAMES)];
}

/* An entry for a frame in play: writable, read-only, absent, now and then one that must be refused. */
static uint64_t any_entry(struct worker *w)
{
    uint64_t e = any_mfn(w) * PAGE_SIZE;

    switch (any(w, 16)) {
    case 0: return e | PTE_BITS | PTE_PSE;
    case 1: return any(w, 1UL << 20) * PAGE_SIZE | PTE_BITS;
    case 2: case 3: return 0;
    case 4: case 5: case 6: case 7: case 8: return e | (PTE_BITS & ~PTE_RW);
    default: return e | PTE_BITS;
    }
}

/* Loads and stores that may fault: a trap between the labels goes on at the second with 1 in rax. */
__asm__(".pushsection .text\n"
        "touch:\n\tmov %rdi,%rcx\n\txor %eax,%eax\n"
        "touch_begin:\n\ttest %rsi,%rsi\n\tjz 1f\n\tmov %rdx,(%rcx)\n\tret\n1:\tmov (%rcx),%rdx\n\tret\n"
        "touch_end:\n\tmov $1,%eax\n\tret\n"
        ".popsection");
long touch(volatile void *at, bool store, uint64_t value);
extern char touch_begin[], touch_end[];

static bool in_touch(struct trap_regs *r)
{
    if (r->rip < (uint64_t)touch_begin || r->rip >= (uint64_t)touch_end)
        return false;
    r->rip = (uint64_t)touch_end;
    return true;
}

static long evtchn(unsigned cmd, void *arg)
{
    return HC2(__HYPERVISOR_event_channel_op, cmd, arg);
}

static uint64_t now(unsigned id)
{
    struct vcpu_runstate_info r;

    if (vcpu_call(VCPUOP_get_runstate_info, id, &r) != 0)
        broken("no runstate");
    return r.time[0] + r.time[1] + r.time[2] + r.time[3];
}

/* ---- operations: true when one did what it is there for ---- */

static bool map_window(struct worker *w)
{
    static const uint64_t flags[] = { UVMF_NONE, UVMF_INVLPG, UVMF_INVLPG | UVMF_ALL, UVMF_TLB_FLUSH,
                                      UVMF_TLB_FLUSH | UVMF_ALL };

    return HC3(__HYPERVISOR_update_va_mapping, window[any(w, FRAMES)], any_entry(w),
               flags[any(w, 5)]) == 0;
}

static bool update_tables(struct worker *w)
{
    struct mmu_update req[16];
    unsigned n = 1 + any(w, 16), done = 0;
    uint64_t mfn = any_mfn(w);

    for (unsigned i = 0; i < n; i++) {
        if (any(w, 4) == 0)
            mfn = any_mfn(w);
        req[i].ptr = mfn * PAGE_SIZE + any(w, 24) * 8;
        if (any(w, 4) == 0)
            req[i].ptr = slot_maddr[any(w, FRAMES)];
        req[i].ptr |= any(w, 2) ? MMU_PT_UPDATE_PRESERVE_AD : MMU_NORMAL_PT_UPDATE;
        req[i].val = any_entry(w);
    }
    HC4(__HYPERVISOR_mmu_update, req, n, &done, DOMID_SELF);
    return done > 0;
}

static bool pin(struct worker *w)
{
    static const unsigned levels[] = { MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L1_TABLE,
                                       MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE };

    return mmuext(levels[any(w, 4)], any_mfn(w), 0) == 0;
}

static bool unpin(struct worker *w)
{
    return mmuext(MMUEXT_UNPIN_TABLE, any_mfn(w), 0) == 0;
}

static bool pin_root(struct worker *w)
{
    uint64_t mfn = virt_to_mfn(root[any(w, ROOTS)]);

    return mmuext(any(w, 2) ? MMUEXT_PIN_L4_TABLE : MMUEXT_UNPIN_TABLE, mfn, 0) == 0;
}

static bool switch_root(struct worker *w)
{
    uint64_t mfn = any(w, 3) ? virt_to_mfn(root[any(w, ROOTS)]) : first_root;

    return mmuext(any(w, 4) ? MMUEXT_NEW_BASEPTR : MMUEXT_NEW_USER_BASEPTR, mfn, 0) == 0;
}

static bool flush(struct worker *w)
{
    uint64_t mask = any(w, 1UL << vcpus);
    uint64_t at = (uint64_t)window[any(w, FRAMES)];

    switch (any(w, 5)) {
    case 0: return mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, (uint64_t)&mask) == 0;
    case 1: return mmuext(MMUEXT_INVLPG_MULTI, at, (uint64_t)&mask) == 0;
    case 2: return mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0) == 0;
    case 3: return mmuext(MMUEXT_INVLPG_ALL, at, 0) == 0;
    default: return mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0) == 0;
    }
}

/* Whatever is there by now: a data page, a table (the store is then checked), or nothing. */
static bool touch_window(struct worker *w)
{
    uint64_t *at = (uint64_t *)window[any(w, FRAMES)] + any(w, 24);

    return touch(at, any(w, 3) != 0, any_entry(w)) == 0;
}

static bool clear_or_copy(struct worker *w)
{
    uint64_t to = any_mfn(w), from = any_mfn(w);

    return (any(w, 2) ? mmuext(MMUEXT_CLEAR_PAGE, to, 0) : mmuext(MMUEXT_COPY_PAGE, to, from)) == 0;
}

static bool map_grant(struct worker *w)
{
    unsigned ref = 32 + any(w, 16);
    uint64_t mfn = any_mfn(w);
    struct gnttab_map_grant_ref op = { .flags = GNTMAP_host_map, .ref = ref, .dom = me };

    if (any(w, 2) == 0 && mfn != 0) {
        grants[ref].frame = mfn;
        grants[ref].domid = me;
        __atomic_store_n(&grants[ref].flags, any(w, 8) ? GTF_permit_access : 0, __ATOMIC_SEQ_CST);
    }
    op.host_addr = (uint64_t)window[any(w, FRAMES)];
    if (any(w, 3) == 0)
        op.flags |= GNTMAP_readonly;
    if (any(w, 3) == 0)
        op.flags |= GNTMAP_device_map;
    if (any(w, 2) == 0) {
        op.flags |= GNTMAP_contains_pte;
        op.host_addr = slot_maddr[any(w, FRAMES)];
    }
    if (HC3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &op, 1) != 0 || op.status != 0)
        return false;
    if (op.handle < HANDLES) {
        handle_mfn[op.handle] = op.dev_bus_addr / PAGE_SIZE;
        handle_at[op.handle] = op.host_addr;
    } else {
        struct gnttab_unmap_grant_ref u = { op.host_addr, op.dev_bus_addr, op.handle, 0 };

        HC3(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
    }
    return true;
}

static bool unmap_grant(struct worker *w)
{
    struct gnttab_unmap_grant_ref op = { .handle = any(w, HANDLES) };

    op.host_addr = any(w, 2) ? (uint64_t)window[any(w, FRAMES)] : slot_maddr[any(w, FRAMES)];
    if (any(w, 4))
        op.host_addr = handle_at[op.handle];
    if (any(w, 2))
        op.dev_bus_addr = handle_mfn[op.handle] * PAGE_SIZE;
    HC3(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1);
    return op.status == GNTST_okay;
}

/* Takes a new frame for slot i of the window; false: what was given is still in use by somebody. */
static bool take_frame(unsigned i, xen_pfn_t *mfn)
{
    xen_pfn_t pfn = ((uint64_t)window[i] - VIRT_BASE) / PAGE_SIZE;
    struct xen_memory_reservation r = { .extent_start = (uint64_t)&pfn, .nr_extents = 1,
                                        .domid = DOMID_SELF };

    if (HC2(__HYPERVISOR_memory_op, XENMEM_populate_physmap, &r) != 1)
        return false;
    *mfn = pfn;
    return true;
}

static bool give_frame(xen_pfn_t *mfn)
{
    struct xen_memory_reservation r = { .extent_start = (uint64_t)mfn, .nr_extents = 1,
                                        .domid = DOMID_SELF };
    xen_pfn_t was = *mfn;

    if (nr_given + MAX_WORKERS >= sizeof(given) / sizeof(given[0]) ||
        HC2(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, &r) != 1)
        return false;
    given[__atomic_fetch_add(&nr_given, 1, __ATOMIC_SEQ_CST)] = was;
    *mfn = EMPTY;
    return true;
}

static bool give_and_take(struct worker *w)
{
    unsigned i = any(w, FRAMES);
    xen_pfn_t mfn = __atomic_exchange_n(&frame_mfn[i], BUSY, __ATOMIC_SEQ_CST);
    bool done;

    if (nr_given > 0)
        mmuext(MMUEXT_UNPIN_TABLE, given[any(w, nr_given)], 0);
    if (mfn == BUSY)
        return false;
    done = mfn == EMPTY ? take_frame(i, &mfn) : give_frame(&mfn);
    __atomic_store_n(&frame_mfn[i], mfn, __ATOMIC_SEQ_CST);
    return done;
}

static bool descriptors(struct worker *w)
{
    uint64_t mfn = any_mfn(w);

    switch (any(w, 5)) {
    case 0: return HC2(__HYPERVISOR_set_gdt, &mfn, 512) == 0;
    case 1: return HC2(__HYPERVISOR_set_gdt, 0, 0) == 0;
    case 2: return mmuext(MMUEXT_SET_LDT, (uint64_t)window[any(w, FRAMES)], any(w, 2) * 512) == 0;
    case 3: return HC2(__HYPERVISOR_update_descriptor, mfn * PAGE_SIZE + any(w, 512) * 8,
                       0x00affb000000ffffUL) == 0;
    default: return HC2(__HYPERVISOR_update_descriptor, mfn * PAGE_SIZE, any_entry(w)) == 0;
    }
}

/* Its runstate record goes to where a table may be by the time it is written. */
static bool runstate_area(struct worker *w)
{
    struct vcpu_register_runstate_memory_area op = { 0 };

    if (any(w, 2))
        op.addr.h = (uint64_t)window[any(w, FRAMES)] + any(w, 500) * 8;
    return vcpu_call(VCPUOP_register_runstate_memory_area, w->id, &op) == 0;
}

static bool foreign_port(uint32_t port)
{
    return port != start_info->store_evtchn && port != start_info->console.domU.evtchn;
}

static bool open_port(struct worker *w)
{
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF, .remote_port = any(w, PORTS) };
    struct evtchn_bind_ipi i = { .vcpu = any(w, vcpus) };
    struct evtchn_bind_virq v = { .virq = VIRQ_DEBUG, .vcpu = any(w, vcpus) };

    switch (any(w, 4)) {
    case 0: return evtchn(EVTCHNOP_alloc_unbound, &a) == 0;
    case 1: return evtchn(EVTCHNOP_bind_interdomain, &b) == 0;
    case 2: return evtchn(EVTCHNOP_bind_ipi, &i) == 0;
    default: return evtchn(EVTCHNOP_bind_virq, &v) == 0;
    }
}

static bool use_port(struct worker *w)
{
    struct evtchn_send s = { .port = 1 + any(w, PORTS) };
    struct evtchn_bind_vcpu m = { .port = s.port, .vcpu = any(w, vcpus) };
    struct evtchn_unmask u = { .port = s.port };

    switch (any(w, 4)) {
    case 0: return evtchn(EVTCHNOP_bind_vcpu, &m) == 0;
    case 1: return evtchn(EVTCHNOP_unmask, &u) == 0;
    default: return evtchn(EVTCHNOP_send, &s) == 0;
    }
}

static bool close_port(struct worker *w)
{
    struct evtchn_close c = { .port = 1 + any(w, PORTS) };

    return foreign_port(c.port) && evtchn(EVTCHNOP_close, &c) == 0;
}

static bool rest(struct worker *w)
{
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = 1 };
    uint32_t port = 1 + any(w, PORTS);
    struct sched_poll p = { .ports = (uint64_t)&port, .nr_ports = 1, .timeout = 1 };

    switch (any(w, 3)) {
    case 0: return vcpu_call(VCPUOP_set_singleshot_timer, w->id, &t) == 0;
    case 1: return HC2(__HYPERVISOR_sched_op, SCHEDOP_poll, &p) == 0;
    default: return HC2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0) == 0;
    }
}

/* vcpu 0 is never taken down: it brings the others up again. */
static bool down_or_up(struct worker *w)
{
    unsigned id = 1 + any(w, vcpus - 1);

    return vcpus > 1 && vcpu_call(any(w, 4) ? VCPUOP_up : VCPUOP_down, id, 0) == 0;
}

/* A pinned table that nobody else knows of must read as it was written. */
static bool own_table(struct worker *w)
{
    unsigned slot = any(w, SHADOWED);
    uint64_t e = any_mfn(w) * PAGE_SIZE | (any(w, 2) ? PTE_BITS : PTE_BITS & ~PTE_RW);
    bool written;

    if (any(w, 3) == 0)
        e = 0;
    written = pte_write(w->table_maddr + slot * 8, e) == 0;
    if (written)
        w->shadow[slot] = e;
    for (unsigned i = 0; i < SHADOWED; i++)
        w->torn += ((volatile uint64_t *)w->table)[i] != w->shadow[i];
    return written;
}

static const struct {
    const char *name;
    bool (*run)(struct worker *w);
    unsigned weight;
} operations[] = {
    { "map", map_window, 8 },         { "update", update_tables, 8 },
    { "pin", pin, 6 },                { "unpin", unpin, 5 },
    { "pin-root", pin_root, 2 },      { "switch-root", switch_root, 2 },
    { "flush", flush, 2 },            { "touch", touch_window, 12 },
    { "clear-copy", clear_or_copy, 3 }, { "map-grant", map_grant, 6 },
    { "unmap-grant", unmap_grant, 12 }, { "memory", give_and_take, 2 },
    { "descriptors", descriptors, 3 }, { "runstate", runstate_area, 1 },
    { "open-port", open_port, 3 },    { "use-port", use_port, 4 },
    { "close-port", close_port, 2 },  { "rest", rest, 2 },
    { "down-up", down_or_up, 1 },     { "own-table", own_table, 4 },
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

static void one_operation(struct worker *w)
{
    unsigned total = 0, choice, i;

    for (i = 0; i < OPERATIONS; i++)
        total += operations[i].weight;
    choice = any(w, total);
    for (i = 0; choice >= operations[i].weight; i++)
        choice -= operations[i].weight;
    if (operations[i].run(w))
        __atomic_fetch_add(&succeeded[i], 1, __ATOMIC_RELAXED);
    w->done++;
}

/* What belongs to this vcpu alone is given back by itself. */
static void let_go(struct worker *w)
{
    struct vcpu_register_runstate_memory_area none = { 0 };

    vcpu_call(VCPUOP_register_runstate_memory_area, w->id, &none);
    HC2(__HYPERVISOR_set_gdt, 0, 0);
    mmuext(MMUEXT_SET_LDT, 0, 0);
    mmuext(MMUEXT_NEW_BASEPTR, first_root, 0);
    mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
}

static void work(unsigned id)
{
    struct worker *w = &workers[id];

    while (!over) {
        one_operation(w);
        if (w->id == 0 && w->done % 64 == 0 && now(0) >= deadline)
            over = true;
    }
    let_go(w);
}

/* ---- before and after ---- */

static void new_worker(unsigned id, unsigned long seed)
{
    struct worker *w = &workers[id];

    w->id = id;
    w->random = (seed * 64 + id + 1) * 0x9e3779b97f4a7c15UL;
    w->table = page_alloc();
    w->table_maddr = virt_to_mfn(w->table) * PAGE_SIZE;
    if (map_readonly(w->table) != 0 ||
        mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(w->table), 0) != 0)
        broken("no table of its own for each vcpu");
}

static void set_up_grants(void)
{
    static uint64_t mfn;
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1, .frame_list = (uint64_t)&mfn };
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_status status = { .dom = DOMID_SELF };

    evtchn(EVTCHNOP_alloc_unbound, &alloc);
    status.port = alloc.port;
    evtchn(EVTCHNOP_status, &status);
    me = status.u.unbound.dom;
    grants = page_alloc();
    if (HC3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &op, 1) != 0 || op.status != 0 ||
        HC3(__HYPERVISOR_update_va_mapping, grants, mfn * PAGE_SIZE | PTE_BITS, UVMF_INVLPG) != 0)
        broken("no grant table");
}

static void set_up(void)
{
    unsigned all = siblings_bring_up();

    first_root = virt_to_mfn((void *)start_info->pt_base);
    set_up_grants();
    pte_of(scratch, &scratch_maddr);
    for (unsigned i = 0; i < FRAMES; i++) {
        pte_of(window[i], &slot_maddr[i]);
        frame_mfn[i] = virt_to_mfn(window[i]);
    }
    for (unsigned i = 0; i < FRAMES; i++)
        if (map_none(window[i]) != 0)
            broken("the window cannot be emptied");
    for (unsigned i = 0; i < ROOTS; i++) {
        root[i] = page_alloc();
        memcpy(root[i], (void *)start_info->pt_base, PAGE_SIZE);
        if (map_readonly(root[i]) != 0)
            broken("no spare roots");
    }
    vcpus = all < MAX_WORKERS ? all : MAX_WORKERS;
    for (unsigned id = 0; id < vcpus; id++)
        new_worker(id, option_number("seed=", 1));
}

static long map_scratch(uint64_t mfn, uint64_t bits)
{
    return HC3(__HYPERVISOR_update_va_mapping, scratch, bits ? mfn * PAGE_SIZE | bits : 0,
               UVMF_INVLPG);
}

/* A handle is given back by any entry that maps its frame: one is made for those whose own is gone. */
static void give_back_handles(void)
{
    for (unsigned h = 0; h < ALL_HANDLES; h++) {
        struct gnttab_unmap_grant_ref op = { .handle = h };

        for (unsigned i = 0; i < 2 * FRAMES; i++) {
            op.host_addr = i & 1 ? scratch_maddr : (uint64_t)scratch;
            op.dev_bus_addr = frame_mfn[i / 2] * PAGE_SIZE;
            if (map_scratch(frame_mfn[i / 2], PTE_BITS) != 0)
                map_scratch(frame_mfn[i / 2], PTE_BITS & ~PTE_RW);
            HC3(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1);
            if (op.status == GNTST_bad_handle || op.status == GNTST_okay)
                break;
        }
    }
    map_scratch(0, 0);
}

/* Every frame in play empty, unpinned and unmapped. */
static void clear_frames(void)
{
    for (unsigned i = 0; i < FRAMES; i++)
        map_none(window[i]);
    for (unsigned i = 0; i < vcpus; i++)
        for (unsigned k = 0; k < SHADOWED; k++)
            pte_write(workers[i].table_maddr + k * 8, 0);
    for (unsigned i = 0; i < ROOTS; i++)
        mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(root[i]), 0);
    for (unsigned i = 0; i < nr_given; i++)
        mmuext(MMUEXT_UNPIN_TABLE, given[i], 0);
    for (unsigned round = 0; round < 4; round++)
        for (unsigned i = 0; i < FRAMES; i++) {
            while (mmuext(MMUEXT_UNPIN_TABLE, frame_mfn[i], 0) == 0)
                ;
            for (unsigned slot = 0; slot < 512; slot++)
                pte_write(frame_mfn[i] * PAGE_SIZE + slot * 8, 0);
        }
}

/* A frame that nothing refers to can become whatever it is asked to. */
static void frames_are_free(void)
{
    for (unsigned i = 0; i < FRAMES; i++) {
        xen_pfn_t mfn;

        if (frame_mfn[i] == EMPTY && check(take_frame(i, &mfn)))
            frame_mfn[i] = mfn;
        if (!check_is(map_scratch(frame_mfn[i], PTE_BITS), 0))
            say("  frame %u, %lx\n", i, frame_mfn[i]);
        else
            memset(scratch, 0, PAGE_SIZE);
        map_scratch(0, 0);
        check_is(mmuext(MMUEXT_PIN_L1_TABLE, frame_mfn[i], 0), 0);
        check_is(mmuext(MMUEXT_UNPIN_TABLE, frame_mfn[i], 0), 0);
    }
}

static void stress(void)
{
    uint64_t done = 0;

    set_up();
    trap_handler = in_touch;
    over = false;
    deadline = now(0) + option_number("seconds=", 3) * 1000 * MS;
    siblings_begin(vcpus, work);
    work(0);
    siblings_end();
    for (unsigned id = 0; id < vcpus; id++) {
        done += workers[id].done;
        check_is(workers[id].torn, 0);
    }
    for (unsigned i = 0; i < OPERATIONS; i++)
        if (!check(succeeded[i] > 0))
            say("  never: %s\n", operations[i].name);
    give_back_handles();
    clear_frames();
    frames_are_free();
    say("STRESS %u vcpus, %lu operations\n", vcpus, done);
}

CASES({ "stress", stress, false });
