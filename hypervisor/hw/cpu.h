/* SPDX-License-Identifier: MIT */
/* CPU features and control-register set-up, and small instruction wrappers. */
#ifndef HW_CPU_H
#define HW_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/regs.h"

struct cpu_features {
    bool smep, smap, umip, fsgsbase, xsave, xsaveopt, pge, rdtscp, pcid, invariant_tsc, x2apic, nx,
        page1gb, tsc_deadline, arat, amd, intel, mtrr_ok;
    uint8_t family, model, phys_bits, virt_bits;
    uint32_t max_leaf, max_ext_leaf;
    uint64_t pte_reserved; /* bits that a present entry may not have: address bits it lacks, NX without it */
    uint64_t xcr0;        /* the features we enable in XCR0 for guests; 0 without XSAVE */
    uint32_t xsave_size;
    char vendor[13];
};
extern struct cpu_features cpu_features; /* the boot CPU's; others are checked to have at least these */
extern unsigned nr_cpus;

struct cpuid_regs { uint32_t eax, ebx, ecx, edx; };
static inline struct cpuid_regs cpuid(uint32_t leaf, uint32_t sub)
{
    struct cpuid_regs r;

    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(sub));
    return r;
}
static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return ((uint64_t)hi << 32) | lo;
}
static inline void wrmsr(uint32_t msr, uint64_t v)
{
    __asm__ volatile("wrmsr" ::"c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)) : "memory");
}
/* Survive #GP through the exception table; return 0 or -EIO. */
int rdmsr_safe(uint32_t msr, uint64_t *v);
int wrmsr_safe(uint32_t msr, uint64_t v);

static inline unsigned long irq_save(void)
{
    unsigned long f;

    __asm__ volatile("pushf; pop %0; cli" : "=r"(f)::"memory");
    return f;
}
static inline void irq_restore(unsigned long f)
{
    if (f & X86_EFLAGS_IF)
        __asm__ volatile("sti" ::: "memory");
}
static inline void irq_enable(void) { __asm__ volatile("sti" ::: "memory"); }
static inline void irq_disable(void) { __asm__ volatile("cli" ::: "memory"); }
static inline bool irq_enabled(void)
{
    unsigned long f;

    __asm__ volatile("pushf; pop %0" : "=r"(f));
    return f & X86_EFLAGS_IF;
}
static inline void cpu_relax(void) { __asm__ volatile("pause" ::: "memory"); }
static inline unsigned long read_cr0(void) { unsigned long v; __asm__ volatile("mov %%cr0,%0" : "=r"(v)); return v; }
static inline unsigned long read_cr2(void) { unsigned long v; __asm__ volatile("mov %%cr2,%0" : "=r"(v)); return v; }
static inline unsigned long read_cr3(void) { unsigned long v; __asm__ volatile("mov %%cr3,%0" : "=r"(v)); return v; }
static inline unsigned long read_cr4(void) { unsigned long v; __asm__ volatile("mov %%cr4,%0" : "=r"(v)); return v; }
static inline void write_cr0(unsigned long v) { __asm__ volatile("mov %0,%%cr0" ::"r"(v) : "memory"); }
static inline void write_cr4(unsigned long v) { __asm__ volatile("mov %0,%%cr4" ::"r"(v) : "memory"); }
static inline void clac(void) { __asm__ volatile("clac" ::: "cc"); }
static inline void stac(void) { __asm__ volatile("stac" ::: "cc"); }
static inline uint8_t inb(uint16_t p) { uint8_t v; __asm__ volatile("inb %1,%0" : "=a"(v) : "Nd"(p)); return v; }
static inline uint16_t inw(uint16_t p) { uint16_t v; __asm__ volatile("inw %1,%0" : "=a"(v) : "Nd"(p)); return v; }
static inline uint32_t inl(uint16_t p) { uint32_t v; __asm__ volatile("inl %1,%0" : "=a"(v) : "Nd"(p)); return v; }
static inline void outb(uint16_t p, uint8_t v) { __asm__ volatile("outb %0,%1" ::"a"(v), "Nd"(p)); }
static inline void outw(uint16_t p, uint16_t v) { __asm__ volatile("outw %0,%1" ::"a"(v), "Nd"(p)); }
static inline void outl(uint16_t p, uint32_t v) { __asm__ volatile("outl %0,%1" ::"a"(v), "Nd"(p)); }

/* GS/FS bases by instruction where the CPU has FSGSBASE, else by MSR. */
unsigned long rd_fs_base(void);
void wr_fs_base(unsigned long v);
unsigned long rd_gs_base(void);
void wr_gs_base(unsigned long v);
unsigned long rd_gs_shadow(void); /* the value SWAPGS would bring in */
void wr_gs_shadow(unsigned long v);

/* Finds features and sets CR0/CR4/EFER/PAT/SYSCALL MSRs of this CPU. */
void cpu_init(void);
/* SYSCALL and SYSENTER of this CPU, which runs on its own stack block by now. */
void cpu_init_syscall(void);

#endif
