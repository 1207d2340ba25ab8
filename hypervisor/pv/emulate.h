/* SPDX-License-Identifier: MIT */
/* Emulation of what the processor refuses to ring 3 but a guest may do. */
#ifndef PV_EMULATE_H
#define PV_EMULATE_H

#include <stdbool.h>
#include <stdint.h>

#include "pv/decode.h"
#include "pv/pv.h"

enum emulated {
    EMUL_DONE,     /* carried out; rip is behind it */
    EMUL_NOT_OURS, /* the guest shall get `fault`, which the caller has preset */
};

/* The exception that the guest gets instead. */
struct fault {
    unsigned vector;
    uint32_t error_code;
    uint64_t addr; /* of a page fault */
};

/* A decoded instruction of the current vcpu that raised #GP(0). Interrupts on. */
enum emulated pv_emulate(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i,
                         struct fault *fault);
/* IN, OUT, INS and OUTS (pv/emul_io.c), likewise. */
enum emulated pv_emulate_io(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i,
                            struct fault *fault);

/* Makes `fault` the page fault of a failed access at va. Returns EMUL_NOT_OURS. */
enum emulated pv_access_fault(struct pv_vcpu *v, struct fault *fault, uint64_t va, bool write);

/* MSRs (pv/msr.c) of the current vcpu in kernel mode. False: #GP. */
bool pv_rdmsr(struct pv_vcpu *v, uint32_t msr, uint64_t *value);
bool pv_wrmsr(struct pv_vcpu *v, uint32_t msr, uint64_t value);

/* Debug registers 0-7 of v, current or not running. 0, -EINVAL or -EPERM. */
int pv_set_debugreg(struct pv_vcpu *v, unsigned reg, uint64_t value);
uint64_t pv_get_debugreg(struct pv_vcpu *v, unsigned reg);
/* Segment bases (SEGBASE_*). 0 or -EINVAL. */
int pv_set_segment_base(struct pv_vcpu *v, unsigned which, uint64_t base);
/* The guest's CR0.TS. v is current. */
void pv_fpu_taskswitch(struct pv_vcpu *v, bool set);
/* CR4 of the guest: false when it asks for what there is not. v is current or not running. */
bool pv_set_cr4(struct pv_vcpu *v, uint64_t cr4);
/* XCR0 of the guest: false when the processor would refuse it. v is current. */
bool pv_set_xcr0(struct pv_vcpu *v, uint64_t xcr0);

#endif
