/* SPDX-License-Identifier: MIT */
/* Frames are cleared before a guest sees them. */
#include "hw/clear.h"

#include <stdbool.h>
#include <stdint.h>

#include "hw/cpu.h"
#include "hw/fpu.h"
#include "hw/regs.h"

#define STEP 256U

/*
 * Non-temporal stores of 16 bytes need not read the lines first and leave the caches to who is
 * running; where instructions are emulated, they are also half as many as those of REP STOSQ. The
 * only place where the hypervisor uses a vector register: what it holds, some guest's, is put back.
 */
void clear_frames(void *va, size_t size)
{
    bool ts = read_cr0() & X86_CR0_TS;
    uint8_t guest[16];

    if (ts)
        clear_ts();
    __asm__ volatile("movups %%xmm0, %[guest]\n\t"
                     "pxor %%xmm0, %%xmm0\n"
                     "1:\n\t"
                     ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                     "movntdq %%xmm0, 16*\\n(%[va])\n\t"
                     ".endr\n\t"
                     "add %[step], %[va]\n\t"
                     "sub %[step], %[size]\n\t"
                     "jnz 1b\n\t"
                     "sfence\n\t"
                     "movups %[guest], %%xmm0"
                     : [va] "+r"(va), [size] "+r"(size), [guest] "=m"(guest)
                     : [step] "i"(STEP)
                     : "memory", "cc");
    if (ts)
        set_ts();
}
