/* SPDX-License-Identifier: MIT */
/* Sending a guest to one of its own handlers: exception, event, failsafe and system-call frames. */
#ifndef PV_BOUNCE_H
#define PV_BOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "pv/pv.h"

/*
 * Delivers exception `vector` to the current vcpu, whose registers are f = guest_regs(): builds the
 * frame on its kernel stack and points it at its handler. Crashes the domain when that cannot be done.
 */
void pv_inject(struct trap_frame *f, unsigned vector, uint32_t error_code);
void pv_inject_page_fault(struct trap_frame *f, uint64_t addr, uint32_t error_code);
/* The event upcall; called on the way out when vcpu_event_deliverable(). */
void pv_inject_event(struct trap_frame *f);
void pv_inject_failsafe(struct trap_frame *f);
/* Changes between the guest's kernel and user halves: GS, page tables. */
void pv_toggle_mode(struct pv_vcpu *v);

#endif
