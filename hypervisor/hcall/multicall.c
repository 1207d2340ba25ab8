/* SPDX-License-Identifier: MIT */
/* multicall: a list of hypercalls in one entry, each with its own result, preemptible between any two. */
#include "core/guest_access.h"
#include "core/vcpu.h"
#include "hcall/call.h"
#include "hcall/continuation.h"
#include "hcall/handlers.h"
#include "lib/errno.h"
#include "public/hypercall.h"

_Static_assert(offsetof(struct multicall_entry, args) == 16, "op, result, then the arguments");

/*
 * Runs one entry. A preempted call leaves its restart arguments in the guest's entry, so that the
 * re-issued multicall goes on in the middle. Multicalls do not nest: the ABI has no use for it and
 * it would be recursion at a guest's pleasure; iret is likewise meaningless in a list.
 */
static long run_entry(struct guest_ptr where)
{
    struct multicall_entry e;
    unsigned long args[HYPERCALL_ARGS];
    long result;

    if (copy_from_guest(&e, where, offsetof(struct multicall_entry, args) + sizeof(args)) != 0)
        return -EFAULT;
    for (unsigned i = 0; i < HYPERCALL_ARGS; i++)
        args[i] = e.args[i];

    if (e.op == __HYPERVISOR_multicall || e.op == __HYPERVISOR_iret) {
        result = -EINVAL;
    } else {
        this_cpu(multicall_args) = args;
        result = hypercall_invoke(e.op, args);
        this_cpu(multicall_args) = NULL;
    }

    if (result == -ERESTART) {
        struct guest_ptr out = guest_ptr(where.va + offsetof(struct multicall_entry, args));

        return copy_to_guest(out, args, sizeof(args)) != 0 ? -EFAULT : -ERESTART;
    }
    e.result = result;
    if (copy_to_guest(guest_ptr(where.va + offsetof(struct multicall_entry, result)), &e.result,
                      sizeof(e.result)) != 0)
        return -EFAULT;
    return 0;
}

long hc_multicall(unsigned long calls, unsigned long count)
{
    struct guest_ptr list = guest_ptr(calls);

    for (unsigned long i = 0; i < count; i++) {
        long err;

        /* Not before the first entry: each restart must make progress. */
        if (i != 0 && hcall_preempt_check())
            return hcall_restart(2, guest_ptr_at(list, i, sizeof(struct multicall_entry)).va,
                                 count - i, 0, 0);
        err = run_entry(guest_ptr_at(list, i, sizeof(struct multicall_entry)));
        if (err == -ERESTART)
            return hcall_restart(2, guest_ptr_at(list, i, sizeof(struct multicall_entry)).va,
                                 count - i, 0, 0);
        if (err != 0)
            return err;
        /* A call may have crashed or blocked the domain: what follows must not run on. */
        if (current->domain->is_shutting_down)
            return 0;
    }
    return 0;
}
