/* SPDX-License-Identifier: MIT */
/* Model-specific registers as a guest kernel sees them: a short list, and #GP for the rest. */
#include "core/domain.h"
#include "hw/cpu.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "pv/emulate.h"
#include "pv/hypercall_page.h"
#include "public/mmu.h"

/* Numbers: Intel SDM volume 4, AMD APM volume 2 appendix A; the hypercall MSR: public/cpuid.h. */
#define MSR_TSC 0x10
#define MSR_APIC_BASE 0x1b
#define MSR_UCODE_REV 0x8b
#define MSR_PLATFORM_INFO 0xce
#define MSR_MISC_FEATURES 0x140
#define MSR_MCG_CAP 0x179
#define MSR_MISC_ENABLE 0x1a0
#define MSR_PAT 0x277
#define MSR_EFER 0xc0000080
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_AMD_SYSCFG 0xc0010010
#define MSR_AMD_HWCR 0xc0010015
#define MSR_AMD_NB_CFG 0xc001001f
#define MSR_AMD_DE_CFG 0xc0011029

#define APIC_BASE_X2APIC (1ULL << 10)
/* SCE, LME, LMA, NX: all that a guest need know. */
#define EFER_VISIBLE 0xd01ULL
/* BTS and PEBS unavailable: there is no performance monitoring for guests. */
#define MISC_ENABLE_NO_PMU ((1ULL << 11) | (1ULL << 12))
#define MISC_ENABLE_PERFMON (1ULL << 7)

/* Read as the processor has them; a register that it lacks reads as #GP. */
static bool host_value(uint32_t msr, uint64_t *value)
{
    return rdmsr_safe(msr, value) == 0;
}

bool pv_rdmsr(struct pv_vcpu *v, uint32_t msr, uint64_t *value)
{
    switch (msr) {
    case MSR_TSC:
        *value = rdtsc();
        return true;
    case MSR_FS_BASE:
        *value = rd_fs_base();
        return true;
    case MSR_GS_BASE:
        *value = rd_gs_base();
        return true;
    case MSR_KERNEL_GS_BASE:
        *value = rd_gs_shadow();
        return true;
    case MSR_EFER:
        *value = rdmsr(MSR_EFER) & EFER_VISIBLE;
        return true;
    case MSR_APIC_BASE:
        if (!host_value(msr, value))
            return false;
        *value &= ~APIC_BASE_X2APIC;
        return true;
    case MSR_MISC_ENABLE:
        if (!host_value(msr, value))
            return false;
        *value = (*value | MISC_ENABLE_NO_PMU) & ~MISC_ENABLE_PERFMON;
        return true;
    case MSR_PAT:
    case MSR_UCODE_REV:
        return host_value(msr, value);
    case MSR_PLATFORM_INFO:
    case MSR_MISC_FEATURES:
    case MSR_MCG_CAP:
        *value = 0;
        return true;
    case MSR_AMD_SYSCFG:
    case MSR_AMD_HWCR:
    case MSR_AMD_NB_CFG:
    case MSR_AMD_DE_CFG:
        /* Configuration that dom0's drivers look at (northbridge, errata). */
        return cpu_features.amd && v->core.domain->privileged && host_value(msr, value);
    }
    return false;
}

bool pv_wrmsr(struct pv_vcpu *v, uint32_t msr, uint64_t value)
{
    uint64_t now;

    switch (msr) {
    case MSR_FS_BASE:
        return pv_set_segment_base(v, SEGBASE_FS, value) == 0;
    case MSR_GS_BASE:
        return pv_set_segment_base(v, SEGBASE_GS_KERNEL, value) == 0;
    case MSR_KERNEL_GS_BASE:
        return pv_set_segment_base(v, SEGBASE_GS_USER, value) == 0;
    case MSR_UCODE_REV:
        return value == 0; /* how Intel's revision is asked for */
    case MSR_EFER:
    case MSR_APIC_BASE:
    case MSR_MISC_ENABLE:
    case MSR_PAT:
    case MSR_MISC_FEATURES:
    case MSR_AMD_SYSCFG:
    case MSR_AMD_HWCR:
    case MSR_AMD_DE_CFG:
        /* Writing back what is there changes nothing. */
        return pv_rdmsr(v, msr, &now) && now == value;
    case PV_HYPERCALL_PAGE_MSR:
        return hypercall_page_write(v, value) == 0;
    }
    return false;
}
