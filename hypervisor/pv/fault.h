/* SPDX-License-Identifier: MIT */
/* Page faults of guests. */
#ifndef PV_FAULT_H
#define PV_FAULT_H

#include "hw/regs.h"

/* #PF from the current vcpu, interrupts off and CR2 still as the fault left it. */
void pv_page_fault(struct trap_frame *f);

#endif
