/* SPDX-License-Identifier: MIT */
/* Hypercalls: one row for each operation says what its argument holds. */
#include "fuzz.h"
#include "public/callback.h"
#include "public/console.h"
#include "public/physdev.h"

/*
 * A structure as a word; each letter is a field at its natural alignment:
 *   d domid  h half word  u word  c count (word)  C count  m frame  a address  e entry
 *   E entry's machine address  t time  U number  p port  r grant reference  f few flags (word)
 *   v vcpu  P pointer to an array of frames  x eight bytes of anything  s half word, small
 */
struct operation {
    uint8_t call, cmd;
    bool list;                  /* the argument is an array, its length the next one */
    const char *fields;
};

#define RESERVATION "PCufd"
static const struct operation operations[] = {
    { __HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, false, "dpu" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq, false, "uvu" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq, false, "uuu" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_close, false, "p" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_send, false, "p" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_status, false, "dpxxx" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, false, "ddu" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi, false, "vu" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_bind_vcpu, false, "pv" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_unmask, false, "p" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_init_control, false, "muvx" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_expand_array, false, "m" },
    { __HYPERVISOR_event_channel_op, EVTCHNOP_set_priority, false, "pu" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, true, "afrdhux" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, true, "Efrdhux" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, true, "aEpx" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, true, "EUpx" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, true, "duhP" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_transfer, true, "mdrh" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_copy, true, "mdhxrudhxhsx" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_copy, true, "rudsxmdsxhsx" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_query_size, true, "duuh" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_unmap_and_replace, true, "aapx" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_set_version, true, "u" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_get_status_frames, true, "udhP" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_get_version, true, "dhu" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_swap_grant_ref, true, "rrh" },
    { __HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, true, "Ehhu" },
    { __HYPERVISOR_memory_op, XENMEM_increase_reservation, false, RESERVATION },
    { __HYPERVISOR_memory_op, XENMEM_decrease_reservation, false, RESERVATION },
    { __HYPERVISOR_memory_op, XENMEM_populate_physmap, false, RESERVATION },
    { __HYPERVISOR_memory_op, XENMEM_exchange, false, RESERVATION RESERVATION "xC" },
    { __HYPERVISOR_memory_op, XENMEM_current_reservation, false, "d" },
    { __HYPERVISOR_memory_op, XENMEM_maximum_gpfn, false, "d" },
    { __HYPERVISOR_memory_op, XENMEM_machphys_mfn_list, false, "cPu" },
    { __HYPERVISOR_memory_op, XENMEM_machphys_mapping, false, "xxx" },
    { __HYPERVISOR_memory_op, XENMEM_add_to_physmap, false, "dsuUm" },
    { __HYPERVISOR_memory_op, XENMEM_memory_map, false, "ca" },
    { __HYPERVISOR_memory_op, XENMEM_machine_memory_map, false, "ca" },
    { __HYPERVISOR_memory_op, XENMEM_set_memory_map, false, "dca" },
    { __HYPERVISOR_memory_op, XENMEM_remove_from_physmap, false, "dm" },
    { __HYPERVISOR_memory_op, XENMEM_acquire_resource, false, "dsucuUP" },
    { __HYPERVISOR_memory_op, XENMEM_claim_pages, false, RESERVATION },
    { __HYPERVISOR_memory_op, XENMEM_get_vnumainfo, false, "dhuuuxxaxaxax" },
    { __HYPERVISOR_memory_op, XENMEM_reserved_device_memory_map, false, "ucax" },
    { __HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, false, "dsshPPP" },
    { __HYPERVISOR_sched_op, SCHEDOP_yield, false, "x" },
    { __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, false, "du" },
    { __HYPERVISOR_sched_op, SCHEDOP_pin_override, false, "u" },
    { __HYPERVISOR_sched_op, SCHEDOP_shutdown_code, false, "u" },
    { __HYPERVISOR_callback_op, CALLBACKOP_register, false, "hha" },
    { __HYPERVISOR_callback_op, CALLBACKOP_unregister, false, "hh" },
    { __HYPERVISOR_physdev_op, PHYSDEVOP_eoi, false, "u" },
    { __HYPERVISOR_physdev_op, PHYSDEVOP_irq_status_query, false, "uu" },
    { __HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, false, "u" },
    { __HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, false, "au" },
    { __HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, false, "duuuuuuU" },
    { __HYPERVISOR_physdev_op, PHYSDEVOP_unmap_pirq, false, "du" },
    { __HYPERVISOR_physdev_op, PHYSDEVOP_pirq_eoi_gmfn_v2, false, "m" },
    { __HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, false, "hhuxx" },
    { __HYPERVISOR_nmi_op, 0, false, "ax" },
    { __HYPERVISOR_nmi_op, 1, false, "x" },
    { __HYPERVISOR_mmu_update, 0, true, "Ee" },
    { __HYPERVISOR_mmuext_op, 0, true, "xmm" },
};
#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))

/* An array of frames, or of what is taken for one. */
static uint64_t some_frames(struct fuzzer *f)
{
    unsigned n = 1 + below(f, one_in(f, 16) ? 512 : 8);
    uint64_t *list = take(f, n * sizeof(*list));

    for (unsigned i = 0; i < n; i++)
        list[i] = one_in(f, 4) ? below(f, start_info->nr_pages) : a_frame(f);
    return maybe_at(f, list);
}

static uint64_t a_field(struct fuzzer *f, char kind, unsigned *size)
{
    *size = 8;
    switch (kind) {
    case 'd': *size = 2; return a_domain(f);
    case 'h': *size = 2; return a_number(f);
    case 's': *size = 2; return one_in(f, 8) ? draw(f) : below(f, 4);
    case 'u': *size = 4; return a_number(f);
    case 'f': *size = 4; return one_in(f, 4) ? draw(f) : 2 | (draw(f) & 0x14);
    case 'c': *size = 4; return a_count(f);
    case 'p': *size = 4; return one_in(f, 32) ? a_number(f) : 3 + below(f, 20);
    case 'r': *size = 4; return one_in(f, 32) ? a_number(f) : below(f, 16);
    case 'v': *size = 4; return one_in(f, 8) ? a_number(f) : below(f, 2);
    case 'C': return a_count(f);
    case 'm': return a_frame(f);
    case 'a': return an_address(f);
    case 'e': return an_entry(f);
    case 'E': return an_entry_address(f) | (one_in(f, 8) ? below(f, 8) : 0);
    case 't': return a_time(f);
    case 'P': return some_frames(f);
    default: return a_number(f);
    }
}

static char *fill(struct fuzzer *f, char *at, const char *fields)
{
    for (; *fields; fields++) {
        unsigned size;
        uint64_t value = a_field(f, *fields, &size);

        at = (char *)(((uint64_t)at + size - 1) & -(uint64_t)size);
        memcpy(at, &value, size);
        at += size;
    }
    return (char *)(((uint64_t)at + 7) & ~7UL);
}

/* The commands of mmuext_op that a domain lives on; now and then another. */
static void mmuext_commands(struct fuzzer *f, char *list, unsigned n)
{
    struct mmuext_op *op = (struct mmuext_op *)list;

    for (unsigned i = 0; i < n; i++) {
        op[i].cmd = one_in(f, 32) ? a_number(f) : below(f, 21);
        if (op[i].cmd == MMUEXT_INVLPG_LOCAL || op[i].cmd == MMUEXT_SET_LDT ||
            op[i].cmd == MMUEXT_INVLPG_MULTI || op[i].cmd == MMUEXT_INVLPG_ALL)
            op[i].arg1.linear_addr = an_address(f) & (one_in(f, 4) ? ~0UL : ~4095UL);
        if (op[i].cmd == MMUEXT_SET_LDT)
            op[i].arg2.nr_ents = a_count(f);
        else if (op[i].cmd != MMUEXT_COPY_PAGE)
            op[i].arg2.vcpumask = an_address(f);
    }
}

static void from_table(struct fuzzer *f, struct call *c)
{
    const struct operation *op = &operations[one_in(f, 4) ? OPERATIONS - 1 - below(f, 2)
                                                          : below(f, OPERATIONS)];
    unsigned n = op->list ? 1 + below(f, one_in(f, 8) ? 40 : 4) : 1;
    char *list = take(f, n * 136), *at = list;

    for (unsigned i = 0; i < n; i++)
        at = fill(f, at, op->fields);
    if (op->call == __HYPERVISOR_mmuext_op)
        mmuext_commands(f, list, n);
    c->nr = op->call;
    c->arg[0] = op->cmd;
    c->arg[1] = maybe_at(f, list);
    c->arg[2] = one_in(f, 16) ? a_count(f) : n;
    if (op->call == __HYPERVISOR_mmu_update || op->call == __HYPERVISOR_mmuext_op) {
        c->arg[0] = c->arg[1];
        c->arg[1] = c->arg[2];
        c->arg[2] = one_in(f, 4) ? an_address(f) : 0;
        c->arg[3] = one_in(f, 16) ? (uint64_t)a_domain(f) << 16 | a_domain(f) : DOMID_SELF;
    }
}

static void about_vcpu(struct fuzzer *f, struct call *c)
{
    uint64_t *area = take(f, 64);
    unsigned me = this_vcpu();

    c->nr = __HYPERVISOR_vcpu_op;
    c->arg[0] = one_in(f, 32) ? a_number(f) : below(f, 14);
    c->arg[1] = one_in(f, 16) ? a_number(f) : below(f, 2);
    area[0] = one_in(f, 2) ? an_address(f) : a_number(f);
    /* Timers come to something only where the time is near. */
    if (c->arg[0] == VCPUOP_set_singleshot_timer)
        area[0] = a_time(f);
    area[1] = a_number(f);
    /* vcpu 0 shall not sleep for ever, nor lose its traps' fault address with vcpu_info. */
    if ((c->arg[0] == VCPUOP_down || c->arg[0] == VCPUOP_register_vcpu_info) &&
        (c->arg[1] == 0 || c->arg[1] == me))
        c->arg[0] = VCPUOP_is_up;
    c->arg[2] = maybe_at(f, area);
    if (c->arg[0] == VCPUOP_initialise) {
        struct vcpu_guest_context *context = take(f, sizeof(*context));
        uint64_t *word = (uint64_t *)context;

        memset(context, 0, sizeof(*context));
        context->ctrlreg[3] = a_frame(f) << 12;
        context->ctrlreg[1] = one_in(f, 2) ? a_frame(f) << 12 : 0;
        context->flags = one_in(f, 2) ? VGCF_in_kernel : draw(f);
        for (unsigned i = below(f, 8); i > 0; i--)
            word[below(f, sizeof(*context) / 8)] = one_in(f, 2) ? an_address(f) : a_number(f);
        c->arg[2] = maybe_at(f, context);
    }
}

/* A wait that ends. */
static void poll(struct fuzzer *f, struct call *c)
{
    struct sched_poll *p = take(f, sizeof(*p));
    uint32_t *ports = take(f, 64);

    for (unsigned i = 0; i < 16; i++)
        ports[i] = one_in(f, 8) ? a_number(f) : below(f, 24);
    p->ports = maybe_at(f, ports);
    p->nr_ports = a_count(f);
    p->timeout = shared_info->vcpu_info[0].time.system_time + 1 + below(f, 1 << 20);
    c->nr = __HYPERVISOR_sched_op;
    c->arg[0] = SCHEDOP_poll;
    c->arg[1] = (uint64_t)p; /* elsewhere the time would be another */
}

/* Calls whose arguments are in registers. */
static void plain(struct fuzzer *f, struct call *c)
{
    static const uint8_t calls[] = {
        __HYPERVISOR_update_va_mapping, __HYPERVISOR_update_va_mapping,
        __HYPERVISOR_update_va_mapping_otherdomain, __HYPERVISOR_update_descriptor,
        __HYPERVISOR_set_gdt, __HYPERVISOR_set_segment_base, __HYPERVISOR_set_debugreg,
        __HYPERVISOR_get_debugreg, __HYPERVISOR_fpu_taskswitch, __HYPERVISOR_vm_assist,
        __HYPERVISOR_set_timer_op, __HYPERVISOR_xen_version, __HYPERVISOR_console_io,
        __HYPERVISOR_set_trap_table, __HYPERVISOR_set_callbacks, __HYPERVISOR_stack_switch,
        __HYPERVISOR_domctl, __HYPERVISOR_sysctl, __HYPERVISOR_platform_op,
    };

    c->nr = one_in(f, 16) ? below(f, 70) : calls[below(f, sizeof(calls))];
    for (unsigned i = 0; i < 4; i++)
        c->arg[i] = one_in(f, 2) ? a_number(f) : an_address(f);
    switch (c->nr) {
    case __HYPERVISOR_update_va_mapping_otherdomain:
        c->arg[3] = a_domain(f); /* fall through */
    case __HYPERVISOR_update_va_mapping:
        c->arg[0] = an_address(f);
        c->arg[1] = an_entry(f);
        c->arg[2] = one_in(f, 4) ? draw(f) : below(f, 12);
        break;
    case __HYPERVISOR_update_descriptor: c->arg[0] = an_entry_address(f); break;
    case __HYPERVISOR_set_gdt:
        c->arg[0] = some_frames(f);
        c->arg[1] = one_in(f, 2) ? a_count(f) : below(f, 4096);
        break;
    case __HYPERVISOR_set_timer_op: c->arg[0] = a_time(f); break;
    case __HYPERVISOR_iret:
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_sched_op_compat:
    case __HYPERVISOR_multicall:
        c->nr = __HYPERVISOR_xen_version;
    }
}

static void multicall(struct fuzzer *f, struct call *c, unsigned depth)
{
    unsigned n = below(f, 7);
    struct multicall_entry *list = take(f, n * sizeof(*list));

    for (unsigned i = 0; i < n; i++) {
        struct call inner = { 0 };

        make_call(f, &inner, depth + 1);
        list[i].op = inner.nr;
        for (unsigned j = 0; j < 4; j++)
            list[i].args[j] = inner.arg[j];
    }
    c->nr = __HYPERVISOR_multicall;
    c->arg[0] = maybe_at(f, list);
    c->arg[1] = one_in(f, 32) ? a_count(f) : n;
}

void make_call(struct fuzzer *f, struct call *c, unsigned depth)
{
    unsigned kind = below(f, 100);

    *c = (struct call){ 0 };
    if (kind < 55)
        from_table(f, c);
    else if (kind < 85)
        plain(f, c);
    else if (kind < 92)
        about_vcpu(f, c);
    else if (kind < 94)
        poll(f, c);
    else if (depth < 3)
        multicall(f, c, depth);
    else
        plain(f, c);
}
