/* SPDX-License-Identifier: MIT */
/* As many vcpus as there are, woken one by one; and flushes of everybody's TLB. */
#include "guest.h"

#define FLUSHES 2000u

static volatile uint32_t ports[MAX_SIBLINGS];
static volatile bool over;
static volatile unsigned spinning;

static long evtchn(unsigned cmd, void *arg)
{
    return HC2(__HYPERVISOR_event_channel_op, cmd, arg);
}

static void wait_for_port(unsigned id)
{
    struct evtchn_bind_ipi i = { .vcpu = id };
    uint32_t port;
    struct sched_poll p = { .ports = (uint64_t)&port, .nr_ports = 1 };

    if (evtchn(EVTCHNOP_bind_ipi, &i) != 0)
        return;
    port = i.port;
    __atomic_store_n(&ports[id], port, __ATOMIC_SEQ_CST);
    /* It may be ended by any event; ours is the one that is pending. */
    while (!(shared_info->evtchn_pending[port / 64] >> (port % 64) & 1))
        HC2(__HYPERVISOR_sched_op, SCHEDOP_poll, &p);
}

/* All there are at once: each sleeps until it is sent an event of its own. */
static void wide(void)
{
    unsigned vcpus = siblings_bring_up();

    siblings_begin(vcpus, wait_for_port);
    for (unsigned id = 1; id < vcpus; id++) {
        struct evtchn_send s;

        while ((s.port = __atomic_load_n(&ports[id], __ATOMIC_SEQ_CST)) == 0)
            HC2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
        check_is(evtchn(EVTCHNOP_send, &s), 0);
    }
    siblings_end();
    for (unsigned id = 1; id < vcpus; id++) {
        struct evtchn_close c = { .port = ports[id] };

        check_is(evtchn(EVTCHNOP_close, &c), 0);
        check_is(vcpu_call(VCPUOP_down, id, 0), 0);
        check_is(vcpu_call(VCPUOP_is_up, id, 0), 0);
    }
    say("WIDE %u vcpus\n", vcpus);
}

static void spin(unsigned id __attribute__((unused)))
{
    __atomic_fetch_add(&spinning, 1, __ATOMIC_SEQ_CST);
    while (!over)
        ;
}

/* Everybody's TLB, with the siblings asleep, or with "awake=1" at work. */
static void flush_all(void)
{
    bool awake = option_number("awake=", 0);
    unsigned vcpus = siblings_bring_up();

    if (awake)
        siblings_begin(vcpus, spin);
    while (awake && spinning < vcpus - 1)
        HC2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
    for (unsigned i = 0; i < FLUSHES; i++)
        check_is(mmuext(i & 1 ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_INVLPG_ALL, (uint64_t)&over, 0), 0);
    over = true;
    if (awake)
        siblings_end();
    say("FLUSHES %u\n", FLUSHES);
}

CASES({ "wide", wide, false }, { "flush", flush_all, false });
