/* SPDX-License-Identifier: MIT */
/*
 * domctl(guest address of xen_domctl): creating, inspecting, controlling and destroying domains.
 *
 * Only dom0 (and a domain that was made another's device model, for a few ops). The structure is
 * copied in, and copied back when the op has OUT fields. Common errors: EPERM the caller may not;
 * EACCES wrong interface_version; EFAULT; ESRCH no such domain; ENOSYS op not offered; EINVAL a
 * field out of range; ENOMEM. domctl_ops.h has each op: its field of xen_domctl.u and what else can
 * go wrong.
 */
#ifndef PUBLIC_DOMCTL_H
#define PUBLIC_DOMCTL_H

#include "domctl_ops.h"
#include "types.h"

#define XEN_DOMCTL_INTERFACE_VERSION        0x00000015

/* createdomain.flags */
#define _XEN_DOMCTL_CDF_hvm             0
#define XEN_DOMCTL_CDF_hvm              (xen_mk_uint(1) << _XEN_DOMCTL_CDF_hvm)
#define _XEN_DOMCTL_CDF_hap             1
#define XEN_DOMCTL_CDF_hap              (xen_mk_uint(1) << _XEN_DOMCTL_CDF_hap)
#define _XEN_DOMCTL_CDF_s3_integrity    2
#define XEN_DOMCTL_CDF_s3_integrity     (xen_mk_uint(1) << _XEN_DOMCTL_CDF_s3_integrity)
#define _XEN_DOMCTL_CDF_oos_off         3
#define XEN_DOMCTL_CDF_oos_off          (xen_mk_uint(1) << _XEN_DOMCTL_CDF_oos_off)
#define _XEN_DOMCTL_CDF_xs_domain       4 /* runs the xenstore */
#define XEN_DOMCTL_CDF_xs_domain        (xen_mk_uint(1) << _XEN_DOMCTL_CDF_xs_domain)
#define _XEN_DOMCTL_CDF_iommu           5
#define XEN_DOMCTL_CDF_iommu            (xen_mk_uint(1) << _XEN_DOMCTL_CDF_iommu)
#define _XEN_DOMCTL_CDF_nested_virt     6
#define XEN_DOMCTL_CDF_nested_virt      (xen_mk_uint(1) << _XEN_DOMCTL_CDF_nested_virt)
#define XEN_DOMCTL_CDF_vpmu             (xen_mk_uint(1) << 7)
#define XEN_DOMCTL_CDF_MAX              XEN_DOMCTL_CDF_vpmu

/* createdomain.iommu_opts */
#define _XEN_DOMCTL_IOMMU_no_sharept    0
#define XEN_DOMCTL_IOMMU_no_sharept     (xen_mk_uint(1) << _XEN_DOMCTL_IOMMU_no_sharept)
#define XEN_DOMCTL_IOMMU_MAX            XEN_DOMCTL_IOMMU_no_sharept

/* createdomain.grant_opts: highest grant table version */
#define XEN_DOMCTL_GRANT_version_mask   0xf
#define XEN_DOMCTL_GRANT_version(v)     ((v) & XEN_DOMCTL_GRANT_version_mask)

/* xen_arch_domainconfig.emulation_flags: devices we emulate; none for a PV domain but PIT */
#define _XEN_X86_EMU_LAPIC              0
#define XEN_X86_EMU_LAPIC               (xen_mk_uint(1) << _XEN_X86_EMU_LAPIC)
#define _XEN_X86_EMU_HPET               1
#define XEN_X86_EMU_HPET                (xen_mk_uint(1) << _XEN_X86_EMU_HPET)
#define _XEN_X86_EMU_PM                 2
#define XEN_X86_EMU_PM                  (xen_mk_uint(1) << _XEN_X86_EMU_PM)
#define _XEN_X86_EMU_RTC                3
#define XEN_X86_EMU_RTC                 (xen_mk_uint(1) << _XEN_X86_EMU_RTC)
#define _XEN_X86_EMU_IOAPIC             4
#define XEN_X86_EMU_IOAPIC              (xen_mk_uint(1) << _XEN_X86_EMU_IOAPIC)
#define _XEN_X86_EMU_PIC                5
#define XEN_X86_EMU_PIC                 (xen_mk_uint(1) << _XEN_X86_EMU_PIC)
#define _XEN_X86_EMU_VGA                6
#define XEN_X86_EMU_VGA                 (xen_mk_uint(1) << _XEN_X86_EMU_VGA)
#define _XEN_X86_EMU_IOMMU              7
#define XEN_X86_EMU_IOMMU               (xen_mk_uint(1) << _XEN_X86_EMU_IOMMU)
#define _XEN_X86_EMU_PIT                8
#define XEN_X86_EMU_PIT                 (xen_mk_uint(1) << _XEN_X86_EMU_PIT)
#define _XEN_X86_EMU_USE_PIRQ           9
#define XEN_X86_EMU_USE_PIRQ            (xen_mk_uint(1) << _XEN_X86_EMU_USE_PIRQ)
#define _XEN_X86_EMU_VPCI               10
#define XEN_X86_EMU_VPCI                (xen_mk_uint(1) << _XEN_X86_EMU_VPCI)
#define XEN_X86_EMU_ALL                 xen_mk_uint(0x7ff)

/* xen_arch_domainconfig.misc_flags: unknown MSRs read as 0 and swallow writes instead of #GP */
#define XEN_X86_MSR_RELAXED             (xen_mk_uint(1) << 0)
#define XEN_X86_MISC_FLAGS_MAX          XEN_X86_MSR_RELAXED

/* getdomaininfo.flags; bits 16-23 the SHUTDOWN_* reason if shutdown */
#define _XEN_DOMINF_dying               0
#define XEN_DOMINF_dying                (xen_mk_uint(1) << _XEN_DOMINF_dying)
#define _XEN_DOMINF_hvm_guest           1
#define XEN_DOMINF_hvm_guest            (xen_mk_uint(1) << _XEN_DOMINF_hvm_guest)
#define _XEN_DOMINF_shutdown            2
#define XEN_DOMINF_shutdown             (xen_mk_uint(1) << _XEN_DOMINF_shutdown)
#define _XEN_DOMINF_paused              3 /* by the toolstack */
#define XEN_DOMINF_paused               (xen_mk_uint(1) << _XEN_DOMINF_paused)
#define _XEN_DOMINF_blocked             4 /* all vcpus wait */
#define XEN_DOMINF_blocked              (xen_mk_uint(1) << _XEN_DOMINF_blocked)
#define _XEN_DOMINF_running             5 /* a vcpu is on a cpu */
#define XEN_DOMINF_running              (xen_mk_uint(1) << _XEN_DOMINF_running)
#define _XEN_DOMINF_debugged            6
#define XEN_DOMINF_debugged             (xen_mk_uint(1) << _XEN_DOMINF_debugged)
#define _XEN_DOMINF_xs_domain           7
#define XEN_DOMINF_xs_domain            (xen_mk_uint(1) << _XEN_DOMINF_xs_domain)
#define _XEN_DOMINF_hap                 8
#define XEN_DOMINF_hap                  (xen_mk_uint(1) << _XEN_DOMINF_hap)
#define XEN_DOMINF_shutdownmask         255
#define XEN_DOMINF_shutdownshift        16

/* getdomaininfo.max_vcpu_id of a domain without vcpus */
#define XEN_INVALID_MAX_VCPU_ID         xen_mk_uint(0xffffffff)

/* getpageframeinfo3: result in the top bits of each entry; tables pinned or not */
#define XEN_DOMCTL_PFINFO_LTAB_SHIFT    28
#define XEN_DOMCTL_PFINFO_NOTAB         (xen_mk_uint(0x0) << 28)
#define XEN_DOMCTL_PFINFO_L1TAB         (xen_mk_uint(0x1) << 28)
#define XEN_DOMCTL_PFINFO_L2TAB         (xen_mk_uint(0x2) << 28)
#define XEN_DOMCTL_PFINFO_L3TAB         (xen_mk_uint(0x3) << 28)
#define XEN_DOMCTL_PFINFO_L4TAB         (xen_mk_uint(0x4) << 28)
#define XEN_DOMCTL_PFINFO_LTABTYPE_MASK (xen_mk_uint(0x7) << 28)
#define XEN_DOMCTL_PFINFO_LPINTAB       (xen_mk_uint(0x1) << 31)
#define XEN_DOMCTL_PFINFO_XTAB          (xen_mk_uint(0xf) << 28) /* not a frame of the domain */
#define XEN_DOMCTL_PFINFO_XALLOC        (xen_mk_uint(0xe) << 28) /* no contents, but allocate */
#define XEN_DOMCTL_PFINFO_BROKEN        (xen_mk_uint(0xd) << 28) /* bad memory */
#define XEN_DOMCTL_PFINFO_LTAB_MASK     (xen_mk_uint(0xf) << 28)

/* shadow_op.op */
#define XEN_DOMCTL_SHADOW_OP_OFF                0
#define XEN_DOMCTL_SHADOW_OP_ENABLE_TEST        1
#define XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY    2
#define XEN_DOMCTL_SHADOW_OP_CLEAN              11 /* read and clear the bitmap */
#define XEN_DOMCTL_SHADOW_OP_PEEK               12 /* read it */
#define XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION     30
#define XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION     31
#define XEN_DOMCTL_SHADOW_OP_ENABLE             32 /* with mode */
/* shadow_op.mode */
#define XEN_DOMCTL_SHADOW_ENABLE_REFCOUNT       (1 << 1)
#define XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY      (1 << 2)
#define XEN_DOMCTL_SHADOW_ENABLE_TRANSLATE      (1 << 3)
#define XEN_DOMCTL_SHADOW_ENABLE_EXTERNAL       (1 << 4)
#define XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL        (1 << 0) /* for CLEAN: the last time */

/* vcpuaffinity.flags */
#define _XEN_VCPUAFFINITY_HARD          0 /* never elsewhere */
#define XEN_VCPUAFFINITY_HARD           (xen_mk_uint(1) << _XEN_VCPUAFFINITY_HARD)
#define _XEN_VCPUAFFINITY_SOFT          1 /* rather there */
#define XEN_VCPUAFFINITY_SOFT           (xen_mk_uint(1) << _XEN_VCPUAFFINITY_SOFT)
#define _XEN_VCPUAFFINITY_FORCE         2 /* undo a temporary pin */
#define XEN_VCPUAFFINITY_FORCE          (xen_mk_uint(1) << _XEN_VCPUAFFINITY_FORCE)

/* scheduler_op.sched_id, and elsewhere */
#define XEN_SCHEDULER_CREDIT            5
#define XEN_SCHEDULER_CREDIT2           6
#define XEN_SCHEDULER_ARINC653          7
#define XEN_SCHEDULER_RTDS              8
#define XEN_SCHEDULER_NULL              9
/* scheduler_op.cmd */
#define XEN_DOMCTL_SCHEDOP_putinfo      0
#define XEN_DOMCTL_SCHEDOP_getinfo      1
#define XEN_DOMCTL_SCHEDOP_putvcpuinfo  2
#define XEN_DOMCTL_SCHEDOP_getvcpuinfo  3
/* xen_domctl_sched_rtds.flags: may use time left over */
#define _XEN_DOMCTL_SCHEDRT_extra       0
#define XEN_DOMCTL_SCHEDRT_extra        (xen_mk_uint(1) << _XEN_DOMCTL_SCHEDRT_extra)

/* sendtrigger.trigger */
#define XEN_DOMCTL_SENDTRIGGER_NMI      0
#define XEN_DOMCTL_SENDTRIGGER_RESET    1
#define XEN_DOMCTL_SENDTRIGGER_INIT     2
#define XEN_DOMCTL_SENDTRIGGER_POWER    3
#define XEN_DOMCTL_SENDTRIGGER_SLEEP    4

/* debug_op.op */
#define XEN_DOMCTL_DEBUG_OP_SINGLE_STEP_OFF 0
#define XEN_DOMCTL_DEBUG_OP_SINGLE_STEP_ON  1

/* memory_mapping and ioport_mapping add_mapping */
#define DPCI_ADD_MAPPING                1
#define DPCI_REMOVE_MAPPING             0

#ifndef __ASSEMBLER__

struct xen_arch_domainconfig {
    uint32_t emulation_flags;   /* XEN_X86_EMU_* */
    uint32_t misc_flags;        /* XEN_X86_* */
};

struct xen_domctl_createdomain {
    uint32_t ssidref;           /* IN  0 */
    xen_domain_handle_t handle; /* IN  UUID */
    uint32_t flags;             /* IN  XEN_DOMCTL_CDF_*; 0 is a PV domain */
    uint32_t iommu_opts;        /* IN */
    uint32_t max_vcpus;         /* IN  1 or more */
    uint32_t max_evtchn_port;   /* IN  highest port it may have */
    int32_t max_grant_frames;   /* IN  -1: host's default */
    int32_t max_maptrack_frames; /* IN -1: host's default */
    uint32_t grant_opts;        /* IN */
    uint32_t vmtrace_size;      /* IN  0 */
    uint32_t cpupool_id;        /* IN */
    struct xen_arch_domainconfig arch;
};

/* Also the element of XEN_SYSCTL_getdomaininfolist. All OUT. */
struct xen_domctl_getdomaininfo {
    domid_t domain;
    uint16_t pad1;
    uint32_t flags;             /* XEN_DOMINF_* */
    uint64_t tot_pages;         /* frames owned */
    uint64_t max_pages;         /* limit */
    uint64_t outstanding_pages; /* claimed, not yet drawn */
    uint64_t shr_pages;
    uint64_t paged_pages;
    uint64_t shared_info_frame; /* mfn of shared_info */
    uint64_t cpu_time;          /* ns, all vcpus together */
    uint32_t nr_online_vcpus;
    uint32_t max_vcpu_id;       /* XEN_INVALID_MAX_VCPU_ID: none */
    uint32_t ssidref;
    xen_domain_handle_t handle;
    uint32_t cpupool;
    uint8_t gpaddr_bits;
    uint8_t pad2[7];
    struct xen_arch_domainconfig arch_config;
};

struct xen_domctl_getpageframeinfo3 {
    uint64_t num;               /* IN */
    uint64_t array;             /* guest address of xen_pfn_t[num]; IN mfns, OUT types */
};

struct xen_domctl_nodeaffinity {
    struct xenctl_bitmap nodemap;
};

struct xen_domctl_vcpuaffinity {
    uint32_t vcpu;              /* IN */
    uint32_t flags;             /* IN  which of the masks */
    struct xenctl_bitmap cpumap_hard;
    struct xenctl_bitmap cpumap_soft;
};

struct xen_domctl_shadow_op_stats {
    uint32_t fault_count;
    uint32_t dirty_count;
};

struct xen_domctl_shadow_op {
    uint32_t op;                /* IN */
    uint32_t mode;              /* IN */
    uint32_t mb;                /* IN or OUT */
    uint64_t dirty_bitmap;      /* guest address; OUT */
    uint64_t pages;             /* IN room, OUT covered */
    struct xen_domctl_shadow_op_stats stats; /* OUT */
};

struct xen_domctl_max_mem {
    uint64_t max_memkb;         /* IN */
};

struct xen_domctl_vcpucontext {
    uint32_t vcpu;              /* IN */
    uint64_t ctxt;              /* guest address of vcpu_guest_context */
};

struct xen_domctl_getvcpuinfo {
    uint32_t vcpu;              /* IN */
    uint8_t online;             /* OUT not down */
    uint8_t blocked;            /* OUT */
    uint8_t running;            /* OUT */
    uint64_t cpu_time;          /* OUT ns */
    uint32_t cpu;               /* OUT where it runs or ran last */
};

struct xen_domctl_max_vcpus {
    uint32_t max;               /* IN */
};

struct xen_domctl_sched_credit {
    uint16_t weight;            /* putinfo: 0 leaves it */
    uint16_t cap;               /* percent of one cpu, 0 none; putinfo: 0xffff leaves it */
};

struct xen_domctl_sched_credit2 {
    uint16_t weight;
    uint16_t cap;
};

struct xen_domctl_sched_rtds {
    uint32_t period;            /* us */
    uint32_t budget;            /* us in each period */
    uint32_t flags;
};

struct xen_domctl_schedparam_vcpu {
    union {
        struct xen_domctl_sched_credit credit;
        struct xen_domctl_sched_credit2 credit2;
        struct xen_domctl_sched_rtds rtds;
    } u;
    uint32_t vcpuid;
};

struct xen_domctl_scheduler_op {
    uint32_t sched_id;          /* IN  XEN_SCHEDULER_* */
    uint32_t cmd;               /* IN  XEN_DOMCTL_SCHEDOP_* */
    union {
        struct xen_domctl_sched_credit credit;
        struct xen_domctl_sched_credit2 credit2;
        struct xen_domctl_sched_rtds rtds;
        struct {
            uint64_t vcpus;     /* guest address of xen_domctl_schedparam_vcpu[] */
            uint32_t nr_vcpus;  /* IN count, OUT handled */
            uint32_t padding;
        } v;                    /* putvcpuinfo, getvcpuinfo */
    } u;
};

struct xen_domctl_setdomainhandle {
    xen_domain_handle_t handle;
};

struct xen_domctl_setdebugging {
    uint8_t enable;
};

struct xen_domctl_irq_permission {
    uint32_t pirq;
    uint8_t allow_access;
    uint8_t pad[3];
};

struct xen_domctl_iomem_permission {
    uint64_t first_mfn;
    uint64_t nr_mfns;
    uint8_t allow_access;
};

struct xen_domctl_ioport_permission {
    uint32_t first_port;
    uint32_t nr_ports;
    uint8_t allow_access;
};

struct xen_domctl_hypercall_init {
    uint64_t gmfn;              /* IN  mfn of a frame of the domain */
};

struct xen_domctl_settimeoffset {
    int64_t time_offset_seconds;
};

struct xen_domctl_hvmcontext {
    uint32_t size;              /* IN room, OUT bytes */
    uint64_t buffer;            /* guest address */
};

struct xen_domctl_hvmcontext_partial {
    uint32_t type;
    uint32_t instance;
    uint64_t bufsz;
    uint64_t buffer;            /* guest address */
};

struct xen_domctl_address_size {
    uint32_t size;              /* bits */
};

struct xen_domctl_sendtrigger {
    uint32_t trigger;
    uint32_t vcpu;
};

struct xen_domctl_memory_mapping {
    uint64_t first_gfn;
    uint64_t first_mfn;
    uint64_t nr_mfns;
    uint32_t add_mapping;       /* DPCI_* */
    uint32_t padding;
};

struct xen_domctl_ioport_mapping {
    uint32_t first_gport;
    uint32_t first_mport;
    uint32_t nr_ports;
    uint32_t add_mapping;       /* DPCI_* */
};

/* Machine check state within ext_vcpucontext. */
struct hvm_vmce_vcpu {
    uint64_t caps;
    uint64_t mci_ctl2_bank0;
    uint64_t mci_ctl2_bank1;
    uint64_t mcg_ext_ctl;
};

struct xen_domctl_ext_vcpucontext {
    uint32_t vcpu;              /* IN */
    uint32_t size;              /* bytes of this structure that are valid */
    uint64_t syscall32_callback_eip;
    uint64_t sysenter_callback_eip;
    uint16_t syscall32_callback_cs;
    uint16_t sysenter_callback_cs;
    uint8_t syscall32_disables_events;
    uint8_t sysenter_disables_events;
    union {
        uint64_t mcg_cap;
        struct hvm_vmce_vcpu vmce;
    };
};

struct xen_domctl_set_target {
    domid_t target;
};

struct xen_domctl_subscribe {
    uint32_t port;
};

struct xen_domctl_debug_op {
    uint32_t op;
    uint32_t vcpu;
};

struct xen_domctl_tsc_info {
    uint32_t tsc_mode;          /* 0 emulate if needed, 1 always, 2 never, 3 never with TSC_AUX */
    uint32_t gtsc_khz;
    uint32_t incarnation;       /* how often the domain has moved */
    uint32_t pad;
    uint64_t elapsed_nsec;
};

struct xen_domctl_vcpuextstate {
    uint32_t vcpu;              /* IN */
    uint64_t xfeature_mask;     /* IN or OUT */
    uint64_t size;              /* IN room, OUT bytes */
    uint64_t buffer;            /* guest address */
};

struct xen_domctl_set_virq_handler {
    uint32_t virq;
};

struct xen_domctl_vcpu_msr {
    uint32_t index;
    uint32_t reserved;
    uint64_t value;
};

struct xen_domctl_vcpu_msrs {
    uint32_t vcpu;              /* IN */
    uint32_t msr_count;         /* IN+OUT */
    uint64_t msrs;              /* guest address of xen_domctl_vcpu_msr[] */
};

struct xen_domctl_vnuma {
    uint32_t nr_vnodes;
    uint32_t nr_vmemranges;
    uint32_t nr_vcpus;
    uint32_t pad;
    uint64_t vdistance;         /* guest address of uint32_t[nr_vnodes * nr_vnodes] */
    uint64_t vcpu_to_vnode;     /* guest address of uint32_t[nr_vcpus] */
    uint64_t vnode_to_pnode;    /* guest address of uint32_t[nr_vnodes] */
    uint64_t vmemrange;         /* guest address of xen_vmemrange[nr_vmemranges] */
};

struct xen_domctl_cpu_policy {
    uint32_t nr_leaves;         /* IN room, OUT count */
    uint32_t nr_msrs;           /* IN room, OUT count */
    uint64_t leaves;            /* guest address of xen_cpuid_leaf[] */
    uint64_t msrs;              /* guest address of xen_msr_entry[] */
    uint32_t err_leaf, err_subleaf, err_msr; /* OUT of a failed set; ~0 not the cause */
};

struct xen_domctl_paging_mempool {
    uint64_t size;              /* bytes, multiple of 4096 */
};

struct xen_domctl {
    uint32_t cmd;               /* IN  XEN_DOMCTL_* */
    uint32_t interface_version; /* IN  XEN_DOMCTL_INTERFACE_VERSION */
    domid_t domain;             /* IN (createdomain, getdomaininfo: OUT too) */
    uint16_t _pad[3];
    union {
        struct xen_domctl_createdomain createdomain;
        struct xen_domctl_getdomaininfo getdomaininfo;
        struct xen_domctl_getpageframeinfo3 getpageframeinfo3;
        struct xen_domctl_nodeaffinity nodeaffinity;
        struct xen_domctl_vcpuaffinity vcpuaffinity;
        struct xen_domctl_shadow_op shadow_op;
        struct xen_domctl_max_mem max_mem;
        struct xen_domctl_vcpucontext vcpucontext;
        struct xen_domctl_getvcpuinfo getvcpuinfo;
        struct xen_domctl_max_vcpus max_vcpus;
        struct xen_domctl_scheduler_op scheduler_op;
        struct xen_domctl_setdomainhandle setdomainhandle;
        struct xen_domctl_setdebugging setdebugging;
        struct xen_domctl_irq_permission irq_permission;
        struct xen_domctl_iomem_permission iomem_permission;
        struct xen_domctl_ioport_permission ioport_permission;
        struct xen_domctl_hypercall_init hypercall_init;
        struct xen_domctl_settimeoffset settimeoffset;
        struct xen_domctl_tsc_info tsc_info;
        struct xen_domctl_hvmcontext hvmcontext;
        struct xen_domctl_hvmcontext_partial hvmcontext_partial;
        struct xen_domctl_address_size address_size;
        struct xen_domctl_sendtrigger sendtrigger;
        struct xen_domctl_memory_mapping memory_mapping;
        struct xen_domctl_ioport_mapping ioport_mapping;
        struct xen_domctl_ext_vcpucontext ext_vcpucontext;
        struct xen_domctl_set_target set_target;
        struct xen_domctl_subscribe subscribe;
        struct xen_domctl_debug_op debug_op;
        struct xen_domctl_cpu_policy cpu_policy;
        struct xen_domctl_vcpuextstate vcpuextstate;
        struct xen_domctl_vcpu_msrs vcpu_msrs;
        struct xen_domctl_set_virq_handler set_virq_handler;
        struct xen_domctl_vnuma vnuma;
        struct xen_domctl_paging_mempool paging_mempool;
        uint8_t pad[128];
    } u;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_DOMCTL_H */
