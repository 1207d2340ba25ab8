/* SPDX-License-Identifier: MIT */
/* The smallest guest, for timing the tools: it sleeps for good. */
#include "guest.h"

static void idle(void)
{
    struct sched_poll poll = { .nr_ports = 0, .timeout = 0 };

    for (;;)
        HC2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
}

CASES({ "idle", idle, false });
