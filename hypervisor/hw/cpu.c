/* SPDX-License-Identifier: MIT */
/* CPU features, and the set-up of control registers and MSRs. */
#include "hw/cpu.h"

#include "hw/desc.h"
#include "hw/layout.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/smap.h"
#include "hw/traps.h"
#include "lib/cpumask.h"
#include "lib/errno.h"
#include "lib/string.h"

/* Intel SDM volume 4, AMD APM volume 2 appendix A. */
#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176
#define MSR_MTRRCAP 0xfe
#define MSR_PAT 0x277
#define MSR_EFER 0xc0000080
#define MSR_STAR 0xc0000081
#define MSR_LSTAR 0xc0000082
#define MSR_CSTAR 0xc0000083
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define EFER_SCE 0x1
#define EFER_NXE 0x800

/* PAT as pv guests expect it (Linux reads the MSR): WB, WT, UC-, UC, WC, WP. */
#define PAT_VALUE 0x0000050100070406ULL

/* x87, SSE, AVX, AVX-512: what pv guests may have in XCR0. */
#define XCR0_OFFERED 0xe7ULL

/* Address bits of a page-table entry, whatever the processor's width (Intel SDM vol. 3, 4.5). */
#define PTE_ADDRESS 0x000ffffffffff000ULL

struct cpu_features cpu_features;
unsigned nr_cpus = 1;
struct cpumask cpu_online_mask;

extern char syscall_stub[], syscall_stub32[];
extern const unsigned long sysenter_target;

unsigned long percpu_offsets[MAX_CPUS];

int rdmsr_safe(uint32_t msr, uint64_t *v)
{
    uint32_t lo = 0, hi = 0;
    int err = -EIO;

    __asm__ volatile("1: rdmsr\n\t"
                     "xor %0, %0\n"
                     "2:\n" EXTABLE("1b", "2b")
                     : "+r"(err), "+a"(lo), "+d"(hi)
                     : "c"(msr));
    *v = ((uint64_t)hi << 32) | lo;
    return err;
}

int wrmsr_safe(uint32_t msr, uint64_t v)
{
    int err = -EIO;

    __asm__ volatile("1: wrmsr\n\t"
                     "xor %0, %0\n"
                     "2:\n" EXTABLE("1b", "2b")
                     : "+r"(err)
                     : "c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
                     : "memory");
    return err;
}

unsigned long rd_fs_base(void)
{
    unsigned long v;

    if (!cpu_features.fsgsbase)
        return rdmsr(MSR_FS_BASE);
    __asm__ volatile("rdfsbase %0" : "=r"(v));
    return v;
}

void wr_fs_base(unsigned long v)
{
    if (cpu_features.fsgsbase)
        __asm__ volatile("wrfsbase %0" ::"r"(v));
    else
        wrmsr(MSR_FS_BASE, v);
}

unsigned long rd_gs_base(void)
{
    unsigned long v;

    if (!cpu_features.fsgsbase)
        return rdmsr(MSR_GS_BASE);
    __asm__ volatile("rdgsbase %0" : "=r"(v));
    return v;
}

void wr_gs_base(unsigned long v)
{
    if (cpu_features.fsgsbase)
        __asm__ volatile("wrgsbase %0" ::"r"(v));
    else
        wrmsr(MSR_GS_BASE, v);
}

/* Two SWAPGS and a register move are cheaper than the MSR. */
unsigned long rd_gs_shadow(void)
{
    unsigned long v;

    if (!cpu_features.fsgsbase)
        return rdmsr(MSR_KERNEL_GS_BASE);
    __asm__ volatile("swapgs; rdgsbase %0; swapgs" : "=r"(v));
    return v;
}

void wr_gs_shadow(unsigned long v)
{
    if (cpu_features.fsgsbase)
        __asm__ volatile("swapgs; wrgsbase %0; swapgs" ::"r"(v));
    else
        wrmsr(MSR_KERNEL_GS_BASE, v);
}

static void find_identity(struct cpu_features *f)
{
    struct cpuid_regs r = cpuid(0, 0);

    f->max_leaf = r.eax;
    memcpy(f->vendor, &r.ebx, 4);
    memcpy(f->vendor + 4, &r.edx, 4);
    memcpy(f->vendor + 8, &r.ecx, 4);
    f->intel = !strcmp(f->vendor, "GenuineIntel");
    f->amd = !strcmp(f->vendor, "AuthenticAMD") || !strcmp(f->vendor, "HygonGenuine");
    f->max_ext_leaf = cpuid(0x80000000, 0).eax;

    r = cpuid(1, 0);
    f->family = (r.eax >> 8) & 15;
    f->model = (r.eax >> 4) & 15;
    if (f->family == 6 || f->family == 15)
        f->model |= ((r.eax >> 16) & 15) << 4;
    if (f->family == 15)
        f->family += (r.eax >> 20) & 255;
    f->pge = r.edx & (1u << 13);
    f->mtrr_ok = r.edx & (1u << 12);
    f->pcid = r.ecx & (1u << 17);
    f->x2apic = r.ecx & (1u << 21);
    f->tsc_deadline = r.ecx & (1u << 24);
    f->xsave = r.ecx & (1u << 26);
}

/*
 * QEMU's TCG (7.2 at least) reads the stack of LRET and IRET in ring 3 as if from ring 0: with SMAP
 * on, a pv guest's far return faults. Its CPUID leaf tells it apart from KVM and from processors.
 */
static bool smap_breaks_ring3(void)
{
    struct cpuid_regs r;

    if (!(cpuid(1, 0).ecx & (1u << 31))) /* no hypervisor below us */
        return false;
    r = cpuid(0x40000000, 0);
    return r.ebx == 0x54474354 && r.ecx == 0x43544743 && r.edx == 0x47435447; /* TCGTCGTCGTCG */
}

static void find_features(struct cpu_features *f)
{
    struct cpuid_regs r;

    find_identity(f);
    if (f->max_leaf >= 6)
        f->arat = cpuid(6, 0).eax & (1u << 2);
    if (f->max_leaf >= 7) {
        r = cpuid(7, 0);
        f->fsgsbase = r.ebx & (1u << 0);
        f->smep = r.ebx & (1u << 7);
        f->smap = (r.ebx & (1u << 20)) && !smap_breaks_ring3();
        f->umip = r.ecx & (1u << 2);
    }
    r = cpuid(0x80000001, 0);
    f->nx = r.edx & (1u << 20);
    f->page1gb = r.edx & (1u << 26);
    f->rdtscp = r.edx & (1u << 27);
    if (f->max_ext_leaf >= 0x80000007)
        f->invariant_tsc = cpuid(0x80000007, 0).edx & (1u << 8);
    f->phys_bits = 36;
    f->virt_bits = 48;
    if (f->max_ext_leaf >= 0x80000008) {
        r = cpuid(0x80000008, 0);
        f->phys_bits = r.eax & 255;
        f->virt_bits = (r.eax >> 8) & 255;
    }
    f->pte_reserved = PTE_ADDRESS & ~((1ULL << f->phys_bits) - 1);
    if (!f->nx)
        f->pte_reserved |= 1ULL << 63;
}

static void xsetbv(uint64_t v)
{
    __asm__ volatile("xsetbv" ::"c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

/* CR4.OSXSAVE is set. */
static void init_xsave(struct cpu_features *f, bool boot_cpu)
{
    if (boot_cpu) {
        struct cpuid_regs r = cpuid(0xd, 0);

        f->xcr0 = (((uint64_t)r.edx << 32) | r.eax) & XCR0_OFFERED;
        xsetbv(f->xcr0);
        f->xsave_size = cpuid(0xd, 0).ebx;
        f->xsaveopt = cpuid(0xd, 1).eax & 1;
    } else {
        xsetbv(f->xcr0);
    }
}

static unsigned long wanted_cr4(const struct cpu_features *f)
{
    unsigned long cr4 = X86_CR4_DE | X86_CR4_PSE | X86_CR4_PAE | X86_CR4_MCE | X86_CR4_OSFXSR |
        X86_CR4_OSXMMEXCPT;

    if (f->pge)
        cr4 |= X86_CR4_PGE;
    if (f->fsgsbase)
        cr4 |= X86_CR4_FSGSBASE;
    if (f->xsave)
        cr4 |= X86_CR4_OSXSAVE;
    if (f->smep)
        cr4 |= X86_CR4_SMEP;
    if (f->smap)
        cr4 |= X86_CR4_SMAP;
    if (f->umip)
        cr4 |= X86_CR4_UMIP;
    return cr4;
}

/* A CPU that lacks what the boot CPU has would fault where we rely on it. */
static void check_same(unsigned cpu)
{
    static struct cpu_features mine;

    mine = (struct cpu_features){ 0 };
    find_features(&mine);
    if (wanted_cr4(&mine) != wanted_cr4(&cpu_features) || mine.page1gb < cpu_features.page1gb)
        panic("CPU %u has not the features of the boot CPU", cpu);
}

void cpu_init(void)
{
    struct cpu_features *f = &cpu_features;
    unsigned cpu = smp_cpu_id();

    if (cpu == 0)
        find_features(f);
    else
        check_same(cpu);

    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
    write_cr4(wanted_cr4(f));
    write_cr0(X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE | X86_CR0_WP | X86_CR0_AM |
              X86_CR0_PG);
    if (f->xsave)
        init_xsave(f, cpu == 0);
    __asm__ volatile("fninit");
    wrmsr(MSR_PAT, PAT_VALUE);
}

void cpu_init_syscall(void)
{
    unsigned cpu = smp_cpu_id();
    unsigned long rsp0 = (unsigned long)(guest_regs() + 1);

    wrmsr(MSR_STAR, ((uint64_t)GUEST_CS32 << 48) | ((uint64_t)HV_CS << 32));
    wrmsr(MSR_LSTAR, STACK_BLOCK(cpu));
    wrmsr(MSR_CSTAR, STACK_BLOCK(cpu) + (syscall_stub32 - syscall_stub));
    wrmsr(MSR_SFMASK, X86_EFLAGS_TF | X86_EFLAGS_IF | X86_EFLAGS_DF | X86_EFLAGS_IOPL |
                          X86_EFLAGS_NT | X86_EFLAGS_RF | X86_EFLAGS_AC);
    /* AMD processors have no SYSENTER in 64-bit mode but keep the registers. */
    wrmsr_safe(MSR_SYSENTER_CS, HV_CS);
    wrmsr_safe(MSR_SYSENTER_ESP, rsp0);
    wrmsr_safe(MSR_SYSENTER_EIP, sysenter_target);
}

struct smap_site {
    int32_t at; /* relative to its own address */
    int32_t kind;
};

extern const struct smap_site _smap_sites_start[], _smap_sites_end[];

void smap_patch(void)
{
    if (!cpu_features.smap)
        return;
    for (const struct smap_site *s = _smap_sites_start; s < _smap_sites_end; s++) {
        unsigned char *at = (unsigned char *)&s->at + s->at;

        at[0] = 0x0f;
        at[1] = 0x01;
        at[2] = s->kind == 1 ? 0xca : 0xcb; /* CLAC, STAC */
    }
}
