/* SPDX-License-Identifier: MIT */
/* Prototypes of every hypercall handler; arguments are raw register values. */
#ifndef HCALL_HANDLERS_H
#define HCALL_HANDLERS_H

/* All run with interrupts on, no lock held; return 0/-errno (or a value), or -ERESTART after hcall_restart(). */
long hc_set_trap_table(unsigned long traps);
long hc_mmu_update(unsigned long reqs, unsigned long count, unsigned long done_out, unsigned long foreigndom);
long hc_set_gdt(unsigned long frames, unsigned long entries);
long hc_stack_switch(unsigned long ss, unsigned long sp);
long hc_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall);
long hc_fpu_taskswitch(unsigned long set);
long hc_platform_op(unsigned long op);
long hc_set_debugreg(unsigned long reg, unsigned long value);
long hc_get_debugreg(unsigned long reg);
long hc_update_descriptor(unsigned long maddr, unsigned long desc);
long hc_memory_op(unsigned long cmd, unsigned long arg);
long hc_multicall(unsigned long calls, unsigned long count);
long hc_update_va_mapping(unsigned long va, unsigned long val, unsigned long flags);
long hc_set_timer_op(unsigned long timeout);
long hc_xen_version(unsigned long cmd, unsigned long arg);
long hc_console_io(unsigned long cmd, unsigned long count, unsigned long buffer);
long hc_grant_table_op(unsigned long cmd, unsigned long ops, unsigned long count);
long hc_vm_assist(unsigned long cmd, unsigned long type);
long hc_update_va_mapping_otherdomain(unsigned long va, unsigned long val, unsigned long flags, unsigned long domid);
long hc_iret(void);
long hc_vcpu_op(unsigned long cmd, unsigned long vcpu, unsigned long arg);
long hc_set_segment_base(unsigned long which, unsigned long base);
long hc_mmuext_op(unsigned long ops, unsigned long count, unsigned long done_out, unsigned long foreigndom);
long hc_nmi_op(unsigned long cmd, unsigned long arg);
long hc_sched_op(unsigned long cmd, unsigned long arg);
long hc_callback_op(unsigned long cmd, unsigned long arg);
long hc_event_channel_op(unsigned long cmd, unsigned long arg);
long hc_physdev_op(unsigned long cmd, unsigned long arg);
long hc_sysctl(unsigned long op);
long hc_domctl(unsigned long op);
long hc_control(unsigned long op);

#endif
