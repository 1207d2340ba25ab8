/* SPDX-License-Identifier: MIT */
/* The hypercall table: number, name, argument count, privilege. Every other list is derived from it. */
#ifndef HCALL_TABLE_H
#define HCALL_TABLE_H

/* Privilege: ANY guest, or CONTROL (dom0 only: others get -EPERM before the handler runs). */
#define HYPERCALL_TABLE(X)                                  \
    X(__HYPERVISOR_set_trap_table, set_trap_table, 1, ANY)         \
    X(__HYPERVISOR_mmu_update, mmu_update, 4, ANY)                 \
    X(__HYPERVISOR_set_gdt, set_gdt, 2, ANY)                       \
    X(__HYPERVISOR_stack_switch, stack_switch, 2, ANY)             \
    X(__HYPERVISOR_set_callbacks, set_callbacks, 3, ANY)           \
    X(__HYPERVISOR_fpu_taskswitch, fpu_taskswitch, 1, ANY)         \
    X(__HYPERVISOR_platform_op, platform_op, 1, CONTROL)           \
    X(__HYPERVISOR_set_debugreg, set_debugreg, 2, ANY)             \
    X(__HYPERVISOR_get_debugreg, get_debugreg, 1, ANY)             \
    X(__HYPERVISOR_update_descriptor, update_descriptor, 2, ANY)   \
    X(__HYPERVISOR_memory_op, memory_op, 2, ANY)                   \
    X(__HYPERVISOR_multicall, multicall, 2, ANY)                   \
    X(__HYPERVISOR_update_va_mapping, update_va_mapping, 3, ANY)   \
    X(__HYPERVISOR_set_timer_op, set_timer_op, 1, ANY)             \
    X(__HYPERVISOR_xen_version, xen_version, 2, ANY)               \
    X(__HYPERVISOR_console_io, console_io, 3, ANY)                 \
    X(__HYPERVISOR_grant_table_op, grant_table_op, 3, ANY)         \
    X(__HYPERVISOR_vm_assist, vm_assist, 2, ANY)                   \
    X(__HYPERVISOR_update_va_mapping_otherdomain, update_va_mapping_otherdomain, 4, ANY) \
    X(__HYPERVISOR_iret, iret, 0, ANY)                             \
    X(__HYPERVISOR_vcpu_op, vcpu_op, 3, ANY)                       \
    X(__HYPERVISOR_set_segment_base, set_segment_base, 2, ANY)     \
    X(__HYPERVISOR_mmuext_op, mmuext_op, 4, ANY)                   \
    X(__HYPERVISOR_nmi_op, nmi_op, 2, ANY)                         \
    X(__HYPERVISOR_sched_op, sched_op, 2, ANY)                     \
    X(__HYPERVISOR_callback_op, callback_op, 2, ANY)               \
    X(__HYPERVISOR_event_channel_op, event_channel_op, 2, ANY)     \
    X(__HYPERVISOR_physdev_op, physdev_op, 2, ANY)                 \
    X(__HYPERVISOR_sysctl, sysctl, 1, CONTROL)                     \
    X(__HYPERVISOR_domctl, domctl, 1, CONTROL)                     \
    X(PARADOR_HYPERCALL_control, control, 1, CONTROL)

/* Handlers: long hc_<name>(...) with the table's number of arguments, in hcall/hc_*.c; prototypes
 * in hcall/handlers.h. */

#endif
