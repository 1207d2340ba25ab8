/* SPDX-License-Identifier: MIT */
/*
 * Reading a kernel's ELF file. The file is the guest owner's: each offset, size and address is
 * checked once, by what the hypervisor reads dom0's kernel with (hypervisor/lib) and here; the rest
 * of the builder relies on struct elf_kernel.
 */
#include "build/elf.h"

#include <errno.h>
#include <string.h>

#include "lib/elf.h"
#include "lib/elfnote.h"

/* Pseudo-physical addresses above this are nonsense for a kernel's own segments. */
#define KERNEL_ADDRESS_MAX ((uint64_t)1 << 36)

struct reader {
    struct parador_handle *h;
    const char *name;
};

static int refuse(const struct reader *r, const char *why)
{
    return parador_fail(r->h, ENOEXEC, "kernel %s cannot be a guest: %s", r->name, why);
}

static int add_segment(const struct reader *r, const struct elf_phdr *phdr,
                       struct elf_kernel *kernel)
{
    if (phdr->memsz == 0)
        return 0;
    if (kernel->nr_segments == ELF_SEGMENTS_MAX)
        return refuse(r, "it has too many segments");
    kernel->segments[kernel->nr_segments++] = (struct elf_segment){
        .offset = phdr->offset, .file_size = phdr->filesz, .memory_size = phdr->memsz,
        .address = phdr->paddr, /* PADDR_OFFSET is taken off once the notes are known */
    };
    return 0;
}

/* Applies PADDR_OFFSET, checks the addresses and finds the range of all. */
static int place_segments(const struct reader *r, uint64_t paddr_offset, struct elf_kernel *kernel)
{
    unsigned i;

    if (kernel->nr_segments == 0)
        return refuse(r, "it has nothing to load");
    kernel->start = UINT64_MAX;
    for (i = 0; i < kernel->nr_segments; i++) {
        struct elf_segment *segment = &kernel->segments[i];

        segment->address -= paddr_offset;
        if (segment->address >= KERNEL_ADDRESS_MAX ||
            segment->memory_size > KERNEL_ADDRESS_MAX - segment->address)
            return refuse(r, "a segment has an address that makes no sense");
        if (segment->address < kernel->start)
            kernel->start = segment->address;
        if (segment->address + segment->memory_size > kernel->end)
            kernel->end = segment->address + segment->memory_size;
    }
    return 0;
}

/* Whether a virtual address lies in what is loaded. */
static bool in_kernel(const struct elf_kernel *kernel, uint64_t address, uint64_t length)
{
    uint64_t physical = address - kernel->virt_base;

    return address >= kernel->virt_base && physical >= kernel->start && physical < kernel->end &&
           length <= kernel->end - physical;
}

static uint64_t or_zero(uint64_t number)
{
    return number == PV_NOTE_ABSENT ? 0 : number;
}

static int take_notes(const struct reader *r, const struct pv_notes *notes,
                      struct elf_kernel *kernel)
{
    kernel->entry = notes->entry;
    kernel->virt_base = notes->virt_base;
    kernel->hypercall_page = or_zero(notes->hypercall_page);
    kernel->init_p2m = or_zero(notes->init_p2m);
    kernel->mod_start_pfn = notes->mod_start_pfn;
    memcpy(kernel->guest_os, notes->guest_os, sizeof(kernel->guest_os));
    if (place_segments(r, or_zero(notes->paddr_offset), kernel) < 0)
        return -1;
    if (kernel->virt_base & 0x1fffff)
        return refuse(r, "its virtual base is not aligned to 2 MiB");
    if (!in_kernel(kernel, kernel->entry, 1))
        return refuse(r, "its entry point lies outside of it");
    if (kernel->hypercall_page &&
        ((kernel->hypercall_page & 0xfff) || !in_kernel(kernel, kernel->hypercall_page, 0x1000)))
        return refuse(r, "its hypercall page lies outside of it");
    if (kernel->init_p2m & 0xfff)
        return refuse(r, "the address for its P2M is not aligned");
    return 0;
}

int elf_parse(struct parador_handle *h, const char *name, const uint8_t *image, size_t size,
              struct elf_kernel *kernel)
{
    struct reader r = {.h = h, .name = name};
    struct pv_notes notes;
    struct elf_image elf;
    const char *why;
    unsigned i;

    memset(kernel, 0, sizeof(*kernel));
    if (elf_open(&elf, image, size, &why) != 0)
        return refuse(&r, why);
    for (i = 0; i < elf.phnum; i++) {
        struct elf_phdr phdr;

        if (elf_phdr(&elf, i, &phdr, &why) != 0)
            return refuse(&r, why);
        if (phdr.type == ELF_PT_LOAD && add_segment(&r, &phdr, kernel) < 0)
            return -1;
    }
    why = pv_notes_read(&elf, &notes);
    if (!why)
        why = pv_notes_check(&notes, false);
    return why ? refuse(&r, why) : take_notes(&r, &notes, kernel);
}
