/* SPDX-License-Identifier: MIT */
/* What mmu_update and mmuext_op have in common: batches of requests that may be preempted. */
#ifndef HCALL_BATCH_H
#define HCALL_BATCH_H

#include "core/guest_access.h"
#include "hcall/continuation.h"
#include "lib/errno.h"
#include "pv/pt_entry.h"

/*
 * Set in the count of a call that continues a preempted one, so that the number of requests done
 * before can be taken from where it was left: at `done_out`.
 */
#define BATCH_CONTINUED (1UL << 31)

/* Performs requests in order; returns how many, *err why not all (0: all; -ERESTART: preempted). */
typedef unsigned batch_fn(struct guest_ptr reqs, unsigned count, unsigned long foreigndom, int *err);

/* One such hypercall with its four arguments, for requests of `size` bytes. */
static inline long batch_call(batch_fn *run, unsigned size, unsigned long reqs,
                              unsigned long count_arg, unsigned long done_out,
                              unsigned long foreigndom)
{
    uint32_t count = count_arg & ~BATCH_CONTINUED, total = 0, done;
    int undo;
    int err;

    if ((count_arg & BATCH_CONTINUED) && done_out &&
        copy_from_guest(&total, guest_ptr(done_out), sizeof(total)))
        return -EFAULT;
    done = run(guest_ptr(reqs), count, foreigndom, &err);
    undo = err == -ERESTART ? 0 : pt_finish_undo(current_pv);
    if (err == 0)
        err = undo;
    total += done;
    /* The number goes out even if nothing was done: Linux counts on it for every error. */
    if (done_out && copy_to_guest(guest_ptr(done_out), &total, sizeof(total)) && err != -ERESTART)
        return -EFAULT;
    if (err == -ERESTART)
        return hcall_restart(4, guest_ptr_at(guest_ptr(reqs), done, size).va,
                             (count - done) | BATCH_CONTINUED, done_out, foreigndom);
    return err;
}

#endif
