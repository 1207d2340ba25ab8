/* SPDX-License-Identifier: MIT */
/* Building a guest: from a kernel file to a domain that only needs to be unpaused. */
#ifndef PARADOR_BUILD_BUILD_H
#define PARADOR_BUILD_BUILD_H

#include "lib/parador.h"

/** What to build. */
struct build_request {
    const char *kernel;
    const char *ramdisk;       /* NULL: none */
    const char *command_line;  /* NULL: empty */
    uint64_t memory_kib;
    uint64_t maxmem_kib;
};

/** What the store and the daemons need to know of a built guest. */
struct build_result {
    uint64_t store_mfn, console_mfn;
    uint32_t store_port, console_port;
};

struct build;

/**
 * Reads and checks everything that request names and plans the guest; touches no domain. NULL with
 * a sentence. The strings of request must live until build_end().
 */
struct build *build_begin(struct parador_handle *h, const struct build_request *request);

/**
 * Fills the new, empty, paused domain domid, whose vcpus are there. On failure the domain is in any state and is to be
 * destroyed.
 */
int build_domain(struct build *b, domid_t domid, struct build_result *result);

/** Frees what build_begin() made. NULL is allowed. */
void build_end(struct build *b);

#endif
