/* SPDX-License-Identifier: MIT */
/* The start info page and the first registers of a new guest. */
#ifndef PARADOR_BUILD_STARTINFO_H
#define PARADOR_BUILD_STARTINFO_H

#include "build/p2m.h"

/** What the start info tells beside the layout. */
struct startinfo {
    uint64_t shared_info_frame;
    uint32_t store_port, console_port;
    const char *command_line;  /* shorter than MAX_GUEST_CMDLINE */
};

/** Writes the start info page. */
int startinfo_write(const struct p2m *p2m, const struct layout *layout,
                    const struct startinfo *info);

/** Fills the registers with which vcpu 0 enters the kernel. */
void startinfo_context(const struct p2m *p2m, const struct layout *layout, uint64_t entry,
                       struct vcpu_guest_context *context);

#endif
