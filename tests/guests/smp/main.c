/* SPDX-License-Identifier: MIT */
/*
 * Two vcpus at once: what one does to a table, a grant or a port while the other uses it; and what a vcpu may
 * not do to its sibling. (The class of XSA-217, -224, -286, -299, -326, -336, -401.)
 */
#include "guest.h"

#define ROUNDS 400
#define MS 1000000UL

static void (*volatile job)(void);
static volatile unsigned asked, answered;
static volatile uint64_t beats;

static void yield(void)
{
    HC2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
}

static void second_main(void)
{
    for (unsigned seen = 0;;) {
        beats++;
        if (asked == seen) {
            yield();
            continue;
        }
        seen = asked;
        job();
        answered = seen;
    }
}

static long vcpu_op(unsigned cmd, unsigned vcpu, const void *arg)
{
    return HC3(__HYPERVISOR_vcpu_op, cmd, vcpu, arg);
}

static struct vcpu_guest_context ctx;

static long initialise_with(void (*spoil)(struct vcpu_guest_context *))
{
    second_context(&ctx, second_main);
    spoil(&ctx);
    return vcpu_op(VCPUOP_initialise, 1, &ctx);
}

/* A flag in the low bit is not a page table: user mode would run on frame 0. */
static void user_root_is_a_flag(struct vcpu_guest_context *c)
{
    c->flags = 0;
    c->ctrlreg[1] = 1;
}
static void user_mode_without_root(struct vcpu_guest_context *c) { c->flags = 0; }
static void user_root_foreign(struct vcpu_guest_context *c) { c->ctrlreg[1] = 0x200000; }
static void no_root(struct vcpu_guest_context *c) { c->ctrlreg[3] = 0; }
static void root_beyond(struct vcpu_guest_context *c) { c->ctrlreg[3] = ~0UL; }
static void gdt_too_long(struct vcpu_guest_context *c) { c->gdt_ents = 1UL << 32; }
static void gdt_foreign(struct vcpu_guest_context *c)
{
    c->gdt_ents = 512;
    c->gdt_frames[0] = 0x200;
}
static void ldt_too_long(struct vcpu_guest_context *c) { c->ldt_ents = 1UL << 61; }
static void stack_in_hypervisor(struct vcpu_guest_context *c) { c->kernel_sp = HV_ADDRESS; }
static void handler_in_hypervisor(struct vcpu_guest_context *c)
{
    c->trap_ctxt[200].address = HV_ADDRESS;
}

static void bad_contexts(void)
{
    check(vcpu_op(VCPUOP_up, 1, 0) != 0);
    check(vcpu_op(VCPUOP_initialise, 1, (void *)NON_CANONICAL) == -XEN_EFAULT);
    check(initialise_with(user_root_is_a_flag) != 0);
    check(initialise_with(user_mode_without_root) != 0);
    check(initialise_with(user_root_foreign) != 0);
    check(initialise_with(no_root) != 0);
    check(initialise_with(root_beyond) != 0);
    check(initialise_with(gdt_too_long) != 0);
    check(initialise_with(gdt_foreign) != 0);
    check(initialise_with(ldt_too_long) != 0);
    check(initialise_with(stack_in_hypervisor) != 0);
    check(initialise_with(handler_in_hypervisor) != 0);
    check_is(vcpu_op(VCPUOP_is_up, 1, 0), 0);
    check(vcpu_op(VCPUOP_initialise, 2, &ctx) != 0);
    check(vcpu_op(VCPUOP_initialise, 0, &ctx) != 0);
}

static void bring_up(void)
{
    if (vcpu_op(VCPUOP_is_up, 1, 0) == 1)
        return;
    shared_info->vcpu_info[1].evtchn_upcall_mask = 1;
    second_context(&ctx, second_main);
    if (vcpu_op(VCPUOP_initialise, 1, &ctx) != 0 || vcpu_op(VCPUOP_up, 1, 0) != 0)
        broken("the second vcpu does not come up");
}

static void second_comes_up(void)
{
    uint64_t before;

    bring_up();
    check(vcpu_op(VCPUOP_initialise, 1, &ctx) < 0);
    before = beats;
    for (unsigned i = 0; i < 1000000 && beats == before; i++)
        yield();
    check(beats != before);
}

/* here() on this vcpu, there() on the other, at the same time. */
static void both(void (*here)(void), void (*there)(void))
{
    bring_up();
    job = there;
    asked++;
    here();
    while (answered != asked)
        yield();
}

/* ---- page tables ---- */

static uint64_t *table, *alias, *frame[2];
static uint64_t table_mfn, table_maddr;
static volatile unsigned pins, seen_dirty;

static void new_table(void)
{
    table = page_alloc();
    alias = page_alloc();
    frame[0] = page_alloc();
    frame[1] = page_alloc();
    table_mfn = virt_to_mfn(table);
    table_maddr = table_mfn * PAGE_SIZE;
    pins = seen_dirty = 0;
    check_is(map_readonly(table), 0);
}

/* Nothing is left over of all that was done: the table can become an ordinary page again. */
static void table_is_free(void)
{
    for (unsigned i = 0; i < 512; i++)
        if (table[i])
            pte_write(table_maddr + i * 8, 0);
    while (mmuext(MMUEXT_UNPIN_TABLE, table_mfn, 0) == 0)
        ;
    check_is(map_writable(table), 0);
    *(volatile uint64_t *)table = 0;
    for (unsigned i = 0; i < 2; i++) {
        check_is(map_readonly(frame[i]), 0);
        check_is(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(frame[i]), 0), 0);
        check_is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(frame[i]), 0), 0);
        check_is(map_writable(frame[i]), 0);
    }
}

static void pin_and_unpin(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        if (mmuext(MMUEXT_PIN_L1_TABLE, table_mfn, 0) == 0)
            pins++;
        mmuext(MMUEXT_UNPIN_TABLE, table_mfn, 0);
    }
}

static void write_entries(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t e = virt_to_mfn(frame[i & 1]) * PAGE_SIZE | PTE_BITS;

        pte_write(table_maddr + (i % 8) * 8, i % 3 ? e : e & ~PTE_RW);
    }
}

static void pin_against_write(void)
{
    new_table();
    both(pin_and_unpin, write_entries);
    check(pins > 0);
    table_is_free();
}

static void pin_against_pin(void)
{
    new_table();
    both(pin_and_unpin, pin_and_unpin);
    check(pins > 0);
    table_is_free();
}

static void pin_as_level_2(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        mmuext(MMUEXT_PIN_L2_TABLE, table_mfn, 0);
        mmuext(MMUEXT_UNPIN_TABLE, table_mfn, 0);
    }
}

static void pin_against_other_level(void)
{
    new_table();
    both(pin_and_unpin, pin_as_level_2);
    table_is_free();
}

/*
 * While it is pinned nobody can write to it; the sibling tries by an alias, also by one that its
 * TLB may still have. What it writes is the number of requests done: a present entry of frame 0.
 */
static void pin_and_watch(void)
{
    volatile uint64_t *watched = table;

    for (unsigned i = 0; i < ROUNDS; i++) {
        if (mmuext(MMUEXT_PIN_L1_TABLE, table_mfn, 0) != 0)
            continue;
        pins++;
        for (unsigned k = 0; k < 200; k++)
            if (watched[7] & PTE_PRESENT)
                seen_dirty++;
        mmuext(MMUEXT_UNPIN_TABLE, table_mfn, 0);
    }
}

static void write_by_alias(void)
{
    uint64_t e = table_mfn * PAGE_SIZE | PTE_BITS, maddr;
    struct mmu_update nothing;

    pte_of(frame[0], &maddr);
    nothing.ptr = maddr;
    nothing.val = *pte_of(frame[0], NULL);
    for (unsigned i = 0; i < ROUNDS; i++) {
        HC3(__HYPERVISOR_update_va_mapping, alias, e, UVMF_NONE);
        HC4(__HYPERVISOR_mmu_update, &nothing, 1, &alias[7], DOMID_SELF);
        HC3(__HYPERVISOR_update_va_mapping, alias, 0, UVMF_NONE);
        HC4(__HYPERVISOR_mmu_update, &nothing, 1, &alias[7], DOMID_SELF);
        pte_write(table_maddr + 7 * 8, 0);
    }
}

static void pin_against_alias(void)
{
    new_table();
    both(pin_and_watch, write_by_alias);
    check_is(seen_dirty, 0);
    table_is_free();
}

static void map_other(void)
{
    for (unsigned i = 0; i < ROUNDS; i++)
        HC3(__HYPERVISOR_update_va_mapping, alias,
            virt_to_mfn(frame[i & 1]) * PAGE_SIZE | (i % 3 ? PTE_BITS : PTE_BITS & ~PTE_RW),
            i & 4 ? UVMF_INVLPG | UVMF_ALL : UVMF_NONE);
}

static void map_and_unmap(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        HC3(__HYPERVISOR_update_va_mapping, alias, virt_to_mfn(frame[0]) * PAGE_SIZE | PTE_BITS, 0);
        HC3(__HYPERVISOR_update_va_mapping, alias, 0, UVMF_INVLPG);
    }
}

static void map_against_unmap(void)
{
    new_table();
    both(map_and_unmap, map_other);
    check_is(map_none(alias), 0);
    table_is_free();
}

/* ---- roots ---- */

static uint64_t *root;

static void switch_roots(void)
{
    uint64_t first = virt_to_mfn((void *)start_info->pt_base);

    for (unsigned i = 0; i < ROUNDS / 4; i++) {
        mmuext(MMUEXT_NEW_BASEPTR, virt_to_mfn(root), 0);
        mmuext(MMUEXT_NEW_BASEPTR, first, 0);
    }
}

static void pin_root(void)
{
    for (unsigned i = 0; i < ROUNDS / 4; i++) {
        mmuext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(root), 0);
        mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(root), 0);
    }
}

static void root_against_unpin(void)
{
    root = page_alloc();
    memcpy(root, (void *)start_info->pt_base, PAGE_SIZE);
    check_is(map_readonly(root), 0);
    both(pin_root, switch_roots);
    check_is(map_writable(root), 0);
}

/* ---- grants ---- */

static struct grant_entry_v1 *grants;
static domid_t me;
static volatile grant_handle_t shared_handle;
static volatile unsigned unmapped[2], offered, finished;

static void grant_setup(void)
{
    static uint64_t mfn;
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1, .frame_list = (uint64_t)&mfn };
    struct evtchn_alloc_unbound alloc = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_status status = { .dom = DOMID_SELF };

    HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &alloc);
    status.port = alloc.port;
    HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_status, &status);
    me = status.u.unbound.dom;
    grants = page_alloc();
    if (HC3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &op, 1) != 0 || op.status != 0 ||
        HC3(__HYPERVISOR_update_va_mapping, grants, mfn * PAGE_SIZE | PTE_BITS, UVMF_INVLPG) != 0)
        broken("no grant table");
}

static struct gnttab_map_grant_ref map(void *at, unsigned flags)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = (uint64_t)at, .flags = GNTMAP_host_map | flags, .ref = 30, .dom = me,
    };

    HC3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &op, 1);
    return op;
}

static int unmap(grant_handle_t handle, void *at)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = (uint64_t)at, .handle = handle };

    HC3(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1);
    return op.status;
}

static void map_grants_at(void *at)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct gnttab_map_grant_ref m = map(at, i & 1 ? GNTMAP_readonly : 0);

        if (m.status == GNTST_okay && unmap(m.handle, at) != GNTST_okay)
            seen_dirty++;
    }
}

static void map_grants_here(void) { map_grants_at(frame[0]); }
static void map_grants_there(void) { map_grants_at(frame[1]); }

static void make_grant(void)
{
    seen_dirty = 0;
    grant_setup();
    grants[30].domid = me;
    grants[30].frame = virt_to_mfn(alias);
    __atomic_store_n(&grants[30].flags, GTF_permit_access, __ATOMIC_SEQ_CST);
}

static void grants_against_grants(void)
{
    new_table();
    make_grant();
    both(map_grants_here, map_grants_there);
    check_is(seen_dirty, 0);
    check_is(grants[30].flags, GTF_permit_access);
    check_is(map_readonly(alias), 0);
    check_is(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(alias), 0), 0);
    check_is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(alias), 0), 0);
}

/*
 * A new mapping waits until the other vcpu has come to an end with the old one: it would lie at the
 * address that this one is about to clear.
 */
static void map_and_unmap_shared(void)
{
    for (unsigned i = 1; i <= ROUNDS; i++) {
        shared_handle = map(frame[0], 0).handle;
        offered = i;
        unmapped[0] += unmap(shared_handle, frame[0]) == GNTST_okay;
        while (finished != i)
            yield();
    }
}

static void unmap_shared(void)
{
    for (unsigned i = 1, seen; i <= ROUNDS; i++) {
        do {
            seen = offered;
            unmapped[1] += unmap(shared_handle, frame[0]) == GNTST_okay;
        } while (seen != i);
        finished = i;
    }
}

/* One handle given back twice at once is given back once. */
static void unmap_against_unmap(void)
{
    new_table();
    make_grant();
    both(map_and_unmap_shared, unmap_shared);
    check_is(unmapped[0] + unmapped[1], ROUNDS);
    check_is(grants[30].flags, GTF_permit_access);
}

/* ---- events and timers ---- */

static void open_and_close(void)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
        struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };
        struct evtchn_close c;

        if (HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &a) != 0)
            continue;
        b.remote_port = a.port;
        if (HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, &b) == 0) {
            c.port = b.local_port;
            HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &c);
        }
        c.port = a.port;
        HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &c);
    }
}

static void send_and_close(void)
{
    for (unsigned i = 0; i < 4 * ROUNDS; i++) {
        struct evtchn_send s = { .port = 1 + i % 12 };
        struct evtchn_bind_vcpu m = { .port = s.port, .vcpu = i & 1 };
        struct evtchn_close c = { .port = s.port };

        HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &s);
        HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_vcpu, &m);
        if (s.port > 4)
            HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_close, &c);
    }
}

static void close_against_send(void)
{
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };

    both(open_and_close, send_and_close);
    check_is(HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &a), 0);
}

static void start_and_stop_its_timer(void)
{
    struct vcpu_set_periodic_timer p = { .period_ns = MS };

    for (unsigned i = 0; i < 4 * ROUNDS; i++) {
        vcpu_op(VCPUOP_set_periodic_timer, 1, &p);
        vcpu_op(VCPUOP_stop_periodic_timer, 1, 0);
    }
}

static void yield_often(void)
{
    for (unsigned i = 0; i < 4 * ROUNDS; i++)
        yield();
}

/* A period that is gone between the look and the division. */
static void timer_of_a_sibling(void)
{
    both(start_and_stop_its_timer, yield_often);
}

/* The next tick after a period without end lies in the past if it is computed carelessly. */
static void period_without_end(void)
{
    struct vcpu_set_periodic_timer p = { .period_ns = ~0UL };

    for (unsigned i = 0; i < 3; i++, p.period_ns = i == 1 ? 1UL << 63 : ~0UL - MS) {
        vcpu_op(VCPUOP_set_periodic_timer, 0, &p);
        for (unsigned k = 0; k < 50; k++)
            yield();
        check_is(vcpu_op(VCPUOP_stop_periodic_timer, 0, 0), 0);
    }
    p.period_ns = 1;
    check(vcpu_op(VCPUOP_set_periodic_timer, 0, &p) == -XEN_EINVAL);
}

static void down_and_up(void)
{
    uint64_t before;

    bring_up();
    for (unsigned i = 0; i < ROUNDS; i++) {
        check_is(vcpu_op(VCPUOP_down, 1, 0), 0);
        check_is(vcpu_op(VCPUOP_up, 1, 0), 0);
    }
    before = beats;
    for (unsigned i = 0; i < 1000000 && beats == before; i++)
        yield();
    check(beats != before);
}

/* Its vcpu_info and its one-shot timer are its own while it runs. */
static void sibling_is_left_alone(void)
{
    struct vcpu_register_vcpu_info r = { .mfn = virt_to_mfn(page_alloc()) };
    struct vcpu_set_singleshot_timer t = { .timeout_abs_ns = 1 };

    bring_up();
    check(vcpu_op(VCPUOP_register_vcpu_info, 1, &r) != 0);
    check(vcpu_op(VCPUOP_set_singleshot_timer, 1, &t) != 0);
    check(vcpu_op(VCPUOP_is_up, 77, 0) < 0 && vcpu_op(VCPUOP_is_up, ~0U, 0) < 0);
}

CASES({ "bad-contexts", bad_contexts, false },
      { "second-vcpu", second_comes_up, false },
      { "sibling", sibling_is_left_alone, false },
      { "pin-write", pin_against_write, false },
      { "pin-pin", pin_against_pin, false },
      { "pin-levels", pin_against_other_level, false },
      { "pin-alias", pin_against_alias, false },
      { "map-unmap", map_against_unmap, false },
      { "root-unpin", root_against_unpin, false },
      { "grant-grant", grants_against_grants, false },
      { "unmap-unmap", unmap_against_unmap, false },
      { "close-send", close_against_send, false },
      { "sibling-timer", timer_of_a_sibling, false },
      { "endless-period", period_without_end, false },
      { "down-up", down_and_up, false });
