/* SPDX-License-Identifier: MIT */
/* Page faults of guests: reflected, or carried out as writes to page tables. */
#include "pv/fault.h"

#include "core/usage.h"
#include "hw/cpu.h"
#include "hw/layout.h"
#include "pv/bounce.h"
#include "pv/pagetable.h"

/*
 * The processor reads descriptors through the windows when a guest loads a selector. A page that is
 * missing there is the guest's doing: it sees a fault in its own LDT, or for the GDT the #GP of a
 * selector beyond the limit.
 */
static bool descriptor_window_fault(struct pv_vcpu *v, struct trap_frame *f, uint64_t addr)
{
    unsigned long cpu = smp_cpu_id();

    if (addr - LDT_WINDOW(cpu) < LDT_WINDOW_PAGES * PAGE_SIZE) {
        /* An implicit read by the processor, and nothing is there. */
        pv_inject_page_fault(f, v->ldt_base + (addr - LDT_WINDOW(cpu)), 0);
        return true;
    }
    if (addr - GDT_WINDOW(cpu) < GDT_WINDOW_PAGES * PAGE_SIZE) {
        pv_inject(f, TRAP_GP, (addr - GDT_WINDOW(cpu)) & 0xfff8);
        return true;
    }
    return false;
}

void pv_page_fault(struct trap_frame *f)
{
    uint64_t addr = read_cr2();
    struct pv_vcpu *v = current_pv;
    uint32_t code = f->error_code;

    if (addr - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START) {
        /* Ring 3 sets PFEC_USER; without it the processor itself was looking for a descriptor. */
        if (!(code & PFEC_USER) && descriptor_window_fault(v, f, addr))
            return;
        code &= ~PFEC_PRESENT; /* what of our range is mapped is nobody's business */
    }
    if (v->kernel_mode) {
        if ((code & (PFEC_PRESENT | PFEC_WRITE)) == (PFEC_PRESENT | PFEC_WRITE)) {
            uint64_t since = usage_begin();
            bool handled;

            irq_enable();
            handled = pt_write_fault(v, f, addr);
            irq_disable();
            usage_end(since);
            if (handled)
                return;
        }
        code &= ~PFEC_USER;
    }
    /* Reserved bits in a guest's entry would be our fault, not its: do not tell. */
    pv_inject_page_fault(f, addr, code & ~PFEC_RSVD);
}
