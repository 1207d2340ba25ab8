/* SPDX-License-Identifier: MIT */
/* Context switch of pv vcpus, and loading parts of a vcpu's state. */
#ifndef PV_SWITCH_H
#define PV_SWITCH_H

#include "pv/pv.h"

/* vehicle_ops switch_from and switch_to: interrupts off. */
void pv_switch_from(struct vcpu *v);
void pv_switch_to(struct vcpu *v);
/* vehicle_ops kernel_view */
void pv_kernel_view(struct vcpu *v, bool on);

/* Load the processor with what v, the current vcpu, has. */
void pv_load_debug_registers(struct pv_vcpu *v);
void pv_load_cr4(struct pv_vcpu *v);
void pv_load_xcr0(uint64_t xcr0);

#endif
