/* SPDX-License-Identifier: MIT */
/* A vcpu's whole state as tools and vcpu start-up exchange it. */
#ifndef PV_CONTEXT_H
#define PV_CONTEXT_H

#include "pv/pv.h"

/* vehicle_ops vcpu_set_context and vcpu_get_context: v is not running. Interrupts on. */
int pv_set_context(struct vcpu *v, const struct vcpu_guest_context *c);
void pv_get_context(struct vcpu *v, struct vcpu_guest_context *c);

/* rflags as a guest may have them in a register frame. */
uint64_t pv_fixup_rflags(uint64_t rflags);

#endif
