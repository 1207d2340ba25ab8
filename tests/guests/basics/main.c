/* SPDX-License-Identifier: MIT */
/*
 * What every guest relies on before anything else: the start info tells the truth, version and
 * features are those of the ABI we claim, traps arrive and return, unknown calls are refused, and
 * the hypervisor's memory is out of reach.
 */
#include "guest.h"
#include "public/control.h"
#include "public/features.h"

static void start_info_is_true(void)
{
    check(start_info->magic[0] == 'x' && start_info->magic[3] == '-');
    check(start_info->nr_pages > 0);
    check(!(start_info->flags & SIF_PRIVILEGED));
    check(!(start_info->flags & SIF_INITDOMAIN));
    for (uint64_t pfn = 0; pfn < start_info->nr_pages; pfn += 17) {
        const uint64_t *p2m = (const uint64_t *)start_info->mfn_list;
        const uint64_t *m2p = (const uint64_t *)__MACH2PHYS_VIRT_START;

        if (!check(m2p[p2m[pfn]] == pfn))
            break;
    }
}

static void version_is_4_17(void)
{
    check_is(HC2(__HYPERVISOR_xen_version, XENVER_version, 0), 4 << 16 | 17);
    check_is(HC2(__HYPERVISOR_xen_version, XENVER_pagesize, 0), 4096);
}

static void features_are_a_domus(void)
{
    struct xen_feature_info info = { .submap_idx = 0 };

    check_is(HC2(__HYPERVISOR_xen_version, XENVER_get_features, &info), 0);
    check(!(info.submap & 1u << XENFEAT_dom0));
    check(!(info.submap & 1u << XENFEAT_writable_page_tables));
    check(info.submap & 1u << XENFEAT_mmu_pt_update_preserve_ad);
    info.submap_idx = 1;
    check_is(HC2(__HYPERVISOR_xen_version, XENVER_get_features, &info), -XEN_EINVAL);
}

static void version_refuses_bad_addresses(void)
{
    check_is(HC2(__HYPERVISOR_xen_version, XENVER_extraversion, NON_CANONICAL), -XEN_EFAULT);
    check_is(HC2(__HYPERVISOR_xen_version, XENVER_extraversion, HV_ADDRESS), -XEN_EFAULT);
    check_is(HC2(__HYPERVISOR_xen_version, XENVER_extraversion, 0), -XEN_EFAULT);
    check_is(HC2(__HYPERVISOR_xen_version, XENVER_commandline, page_alloc()), -XEN_EPERM);
}

static void unknown_hypercalls_are_enosys(void)
{
    static const unsigned numbers[] = { 11, 27, 34, 39, 49, 55, 56, 63, 64, 65, 127, 128, 4096 };

    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        check_is(hypercall(numbers[i], 1, 2, 3, 4), -XEN_ENOSYS);
    check_is(hypercall(0xffffffff, 0, 0, 0, 0), -XEN_ENOSYS);
}

static void privileged_calls_are_refused(void)
{
    static uint64_t zeros[64];

    check_is(HC1(__HYPERVISOR_domctl, zeros), -XEN_EPERM);
    check_is(HC1(__HYPERVISOR_sysctl, zeros), -XEN_EPERM);
    check_is(HC1(__HYPERVISOR_platform_op, zeros), -XEN_EPERM);
    check_is(HC3(__HYPERVISOR_console_io, 1, 1, zeros), -XEN_EPERM);
    /* Before anything of it is looked at: neither the op nor the address tells a guest more. */
    for (uint32_t cmd = 0; cmd < 8; cmd++) {
        struct parador_control op = {
            .cmd = cmd, .interface_version = PARADOR_CONTROL_INTERFACE_VERSION,
        };

        check_is(HC1(PARADOR_HYPERCALL_control, &op), -XEN_EPERM);
    }
    check_is(HC1(PARADOR_HYPERCALL_control, NON_CANONICAL), -XEN_EPERM);
}

static void divide(void *zero)
{
    unsigned low = 1;

    __asm__ volatile("xor %%edx, %%edx; divl %1" : "+a"(low) : "m"(*(unsigned *)zero) : "edx");
}

static void read_byte(void *p)
{
    (void)*(volatile char *)p;
}

static void write_byte(void *p)
{
    *(volatile char *)p = 1;
}

static void int_n(void *unused)
{
    (void)unused;
    __asm__ volatile("int $0x40");
}

static void traps_arrive(void)
{
    unsigned zero = 0;
    struct fault f;

    check(faults(divide, &zero, &f) && f.vector == 0);
    check(faults(read_byte, (void *)0x1000, &f) && f.vector == 14 && f.address == 0x1000);
    check((f.error & 7) == 0);
    check(faults(write_byte, (void *)0x2345, &f) && f.vector == 14 && f.address == 0x2345);
    check((f.error & 7) == 2);
    check(faults(read_byte, (void *)NON_CANONICAL, &f) && f.vector == 13);
    check(faults(int_n, NULL, &f) && f.vector == 13 && f.error == 0x40 * 8 + 2);
}

/* Every slot of ours but the table that the ABI publishes. */
static void hypervisor_memory_is_unreadable(void)
{
    struct fault f;

    for (unsigned slot = 257; slot <= 271; slot++) {
        uint64_t base = 0xffff000000000000UL | (uint64_t)slot << 39;

        check(faults(read_byte, (void *)base, &f) && f.vector == 14);
        check(faults(read_byte, (void *)(base + 0x200000), &f) && f.vector == 14);
        check(faults(write_byte, (void *)base, &f) && f.vector == 14);
    }
    check(faults(write_byte, (void *)__MACH2PHYS_VIRT_START, &f) && f.vector == 14);
}

static void privileged_instruction(void *which)
{
    switch ((long)which) {
    case 0: __asm__ volatile("mov %0, %%cr3" ::"r"(0UL)); break;
    case 1: __asm__ volatile("lgdt (%0)" ::"r"(&which)); break;
    case 2: __asm__ volatile("lidt (%0)" ::"r"(&which)); break;
    case 3: __asm__ volatile("ltr %w0" ::"r"(0)); break;
    case 4: __asm__ volatile("hlt"); break;
    case 5: __asm__ volatile("invlpg (%0)" ::"r"(&which)); break;
    case 6: __asm__ volatile("wrmsr" ::"c"(0x1bu), "a"(0), "d"(0)); break;
    case 7: __asm__ volatile("rdmsr" ::"c"(0xdeadu) : "eax", "edx"); break;
    case 8: __asm__ volatile("outb %b0, $0x70" ::"a"(0)); break;
    case 9: __asm__ volatile("inb $0x71, %%al" ::: "eax"); break;
    }
}

/* LSTAR and friends would hand the machine over: a write must fault or change nothing. */
static void machine_registers_are_safe(void)
{
    static const long must_fault[] = { 1, 2, 3, 7, 8, 9 };
    struct fault f;

    for (unsigned i = 0; i < sizeof(must_fault) / sizeof(must_fault[0]); i++)
        if (!check(faults(privileged_instruction, (void *)must_fault[i], &f) && f.vector == 13))
            say("  instruction %ld\n", must_fault[i]);
}

static void write_lstar(void *unused)
{
    (void)unused;
    __asm__ volatile("wrmsr" ::"c"(0xc0000082u), "a"(0x1000), "d"(0));
}

static void lstar_cannot_be_taken(void)
{
    struct fault f;

    (void)faults(write_lstar, NULL, &f);
    check_is(HC2(__HYPERVISOR_xen_version, XENVER_pagesize, 0), 4096);
}

CASES({ "start-info", start_info_is_true, false },
      { "version", version_is_4_17, false },
      { "features", features_are_a_domus, false },
      { "version-bad-addresses", version_refuses_bad_addresses, false },
      { "unknown-hypercalls", unknown_hypercalls_are_enosys, false },
      { "privileged-hypercalls", privileged_calls_are_refused, false },
      { "traps", traps_arrive, false },
      { "hypervisor-memory", hypervisor_memory_is_unreadable, false },
      { "machine-registers", machine_registers_are_safe, false },
      { "lstar", lstar_cannot_be_taken, false });
