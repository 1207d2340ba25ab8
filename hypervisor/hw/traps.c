/* SPDX-License-Identifier: MIT */
/* Exceptions from our own code, and NMI, #DF and #MC from anywhere. */
#include "hw/traps.h"

#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/panic.h"
#include "hw/percpu.h"

#define DR6_ALL 0xffff0ff0ULL /* Intel SDM volume 3, 17.2.3: what a cleared DR6 reads */

static const char *exception_name(unsigned vector)
{
    static const char *const names[] = {
        "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "coprocessor", "#TS",
        "#NP", "#SS", "#GP", "#PF", "15",  "#MF", "#AC", "#MC", "#XM", "#VE", "#CP",
    };

    return vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "?";
}

/*
 * A guest that arms a breakpoint on its stack and enters us with MOV SS; SYSCALL gets its #DB
 * here, at our first instruction. It is the guest's affair and cannot be delivered: drop it.
 */
static void debug_exception(void)
{
    __asm__ volatile("mov %0, %%dr6" ::"r"(DR6_ALL));
}

void hv_trap(struct trap_frame *f)
{
    unsigned long fixup;

    if (f->vector == TRAP_NMI) {
        if (machine_stops())
            machine_halt();
        return;
    }
    if (f->vector == TRAP_DB && !frame_from_guest(f)) {
        debug_exception();
        return;
    }
    fixup = frame_from_guest(f) ? 0 : extable_find(f->rip);
    if (fixup && f->vector != TRAP_DF && f->vector != TRAP_MC) {
        f->rip = fixup;
        return;
    }
    if (f->vector == TRAP_PF)
        panic_frame(f, "page fault at %016lx, error %04x", read_cr2(), f->error_code);
    panic_frame(f, "%s in %s, error %04x", exception_name(f->vector),
                frame_from_guest(f) ? "a guest" : "the hypervisor", f->error_code);
}
