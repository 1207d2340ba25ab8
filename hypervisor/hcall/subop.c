/* SPDX-License-Identifier: MIT */
/* The common shape of sub-operations: copy a structure in, act on it, copy it back. */
#include "hcall/subop.h"

#include "core/guest_access.h"
#include "core/vcpu.h"
#include "hw/percpu.h"
#include "hw/panic.h"
#include "lib/errno.h"

static const struct subop *find(const struct subop *table, size_t n, unsigned cmd)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].cmd == cmd)
            return &table[i];
    return NULL;
}

long subop_dispatch(const struct subop *table, size_t n, unsigned cmd, unsigned long arg)
{
    const struct subop *op = find(table, n, cmd);
    _Alignas(16) unsigned char buf[SUBOP_MAX_SIZE];
    long result;

    if (op == NULL)
        return -ENOSYS;
    if (op->privileged && !current->domain->privileged)
        return -EPERM;
    if (op->size == 0)
        return op->fn((void *)arg);

    BUG_ON(op->size > sizeof(buf));
    if (copy_from_guest(buf, guest_ptr(arg), op->size) != 0)
        return -EFAULT;
    result = op->fn(buf);
    if (result == 0 && op->copy_back && copy_to_guest(guest_ptr(arg), buf, op->size) != 0)
        return -EFAULT;
    return result;
}
