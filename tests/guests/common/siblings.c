/* SPDX-License-Identifier: MIT */
/* The other vcpus of a test guest: bringing them up, and giving them work. */
#include "guest.h"

#define STACK 8192

extern const uint64_t trap_stubs[];

static unsigned all, taking_part;
static void (*volatile job)(unsigned id);
static volatile unsigned generation, finished[MAX_SIBLINGS];

long vcpu_call(unsigned cmd, unsigned vcpu, const void *arg)
{
    return HC3(__HYPERVISOR_vcpu_op, cmd, vcpu, arg);
}

/* Without a job it is down; whoever has one brings it up, again and again until it is done. */
static void sibling_main(unsigned long id)
{
    for (;;) {
        unsigned now_at = generation;

        if (finished[id] == now_at) {
            vcpu_call(VCPUOP_down, id, 0);
            continue;
        }
        job(id);
        finished[id] = now_at;
    }
}

static void start_sibling(unsigned id)
{
    static struct vcpu_guest_context c;
    static char stacks[MAX_SIBLINGS][STACK] __attribute__((aligned(16)));
    uint64_t top = (uint64_t)stacks[id] + STACK;

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel;
    c.user_regs.rip = (uint64_t)sibling_main;
    c.user_regs.rdi = id;
    c.user_regs.rsp = top - 8;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = FLAT_KERNEL_SS;
    c.kernel_sp = top;
    c.kernel_ss = FLAT_KERNEL_SS;
    for (unsigned i = 0; i < 21; i++)
        c.trap_ctxt[i] = (struct trap_info){ i, 0, FLAT_KERNEL_CS, trap_stubs[i] };
    c.ctrlreg[3] = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    if (id < XEN_LEGACY_MAX_VCPUS)
        shared_info->vcpu_info[id].evtchn_upcall_mask = 1;
    if (vcpu_call(VCPUOP_initialise, id, &c) != 0 || vcpu_call(VCPUOP_up, id, 0) != 0)
        broken("a vcpu does not come up");
}

unsigned siblings_bring_up(void)
{
    if (all == 0) {
        while (all < MAX_SIBLINGS && vcpu_call(VCPUOP_is_up, all, 0) >= 0)
            all++;
        for (unsigned id = 1; id < all; id++)
            start_sibling(id);
    }
    return all;
}

void siblings_begin(unsigned n, void (*fn)(unsigned id))
{
    taking_part = n;
    job = fn;
    generation++;
    for (unsigned id = 1; id < n; id++)
        vcpu_call(VCPUOP_up, id, 0);
    /* The others have finished before they begin. */
    for (unsigned id = n; id < all; id++)
        finished[id] = generation;
}

void siblings_end(void)
{
    for (unsigned id = 1; id < taking_part; id++)
        while (finished[id] != generation) {
            vcpu_call(VCPUOP_up, id, 0);
            HC2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
        }
}

unsigned long option_number(const char *name, unsigned long otherwise)
{
    const char *p = (const char *)start_info->cmd_line, *n;

    for (; *p; p++) {
        unsigned long value = 0;
        const char *q = p;

        for (n = name; *n && *q == *n; n++)
            q++;
        if (*n)
            continue;
        for (; *q >= '0' && *q <= '9'; q++)
            value = value * 10 + (*q - '0');
        return value;
    }
    return otherwise;
}
