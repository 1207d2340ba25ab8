/* SPDX-License-Identifier: MIT */
/* platform_op: what dom0's kernel asks of the machine. */
#include "core/guest_access.h"
#include "core/time.h"
#include "hcall/handlers.h"
#include "hcall/log_once.h"
#include "hw/acpi.h"
#include "hw/cpu.h"
#include "lib/cpumask.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "public/platform.h"

#define NSEC_PER_SEC 1000000000u

/* Intel SDM volume 3, 12.11.2: variable-range MTRRs. */
#define MSR_MTRRCAP 0xfe
#define MSR_MTRR_PHYSBASE(n) (0x200 + 2 * (n))
#define MSR_MTRR_PHYSMASK(n) (0x201 + 2 * (n))
#define MTRR_VALID (1u << 11)

static long settime(uint64_t secs, uint32_t nsecs, uint32_t mbz, uint64_t system_time)
{
    if (mbz != 0 || nsecs >= NSEC_PER_SEC || secs > UINT64_MAX / NSEC_PER_SEC - 1)
        return -EINVAL;
    time_set_wallclock(secs, nsecs, system_time);
    return 0;
}

static long settime32(struct xen_platform_op *op)
{
    return settime(op->u.settime32.secs, op->u.settime32.nsecs, 0, op->u.settime32.system_time);
}

static long settime64(struct xen_platform_op *op)
{
    return settime(op->u.settime64.secs, op->u.settime64.nsecs, op->u.settime64.mbz,
                   op->u.settime64.system_time);
}

static long read_memtype(struct xen_platform_op *op)
{
    struct xenpf_read_memtype *m = &op->u.read_memtype;
    uint64_t cap, base, mask, frames;

    if (rdmsr_safe(MSR_MTRRCAP, &cap) != 0 || m->reg >= (cap & 0xff) ||
        rdmsr_safe(MSR_MTRR_PHYSBASE(m->reg), &base) != 0 ||
        rdmsr_safe(MSR_MTRR_PHYSMASK(m->reg), &mask) != 0)
        return -EINVAL;
    frames = 0;
    if (mask & MTRR_VALID) {
        uint64_t width = (1ULL << cpu_features.phys_bits) - 1;

        frames = ((~mask & width & ~0xfffULL) >> 12) + 1;
    }
    m->mfn = frames != 0 ? base >> 12 : 0;
    m->nr_mfns = frames;
    m->type = base & 0xff;
    return 0;
}

static long get_cpuinfo(struct xen_platform_op *op)
{
    struct xenpf_pcpuinfo *info = &op->u.pcpu_info;

    info->max_present = nr_cpus - 1;
    if (info->xen_cpuid >= nr_cpus || !cpumask_test(&cpu_online_mask, info->xen_cpuid)) {
        info->flags = XEN_PCPU_FLAGS_INVALID;
        info->apic_id = info->acpi_id = ~0u;
        return 0;
    }
    info->flags = XEN_PCPU_FLAGS_ONLINE;
    info->apic_id = acpi_cpu_apic_id[info->xen_cpuid];
    info->acpi_id = acpi_cpu_acpi_id[info->xen_cpuid];
    return 0;
}

static long get_cpu_version(struct xen_platform_op *op)
{
    struct xenpf_pcpu_version *ver = &op->u.pcpu_version;

    if (ver->xen_cpuid >= nr_cpus)
        return -EINVAL;
    ver->max_present = nr_cpus - 1;
    memcpy(ver->vendor_id, cpu_features.vendor, sizeof(ver->vendor_id));
    ver->family = cpu_features.family;
    ver->model = cpu_features.model;
    ver->stepping = cpuid(1, 0).eax & 0xf;
    return 0;
}

/* We keep no copy of BIOS disk or keyboard data, and offer no EFI run-time services. */
static long firmware_info(struct xen_platform_op *op)
{
    switch (op->u.firmware_info.type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
    case XEN_FW_EFI_INFO:
    case XEN_FW_KBD_SHIFT_FLAGS:
        return -ESRCH;
    default:
        return -EINVAL;
    }
}

static long enter_acpi_sleep(struct xen_platform_op *op)
{
    const struct xenpf_enter_acpi_sleep *s = &op->u.enter_acpi_sleep;

    if (s->flags != 0 || s->sleep_state != 5)
        return -EINVAL;
    return acpi_enter_s5(s->val_a, s->val_b);
}

static const struct {
    uint32_t cmd;
    bool copy_back;
    long (*fn)(struct xen_platform_op *op);
} ops[] = {
    { XENPF_settime32, false, settime32 },
    { XENPF_settime64, false, settime64 },
    { XENPF_read_memtype, true, read_memtype },
    { XENPF_get_cpu_version, true, get_cpu_version },
    { XENPF_firmware_info, true, firmware_info },
    { XENPF_enter_acpi_sleep, false, enter_acpi_sleep },
    { XENPF_get_cpuinfo, true, get_cpuinfo },
};

static unsigned long unknown_logged[BITMAP_WORDS(128)];

long hc_platform_op(unsigned long arg)
{
    struct xen_platform_op op;

    if (copy_from_guest(&op, guest_ptr(arg), sizeof(op)) != 0)
        return -EFAULT;
    if (op.interface_version != XENPF_INTERFACE_VERSION)
        return -EACCES;
    for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
        long err;

        if (ops[i].cmd != op.cmd)
            continue;
        err = ops[i].fn(&op);
        if (err == 0 && ops[i].copy_back && copy_to_guest(guest_ptr(arg), &op, sizeof(op)) != 0)
            return -EFAULT;
        return err;
    }
    if (op.cmd < 128)
        log_once(unknown_logged, op.cmd, "platform_op %u is not implemented", op.cmd);
    return -ENOSYS;
}
