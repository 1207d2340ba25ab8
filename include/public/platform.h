/* SPDX-License-Identifier: MIT */
/*
 * platform_op(guest address of xen_platform_op): what dom0's kernel asks of the machine.
 *
 * Only dom0. Common errors: EPERM not dom0; EACCES wrong interface_version; EFAULT;
 * ENOSYS op not offered. We offer settime32, settime64, read_memtype, get_cpu_version,
 * firmware_info, enter_acpi_sleep and get_cpuinfo; the rest is described for those who ask.
 */
#ifndef PUBLIC_PLATFORM_H
#define PUBLIC_PLATFORM_H

#include "types.h"

#define XENPF_INTERFACE_VERSION     0x03000001

/* IN settime32 / settime64: the wall clock at a system time; spreads to every domain's shared_info.
 *   EINVAL  mbz not 0, nsecs of a second or more, or secs that overflow */
#define XENPF_settime32             17
#define XENPF_settime64             62
#define XENPF_settime               XENPF_settime64
/* IN+OUT add_memtype, IN del_memtype, IN+OUT read_memtype: MTRRs. */
#define XENPF_add_memtype           31
#define XENPF_del_memtype           32
#define XENPF_read_memtype          33
/* IN microcode: load a microcode blob on every cpu. */
#define XENPF_microcode_update      35
/* IN platform_quirk. EINVAL: unknown. */
#define XENPF_platform_quirk        39
/* OUT pcpu_version. EINVAL: no such cpu. */
#define XENPF_get_cpu_version       48
/* IN+OUT efi_runtime_call. ENOSYS: not booted by EFI. */
#define XENPF_efi_runtime_call      49
/* IN+OUT firmware_info: data the BIOS left. ESRCH: no record `index`, as we keep none; EINVAL:
 * unknown type. */
#define XENPF_firmware_info         50
/* IN enter_acpi_sleep: dom0 has prepared the sleep state; S5 powers the host off. EINVAL: another
 * state, or flags not 0. */
#define XENPF_enter_acpi_sleep      51
#define XENPF_change_freq           52
/* IN+OUT getidletime: how long each cpu has idled. */
#define XENPF_getidletime           53
/* IN set_pminfo: C- and P-state tables found by dom0. */
#define XENPF_set_processor_pminfo  54
/* IN+OUT pcpu_info. A cpu that is absent is no error: flags XEN_PCPU_FLAGS_INVALID. */
#define XENPF_get_cpuinfo           55
/* IN cpu_ol. */
#define XENPF_cpu_online            56
#define XENPF_cpu_offline           57
#define XENPF_cpu_hotadd            58
#define XENPF_mem_hotadd            59
#define XENPF_core_parking          60
/* IN+OUT resource_op: access to a few MSRs by list. */
#define XENPF_resource_op           61
/* IN+OUT symdata: walk the hypervisor's symbol table. EINVAL past the end. */
#define XENPF_get_symbol            63

#define QUIRK_NOIRQBALANCING        1
#define QUIRK_IOAPIC_BAD_REGSEL     2
#define QUIRK_IOAPIC_GOOD_REGSEL    3

/* firmware_info.type */
#define XEN_FW_DISK_INFO            1 /* BIOS EDD record number `index` */
#define XEN_FW_DISK_MBR_SIGNATURE   2
#define XEN_FW_VBEDDC_INFO          3 /* EDID of the monitor */
#define XEN_FW_EFI_INFO             4 /* index below */
#define XEN_FW_EFI_VERSION          0
#define XEN_FW_EFI_CONFIG_TABLE     1
#define XEN_FW_EFI_VENDOR           2
#define XEN_FW_EFI_MEM_INFO         3
#define XEN_FW_EFI_RT_VERSION       4
#define XEN_FW_EFI_PCI_ROM          5
#define XEN_FW_EFI_APPLE_PROPERTIES 6
#define XEN_FW_KBD_SHIFT_FLAGS      5

/* efi_runtime_call.function: the EFI runtime service */
#define XEN_EFI_get_time                        1
#define XEN_EFI_set_time                        2
#define XEN_EFI_get_wakeup_time                 3
#define XEN_EFI_set_wakeup_time                 4
#define XEN_EFI_get_next_high_monotonic_count   5
#define XEN_EFI_get_variable                    6
#define XEN_EFI_set_variable                    7
#define XEN_EFI_get_next_variable_name          8
#define XEN_EFI_query_variable_info             9
#define XEN_EFI_query_capsule_capabilities      10
#define XEN_EFI_update_capsule                  11

/* enter_acpi_sleep.flags: val_a and val_b are 8-bit sleep registers of reduced-hardware ACPI. */
#define XENPF_ACPI_SLEEP_EXTENDED   0x00000001

/* set_pminfo.type */
#define XEN_PM_CX                   0
#define XEN_PM_PX                   1
#define XEN_PM_TX                   2
#define XEN_PM_PDC                  3
/* SIF_PM_MASK bits of start_info.flags */
#define XEN_PROCESSOR_PM_CX         1
#define XEN_PROCESSOR_PM_PX         2
#define XEN_PROCESSOR_PM_TX         4
/* xen_processor_performance.flags */
#define XEN_PX_PCT                  1
#define XEN_PX_PSS                  2
#define XEN_PX_PPC                  4
#define XEN_PX_PSD                  8
#define XEN_CPUPERF_SHARED_TYPE_HW  1
#define XEN_CPUPERF_SHARED_TYPE_ALL 2
#define XEN_CPUPERF_SHARED_TYPE_ANY 3

/* pcpu_info.flags */
#define XEN_PCPU_FLAGS_ONLINE       1
#define XEN_PCPU_FLAGS_INVALID      2

#define XEN_CORE_PARKING_SET        1
#define XEN_CORE_PARKING_GET        2

#define XEN_RESOURCE_OP_MSR_READ    0
#define XEN_RESOURCE_OP_MSR_WRITE   1

#ifndef __ASSEMBLER__

struct xenpf_settime32 {
    uint32_t secs;              /* IN */
    uint32_t nsecs;             /* IN */
    uint64_t system_time;       /* IN  ns, when the wall clock was that */
};

struct xenpf_settime64 {
    uint64_t secs;              /* IN */
    uint32_t nsecs;             /* IN */
    uint32_t mbz;               /* IN  0 */
    uint64_t system_time;       /* IN */
};

struct xenpf_add_memtype {
    xen_pfn_t mfn;              /* IN */
    uint64_t nr_mfns;           /* IN */
    uint32_t type;              /* IN  MTRR type */
    uint32_t handle;            /* OUT */
    uint32_t reg;               /* OUT */
};

struct xenpf_del_memtype {
    uint32_t handle;            /* IN */
    uint32_t reg;               /* IN */
};

struct xenpf_read_memtype {
    uint32_t reg;               /* IN */
    xen_pfn_t mfn;              /* OUT */
    uint64_t nr_mfns;           /* OUT */
    uint32_t type;              /* OUT */
};

struct xenpf_microcode_update {
    uint64_t data;              /* guest address; IN */
    uint32_t length;            /* IN */
};

struct xenpf_platform_quirk {
    uint32_t quirk_id;          /* IN  QUIRK_* */
};

struct xenpf_efi_time {
    uint16_t year;
    uint8_t month;
    uint8_t day;
    uint8_t hour;
    uint8_t min;
    uint8_t sec;
    uint32_t ns;
    int16_t tz;
    uint8_t daylight;
};

struct xenpf_efi_guid {
    uint32_t data1;
    uint16_t data2;
    uint16_t data3;
    uint8_t data4[8];
};

struct xenpf_efi_runtime_call {
    uint32_t function;          /* IN  XEN_EFI_* */
    uint32_t misc;              /* IN+OUT flags; get_next_high_monotonic_count: OUT the count */
    xen_ulong_t status;         /* OUT EFI status */
    union {
        struct {
            struct xenpf_efi_time time;
            uint32_t resolution;
            uint32_t accuracy;
        } get_time;
        struct xenpf_efi_time set_time;
        struct xenpf_efi_time get_wakeup_time;
        struct xenpf_efi_time set_wakeup_time;
        struct {
            uint64_t name;      /* guest address, UCS-2 string */
            xen_ulong_t size;
            uint64_t data;      /* guest address */
            struct xenpf_efi_guid vendor_guid;
        } get_variable, set_variable;
        struct {
            xen_ulong_t size;
            uint64_t name;      /* guest address */
            struct xenpf_efi_guid vendor_guid;
        } get_next_variable_name;
        struct {
            uint32_t attr;
            uint64_t max_store_size;
            uint64_t remain_store_size;
            uint64_t max_size;
        } query_variable_info;
        struct {
            uint64_t capsule_header_array; /* guest address */
            xen_ulong_t capsule_count;
            uint64_t max_capsule_size;
            uint32_t reset_type;
        } query_capsule_capabilities;
        struct {
            uint64_t capsule_header_array; /* guest address */
            xen_ulong_t capsule_count;
            uint64_t sg_list;   /* machine address */
        } update_capsule;
    } u;
};

union xenpf_efi_info {
    uint32_t version;
    struct {
        uint64_t addr;
        uint32_t nent;
    } cfg;
    struct {
        uint32_t revision;
        uint32_t bufsz;         /* IN+OUT bytes */
        uint64_t name;          /* guest address, UCS-2 string */
    } vendor;
    struct {
        uint64_t addr;          /* IN+OUT the region that contains it */
        uint64_t size;
        uint64_t attr;
        uint32_t type;
    } mem;
    struct {
        uint16_t segment;
        uint8_t bus;
        uint8_t devfn;
        uint16_t vendor;
        uint16_t devid;
        uint64_t address;
        xen_ulong_t size;
    } pci_rom;
    struct {
        uint64_t address;
        xen_ulong_t size;
    } apple_properties;
};

struct xenpf_firmware_info {
    uint32_t type;              /* IN  XEN_FW_* */
    uint32_t index;             /* IN */
    union {
        struct {
            uint8_t device;     /* BIOS drive number */
            uint8_t version;
            uint16_t interface_support;
            uint16_t legacy_max_cylinder;
            uint8_t legacy_max_head;
            uint8_t legacy_sectors_per_track;
            uint64_t edd_params; /* guest address; first 2 bytes IN its length */
        } disk_info;
        struct {
            uint8_t device;
            uint32_t mbr_signature;
        } disk_mbr_signature;
        struct {
            uint8_t capabilities;
            uint8_t edid_transfer_time;
            uint64_t edid;      /* guest address of 128 bytes */
        } vbeddc_info;
        union xenpf_efi_info efi_info;
        uint8_t kbd_shift_flags;
    } u;                        /* OUT */
};

struct xenpf_enter_acpi_sleep {
    uint16_t val_a;             /* IN  value for PM1a control (or sleep control) */
    uint16_t val_b;             /* IN  value for PM1b control (or sleep status) */
    uint32_t sleep_state;       /* IN  1 to 5 */
    uint32_t flags;             /* IN  XENPF_ACPI_SLEEP_EXTENDED or 0 */
};

struct xenpf_change_freq {
    uint32_t flags;             /* IN  0 */
    uint32_t cpu;               /* IN */
    uint64_t freq;              /* IN  Hz */
};

struct xenpf_getidletime {
    uint64_t cpumap_bitmap;     /* guest address; IN which, OUT which answered */
    uint32_t cpumap_nr_cpus;    /* IN */
    uint64_t idletime;          /* guest address of uint64_t[] ns; OUT */
    uint64_t now;               /* OUT system time */
};

struct xen_power_register {
    uint32_t space_id;
    uint32_t bit_width;
    uint32_t bit_offset;
    uint32_t access_size;
    uint64_t address;
};

struct xen_processor_csd {
    uint32_t domain;
    uint32_t coord_type;
    uint32_t num;
};

struct xen_processor_cx {
    struct xen_power_register reg;
    uint8_t type;
    uint32_t latency;
    uint32_t power;
    uint32_t dpcnt;
    uint64_t dp;                /* guest address of xen_processor_csd[dpcnt] */
};

struct xen_processor_flags {
    uint32_t bm_control : 1;
    uint32_t bm_check : 1;
    uint32_t has_cst : 1;
    uint32_t power_setup_done : 1;
    uint32_t bm_rld_set : 1;
};

struct xen_processor_power {
    uint32_t count;
    struct xen_processor_flags flags;
    uint64_t states;            /* guest address of xen_processor_cx[count] */
};

struct xen_pct_register {
    uint8_t descriptor;
    uint16_t length;
    uint8_t space_id;
    uint8_t bit_width;
    uint8_t bit_offset;
    uint8_t reserved;
    uint64_t address;
};

struct xen_processor_px {
    uint64_t core_frequency;    /* MHz */
    uint64_t power;             /* mW */
    uint64_t transition_latency; /* us */
    uint64_t bus_master_latency; /* us */
    uint64_t control;
    uint64_t status;
};

struct xen_psd_package {
    uint64_t num_entries;
    uint64_t revision;
    uint64_t domain;
    uint64_t coord_type;
    uint64_t num_processors;
};

struct xen_processor_performance {
    uint32_t flags;             /* XEN_PX_*: which fields follow */
    uint32_t platform_limit;
    struct xen_pct_register control_register;
    struct xen_pct_register status_register;
    uint32_t state_count;
    uint64_t states;            /* guest address of xen_processor_px[state_count] */
    struct xen_psd_package domain_info;
    uint32_t shared_type;
};

struct xenpf_set_processor_pminfo {
    uint32_t id;                /* IN  ACPI processor id */
    uint32_t type;              /* IN  XEN_PM_* */
    union {
        struct xen_processor_power power;
        struct xen_processor_performance perf;
        uint64_t pdc;           /* guest address */
    } u;
};

struct xenpf_pcpuinfo {
    uint32_t xen_cpuid;         /* IN */
    uint32_t max_present;       /* OUT highest cpu present */
    uint32_t flags;             /* OUT XEN_PCPU_FLAGS_* */
    uint32_t apic_id;           /* OUT */
    uint32_t acpi_id;           /* OUT */
};

struct xenpf_pcpu_version {
    uint32_t xen_cpuid;         /* IN */
    uint32_t max_present;       /* OUT */
    char vendor_id[12];         /* OUT */
    uint32_t family;            /* OUT */
    uint32_t model;             /* OUT */
    uint32_t stepping;          /* OUT */
};

struct xenpf_cpu_ol {
    uint32_t cpuid;             /* IN */
};

struct xenpf_cpu_hotadd {
    uint32_t apic_id;
    uint32_t acpi_id;
    uint32_t pxm;
};

struct xenpf_mem_hotadd {
    uint64_t spfn;
    uint64_t epfn;
    uint32_t pxm;
    uint32_t flags;
};

struct xenpf_core_parking {
    uint32_t type;              /* IN  XEN_CORE_PARKING_* */
    uint32_t idle_nums;         /* IN or OUT */
};

struct xenpf_resource_entry {
    union {
        uint32_t cmd;           /* IN  XEN_RESOURCE_OP_* */
        int32_t ret;            /* OUT 0 or -errno */
    } u;
    uint32_t rsvd;              /* 0 */
    uint64_t idx;               /* IN  MSR */
    uint64_t val;               /* IN or OUT */
};

struct xenpf_resource_op {
    uint32_t nr_entries;        /* IN */
    uint32_t cpu;               /* IN */
    uint64_t entries;           /* guest address of xenpf_resource_entry[] */
};

struct xenpf_symdata {
    uint32_t namelen;           /* IN room, OUT length with NUL */
    uint32_t symnum;            /* IN which, OUT next */
    uint64_t name;              /* guest address; OUT */
    uint64_t address;           /* OUT */
    char type;                  /* OUT as nm(1) */
};

struct xen_platform_op {
    uint32_t cmd;               /* IN  XENPF_* */
    uint32_t interface_version; /* IN  XENPF_INTERFACE_VERSION */
    union {
        struct xenpf_settime64 settime;
        struct xenpf_settime32 settime32;
        struct xenpf_settime64 settime64;
        struct xenpf_add_memtype add_memtype;
        struct xenpf_del_memtype del_memtype;
        struct xenpf_read_memtype read_memtype;
        struct xenpf_microcode_update microcode;
        struct xenpf_platform_quirk platform_quirk;
        struct xenpf_efi_runtime_call efi_runtime_call;
        struct xenpf_firmware_info firmware_info;
        struct xenpf_enter_acpi_sleep enter_acpi_sleep;
        struct xenpf_change_freq change_freq;
        struct xenpf_getidletime getidletime;
        struct xenpf_set_processor_pminfo set_pminfo;
        struct xenpf_pcpuinfo pcpu_info;
        struct xenpf_pcpu_version pcpu_version;
        struct xenpf_cpu_ol cpu_ol;
        struct xenpf_cpu_hotadd cpu_add;
        struct xenpf_mem_hotadd mem_add;
        struct xenpf_core_parking core_parking;
        struct xenpf_resource_op resource_op;
        struct xenpf_symdata symdata;
        uint8_t pad[128];
    } u;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_PLATFORM_H */
