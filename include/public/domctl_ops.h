/* SPDX-License-Identifier: MIT */
/*
 * The numbers of domctl's operations, each with what it takes, gives and refuses.
 *
 * Included by domctl.h, which has the structures and tells who may call and the common errors.
 */
#ifndef PUBLIC_DOMCTL_OPS_H
#define PUBLIC_DOMCTL_OPS_H

/* createdomain IN+OUT. domain: the domid wanted, or 0 or a reserved one to have one chosen; OUT the
 * domid. The domain is paused by the toolstack, has no memory and no vcpu contexts.
 *   EEXIST  domid taken    EINVAL  flags or limits not supported    ENFILE  no domid is free */
#define XEN_DOMCTL_createdomain             1
/* No field. Frees everything, in slices: ERESTART is turned into repetition inside the call. The
 * domid stays visible as dying until the last reference to it goes. EINVAL: dom0 or the caller. */
#define XEN_DOMCTL_destroydomain            2
/* No field. Each pause by the toolstack is counted, each unpause takes one off.
 *   EINVAL  unpause of a domain that is not paused, pause of oneself */
#define XEN_DOMCTL_pausedomain              3
#define XEN_DOMCTL_unpausedomain            4
/* getdomaininfo OUT, for the first domain whose domid is >= domain; OUT domain tells which.
 *   ESRCH  no domid that high */
#define XEN_DOMCTL_getdomaininfo            5
/* vcpuaffinity IN+OUT: OUT the resulting masks. EINVAL: no cpu left in the mask's pool. */
#define XEN_DOMCTL_setvcpuaffinity          9
/* shadow_op IN+OUT: dirty-page tracking for live migration. EINVAL: not in that mode. */
#define XEN_DOMCTL_shadow_op                10
/* max_mem IN: limit in KiB of what the domain may own. Less than it owns is accepted. */
#define XEN_DOMCTL_max_mem                  11
/* vcpucontext IN; ctxt 0 takes the state away. Paused vcpus only. EINVAL see vcpu_guest_context. */
#define XEN_DOMCTL_setvcpucontext           12
/* vcpucontext IN, OUT the structure at ctxt. ENODATA: vcpu has no state yet. */
#define XEN_DOMCTL_getvcpucontext           13
/* getvcpuinfo IN+OUT. ESRCH: no such vcpu. */
#define XEN_DOMCTL_getvcpuinfo              14
/* max_vcpus IN: create vcpus 0 to max - 1; must equal createdomain's max_vcpus. */
#define XEN_DOMCTL_max_vcpus                15
/* scheduler_op IN+OUT: weights, caps, reservations. EINVAL: sched_id is not the domain's. */
#define XEN_DOMCTL_scheduler_op             16
/* setdomainhandle IN: change the UUID. */
#define XEN_DOMCTL_setdomainhandle          17
/* setdebugging IN: stop the domain at int3 and single steps instead of delivering them. */
#define XEN_DOMCTL_setdebugging             18
/* irq_, iomem_, ioport_permission IN: give or take a right of access to a physical resource the
 * caller has itself. */
#define XEN_DOMCTL_irq_permission           19
#define XEN_DOMCTL_iomem_permission         20
#define XEN_DOMCTL_ioport_permission        21
/* hypercall_init IN: fill the domain's frame with hypercall stubs. EACCES: not its frame. */
#define XEN_DOMCTL_hypercall_init           22
/* settimeoffset IN: seconds by which the domain's wall clock differs from UTC. */
#define XEN_DOMCTL_settimeoffset            24
/* vcpuaffinity IN vcpu, flags; OUT masks. */
#define XEN_DOMCTL_getvcpuaffinity          25
#define XEN_DOMCTL_real_mode_area           26 /* other architectures */
/* No field. Make a domain that shut down for suspension run again; each vcpu's SCHEDOP_shutdown
 * returns 1. EINVAL: not shut down. */
#define XEN_DOMCTL_resumedomain             27
/* sendtrigger IN. ESRCH: no such vcpu; ENOSYS: trigger not offered. */
#define XEN_DOMCTL_sendtrigger              28
/* subscribe IN: the domain sends on this port of its own when it shuts down to suspend. */
#define XEN_DOMCTL_subscribe                29
#define XEN_DOMCTL_gethvmcontext            33 /* hardware-assisted guests */
#define XEN_DOMCTL_sethvmcontext            34 /* hardware-assisted guests */
/* address_size IN: 64 (nothing to do) or 32 (EINVAL: no such guests). */
#define XEN_DOMCTL_set_address_size         35
/* address_size OUT: 64. */
#define XEN_DOMCTL_get_address_size         36
#define XEN_DOMCTL_assign_device            37
#define XEN_DOMCTL_bind_pt_irq              38
#define XEN_DOMCTL_memory_mapping           39
#define XEN_DOMCTL_ioport_mapping           40
/* ext_vcpucontext IN or OUT: entry points that vcpu_guest_context has no room for. */
#define XEN_DOMCTL_set_ext_vcpucontext      42
#define XEN_DOMCTL_get_ext_vcpucontext      43
#define XEN_DOMCTL_set_opt_feature          44 /* other architectures */
#define XEN_DOMCTL_test_assign_device       45
/* set_target IN: domain becomes the device model of target and may act on it. EINVAL: itself. */
#define XEN_DOMCTL_set_target               46
#define XEN_DOMCTL_deassign_device          47
#define XEN_DOMCTL_unbind_pt_irq            48
#define XEN_DOMCTL_get_device_group         50
/* debug_op IN: single-stepping a vcpu. */
#define XEN_DOMCTL_debug_op                 54
#define XEN_DOMCTL_gethvmcontext_partial    55 /* hardware-assisted guests */
#define XEN_DOMCTL_vm_event_op              56
#define XEN_DOMCTL_mem_sharing_op           57
/* tsc_info OUT / IN: how the domain sees the time stamp counter; set only while paused. */
#define XEN_DOMCTL_gettscinfo               59
#define XEN_DOMCTL_settscinfo               60
/* getpageframeinfo3 IN+OUT: for each frame of the array, its type. E2BIG: more than 1024. */
#define XEN_DOMCTL_getpageframeinfo3        61
/* vcpuextstate IN+OUT: XSAVE state beyond FXSAVE. buffer 0: ask for size. */
#define XEN_DOMCTL_setvcpuextstate          62
#define XEN_DOMCTL_getvcpuextstate          63
#define XEN_DOMCTL_set_access_required      64
#define XEN_DOMCTL_audit_p2m                65
/* set_virq_handler IN: deliver a global VIRQ_* to the domain. EINVAL: not global. */
#define XEN_DOMCTL_set_virq_handler         66
#define XEN_DOMCTL_set_broken_page_p2m      67
/* nodeaffinity IN / OUT: NUMA nodes from which memory should come. */
#define XEN_DOMCTL_setnodeaffinity          68
#define XEN_DOMCTL_getnodeaffinity          69
#define XEN_DOMCTL_cacheflush               71 /* other architectures */
/* vcpu_msrs IN / OUT: MSRs that are part of a vcpu's state. msrs 0: ask for the count.
 *   ENOBUFS  room too small */
#define XEN_DOMCTL_get_vcpu_msrs            72
#define XEN_DOMCTL_set_vcpu_msrs            73
#define XEN_DOMCTL_setvnumainfo             74
#define XEN_DOMCTL_psr_cmt_op               75
#define XEN_DOMCTL_monitor_op               77
#define XEN_DOMCTL_psr_alloc                78
#define XEN_DOMCTL_soft_reset               79
#define XEN_DOMCTL_vuart_op                 81 /* other architectures */
/* cpu_policy IN+OUT: the CPUID leaves and MSRs the domain sees. Arrays 0: the room to have. What set
 * does not name stays as it is; what it names may have fewer features and a lower highest leaf.
 *   ENOBUFS  room too small; counts OUT tell    EINVAL  err_* tell which entry is not possible
 *   E2BIG    more than that room                EEXIST  a vcpu has its registers already */
#define XEN_DOMCTL_get_cpu_policy           82
#define XEN_DOMCTL_set_cpu_policy           83
#define XEN_DOMCTL_vmtrace_op               84
/* paging_mempool OUT / IN: bytes of the domain's pool for the hypervisor's own paging structures.
 *   EOPNOTSUPP  PV domains have none */
#define XEN_DOMCTL_get_paging_mempool_size  85
#define XEN_DOMCTL_set_paging_mempool_size  86
#define XEN_DOMCTL_gdbsx_guestmemio         1000
#define XEN_DOMCTL_gdbsx_pausevcpu          1001
#define XEN_DOMCTL_gdbsx_unpausevcpu        1002
#define XEN_DOMCTL_gdbsx_domstatus          1003

#endif
