/* SPDX-License-Identifier: MIT */
/*
 * A guest that does whatever a guest can do, by random numbers: the hypervisor has to answer, refuse,
 * or crash this guest alone. Command line: "seed=N rounds=N".
 */
#include "fuzz.h"

struct grant_entry_v1 *grants;
uint64_t *play_table;

static struct fuzzer fuzzers[2];
static char arenas[2][ARENA_BYTES + PAGE_SIZE] __attribute__((aligned(4096)));
static volatile bool stop;

static unsigned long option(const char *name, unsigned long otherwise)
{
    for (const char *p = (const char *)start_info->cmd_line; *p; p++) {
        unsigned n = 0;

        while (name[n] && p[n] == name[n])
            n++;
        if (name[n])
            continue;
        otherwise = 0;
        for (p += n; *p >= '0' && *p <= '9'; p++)
            otherwise = otherwise * 10 + *p - '0';
        break;
    }
    return otherwise;
}

static void set_up_grants(void)
{
    static uint64_t frame;
    static char place[PAGE_SIZE] __attribute__((aligned(4096)));
    struct gnttab_setup_table op = {
        .dom = DOMID_SELF, .nr_frames = 1, .frame_list = (uint64_t)&frame,
    };

    if (HC3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, &op, 1) != 0 || op.status != 0 ||
        HC3(__HYPERVISOR_update_va_mapping, place, frame * PAGE_SIZE | PTE_BITS, UVMF_INVLPG) != 0)
        broken("no grant table");
    grants = (struct grant_entry_v1 *)place;
}

static void start(unsigned vcpu, uint64_t seed)
{
    struct fuzzer *f = &fuzzers[vcpu];

    f->state = seed * 0x9e3779b97f4a7c15UL + vcpu * 2 + 1;
    f->arena = arenas[vcpu];
    if (map_none(arenas[vcpu] + ARENA_BYTES) != 0)
        broken("a page that cannot be unmapped");
}

/* The playground's frames are mapped where they were, as far as that is allowed still. */
static void repair(struct fuzzer *f)
{
    for (unsigned i = 0; i < PLAY_PAGES; i++) {
        long error = HC3(__HYPERVISOR_update_va_mapping, playground[i],
                         frames[i] * PAGE_SIZE | PTE_BITS, i + 1 < PLAY_PAGES ? 0 : UVMF_TLB_FLUSH);

        if (error && one_in(f, 2))
            HC3(__HYPERVISOR_update_va_mapping, playground[i],
                frames[i] * PAGE_SIZE | (PTE_BITS & ~PTE_RW), UVMF_INVLPG);
    }
}

/* A page of valid entries, mapped read-only: good to be pinned at some level. */
static void make_table(void *arg)
{
    struct fuzzer *f = arg;
    unsigned n = below(f, 12);
    uint64_t *page = (uint64_t *)playground[n];

    for (unsigned i = 0; i < 512; i++)
        page[i] = one_in(f, 128) && (i < 256 || i > 271)
                      ? frames[below(f, 24)] << 12 | PTE_PRESENT | PTE_USER |
                            (one_in(f, 2) ? PTE_RW : 0)
                      : 0;
    map_readonly(page);
    mmuext(MMUEXT_PIN_L1_TABLE + below(f, 4), frames[n], 0);
}

static void one_round(struct fuzzer *f)
{
    struct call c;
    long result;

    f->used = 0;
    if (one_in(f, 4)) {
        act(f);
        return;
    }
    if (one_in(f, 16)) {
        faults(make_table, f, NULL);
        return;
    }
    make_call(f, &c, 0);
    result = hypercall(c.nr, c.arg[0], c.arg[1], c.arg[2], c.arg[3]);
    f->calls++;
    f->good += result >= 0;
    /* What we live on was perhaps replaced. */
    if (c.nr == __HYPERVISOR_set_trap_table || c.nr == __HYPERVISOR_set_callbacks ||
        c.nr == __HYPERVISOR_callback_op || c.nr == __HYPERVISOR_multicall)
        traps_init();
    HC2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, f->trap_stack);
}

static __attribute__((noinline)) void fuzz(unsigned vcpu, unsigned long rounds)
{
    char trap_stack[2048] __attribute__((aligned(16)));
    struct fuzzer *f = &fuzzers[vcpu];

    f->trap_stack = trap_stack + sizeof(trap_stack);
    for (unsigned long i = 0; i < rounds && !stop; i++) {
        one_round(f);
        if (i % 512 == 511)
            repair(f);
    }
}

static void second_main(void)
{
    fuzz(1, ~0UL);
    HC3(__HYPERVISOR_vcpu_op, VCPUOP_down, 1, 0);
}

/* NMIs come because we send them to ourselves. */
static bool ignore_nmi(struct trap_regs *r)
{
    return r->vector == 2;
}

static void run(void)
{
    static struct vcpu_guest_context context;
    uint64_t seed = option("seed=", 1);
    unsigned long rounds = option("rounds=", 10000);

    trap_handler = ignore_nmi;
    set_up_grants();
    play_table = pte_of(playground, NULL);
    for (unsigned i = 0; i < PLAY_PAGES; i++)
        frames[i] = virt_to_mfn(playground[i]);
    start(0, seed);
    start(1, seed);
    /* With odd seeds both vcpus fuzz, with even ones vcpu 1 is what is done to it. */
    if (seed & 1) {
        second_context(&context, second_main);
        if (HC3(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, &context) != 0 ||
            HC3(__HYPERVISOR_vcpu_op, VCPUOP_up, 1, 0) != 0)
            broken("the second vcpu does not come up");
    }
    fuzz(0, rounds);
    stop = true;
    say("CALLS %lu %lu\n", fuzzers[0].calls + fuzzers[1].calls, fuzzers[0].good + fuzzers[1].good);
}

CASES({ "fuzz", run, false });
