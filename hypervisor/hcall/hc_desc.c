/* SPDX-License-Identifier: MIT */
/* Hypercalls on descriptor tables and registers of the calling vcpu. */
#include "core/domain.h"
#include "core/guest_access.h"
#include "hcall/handlers.h"
#include "hw/cpu.h"
#include "lib/errno.h"
#include "public/mmu.h"
#include "pv/descriptor.h"
#include "pv/emulate.h"
#include "pv/pv.h"

long hc_set_gdt(unsigned long frames, unsigned long entries)
{
    uint64_t mfns[14];
    unsigned n;

    entries = (uint32_t)entries;
    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    n = (entries + 511) / 512;
    if (copy_from_guest(mfns, guest_ptr(frames), n * sizeof(*mfns)))
        return -EFAULT;
    return pv_set_gdt(current_pv, mfns, entries);
}

long hc_update_descriptor(unsigned long maddr, unsigned long desc)
{
    return pv_update_descriptor(current->domain, maddr, desc);
}

long hc_fpu_taskswitch(unsigned long set)
{
    pv_fpu_taskswitch(current_pv, (uint32_t)set);
    return 0;
}

long hc_set_debugreg(unsigned long reg, unsigned long value)
{
    return pv_set_debugreg(current_pv, (uint32_t)reg, value);
}

long hc_get_debugreg(unsigned long reg)
{
    return pv_get_debugreg(current_pv, (uint32_t)reg);
}

long hc_set_segment_base(unsigned long which, unsigned long base)
{
    return pv_set_segment_base(current_pv, (uint32_t)which, base);
}

long hc_vm_assist(unsigned long cmd, unsigned long type)
{
    struct domain *d = current->domain;
    uint32_t bit;

    switch ((uint32_t)type) {
    case VMASST_TYPE_4gb_segments:
    case VMASST_TYPE_4gb_segments_notify:
    case VMASST_TYPE_writable_pagetables:
    case VMASST_TYPE_pae_extended_cr3:
    case VMASST_TYPE_architectural_iopl:
    case VMASST_TYPE_runstate_update_flag:
        break;
    default:
        return -EINVAL;
    }
    bit = 1u << (uint32_t)type;
    switch ((uint32_t)cmd) {
    case VMASST_CMD_enable:
        __atomic_fetch_or(&d->vm_assist, bit, __ATOMIC_RELAXED);
        return 0;
    case VMASST_CMD_disable:
        __atomic_fetch_and(&d->vm_assist, ~bit, __ATOMIC_RELAXED);
        return 0;
    }
    return -ENOSYS;
}
