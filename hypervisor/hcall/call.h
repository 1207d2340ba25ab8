/* SPDX-License-Identifier: MIT */
/* What dispatch, multicall and continuation share: invoking a row, and where a restart is written. */
#ifndef HCALL_CALL_H
#define HCALL_CALL_H

#include "hw/percpu.h"

/* No implemented hypercall takes more; the ABI's fifth and sixth registers are not read. */
#define HYPERCALL_ARGS 4

/*
 * The multicall in progress on this CPU: arguments of the entry being run, which hcall_restart()
 * rewrites in place of registers; NULL outside a multicall. A hypercall never migrates while it
 * runs and interrupt handlers make none, so this needs no lock.
 */
DECLARE_PER_CPU(unsigned long *, multicall_args);

/* Runs hypercall nr with interrupts on. Returns its result, -ENOSYS, -EPERM, or -ERESTART. */
long hypercall_invoke(unsigned long nr, const unsigned long args[HYPERCALL_ARGS]);

#endif
