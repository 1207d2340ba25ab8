/* SPDX-License-Identifier: MIT */
/* What xlcpupool.cfg(5) files say of a CPU pool. */
#ifndef CLI_POOL_FILE_H
#define CLI_POOL_FILE_H

#include <stddef.h>

#include "cli/conf_lex.h"

struct pool_file {
    char *name;
    char *sched;               /* NULL: as pool 0 */
    char *cpus;                /* a CPU list, or NULL */
    char *nodes;               /* likewise "node:0,…": the free CPUs there */
};

/**
 * Reads a file (path NULL: none), then settings from the command line, into file, which is to be
 * freed with pool_file_free() in any case. Returns 0, or -1 with *err filled in.
 */
int pool_file_read(struct pool_file *file, const char *path, char *const *overrides,
                   size_t nr_overrides, struct conf_error *err);
void pool_file_free(struct pool_file *file);

#endif
