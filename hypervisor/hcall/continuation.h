/* SPDX-License-Identifier: MIT */
/* Preempting a long hypercall: it is re-issued with the arguments that describe what is left. */
#ifndef HCALL_CONTINUATION_H
#define HCALL_CONTINUATION_H

#include <stdbool.h>

/* Should a long operation stop here? True when this CPU has softirqs pending. Call between units of work. */
bool hcall_preempt_check(void);
/*
 * Records the arguments with which the running hypercall shall be re-issued and returns -ERESTART, which the
 * handler returns. Works alike inside a multicall, whose entry is rewritten. Unnamed arguments stay as they are.
 */
long hcall_restart(unsigned nargs, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4);

#endif
