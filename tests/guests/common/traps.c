/* SPDX-License-Identifier: MIT */
/* Exceptions: those a case expects, and those that nobody does. */
#include "guest.h"

#define VECTORS 21
#define EVENT_VECTOR 32

extern const uint64_t trap_stubs[VECTORS];
extern const uint64_t event_stub;

void (*event_handler)(void);
bool (*trap_handler)(struct trap_regs *r);

/* Of each vcpu. */
static void *recovery[2][5]; /* __builtin_setjmp's */
static bool expecting[2];
static struct fault last[2];

void guest_trap(struct trap_regs *r);

static void recover(void)
{
    __builtin_longjmp(recovery[this_vcpu()], 1);
}

void guest_trap(struct trap_regs *r)
{
    unsigned me = this_vcpu();
    uint64_t cr2 = shared_info->vcpu_info[me].arch.cr2;

    if (r->vector == EVENT_VECTOR) {
        shared_info->vcpu_info[me].evtchn_upcall_pending = 0;
        if (event_handler)
            event_handler();
        return;
    }
    if (trap_handler && trap_handler(r))
        return;
    if (!expecting[me]) {
        say("  trap %lu error %lx at %lx, cr2 %lx\n", r->vector, r->error, r->rip, cr2);
        broken("an exception that no case expects");
    }
    expecting[me] = false;
    last[me] = (struct fault){ r->vector, r->error, cr2 };
    r->rip = (uint64_t)recover;
    /* As after a call: the stack of a function's first instruction is 8 off 16. */
    r->rsp = (r->rsp & ~15UL) - 136;
}

__attribute__((noinline)) bool faults(void (*fn)(void *), void *arg, struct fault *f)
{
    struct fault ignored;

    if (__builtin_setjmp(recovery[this_vcpu()])) {
        *(f ? f : &ignored) = last[this_vcpu()];
        return true;
    }
    expecting[this_vcpu()] = true;
    fn(arg);
    expecting[this_vcpu()] = false;
    return false;
}

void traps_init(void)
{
    static struct trap_info table[VECTORS + 1];

    for (unsigned v = 0; v < VECTORS; v++)
        table[v] = (struct trap_info){
            .vector = v, .flags = v == 3 || v == 4 ? 3 : 0, .cs = FLAT_KERNEL_CS,
            .address = trap_stubs[v],
        };
    if (HC1(__HYPERVISOR_set_trap_table, table) != 0)
        broken("set_trap_table refused the table");
    if (HC3(__HYPERVISOR_set_callbacks, event_stub, event_stub, 0) != 0)
        broken("set_callbacks refused the callbacks");
}
