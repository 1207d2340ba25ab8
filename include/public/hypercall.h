/* SPDX-License-Identifier: MIT */
/*
 * Hypercall numbers, calling convention, reserved domids, virtual IRQs and the multicall.
 *
 * Calling convention: a 64-bit PV kernel executes SYSCALL with the number in rax and up to six
 * arguments in rdi, rsi, rdx, r10, r8, r9; the result arrives in rax. Argument registers, rcx and
 * r11 are clobbered, all others preserved. Guests normally do not issue SYSCALL themselves: they
 * call hypercall_page + 32 * number, a 4096-byte page of stubs which the domain builder fills at
 * the address named by XEN_ELFNOTE_HYPERCALL_PAGE, and which cpuid leaf 2's MSR fills on request.
 * The stub for iret differs, see public/trap.h.
 *
 * An unknown number returns -ENOSYS. A long operation may be interrupted for an event: the
 * hypervisor then rewinds the vcpu to the call with updated arguments, so a guest may observe its
 * own in-memory argument structures change while a call is under way.
 */
#ifndef PUBLIC_HYPERCALL_H
#define PUBLIC_HYPERCALL_H

#include "types.h"

/* Bytes from one stub of the hypercall page to the next. */
#define PARADOR_HYPERCALL_STUB_SIZE     32

/* Number                                       Described in */
#define __HYPERVISOR_set_trap_table         0   /* trap.h */
#define __HYPERVISOR_mmu_update             1   /* mmu.h */
#define __HYPERVISOR_set_gdt                2   /* trap.h */
#define __HYPERVISOR_stack_switch           3   /* trap.h */
#define __HYPERVISOR_set_callbacks          4   /* callback.h */
#define __HYPERVISOR_fpu_taskswitch         5   /* trap.h */
#define __HYPERVISOR_sched_op_compat        6   /* sched.h: historical */
#define __HYPERVISOR_platform_op            7   /* platform.h */
#define __HYPERVISOR_set_debugreg           8   /* trap.h */
#define __HYPERVISOR_get_debugreg           9   /* trap.h */
#define __HYPERVISOR_update_descriptor      10  /* trap.h */
#define __HYPERVISOR_memory_op              12  /* memory.h */
#define __HYPERVISOR_multicall              13  /* below */
#define __HYPERVISOR_update_va_mapping      14  /* mmu.h */
#define __HYPERVISOR_set_timer_op           15  /* below */
#define __HYPERVISOR_event_channel_op_compat 16 /* event_channel.h: historical */
#define __HYPERVISOR_xen_version            17  /* version.h */
#define __HYPERVISOR_console_io             18  /* console.h */
#define __HYPERVISOR_physdev_op_compat      19  /* physdev.h: historical */
#define __HYPERVISOR_grant_table_op         20  /* grant_table.h */
#define __HYPERVISOR_vm_assist              21  /* mmu.h */
#define __HYPERVISOR_update_va_mapping_otherdomain 22 /* mmu.h */
#define __HYPERVISOR_iret                   23  /* trap.h */
#define __HYPERVISOR_vcpu_op                24  /* vcpu.h */
#define __HYPERVISOR_set_segment_base       25  /* mmu.h */
#define __HYPERVISOR_mmuext_op              26  /* mmu.h */
#define __HYPERVISOR_xsm_op                 27  /* not offered */
#define __HYPERVISOR_nmi_op                 28  /* nmi.h */
#define __HYPERVISOR_sched_op               29  /* sched.h */
#define __HYPERVISOR_callback_op            30  /* callback.h */
#define __HYPERVISOR_xenoprof_op            31  /* not offered */
#define __HYPERVISOR_event_channel_op       32  /* event_channel.h */
#define __HYPERVISOR_physdev_op             33  /* physdev.h */
#define __HYPERVISOR_hvm_op                 34  /* not offered */
#define __HYPERVISOR_sysctl                 35  /* sysctl.h */
#define __HYPERVISOR_domctl                 36  /* domctl.h */
#define __HYPERVISOR_kexec_op               37  /* not offered */
#define __HYPERVISOR_tmem_op                38  /* not offered */
#define __HYPERVISOR_argo_op                39  /* not offered */
#define __HYPERVISOR_xenpmu_op              40  /* not offered */
#define __HYPERVISOR_dm_op                  41  /* not offered */
#define __HYPERVISOR_hypfs_op               42  /* not offered */

/* Eight numbers reserved for what only one architecture has. */
#define __HYPERVISOR_arch_0                 48  /* machine check; not offered */
#define __HYPERVISOR_arch_1                 49
#define __HYPERVISOR_arch_2                 50
#define __HYPERVISOR_arch_3                 51
#define __HYPERVISOR_arch_4                 52
#define __HYPERVISOR_arch_5                 53
#define __HYPERVISOR_arch_6                 54
#define __HYPERVISOR_arch_7                 55

/*
 * Domids. 0 is dom0, ordinary domains are below DOMID_FIRST_RESERVED. The reserved ones are
 * accepted only where an op says so.
 */
#define DOMID_FIRST_RESERVED    xen_mk_uint(0x7FF0)
#define DOMID_SELF              xen_mk_uint(0x7FF0) /* the caller */
#define DOMID_IO                xen_mk_uint(0x7FF1) /* owner of device memory, for mappings */
#define DOMID_XEN               xen_mk_uint(0x7FF2) /* owner of pages the hypervisor shares */
#define DOMID_COW               xen_mk_uint(0x7FF3) /* owner of content-shared pages */
#define DOMID_INVALID           xen_mk_uint(0x7FF4) /* names nobody */
#define DOMID_IDLE              xen_mk_uint(0x7FFF) /* the idle vcpus */
#define DOMID_MASK              xen_mk_uint(0x7FFF) /* bits that carry a domid */

/*
 * Virtual IRQs, bound with EVTCHNOP_bind_virq. V: each vcpu has its own. G: one for the whole
 * host, deliverable to one domain (dom0 unless XEN_DOMCTL_set_virq_handler moved it).
 */
#define VIRQ_TIMER          0   /* V  a timer of this vcpu expired, or time was adjusted */
#define VIRQ_DEBUG          1   /* V  please print your state */
#define VIRQ_CONSOLE        2   /* G  input on the hypervisor's console, read by CONSOLEIO_read */
#define VIRQ_DOM_EXC        3   /* G  some domain shut down, crashed or finished dying */
#define VIRQ_TBUF           4   /* G  trace records are waiting */
#define VIRQ_DEBUGGER       6   /* G  a domain stopped for its debugger */
#define VIRQ_XENOPROF       7   /* V  profile sample */
#define VIRQ_CON_RING       8   /* G  the hypervisor wrote to its message ring */
#define VIRQ_PCPU_STATE     9   /* G  a physical cpu went on- or offline */
#define VIRQ_MEM_EVENT      10  /* G  memory event */
#define VIRQ_ARGO           11  /* G  argo message */
#define VIRQ_ENOMEM         12  /* G  the host is short of memory */
#define VIRQ_XENPMU         13  /* V  performance counter interrupt */
#define VIRQ_ARCH_0         16
#define VIRQ_ARCH_1         17
#define VIRQ_ARCH_2         18
#define VIRQ_ARCH_3         19
#define VIRQ_ARCH_4         20
#define VIRQ_ARCH_5         21
#define VIRQ_ARCH_6         22
#define VIRQ_ARCH_7         23
#define NR_VIRQS            24

/*
 * set_timer_op(uint64_t timeout)
 *   IN  timeout: system time in ns at which VIRQ_TIMER shall be raised on this vcpu. There is one
 *       such timer per vcpu, the same one as VCPUOP_set_singleshot_timer's. 0 cancels it; a time
 *       already past fires at once.
 *   Errors: none; result 0.
 */

#ifndef __ASSEMBLER__

/*
 * multicall(multicall_entry *list, uint32_t nr)
 * Performs nr hypercalls in order. Each entry's result is what the call itself would return; the
 * multicall does not stop at an entry that failed. It may be preempted between entries.
 *   Result: 0 once every entry was performed.
 *   EFAULT  an entry could not be read, or its result not written; earlier entries were performed.
 * A multicall or an iret inside a multicall fails its entry with -EINVAL. When a call shuts the
 * domain down, what follows it is not performed. A preempted call keeps its progress in args.
 */
struct multicall_entry {
    xen_ulong_t op;         /* IN  __HYPERVISOR_* */
    xen_ulong_t result;     /* OUT */
    xen_ulong_t args[6];    /* IN  unused ones are ignored */
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_HYPERCALL_H */
