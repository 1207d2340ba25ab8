/* SPDX-License-Identifier: MIT */
/* Sending a guest to one of its own handlers: exception, event, failsafe and system-call frames. */
#ifndef PV_BOUNCE_H
#define PV_BOUNCE_H

#include <stdbool.h>
#include <stdint.h>

#include "pv/pv.h"

/*
 * Delivers exception `vector` to the current vcpu, whose registers are f = guest_regs(): builds the
 * frame on its kernel stack and points it at its handler. Crashes the domain when that cannot be
 * done.
 */
void pv_inject(struct trap_frame *f, unsigned vector, uint32_t error_code);
void pv_inject_page_fault(struct trap_frame *f, uint64_t addr, uint32_t error_code);
/* The event upcall; called on the way out when vcpu_event_deliverable(). */
void pv_inject_event(struct trap_frame *f);
void pv_inject_failsafe(struct trap_frame *f);
/* INT n: as pv_inject, never with an error code; vector up to 255. */
void pv_inject_soft(struct trap_frame *f, unsigned vector);
/* vcpu.nmi_pending: cleared, and the guest's NMI handler entered if it has one. */
void pv_inject_nmi(struct trap_frame *f);
/* As pv_inject_failsafe, with the selectors (ds, es, fs, gs) that could not be loaded. */
void pv_inject_failsafe_segments(struct pv_vcpu *v, struct trap_frame *f,
                                 const uint16_t segments[4]);
/* Called by pv/entry.S */
void pv_syscall32(struct trap_frame *f);
void pv_sysenter(struct trap_frame *f);
void pv_bad_kernel_stack(struct trap_frame *f);
void pv_iret(struct trap_frame *f);
/* Changes between the guest's kernel and user halves: GS, page tables. */
void pv_toggle_mode(struct pv_vcpu *v);

#endif
