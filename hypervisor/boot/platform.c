/* SPDX-License-Identifier: MIT */
/* Boot steps that tie floors together: services for hw, what dom0 may not have, dom0 itself. */
#include "boot/platform.h"

#include "boot/dom0.h"
#include "boot/init.h"
#include "boot/memory.h"
#include "boot/multiboot.h"
#include "core/domain.h"
#include "core/evtchn.h"
#include "core/iocap.h"
#include "core/sched.h"
#include "hw/console.h"
#include "hw/ioapic.h"
#include "hw/lapic.h"
#include "hw/layout.h"
#include "hw/panic.h"
#include "hw/services.h"
#include "hw/vga.h"
#include "mm/frame.h"
#include "mm/hostmap.h"
#include "mm/kmalloc.h"

_Static_assert(HW_MAP_RO == HPROT_RO && HW_MAP_MMIO == (HPROT_RW | HPROT_UNCACHED),
               "hw/services.h names the same attributes");

/* Messages written to these addresses are interrupts (Intel SDM volume 3, 11.11.1). */
#define MSI_FIRST 0xfee00000ULL
#define MSI_END 0xfef00000ULL

INIT_TEXT void platform_init_services(void)
{
    hw_services = (struct hw_services){
        .map = host_ioremap,
        .unmap = host_iounmap,
        .alloc = kzalloc,
        .release = kfree,
        .is_ram = mfn_is_ram,
    };
}

INIT_TEXT void platform_reserve(void)
{
    unsigned first, last;

    for (unsigned i = 0; i < ioapic_count(); i++)
        iocap_reserve_mfn(ioapic_phys(i) >> PAGE_SHIFT);
    for (uint64_t pa = MSI_FIRST; pa < MSI_END; pa += PAGE_SIZE)
        iocap_reserve_mfn(pa >> PAGE_SHIFT);
    if (console_uart_ports(&first, &last))
        iocap_reserve_ports(first, last);
}

static void console_input(void)
{
    send_global_virq(VIRQ_CONSOLE);
}

INIT_TEXT struct domain *platform_build_dom0(void)
{
    struct boot_module *kernel = &boot_info.module[0], *initrd = &boot_info.module[1];
    struct domain *d;

    if (!boot_info.nr_modules)
        panic("the boot loader brought no module: the first one is dom0's kernel");
    if (boot_info.nr_modules < 2)
        initrd = NULL;
    d = dom0_build(kernel, initrd, kernel->cmdline, boot_info.rsdp_copy);
    memory_free_module(kernel);
    if (initrd)
        memory_free_module(initrd);
    console_set_input_handler(console_input);
    return d;
}

void platform_start(struct domain *d)
{
    memory_free_init(d);
    printk(LOG_INFO, "dom0 starts; Ctrl-A three times: input to the hypervisor\n");
    vga_leave();
    domain_unpause(d);
    idle_loop();
}
