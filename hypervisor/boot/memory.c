/* SPDX-License-Identifier: MIT */
/* The machine's memory, from the boot loader's list to the frame allocator, and what boot gives back. */
#include "boot/memory.h"

#include "boot/init.h"
#include "boot/multiboot.h"
#include "core/domain.h"
#include "core/physmem.h"
#include "hw/console.h"
#include "hw/layout.h"
#include "hw/panic.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/e820.h"
#include "mm/early.h"
#include "mm/frame.h"
#include "mm/hostmap.h"
#include "mm/m2p.h"

extern char _start[], _end[], _init_start[], _init_end[];

static uint64_t image_phys(const char *p)
{
    return (uint64_t)p - TEXT_VIRT;
}

INIT_TEXT static void say_map(void)
{
    static const char *const names[] = { "?", "RAM", "reserved", "ACPI", "NVS", "unusable" };

    for (unsigned i = 0; i < e820.count; i++) {
        const struct e820_entry *e = &e820.entry[i];

        printk(LOG_DEBUG, "  %016lx-%016lx %s\n", e->start, e->start + e->size - 1,
               e->type < sizeof(names) / sizeof(names[0]) ? names[e->type] : "other");
    }
}

/*
 * Two frames of low RAM: one that CPUs start in, one for the copy of the ACPI root pointer that
 * an EFI loader gave us. dom0 reads the latter, so both become reserved in the machine's map.
 */
INIT_TEXT static void choose_low_pages(void)
{
    for (uint64_t pa = 0x9e000; pa >= PAGE_SIZE; pa -= PAGE_SIZE) {
        if (!e820_is_ram(&e820, pa, 2 * PAGE_SIZE))
            continue;
        boot_info.low_page = pa;
        e820_append(&e820, pa, 2 * PAGE_SIZE, E820_RESERVED);
        e820_normalise(&e820);
        return;
    }
    panic("no RAM below 1 MiB for other CPUs to start in");
}

/* BIOSes keep the root pointer where everybody looks for it: ACPI specification 6.4, 5.2.5.1. */
INIT_TEXT static bool rsdp_in_low_memory(void)
{
    const char *low = mfn_to_virt(0);

    for (unsigned pa = 0xe0000; pa < 0x100000; pa += 16)
        if (!memcmp(low + pa, "RSD PTR ", 8))
            return true;
    return false;
}

INIT_TEXT static void keep_rsdp(void)
{
    if (!boot_info.rsdp_size || rsdp_in_low_memory())
        return;
    boot_info.rsdp_copy = boot_info.low_page + PAGE_SIZE;
    memcpy(mfn_to_virt(boot_info.rsdp_copy >> PAGE_SHIFT), boot_info.rsdp, boot_info.rsdp_size);
}

INIT_TEXT void memory_init(void)
{
    e820 = boot_info.map;
    e820_normalise(&e820);
    choose_low_pages();
    keep_rsdp();
    say_map();

    early_init();
    early_reserve(image_phys(_start), _end - _start);
    for (unsigned i = 0; i < boot_info.nr_modules; i++)
        early_reserve(boot_info.module[i].start, boot_info.module[i].size);
    hostmap_init();
    frame_table_init();
    m2p_init();
    buddy_init();
    hostmap_boot_done();
    printk(LOG_INFO, "%lu MiB of RAM, %lu MiB free, frames up to %lx\n",
           e820_ram_bytes(&e820) >> 20, buddy_free_pages() >> 8, max_mfn);
}

INIT_TEXT void memory_free_module(struct boot_module *m)
{
    buddy_add(m->start & -PAGE_SIZE, (m->start + m->size + PAGE_SIZE - 1) & -PAGE_SIZE);
    m->size = 0;
}

void memory_free_init(const struct domain *d)
{
    uint64_t ram = e820_ram_bytes(&e820) >> PAGE_SHIFT, kept;
    unsigned long start = (unsigned long)_init_start, end = (unsigned long)_init_end;

    hostmap_drop_image(start, end);
    buddy_add(image_phys(_init_start), image_phys(_init_end));
    physmem_drain();
    /* Whatever is neither free nor dom0's: image, tables for frames, CPUs, dom0's own structures. */
    kept = ram - buddy_free_pages() - d->tot_pages;
    printk(LOG_INFO, "%lu KiB of init memory freed; the hypervisor keeps %lu of %lu KiB\n",
           (end - start) >> 10, kept << 2, ram << 2);
}
