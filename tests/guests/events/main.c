/* SPDX-License-Identifier: MIT */
/*
 * Event channels: allocation, loopback, masks, polling, FIFO; and ports, domains and vcpus that are not the
 * guest's to name. (The class of XSA-9, -107, -296, -338, -343, -359.)
 */
#include "guest.h"

static long evtchn(unsigned cmd, void *op)
{
    return HC2(__HYPERVISOR_event_channel_op, cmd, op);
}

static evtchn_port_t unbound(void)
{
    struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };

    check_is(evtchn(EVTCHNOP_alloc_unbound, &op), 0);
    return op.port;
}

static long close_port(evtchn_port_t port)
{
    struct evtchn_close op = { .port = port };

    return evtchn(EVTCHNOP_close, &op);
}

static bool pending(evtchn_port_t port)
{
    return shared_info->evtchn_pending[port / 64] >> (port % 64) & 1;
}

static void loopback(void)
{
    evtchn_port_t a = unbound();
    struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF, .remote_port = a };
    struct evtchn_send send;

    check_is(evtchn(EVTCHNOP_bind_interdomain, &bind), 0);
    check(bind.local_port != a && pending(bind.local_port));
    send.port = bind.local_port;
    check_is(evtchn(EVTCHNOP_send, &send), 0);
    check(pending(a));
    check(evtchn(EVTCHNOP_bind_interdomain, &bind) == -XEN_EINVAL);
    check_is(close_port(bind.local_port), 0);
    check(evtchn(EVTCHNOP_send, &send) == -XEN_EINVAL);
    check_is(close_port(a), 0);
    check(close_port(a) == -XEN_EINVAL);
}

static void bad_ports(void)
{
    static const evtchn_port_t ports[] = { 0, 4095, 4096, 131071, 131072, 0x7fffffff, 0xffffffff };

    for (unsigned i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        struct evtchn_send send = { .port = ports[i] };
        struct evtchn_bind_vcpu move = { .port = ports[i], .vcpu = 0 };
        struct evtchn_unmask unmask = { .port = ports[i] };

        check(evtchn(EVTCHNOP_send, &send) < 0);
        check(evtchn(EVTCHNOP_bind_vcpu, &move) < 0);
        check(close_port(ports[i]) < 0);
        (void)evtchn(EVTCHNOP_unmask, &unmask);
    }
}

static void other_domains(void)
{
    struct evtchn_alloc_unbound alloc = { .dom = 0, .remote_dom = DOMID_SELF };
    struct evtchn_bind_interdomain bind = { .remote_dom = 0, .remote_port = 1 };
    struct evtchn_status status = { .dom = 0, .port = 1 };
    struct evtchn_reset reset = { .dom = 0 };

    check(evtchn(EVTCHNOP_alloc_unbound, &alloc) == -XEN_EPERM);
    for (bind.remote_port = 0; bind.remote_port < 64; bind.remote_port++)
        check(evtchn(EVTCHNOP_bind_interdomain, &bind) < 0);
    check(evtchn(EVTCHNOP_status, &status) == -XEN_EPERM);
    check(evtchn(EVTCHNOP_reset, &reset) < 0);
    alloc.dom = 0x7000;
    check(evtchn(EVTCHNOP_alloc_unbound, &alloc) == -XEN_ESRCH);
}

static void virqs(void)
{
    struct evtchn_bind_virq op = { .virq = VIRQ_DEBUG, .vcpu = 0 };

    check_is(evtchn(EVTCHNOP_bind_virq, &op), 0);
    check(evtchn(EVTCHNOP_bind_virq, &op) == -XEN_EEXIST);
    check_is(close_port(op.port), 0);
    op.virq = 24;
    check(evtchn(EVTCHNOP_bind_virq, &op) == -XEN_EINVAL);
    op.virq = 0xffffffff;
    check(evtchn(EVTCHNOP_bind_virq, &op) == -XEN_EINVAL);
    op.virq = VIRQ_DOM_EXC; /* dom0's */
    check(evtchn(EVTCHNOP_bind_virq, &op) < 0);
    op = (struct evtchn_bind_virq){ .virq = VIRQ_TIMER, .vcpu = 99 };
    check(evtchn(EVTCHNOP_bind_virq, &op) == -XEN_ENOENT);
}

static void pirqs(void)
{
    struct evtchn_bind_pirq op = { .pirq = 4 };

    for (op.pirq = 0; op.pirq < 32; op.pirq++)
        check(evtchn(EVTCHNOP_bind_pirq, &op) < 0);
}

static unsigned upcalls;

static void count_upcall(void)
{
    upcalls++;
    shared_info->vcpu_info[0].evtchn_pending_sel = 0;
}

static void upcall_arrives(void)
{
    struct evtchn_bind_ipi op = { .vcpu = 0 };
    struct evtchn_send send;

    check_is(evtchn(EVTCHNOP_bind_ipi, &op), 0);
    upcalls = 0;
    event_handler = count_upcall;
    shared_info->evtchn_mask[op.port / 64] &= ~(1UL << op.port % 64);
    shared_info->vcpu_info[0].evtchn_pending_sel = 0;
    shared_info->vcpu_info[0].evtchn_upcall_pending = 0;
    shared_info->vcpu_info[0].evtchn_upcall_mask = 0;
    send.port = op.port;
    check_is(evtchn(EVTCHNOP_send, &send), 0);
    check_is(upcalls, 1);
    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    event_handler = NULL;
    check(pending(op.port));
    check_is(close_port(op.port), 0);
}

static void poll_returns(void)
{
    evtchn_port_t port = unbound();
    struct evtchn_bind_interdomain bind = { .remote_dom = DOMID_SELF, .remote_port = port };
    struct sched_poll poll = { .nr_ports = 1 };

    check_is(evtchn(EVTCHNOP_bind_interdomain, &bind), 0);
    poll.ports = (uint64_t)&bind.local_port;
    check_is(HC2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll), 0); /* pending since it was bound */
    poll.nr_ports = 1000;
    check(HC2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll) == -XEN_EINVAL);
    poll.nr_ports = 1;
    poll.ports = HV_ADDRESS;
    check(HC2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll) == -XEN_EFAULT);
    close_port(bind.local_port);
    close_port(port);
}

static void ports_run_out(void)
{
    struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    unsigned n = 0;
    long err;

    while ((err = evtchn(EVTCHNOP_alloc_unbound, &op)) == 0 && n < 200000)
        n++;
    check_is(err, -XEN_ENOSPC);
    for (evtchn_port_t port = 16; port <= op.port + 8; port++)
        close_port(port);
    check_is(evtchn(EVTCHNOP_alloc_unbound, &op), 0);
    close_port(op.port);
}

static void fifo_refuses_bad_pages(void)
{
    struct evtchn_init_control op = { .control_gfn = 0x200, .offset = 0, .vcpu = 0 };
    struct evtchn_expand_array array = { .array_gfn = virt_to_mfn(page_alloc()) };

    check(evtchn(EVTCHNOP_expand_array, &array) < 0);
    check(evtchn(EVTCHNOP_init_control, &op) < 0);
    op.control_gfn = virt_to_mfn((void *)start_info->pt_base);
    check(evtchn(EVTCHNOP_init_control, &op) < 0);
    op.control_gfn = virt_to_mfn(page_alloc());
    op.offset = 4090;
    check(evtchn(EVTCHNOP_init_control, &op) < 0);
    op.offset = 4;
    check(evtchn(EVTCHNOP_init_control, &op) < 0);
    op.offset = 0;
    op.vcpu = 50;
    check(evtchn(EVTCHNOP_init_control, &op) < 0);
}

/* From here on there is no way back but reset. */
static uint32_t *words;
static struct evtchn_fifo_control_block *block;

static void fifo_set_up(void)
{
    struct evtchn_init_control op = { .vcpu = 0 };
    struct evtchn_expand_array array;

    if (words)
        return;
    words = page_alloc();
    block = page_alloc();
    op.control_gfn = virt_to_mfn(block);
    array.array_gfn = virt_to_mfn(words);
    check_is(evtchn(EVTCHNOP_init_control, &op), 0);
    check_is(evtchn(EVTCHNOP_expand_array, &array), 0);
}

/* The next port as a guest takes them: the most urgent queue's head. 0: none. */
static uint32_t fifo_next(void)
{
    while (block->ready) {
        unsigned q = __builtin_ctz(block->ready);
        uint32_t port = block->head[q], w;

        if (port == 0) {
            __atomic_fetch_and(&block->ready, ~(1u << q), __ATOMIC_SEQ_CST);
            continue;
        }
        w = __atomic_fetch_and(&words[port], ~(1u << EVTCHN_FIFO_LINKED | EVTCHN_FIFO_LINK_MASK),
                               __ATOMIC_SEQ_CST);
        block->head[q] = w & EVTCHN_FIFO_LINK_MASK;
        __atomic_fetch_and(&words[port], ~(1u << EVTCHN_FIFO_PENDING), __ATOMIC_SEQ_CST);
        return port;
    }
    return 0;
}

static void fifo_priorities(void)
{
    /* In the order of sending; the last takes the default, as the second does. */
    static const int priority[] = { EVTCHN_FIFO_PRIORITY_MIN, -1, EVTCHN_FIFO_PRIORITY_MAX, 5, -1 };
    static const unsigned order[] = { 2, 3, 1, 4, 0 };
    struct evtchn_bind_ipi ipi[5] = { 0 };

    fifo_set_up();
    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    /* What others send meanwhile stays out of the queues. */
    __atomic_fetch_or(&words[start_info->console.domU.evtchn], 1u << EVTCHN_FIFO_MASKED,
                      __ATOMIC_SEQ_CST);
    __atomic_fetch_or(&words[start_info->store_evtchn], 1u << EVTCHN_FIFO_MASKED, __ATOMIC_SEQ_CST);
    while (fifo_next())
        ;
    for (unsigned i = 0; i < 5; i++) {
        struct evtchn_set_priority p = { .priority = priority[i] };

        check_is(evtchn(EVTCHNOP_bind_ipi, &ipi[i]), 0);
        p.port = ipi[i].port;
        if (priority[i] >= 0)
            check_is(evtchn(EVTCHNOP_set_priority, &p), 0);
    }
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 5; i++) {
            struct evtchn_send s = { .port = ipi[i].port };

            check_is(evtchn(EVTCHNOP_send, &s), 0);
        }
        for (unsigned i = 0; i < 5; i++)
            check_is(fifo_next(), ipi[order[i]].port);
        check_is(fifo_next(), 0);
    }
    for (unsigned i = 0; i < 5; i++) {
        struct evtchn_close c = { .port = ipi[i].port };

        check_is(evtchn(EVTCHNOP_close, &c), 0);
    }
}

/* The last of an emptied queue that moves goes to its new queue at once, and the old one goes on. */
static void fifo_moved(void)
{
    struct evtchn_bind_ipi moves = { .vcpu = 0 }, stays = { .vcpu = 0 };
    struct evtchn_set_priority p = { .priority = 3 };
    struct evtchn_close c;

    fifo_set_up();
    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    while (fifo_next())
        ;
    check_is(evtchn(EVTCHNOP_bind_ipi, &moves), 0);
    check_is(evtchn(EVTCHNOP_bind_ipi, &stays), 0);
    check_is(evtchn(EVTCHNOP_send, &(struct evtchn_send){ .port = moves.port }), 0);
    check_is(fifo_next(), moves.port);
    check_is(fifo_next(), 0);
    p.port = moves.port;
    check_is(evtchn(EVTCHNOP_set_priority, &p), 0);
    check_is(evtchn(EVTCHNOP_send, &(struct evtchn_send){ .port = stays.port }), 0);
    check_is(evtchn(EVTCHNOP_send, &(struct evtchn_send){ .port = moves.port }), 0);
    check_is(block->ready, 1u << 3 | 1u << EVTCHN_FIFO_PRIORITY_DEFAULT);
    check_is(fifo_next(), moves.port);
    check_is(fifo_next(), stays.port);
    check_is(fifo_next(), 0);
    /* Back without another in between: nothing of the old queue holds it. */
    p.priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    check_is(evtchn(EVTCHNOP_set_priority, &p), 0);
    check_is(evtchn(EVTCHNOP_send, &(struct evtchn_send){ .port = moves.port }), 0);
    check_is(block->ready, 1u << EVTCHN_FIFO_PRIORITY_DEFAULT);
    check_is(fifo_next(), moves.port);
    check_is(fifo_next(), 0);
    c.port = moves.port;
    check_is(evtchn(EVTCHNOP_close, &c), 0);
    c.port = stays.port;
    check_is(evtchn(EVTCHNOP_close, &c), 0);
}

/* A queue that the guest scribbles over: it harms itself alone. */
static void fifo_with_hostile_queues(void)
{
    struct evtchn_bind_ipi ipi[4] = { { .vcpu = 0 }, { .vcpu = 0 }, { .vcpu = 0 }, { .vcpu = 0 } };

    fifo_set_up();
    for (unsigned i = 0; i < 4; i++)
        check_is(evtchn(EVTCHNOP_bind_ipi, &ipi[i]), 0);
    for (unsigned round = 0; round < 2000; round++) {
        struct evtchn_send send = { .port = ipi[round & 3].port };

        for (unsigned i = 0; i < 4; i++)
            words[ipi[i].port] = round * 0x9e3779b9u ^ i << 28;
        for (unsigned q = 0; q < EVTCHN_FIFO_MAX_QUEUES; q++)
            block->head[q] = round * 77777u;
        check_is(evtchn(EVTCHNOP_send, &send), 0);
    }
    check(map_readonly(words) == 0);
    check(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(words), 0) != 0);
}

CASES({ "loopback", loopback, false },
      { "bad-ports", bad_ports, false },
      { "other-domains", other_domains, false },
      { "virqs", virqs, false },
      { "pirqs", pirqs, false },
      { "upcall", upcall_arrives, false },
      { "poll", poll_returns, false },
      { "ports-run-out", ports_run_out, false },
      { "fifo-bad-pages", fifo_refuses_bad_pages, false },
      { "fifo-priorities", fifo_priorities, false },
      { "fifo-moved", fifo_moved, false },
      { "fifo-hostile", fifo_with_hostile_queues, false });
