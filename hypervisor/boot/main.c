/* SPDX-License-Identifier: MIT */
/* The order in which the machine comes up, from head.S to dom0's first instruction. */
#include <stddef.h>

#include "boot/dom0.h"
#include "boot/init.h"
#include "boot/memory.h"
#include "boot/multiboot.h"
#include "boot/options.h"
#include "boot/platform.h"
#include "core/domain.h"
#include "core/physmem.h"
#include "core/sched.h"
#include "core/time.h"
#include "debug/dump.h"
#include "debug/keys.h"
#include "debug/symbols.h"
#include "hcall/hc_version.h"
#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/desc.h"
#include "hw/irq.h"
#include "hw/lapic.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/smap.h"
#include "hw/smp.h"
#include "hw/timer.h"
#include "hw/tsc.h"
#include "mm/buddy.h"
#include "mm/cpu_area.h"
#include "mm/frame.h"
#include "mm/hostmap.h"
#include "mm/kmalloc.h"
#include "mm/m2p.h"

void boot_main(uint32_t magic, uint32_t info);

INIT_TEXT static void banner(void)
{
    printk(LOG_INFO, "Parador %u.%u, loaded by %s (%s)\n", PARADOR_VERSION_MAJOR,
           PARADOR_VERSION_MINOR, boot_info.loader[0] ? boot_info.loader : "an unnamed loader",
           boot_info.protocol);
    printk(LOG_INFO, "command line: %s\n", boot_info.cmdline);
}

/* The other CPUs: what is left after hw/smp.c has set up theirs. */
static void ap_main(void)
{
    timer_init_cpu();
    sched_init_cpu(smp_cpu_id());
    smp_online();
    idle_loop();
}

/* On stack block 0, with everything that faults and allocates in place. */
INIT_TEXT static void boot_on_own_stack(void)
{
    struct domain *d;

    desc_init_cpu();          /* from here on a fault of ours ends in a panic that says why */
    cpu_init_syscall();
    platform_init_services(); /* mapping and memory for hw, which stands below mm */
    acpi_init(boot_info.rsdp_copy); /* CPUs and interrupt controllers are listed there */
    irq_init();               /* local APIC of this CPU, IO-APICs, all lines masked */
    tsc_init();               /* time, which every timeout below needs */
    lapic_timer_calibrate();
    timer_init_cpu();
    physmem_init();           /* before any domain can own or lose a frame */
    domain_init_early();
    sched_init(boot_options.sched);
    sched_init_cpu(0);        /* this code becomes the idle vcpu of CPU 0 */
    dump_init();              /* messages can name the domain now that there is a current one */
    irq_enable();
    console_init_irq();
    debug_keys_init();
    smp_start_all(boot_options.maxcpus ? boot_options.maxcpus : MAX_CPUS, boot_info.low_page,
                  cpu_area_init, ap_main);
    time_init();              /* guests' clocks follow ours */
    tsc_check_sync(boot_options.tsc_unstable); /* needs all CPUs */
    printk(LOG_INFO, "%u CPUs\n", nr_cpus);
    platform_reserve();       /* what dom0 shall not get: APICs, our serial line */
    d = platform_build_dom0();
    platform_start(d);        /* frees what is marked INIT_TEXT and INIT_DATA, this function too */
}

INIT_TEXT void boot_main(uint32_t magic, uint32_t info)
{
    struct cpu_info *mine;
    int err;

    get_cpu_info()->cpu = 0;
    cpumask_set(&cpu_online_mask, 0);
    err = multiboot_parse(magic, info); /* first: nothing else knows where it must not write */
    console_init_early(boot_info.cmdline);
    symbols_init();
    banner();
    if (err)
        panic("the boot loader gave no usable information (magic %08x)", magic);
    options_parse(boot_info.cmdline);
    version_set_cmdline(boot_info.cmdline);
    panic_set_noreboot(boot_options.noreboot);
    cpu_init();               /* the maps below need to know the page sizes */
    smap_patch();             /* while the text is still writable */
    memory_init();            /* map, frame table, machine-to-phys table, allocator */
    mine = cpu_area_init(0);
    stack_switch(mine, boot_on_own_stack);
}
