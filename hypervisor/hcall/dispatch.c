/* SPDX-License-Identifier: MIT */
/* From an entry's registers to a handler: number check, privilege, call, result. */
#include "hcall/dispatch.h"

#include "core/usage.h"
#include "core/vcpu.h"
#include "hcall/call.h"
#include "hcall/handlers.h"
#include "hcall/log_once.h"
#include "hcall/table.h"
#include "hw/cpu.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "public/control.h"
#include "public/hypercall.h"

#define HYPERCALL_SLOTS 128 /* a power of two above every number of the table */
#define SYSCALL_INSN_BYTES 2

typedef long hypercall_fn(unsigned long, unsigned long, unsigned long, unsigned long);

struct hypercall_row {
    hypercall_fn *fn;
    bool control;
};

/*
 * Handlers take fewer arguments than they are called with: the calling convention passes them in
 * registers that such a handler simply does not read.
 */
#define ANY false
#define CONTROL true
#define ROW(number, name, nargs, privilege) \
    [number] = { (hypercall_fn *)(void *)hc_##name, privilege },
static const struct hypercall_row rows[HYPERCALL_SLOTS] = { HYPERCALL_TABLE(ROW) };

static unsigned long unknown_logged[BITMAP_WORDS(HYPERCALL_SLOTS)];

static inline long invoke(unsigned long nr, unsigned long a, unsigned long b, unsigned long c,
                          unsigned long d)
{
    const struct hypercall_row *row;

    if (nr >= HYPERCALL_SLOTS)
        return -ENOSYS;
    /* The mask keeps a processor that mispredicts the branch above from reading beyond the table. */
    row = &rows[nr & (HYPERCALL_SLOTS - 1)];
    if (row->fn == NULL) {
        log_once(unknown_logged, nr, "hypercall %lu is not implemented", nr);
        return -ENOSYS;
    }
    if (row->control && !current->domain->privileged)
        return -EPERM;
    return row->fn(a, b, c, d);
}

long hypercall_invoke(unsigned long nr, const unsigned long args[HYPERCALL_ARGS])
{
    return invoke(nr, args[0], args[1], args[2], args[3]);
}

void hypercall(struct trap_frame *f)
{
    uint64_t since = usage_begin();
    long result;

    irq_enable();
    result = invoke(f->rax, f->rdi, f->rsi, f->rdx, f->r10);
    irq_disable();
    usage_end(since);
    if (result == -ERESTART)
        f->rip -= SYSCALL_INSN_BYTES;
    else
        f->rax = result;
}
