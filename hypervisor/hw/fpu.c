/* SPDX-License-Identifier: MIT */
/* FPU and XSAVE state of guests. */
#include "hw/fpu.h"

#include "hw/cpu.h"
#include "hw/traps.h"
#include "lib/errno.h"
#include "lib/string.h"

/* SDM vol. 1: 10.5.1 (FXSAVE image), 13.4 (XSAVE area), 8.1.5 and 10.2.3.1 (initial values). */
#define FXSAVE_SIZE 512
#define XSAVE_HEADER_SIZE 64
#define FCW_OFFSET 0
#define FSW_OFFSET 2
#define MXCSR_OFFSET 24
#define FCW_INIT 0x037f
#define MXCSR_INIT 0x1f80
#define FSW_ES 0x80

static bool use_xsave(void)
{
    return cpu_features.xsave && cpu_features.xcr0;
}

/* A power of two: the allocator then aligns the area to at least 64, which XSAVE wants. */
size_t fpu_area_size(void)
{
    size_t need = FXSAVE_SIZE, size = FXSAVE_SIZE;

    if (use_xsave())
        need = cpu_features.xsave_size > FXSAVE_SIZE + XSAVE_HEADER_SIZE
                   ? cpu_features.xsave_size : FXSAVE_SIZE + XSAVE_HEADER_SIZE;
    while (size < need)
        size *= 2;
    return size;
}

void fpu_area_init(void *area)
{
    char *p = area;
    uint16_t fcw = FCW_INIT;
    uint32_t mxcsr = MXCSR_INIT;

    memset(p, 0, fpu_area_size());
    memcpy(p + FCW_OFFSET, &fcw, sizeof(fcw));
    memcpy(p + MXCSR_OFFSET, &mxcsr, sizeof(mxcsr));
}

static void xsetbv(uint64_t v)
{
    __asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

/*
 * A guest may take a component out of XCR0 and bring it back later, and expects its state to
 * have survived. So all components we offer are always saved and restored, with XCR0 widened
 * while the guest has it narrower.
 */
static void widen(uint64_t xcr0)
{
    if (xcr0 != cpu_features.xcr0)
        xsetbv(cpu_features.xcr0);
}

static void narrow(uint64_t xcr0)
{
    if (xcr0 != cpu_features.xcr0)
        xsetbv(xcr0);
}

void fpu_save(void *area, uint64_t xcr0)
{
    uint32_t lo = (uint32_t)cpu_features.xcr0, hi = (uint32_t)(cpu_features.xcr0 >> 32);

    if (!use_xsave()) {
        __asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
        return;
    }
    widen(xcr0);
    if (cpu_features.xsaveopt)
        __asm__ volatile("xsaveopt64 (%0)" ::"r"(area), "a"(lo), "d"(hi) : "memory");
    else
        __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(lo), "d"(hi) : "memory");
    narrow(xcr0);
}

/*
 * AMD's FXRSTOR and XRSTOR leave the last instruction and data pointers alone unless an exception
 * is pending in the image (APM vol. 2, 11.4.4): another guest's would shine through. Loading a
 * value of ours replaces them.
 */
static void clear_pointers(const void *area)
{
    static const int32_t zero;
    uint16_t fsw;

    if (!cpu_features.amd)
        return;
    memcpy(&fsw, (const char *)area + FSW_OFFSET, sizeof(fsw));
    if (!(fsw & FSW_ES))
        __asm__ volatile("fnclex; emms; fildl %0" ::"m"(zero));
}

static int load(const void *area)
{
    uint32_t lo = (uint32_t)cpu_features.xcr0, hi = (uint32_t)(cpu_features.xcr0 >> 32);
    int err = -EINVAL;

    if (use_xsave())
        __asm__ volatile("1: xrstor64 (%1)\n\t"
                         "xor %0, %0\n"
                         "2:\n" EXTABLE("1b", "2b")
                         : "+r"(err)
                         : "r"(area), "a"(lo), "d"(hi)
                         : "memory");
    else
        __asm__ volatile("1: fxrstor64 (%1)\n\t"
                         "xor %0, %0\n"
                         "2:\n" EXTABLE("1b", "2b")
                         : "+r"(err)
                         : "r"(area)
                         : "memory");
    return err;
}

/* What a processor starts with; only as much of it as XRSTOR or FXRSTOR reads. */
static _Alignas(64) struct {
    uint16_t fcw, fsw;
    uint32_t unused[5];
    uint32_t mxcsr, mxcsr_mask;
    uint8_t registers[FXSAVE_SIZE - 32];
    uint64_t xstate_bv, xcomp_bv, reserved[6];
} const initial = { .fcw = FCW_INIT, .mxcsr = MXCSR_INIT };

int fpu_restore(const void *area, uint64_t xcr0)
{
    int err;

    clear_pointers(area);
    if (use_xsave())
        widen(xcr0);
    err = load(area);
    if (err)
        load(&initial);
    if (use_xsave())
        narrow(xcr0);
    return err;
}
