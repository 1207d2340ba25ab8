/* SPDX-License-Identifier: MIT */
/* FPU and XSAVE state of guests. The hypervisor itself is compiled without FPU registers. */
#ifndef HW_FPU_H
#define HW_FPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Size and alignment (64) of a save area on this machine. */
size_t fpu_area_size(void);
void fpu_area_init(void *area);
/* Both with CR0.TS clear. xcr0 is the guest's current XCR0 (ignored without XSAVE). */
void fpu_save(void *area, uint64_t xcr0);
/* Invalid state in the area (a toolstack can set it): -EINVAL, and the FPU is as after reset. */
int fpu_restore(const void *area, uint64_t xcr0);
static inline void set_ts(void);
static inline void clear_ts(void) { __asm__ volatile("clts"); }
static inline void set_ts(void)
{
    unsigned long cr0;

    __asm__ volatile("mov %%cr0,%0; or $8,%0; mov %0,%%cr0" : "=&r"(cr0));
}

#endif
