/* SPDX-License-Identifier: MIT */
/* The common shape of sub-operations: copy a structure in, act on it, copy it back. */
#ifndef HCALL_SUBOP_H
#define HCALL_SUBOP_H

#include <stdbool.h>
#include <stddef.h>

#define SUBOP_MAX_SIZE 256

struct subop {
    unsigned cmd;
    unsigned short size;      /* of the argument structure; 0: none is read, fn gets the raw address */
    bool copy_back;           /* the structure goes back to the guest when fn returned 0 */
    bool privileged;          /* others get -EPERM */
    int (*fn)(void *arg);
};
#define SUBOP(cmd, type, back, priv, fn) \
    { (cmd), sizeof(type), (back), (priv), (int (*)(void *))(fn) }

/* Finds cmd in the table: -ENOSYS when absent; -EPERM; -EFAULT when a copy fails; else fn's result. */
long subop_dispatch(const struct subop *table, size_t n, unsigned cmd, unsigned long arg);

#endif
