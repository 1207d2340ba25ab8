/* SPDX-License-Identifier: MIT */
/*
 * Load for the scheduler's tests: guests that use CPUs, wait, answer each other or misbehave, and
 * measure what they get between two instants of system time that their command line names.
 *
 * case=spin    every vcpu counts        case=nap     sleeps, measures how late it wakes
 * case=pong    answers events           case=ping    sends events to a pong, measures the answers
 * case=clock   prints the system time   the others   abuse something, see the table at the end
 *
 * Words: from= to= (ns of system time), gap= (ns), peer= (domain), vcpus=. A figure is one line,
 * "FIGURE key=value ...", printed after the interval, so that printing disturbs nothing.
 */
#include "guest.h"

#define MAX_VCPUS 8
#define MAX_SAMPLES 8192
#define FOREVER ~0UL
#define CHUNK 4000              /* instructions */
#define SETTLE_NS 200000000UL
#define GRANT_REF 30
#define LAST_PORT 64

struct word {
    volatile uint64_t sent; /* when, in system time */
};

struct sample_set {
    unsigned n;
    uint32_t ns[MAX_SAMPLES];
};

extern const uint64_t trap_stubs[];

static uint64_t from, to;
static volatile bool raised[LAST_PORT];

static uint64_t now_on(unsigned vcpu)
{
    volatile struct vcpu_time_info *t = &shared_info->vcpu_info[vcpu].time;
    uint32_t version, lo, hi;
    uint64_t delta, ns;

    do {
        version = t->version & ~1u;
        __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
        delta = ((uint64_t)hi << 32 | lo) - t->tsc_timestamp;
        delta = t->tsc_shift >= 0 ? delta << t->tsc_shift : delta >> -t->tsc_shift;
        ns = (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >> 32) + t->system_time;
    } while (t->version != version);
    return ns;
}

static uint64_t now(void)
{
    return now_on(0);
}

/* The number after "key=" in the command line, or otherwise. */
static uint64_t number(const char *key, uint64_t otherwise)
{
    const char *p = (const char *)start_info->cmd_line;

    for (; *p; p++) {
        const char *k = key, *q = p;
        uint64_t value = 0;

        while (*k && *k == *q) {
            k++;
            q++;
        }
        if (*k || *q++ != '=')
            continue;
        for (; *q >= '0' && *q <= '9'; q++)
            value = value * 10 + (*q - '0');
        return value;
    }
    return otherwise;
}

static long sched(unsigned cmd, void *arg)
{
    return HC2(__HYPERVISOR_sched_op, cmd, arg);
}

static long evtchn(unsigned cmd, void *arg)
{
    return HC2(__HYPERVISOR_event_channel_op, cmd, arg);
}

static long vcpu_op(unsigned cmd, unsigned vcpu, const void *arg)
{
    return HC3(__HYPERVISOR_vcpu_op, cmd, vcpu, arg);
}

/* ---- events ---- */

static void collect(void)
{
    struct vcpu_info *v = &shared_info->vcpu_info[0];
    uint64_t words = __atomic_exchange_n(&v->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

    if (!(words & 1))
        return;
    words = __atomic_exchange_n(&shared_info->evtchn_pending[0], 0, __ATOMIC_SEQ_CST);
    for (unsigned port = 0; port < LAST_PORT; port++)
        if (words >> port & 1)
            raised[port] = true;
}

static void unmask(evtchn_port_t port)
{
    struct evtchn_unmask op = { .port = port };

    evtchn(EVTCHNOP_unmask, &op);
}

/* Blocks until one of the two ports was raised; tells which, and forgets it. */
static evtchn_port_t await(evtchn_port_t a, evtchn_port_t b)
{
    volatile uint8_t *mask = &shared_info->vcpu_info[0].evtchn_upcall_mask;
    evtchn_port_t port;

    *mask = 1;
    while (!raised[a] && !raised[b]) {
        sched(SCHEDOP_block, NULL);
        *mask = 1;
        collect();
    }
    port = raised[a] ? a : b;
    raised[port] = false;
    return port;
}

static evtchn_port_t timer_port(void)
{
    static evtchn_port_t port;
    struct evtchn_bind_virq op = { .virq = VIRQ_TIMER };

    if (port)
        return port;
    if (evtchn(EVTCHNOP_bind_virq, &op) != 0 || op.port >= LAST_PORT)
        broken("no port for the timer");
    event_handler = collect;
    unmask(op.port);
    return port = op.port;
}

static void set_timer(uint64_t at)
{
    struct vcpu_set_singleshot_timer op = { .timeout_abs_ns = at };

    vcpu_op(VCPUOP_set_singleshot_timer, 0, &op);
}

static void sleep_until(uint64_t at)
{
    evtchn_port_t port = timer_port();

    set_timer(at);
    await(port, port);
}

/* Not a single wake-up any more: whoever started us looks at the figures and destroys us. */
static __attribute__((noreturn)) void rest(void)
{
    for (;;) {
        set_timer(FOREVER >> 1);
        await(timer_port(), timer_port());
    }
}

/* ---- figures ---- */

static void sample(struct sample_set *s, uint64_t ns)
{
    if (s->n < MAX_SAMPLES)
        s->ns[s->n++] = ns > ~0u ? ~0u : (uint32_t)ns;
}

static void figure(const char *name, struct sample_set *s)
{
    /* Shell sort: enough for thousands. */
    for (unsigned step = s->n / 2; step > 0; step /= 2)
        for (unsigned i = step; i < s->n; i++) {
            uint32_t v = s->ns[i];
            unsigned k = i;

            for (; k >= step && s->ns[k - step] > v; k -= step)
                s->ns[k] = s->ns[k - step];
            s->ns[k] = v;
        }
    if (s->n == 0)
        say("FIGURE what=%s n=0\n", name);
    else
        say("FIGURE what=%s n=%u p50=%u p99=%u max=%u\n", name, s->n, s->ns[s->n / 2],
            s->ns[s->n * 99 / 100], s->ns[s->n - 1]);
}

/* ---- spin ---- */

static struct spinner {
    volatile uint64_t work, first, ran, waited;
    volatile bool late, done;
} spinners[MAX_VCPUS];

static void look(unsigned vcpu, uint64_t *ran, uint64_t *waited)
{
    struct vcpu_runstate_info r;

    vcpu_op(VCPUOP_get_runstate_info, vcpu, &r);
    *ran = r.time[RUNSTATE_running];
    *waited = r.time[RUNSTATE_runnable];
}

/* Nearly all of it does nothing: an emulator counts such instructions faster than any others. */
static void count(void)
{
    uint64_t n = CHUNK / 400;

    __asm__ volatile("1: .rept 398; nop; .endr; dec %0; jnz 1b" : "+r"(n));
}

static void spin_on(unsigned vcpu)
{
    struct spinner *s = &spinners[vcpu];
    uint64_t work = 0, ran[2], waited[2];

    /* All wake a little before it begins, to be in each other's way by then. */
    s->late = now_on(vcpu) >= from;
    while (now_on(vcpu) + SETTLE_NS < from) {
        struct sched_poll op = { .timeout = from - SETTLE_NS };

        sched(SCHEDOP_poll, &op);
    }
    while (now_on(vcpu) < from)
        count();
    look(vcpu, &ran[0], &waited[0]);
    for (; now_on(vcpu) < to; work++)
        count();
    look(vcpu, &ran[1], &waited[1]);
    s->work = work;
    s->ran = ran[1] - ran[0];
    s->waited = waited[1] - waited[0];
    s->done = true;
}

static void second_spins(unsigned vcpu)
{
    spin_on(vcpu);
    vcpu_op(VCPUOP_down, vcpu, NULL);
    for (;;)
        sched(SCHEDOP_yield, NULL);
}

static void start_vcpu(unsigned vcpu, void (*run)(unsigned))
{
    static struct vcpu_guest_context c;
    static char stacks[MAX_VCPUS][4096] __attribute__((aligned(16)));
    uint64_t top = (uint64_t)stacks[vcpu] + sizeof(stacks[vcpu]);

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel;
    c.user_regs.rip = (uint64_t)run;
    c.user_regs.rdi = vcpu;
    c.user_regs.rsp = top - 8;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = FLAT_KERNEL_SS;
    c.kernel_sp = top;
    c.kernel_ss = FLAT_KERNEL_SS;
    for (unsigned i = 0; i < 21; i++)
        c.trap_ctxt[i] = (struct trap_info){ i, 0, FLAT_KERNEL_CS, trap_stubs[i] };
    c.ctrlreg[3] = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    shared_info->vcpu_info[vcpu].evtchn_upcall_mask = 1;
    if (vcpu_op(VCPUOP_initialise, vcpu, &c) != 0 || vcpu_op(VCPUOP_up, vcpu, NULL) != 0)
        broken("a vcpu does not come up");
}

static void spin(void)
{
    unsigned vcpus = number("vcpus", 1);

    if (vcpus > MAX_VCPUS)
        broken("too many vcpus");
    for (unsigned i = 1; i < vcpus; i++)
        start_vcpu(i, second_spins);
    spin_on(0);
    for (unsigned i = 0; i < vcpus; i++) {
        while (!spinners[i].done)
            sleep_until(now() + 1000000);
        say("FIGURE what=spin vcpu=%u work=%lu ran=%lu waited=%lu late=%u\n", i,
            spinners[i].work, spinners[i].ran, spinners[i].waited, spinners[i].late);
    }
    rest();
}

static void clock(void)
{
    say("FIGURE what=clock now=%lu\n", now());
}

/* ---- those that wait ---- */

/* Never the same phase against the scheduler's slices. */
static uint64_t jitter(uint64_t below)
{
    static uint64_t state = 88172645463325252UL;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static void nap(void)
{
    static struct sample_set lateness;
    uint64_t gap = number("gap", 3000000);

    sleep_until(from);
    while (now() < to) {
        uint64_t at = now() + gap / 2 + jitter(gap);

        sleep_until(at);
        sample(&lateness, now() - at);
    }
    figure("nap", &lateness);
    rest();
}

static struct word *map_grant(domid_t peer)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = (uint64_t)page_alloc(), .flags = GNTMAP_host_map, .ref = GRANT_REF,
        .dom = peer,
    };

    HC3(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, &op, 1);
    return op.status == GNTST_okay ? (struct word *)op.host_addr : NULL;
}

static struct word *grant_page(domid_t peer)
{
    static uint64_t mfn;
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1,
                                     .frame_list = (uint64_t)&mfn };
    struct grant_entry_v1 *grants = page_alloc();
    struct word *page = page_alloc();

    if (HC3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &op, 1) != 0 || op.status != 0 ||
        HC3(__HYPERVISOR_update_va_mapping, grants, mfn * PAGE_SIZE | PTE_BITS, UVMF_INVLPG) != 0)
        broken("no grant table");
    grants[GRANT_REF].domid = peer;
    grants[GRANT_REF].frame = virt_to_mfn(page);
    __atomic_store_n(&grants[GRANT_REF].flags, GTF_permit_access, __ATOMIC_SEQ_CST);
    return page;
}

static void send(evtchn_port_t port)
{
    struct evtchn_send op = { .port = port };

    evtchn(EVTCHNOP_send, &op);
}

static domid_t own_number(void)
{
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_status s = { .dom = DOMID_SELF };
    struct evtchn_close c;

    if (evtchn(EVTCHNOP_alloc_unbound, &a) != 0)
        broken("no port");
    c.port = s.port = a.port;
    evtchn(EVTCHNOP_status, &s);
    evtchn(EVTCHNOP_close, &c);
    return s.u.unbound.dom;
}

/* The domain that is made after us may send us events. */
static void pong(void)
{
    static struct sample_set late;
    struct evtchn_alloc_unbound op = { .dom = DOMID_SELF, .remote_dom = own_number() + 1 };
    struct word *page = grant_page(op.remote_dom);
    bool told = false;

    timer_port();
    if (evtchn(EVTCHNOP_alloc_unbound, &op) != 0 || op.port >= LAST_PORT)
        broken("no port");
    unmask(op.port);
    set_timer(to);
    for (;;) {
        bool timer = await(op.port, timer_port()) == timer_port();
        uint64_t t = now();

        if (!timer && t >= from && t < to)
            sample(&late, t - page->sent);
        if (!timer)
            send(op.port);
        if (timer && t >= to && !told) {
            told = true;
            figure("event", &late);
        }
    }
}

/* The peer has one port for us; which, only it knows. It may not have started yet. */
static evtchn_port_t find_port(domid_t peer)
{
    for (;;) {
        for (evtchn_port_t port = 1; port < LAST_PORT; port++) {
            struct evtchn_bind_interdomain op = { .remote_dom = peer, .remote_port = port };

            if (evtchn(EVTCHNOP_bind_interdomain, &op) == 0) {
                unmask(op.local_port);
                return op.local_port;
            }
        }
        sleep_until(now() + 5000000);
    }
}

static void ping(void)
{
    static struct sample_set trips;
    domid_t peer = number("peer", 0);
    uint64_t gap = number("gap", 0), rounds = 0;
    evtchn_port_t timer = timer_port(), port = find_port(peer);
    struct word *page = map_grant(peer);

    if (!page)
        broken("the pong's page cannot be mapped");
    /* Binding raises the port once. */
    await(port, port);
    sleep_until(from);
    for (uint64_t t = now(); t < to; t = now(), rounds++) {
        page->sent = t;
        send(port);
        await(port, port);
        sample(&trips, now() - t);
        if (gap) {
            set_timer(now() + gap / 2 + jitter(gap));
            await(timer, timer);
        }
    }
    say("FIGURE what=rounds n=%lu\n", rounds);
    figure("trip", &trips);
    rest();
}

/* ---- abuse: everybody stops at `to` ---- */

static void yields(void)
{
    while (now() < to)
        sched(SCHEDOP_yield, NULL);
    rest();
}

/* Its own port, dom0's ends of its console and its store: all without a pause. */
static void floods(void)
{
    struct evtchn_alloc_unbound a = { .dom = DOMID_SELF, .remote_dom = DOMID_SELF };
    struct evtchn_bind_interdomain b = { .remote_dom = DOMID_SELF };

    evtchn(EVTCHNOP_alloc_unbound, &a);
    b.remote_port = a.port;
    evtchn(EVTCHNOP_bind_interdomain, &b);
    while (now() < to) {
        send(b.local_port);
        send(start_info->console.domU.evtchn);
        send(start_info->store_evtchn);
    }
    rest();
}

static void timers_in_the_past(void)
{
    while (now() < to)
        sleep_until(jitter(2) ? 1 : now() - 1);
    rest();
}

/* What it waits for is masked, pending, or over already. */
static void blocks_masked(void)
{
    evtchn_port_t port = timer_port();
    struct sched_poll op = { .ports = (uint64_t)&port, .nr_ports = 1 };

    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    shared_info->evtchn_mask[0] = FOREVER;
    while (now() < to) {
        set_timer(now() + 20000);
        op.timeout = now() + jitter(50000);
        sched(SCHEDOP_poll, &op);
        if (jitter(2))
            shared_info->evtchn_pending[0] = 0;
    }
    shared_info->evtchn_mask[0] = 0;
    rest();
}

/* Works, and sleeps a moment whenever it might be charged: lives on the favour for those that wake. */
static void dodges(void)
{
    uint64_t busy = number("gap", 900000);

    while (now() < to) {
        for (uint64_t end = now() + busy; now() < end;)
            count();
        sleep_until(now() + 30000);
    }
    rest();
}

/* Flushes of every CPU's TLB, and the longest calls that page tables offer. */
static void flushes(void)
{
    uint64_t *table = page_alloc();
    uint64_t mfn = virt_to_mfn(table);

    map_readonly(table);
    while (now() < to) {
        mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
        mmuext(MMUEXT_INVLPG_ALL, (uint64_t)table, 0);
        mmuext(MMUEXT_PIN_L1_TABLE, mfn, 0);
        mmuext(MMUEXT_UNPIN_TABLE, mfn, 0);
    }
    rest();
}

static void with_interval(void (*run)(void))
{
    from = number("from", 0);
    to = number("to", FOREVER >> 1);
    run();
}

#define MODE(run) static void run##_mode(void) { with_interval(run); }
MODE(spin)
MODE(nap)
MODE(pong)
MODE(ping)
MODE(yields)
MODE(floods)
MODE(timers_in_the_past)
MODE(blocks_masked)
MODE(dodges)
MODE(flushes)

CASES({ "clock", clock, false },
      { "spin", spin_mode, false },
      { "nap", nap_mode, false },
      { "pong", pong_mode, false },
      { "ping", ping_mode, false },
      { "yield", yields_mode, false },
      { "flood", floods_mode, false },
      { "past", timers_in_the_past_mode, false },
      { "masked", blocks_masked_mode, false },
      { "dodge", dodges_mode, false },
      { "flush", flushes_mode, false });
