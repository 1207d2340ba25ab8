/* SPDX-License-Identifier: MIT */
/* Building the control domain from the boot modules: the order on one screen. */
#include "boot/dom0.h"

#include "boot/dom0_layout.h"
#include "boot/dom0_pt.h"
#include "boot/dom0_start.h"
#include "boot/init.h"
#include "boot/multiboot.h"
#include "boot/options.h"
#include "boot/unpack.h"
#include "core/domain.h"
#include "core/physmem.h"
#include "core/vcpu.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/panic.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/m2p.h"
#include "pv/hypercall_page.h"
#include "pv/pagetable.h"
#include "pv/ptype.h"

/*
 * Without dom0_mem= the control domain gets an eighth of the machine plus 512 MiB, and at most
 * half of it: guests are what the machine is for, and until dom0 can give memory back (ballooning)
 * what it owns is lost to them.
 */
#define DOM0_BASE_PAGES (512UL << (20 - PAGE_SHIFT))
/* What is left to us for tables, shared frames and the first guests when dom0_mem= asks for all. */
#define HV_RESERVE_PAGES (24UL << (20 - PAGE_SHIFT))
#define CHUNK_ORDER 9

INIT_TEXT static uint64_t choose_memory(void)
{
    uint64_t free = buddy_free_pages();
    uint64_t want = boot_options.dom0_mem >> PAGE_SHIFT;

    if (want == 0) {
        want = DOM0_BASE_PAGES + free / 8;
        if (want > free / 2)
            want = free / 2;
    }
    if (boot_options.dom0_mem_min != 0 && want < boot_options.dom0_mem_min >> PAGE_SHIFT)
        want = boot_options.dom0_mem_min >> PAGE_SHIFT;
    if (boot_options.dom0_mem_max != 0 && want > boot_options.dom0_mem_max >> PAGE_SHIFT)
        want = boot_options.dom0_mem_max >> PAGE_SHIFT;
    if (free <= 2 * HV_RESERVE_PAGES)
        panic("dom0: the machine has too little memory: %lu MiB free", (unsigned long)free >> 8);
    if (want > free - HV_RESERVE_PAGES) {
        if (boot_options.dom0_mem != 0)
            printk(LOG_WARN, "dom0_mem=: only %lu MiB are free\n", (unsigned long)free >> 8);
        want = free - HV_RESERVE_PAGES;
    }
    return want;
}

/* Frames for pfns 0.., in the largest blocks there are; the list is the hypervisor's own until freed. */
INIT_TEXT static uint64_t *allocate_memory(struct domain *d, uint64_t nr_pages, unsigned *list_order)
{
    uint64_t *p2m, pfn = 0;
    unsigned order = CHUNK_ORDER;

    for (*list_order = 0; ((size_t)PAGE_SIZE << *list_order) < nr_pages * sizeof(*p2m); (*list_order)++)
        ;
    p2m = hv_alloc_pages(*list_order);
    if (p2m == NULL)
        panic("dom0: no memory for its frame list");
    while (pfn < nr_pages) {
        struct page_info *pg = NULL;

        while ((1UL << order) > nr_pages - pfn)
            order--;
        while ((pg = physmem_alloc(d, order, 0)) == NULL && order > 0)
            order--;
        if (pg == NULL)
            panic("dom0: out of memory after %lu of %lu MiB", (unsigned long)pfn >> 8,
                  (unsigned long)nr_pages >> 8);
        for (uint64_t i = 0; i < 1UL << order; i++, pfn++) {
            p2m[pfn] = page_to_mfn(pg) + i;
            m2p_set(p2m[pfn], pfn);
        }
    }
    return p2m;
}

/* Copies into consecutive pfns, which are not consecutive frames. */
INIT_TEXT static void write_bytes(const uint64_t *p2m, uint64_t pa, const uint8_t *src, size_t n)
{
    while (n != 0) {
        size_t offset = pa % PAGE_SIZE;
        size_t part = n < PAGE_SIZE - offset ? n : PAGE_SIZE - offset;

        memcpy((uint8_t *)mfn_to_virt(p2m[pa >> PAGE_SHIFT]) + offset, src, part);
        pa += part;
        src += part;
        n -= part;
    }
}

INIT_TEXT static void load_segments(const struct dom0_layout *l, const struct elf_image *elf,
                                    const uint64_t *p2m)
{
    for (unsigned i = 0; i < elf->phnum; i++) {
        struct elf_phdr ph;
        const char *why;

        /* Checked by dom0_layout_plan(); frames are allocated zeroed, which is what bss wants. */
        if (elf_phdr(elf, i, &ph, &why) == 0 && ph.type == ELF_PT_LOAD)
            write_bytes(p2m, dom0_segment_va(l, &ph) - l->virt_base, elf->data + ph.offset,
                        ph.filesz);
    }
}

INIT_TEXT static void read_kernel(const struct boot_module *kernel, struct unpacked *u,
                                  struct elf_image *elf, struct pv_notes *notes)
{
    const char *why = "";

    if (unpack_kernel(mfn_to_virt(0) + kernel->start, kernel->size, u, &why) != 0 ||
        elf_open(elf, u->data, u->size, &why) != 0)
        panic("dom0: cannot use the kernel: %s", why);
    why = pv_notes_read(elf, notes);
    if (why == NULL)
        why = pv_notes_check(notes, true);
    if (why != NULL)
        panic("dom0: cannot use the kernel: %s", why);
}

INIT_TEXT static void validate_root(struct domain *d, uint64_t root)
{
    int err;

    do
        err = pt_pin(d, root, PGT_L4);
    while (err == -ERESTART);
    if (err != 0)
        panic("dom0: its first page tables were refused (%d)", err);
}

INIT_TEXT static struct domain *make_domain(uint64_t nr_pages)
{
    unsigned vcpus = boot_options.dom0_max_vcpus != 0 ? boot_options.dom0_max_vcpus : nr_cpus;
    struct domain_config cfg = {
        .vehicle = &pv_vehicle, .privileged = true, .max_vcpus = vcpus > MAX_VCPUS ? MAX_VCPUS : vcpus,
        .max_grant_frames = -1, .max_maptrack_frames = -1,
    };
    struct domain *d;
    int err = domain_create(&cfg, &d);

    for (unsigned i = 0; err == 0 && i < cfg.max_vcpus; i++)
        err = vcpu_create(d, i);
    if (err != 0)
        panic("dom0: cannot be created (%d)", err);
    d->max_pages = nr_pages;
    return d;
}

INIT_TEXT struct domain *dom0_build(const struct boot_module *kernel,
                                    const struct boot_module *initrd, const char *cmdline,
                                    uint64_t rsdp)
{
    size_t initrd_size = initrd != NULL ? initrd->size : 0;
    struct unpacked u;
    struct elf_image elf;
    struct pv_notes notes;
    struct dom0_layout l;
    const char *why;
    unsigned list_order;
    uint64_t nr_pages, *p2m, root;
    struct domain *d;
    int err;

    read_kernel(kernel, &u, &elf, &notes);
    nr_pages = choose_memory();
    if (dom0_layout_plan(&l, &elf, &notes, nr_pages, initrd_size, &why) != 0)
        panic("dom0: cannot use the kernel: %s", why);

    d = make_domain(nr_pages);
    p2m = allocate_memory(d, nr_pages, &list_order);
    load_segments(&l, &elf, p2m);
    unpack_free(&u);
    if (l.hypercall_page != PV_NOTE_ABSENT)
        hypercall_page_fill(mfn_to_virt(p2m[dom0_pfn(&l, l.hypercall_page)]));
    if (initrd_size != 0)
        write_bytes(p2m, l.initrd_pfn << PAGE_SHIFT, mfn_to_virt(0) + initrd->start, initrd_size);
    dom0_write_p2m(&l, p2m);
    dom0_write_start_info(&l, p2m, d, initrd_size, cmdline, rsdp);
    root = dom0_pt_build(&l, p2m);
    validate_root(d, root);
    err = dom0_set_context(&l, d->vcpu[0], root);
    if (err != 0)
        panic("dom0: its first vcpu was refused (%d)", err);
    hv_free_pages(p2m, list_order);
    printk(LOG_INFO, "dom0: %s kernel, %lu MiB, %u vcpus, entry %lx\n",
           notes.guest_os[0] != '\0' ? notes.guest_os : "unnamed", (unsigned long)nr_pages >> 8,
           d->max_vcpus, (unsigned long)l.entry);
    return d;
}
