/* SPDX-License-Identifier: MIT */
/* grant_table_op: lists of elements, each with its own status, preemptible between any two. */
#include "core/access.h"
#include "core/grant.h"
#include "core/grant_table.h"
#include "core/guest_access.h"
#include "core/vcpu.h"
#include "hcall/continuation.h"
#include "hcall/handlers.h"
#include "hcall/log_once.h"
#include "hw/percpu.h"
#include "lib/errno.h"

/*
 * Each function handles element i of the list: 0, or -EFAULT when it cannot be read or answered.
 * DO_ELEMENT copies it in, acts, and gives back the whole structure.
 */
#define DO_ELEMENT(type, list, i, action)                               \
    ({                                                                  \
        struct guest_ptr at_ = guest_ptr_at((list), (i), sizeof(type)); \
        type op;                                                        \
        int err_ = copy_from_guest(&op, at_, sizeof(op));               \
        if (err_ == 0) {                                                \
            action;                                                     \
            err_ = copy_to_guest(at_, &op, sizeof(op));                 \
        }                                                               \
        err_;                                                           \
    })

static int do_map(struct guest_ptr list, unsigned i)
{
    return DO_ELEMENT(struct gnttab_map_grant_ref, list, i, grant_map_one(&op));
}

static int do_copy(struct guest_ptr list, unsigned i)
{
    return DO_ELEMENT(struct gnttab_copy, list, i, grant_copy_one(&op));
}

/* We offer no page transfer: each element is told so, nothing changes hands. */
static int do_transfer(struct guest_ptr list, unsigned i)
{
    return DO_ELEMENT(struct gnttab_transfer, list, i, op.status = GNTST_general_error);
}

/* A domain whose table the caller may look at or grow. */
static struct domain *table_owner(domid_t domid, int16_t *status)
{
    struct domain *d = domain_lookup(domid);

    if (d == NULL)
        *status = GNTST_bad_domain;
    else if (!access_act_as(current->domain, d))
        *status = GNTST_permission_denied;
    else
        return d;
    return NULL;
}

static int give_frames(struct gnttab_setup_table *op)
{
    struct domain *d = table_owner(op->dom, &op->status);

    if (d == NULL)
        return 0;
    op->status = GNTST_okay;
    for (unsigned n = op->nr_frames; n-- > 0;) {
        uint64_t mfn;

        /* From the last one down, so that growing fails before anything is written. */
        if (grant_table_frame(d, n, &mfn) != 0) {
            op->status = GNTST_general_error;
            return 0;
        }
        if (copy_to_guest(guest_ptr_at(guest_ptr(op->frame_list), n, sizeof(mfn)), &mfn,
                          sizeof(mfn)) != 0)
            return -EFAULT;
    }
    return 0;
}

static int do_setup(struct guest_ptr list, unsigned i)
{
    int err = 0;
    int copied = DO_ELEMENT(struct gnttab_setup_table, list, i, err = give_frames(&op));

    return err != 0 ? err : copied;
}

static void query(struct gnttab_query_size *op)
{
    struct domain *d = table_owner(op->dom, &op->status);

    if (d == NULL)
        return;
    op->nr_frames = d->grant->frames;
    op->max_nr_frames = d->grant->max_frames;
    op->status = GNTST_okay;
}

static int do_query(struct guest_ptr list, unsigned i)
{
    return DO_ELEMENT(struct gnttab_query_size, list, i, query(&op));
}

static int do_status_frames(struct guest_ptr list, unsigned i)
{
    return DO_ELEMENT(struct gnttab_get_status_frames, list, i, op.status = GNTST_general_error);
}

static void swap_entries(struct gnttab_swap_grant_ref *op)
{
    struct grant_table *t = current->domain->grant;
    unsigned n = t->frames * ENTRIES_PER_FRAME;

    spin_lock(&t->lock);
    if (op->ref_a >= n || op->ref_b >= n) {
        op->status = GNTST_bad_gntref;
    } else if (grant_active(t, op->ref_a)->pins != 0 || grant_active(t, op->ref_b)->pins != 0) {
        op->status = GNTST_eagain;
    } else {
        struct grant_entry_v1 a = *grant_entry(t, op->ref_a);

        *grant_entry(t, op->ref_a) = *grant_entry(t, op->ref_b);
        *grant_entry(t, op->ref_b) = a;
        op->status = GNTST_okay;
    }
    spin_unlock(&t->lock);
}

static int do_swap(struct guest_ptr list, unsigned i)
{
    return DO_ELEMENT(struct gnttab_swap_grant_ref, list, i, swap_entries(&op));
}

static long set_version(struct guest_ptr arg)
{
    struct gnttab_set_version op;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0)
        return -EFAULT;
    if (op.version != 1)
        return op.version == 2 ? -ENOSYS : -EINVAL;
    return copy_to_guest(arg, &op, sizeof(op));
}

static long get_version(struct guest_ptr arg)
{
    struct gnttab_get_version op;
    struct domain *d;

    if (copy_from_guest(&op, arg, sizeof(op)) != 0)
        return -EFAULT;
    d = domain_lookup(op.dom);
    if (d == NULL)
        return -ESRCH;
    if (!access_act_as(current->domain, d))
        return -EPERM;
    op.version = 1;
    return copy_to_guest(arg, &op, sizeof(op));
}

static int unmap_element(struct grant_unmap_batch *b, struct guest_ptr list, unsigned i)
{
    return DO_ELEMENT(struct gnttab_unmap_grant_ref, list, i,
                      op.status = grant_unmap_one(b, op.handle, op.host_addr, op.dev_bus_addr, 0));
}

static int replace_element(struct grant_unmap_batch *b, struct guest_ptr list, unsigned i)
{
    return DO_ELEMENT(struct gnttab_unmap_and_replace, list, i,
                      op.status = op.new_addr == 0 ?
                                      GNTST_bad_virt_addr :
                                      grant_unmap_one(b, op.handle, op.host_addr, 0, op.new_addr));
}

/* Elements in batches that share a flush; *done counts those answered. */
static int do_unmaps(struct guest_ptr list, unsigned count, unsigned *done,
                     int (*one)(struct grant_unmap_batch *, struct guest_ptr, unsigned))
{
    struct grant_unmap_batch b = { 0 };
    int err = 0;

    while (err == 0 && *done < count && (*done == 0 || !hcall_preempt_check())) {
        for (unsigned n = 0; err == 0 && n < GRANT_UNMAP_BATCH && *done < count; n++) {
            err = one(&b, list, *done);
            *done += err == 0;
        }
        grant_unmap_finish(&b);
    }
    return err;
}

static const struct {
    int (*fn)(struct guest_ptr list, unsigned i);
    unsigned size;
} element_ops[] = {
    [GNTTABOP_map_grant_ref] = { do_map, sizeof(struct gnttab_map_grant_ref) },
    [GNTTABOP_setup_table] = { do_setup, sizeof(struct gnttab_setup_table) },
    [GNTTABOP_transfer] = { do_transfer, sizeof(struct gnttab_transfer) },
    [GNTTABOP_copy] = { do_copy, sizeof(struct gnttab_copy) },
    [GNTTABOP_query_size] = { do_query, sizeof(struct gnttab_query_size) },
    [GNTTABOP_get_status_frames] = { do_status_frames, sizeof(struct gnttab_get_status_frames) },
    [GNTTABOP_swap_grant_ref] = { do_swap, sizeof(struct gnttab_swap_grant_ref) },
};
#define ELEMENT_OPS (sizeof(element_ops) / sizeof(element_ops[0]))

static unsigned long unknown_logged[1];

long hc_grant_table_op(unsigned long cmd, unsigned long ops, unsigned long count)
{
    struct guest_ptr list = guest_ptr(ops);
    unsigned n = count, done = 0, size;
    int err = 0;

    cmd = (unsigned)cmd;
    if ((int)n < 0)
        return -EINVAL;
    if (cmd == GNTTABOP_set_version)
        return n == 1 ? set_version(list) : -EINVAL;
    if (cmd == GNTTABOP_get_version)
        return n == 1 ? get_version(list) : -EINVAL;
    if (cmd == GNTTABOP_unmap_grant_ref || cmd == GNTTABOP_unmap_and_replace) {
        bool replace = cmd == GNTTABOP_unmap_and_replace;

        size = replace ? sizeof(struct gnttab_unmap_and_replace) :
                         sizeof(struct gnttab_unmap_grant_ref);
        err = do_unmaps(list, n, &done, replace ? replace_element : unmap_element);
    } else if (cmd < ELEMENT_OPS && element_ops[cmd].fn != NULL) {
        if (cmd == GNTTABOP_setup_table && n != 1)
            return -EINVAL;
        size = element_ops[cmd].size;
        while (err == 0 && done < n && (done == 0 || !hcall_preempt_check())) {
            err = element_ops[cmd].fn(list, done);
            done += err == 0;
        }
    } else {
        if (cmd < 64)
            log_once(unknown_logged, cmd, "grant_table_op %lu is not implemented", cmd);
        return -ENOSYS;
    }
    if (err != 0 || done == n)
        return err;
    return hcall_restart(3, cmd, guest_ptr_at(list, done, size).va, n - done, 0);
}
