/* SPDX-License-Identifier: MIT */
/*
 * Reading a kernel's ELF file. The file is the guest owner's: each offset, size and address is
 * checked once here, and the rest of the builder relies on struct elf_kernel.
 */
#include "build/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "build/elfnote.h"

/* Pseudo-physical addresses above this are nonsense for a kernel's own segments. */
#define KERNEL_ADDRESS_MAX ((uint64_t)1 << 36)
/* Program headers looked at; a kernel has about five. */
#define HEADERS_MAX 256

struct reader {
    struct parador_handle *h;
    const char *name;
    const uint8_t *image;
    size_t size;
};

static int refuse(const struct reader *r, const char *why)
{
    return parador_fail(r->h, ENOEXEC, "kernel %s cannot be a guest: %s", r->name, why);
}

/* Whether [offset, offset+length) lies in the file. */
static bool inside(const struct reader *r, uint64_t offset, uint64_t length)
{
    return offset <= r->size && length <= r->size - offset;
}

static int check_header(const struct reader *r, Elf64_Ehdr *header)
{
    if (r->size < EI_NIDENT || memcmp(r->image, ELFMAG, SELFMAG) != 0)
        return refuse(r, "it is neither an ELF file nor a bzImage");
    if (r->image[EI_CLASS] == ELFCLASS32)
        return refuse(r, "it is a 32-bit kernel, and only 64-bit ones can run here");
    if (r->image[EI_CLASS] != ELFCLASS64 || r->image[EI_DATA] != ELFDATA2LSB)
        return refuse(r, "it is not a 64-bit little-endian ELF file");
    if (r->size < sizeof(*header))
        return refuse(r, "its ELF header is cut off");
    memcpy(header, r->image, sizeof(*header));
    if (header->e_machine != EM_X86_64)
        return refuse(r, "it is not for x86-64");
    if (header->e_type != ET_EXEC && header->e_type != ET_DYN)
        return refuse(r, "it is not an executable");
    if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 ||
        header->e_phnum > HEADERS_MAX)
        return refuse(r, "it has no usable program headers");
    if (!inside(r, header->e_phoff, (uint64_t)header->e_phnum * sizeof(Elf64_Phdr)))
        return refuse(r, "its program headers lie outside the file");
    return 0;
}

static int add_segment(const struct reader *r, const Elf64_Phdr *phdr, struct elf_kernel *kernel)
{
    struct elf_segment *segment = &kernel->segments[kernel->nr_segments];

    if (phdr->p_memsz == 0)
        return 0;
    if (kernel->nr_segments == ELF_SEGMENTS_MAX)
        return refuse(r, "it has too many segments");
    if (phdr->p_filesz > phdr->p_memsz || !inside(r, phdr->p_offset, phdr->p_filesz))
        return refuse(r, "a segment lies outside the file");
    segment->offset = phdr->p_offset;
    segment->file_size = phdr->p_filesz;
    segment->address = phdr->p_paddr; /* PADDR_OFFSET is taken off once the notes are known */
    segment->memory_size = phdr->p_memsz;
    kernel->nr_segments++;
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

/* Is it a 64-bit PV kernel at all? Says what it lacks. */
static int check_kind(const struct reader *r, const struct elfnotes *notes)
{
    bool pvh = notes->note[XEN_ELFNOTE_PHYS32_ENTRY].data;

    if (!notes->note[XEN_ELFNOTE_ENTRY].data) {
        if (pvh)
            return refuse(r, "it can run as a PVH guest only; it lacks the PV entry point "
                             "(Linux: CONFIG_XEN_PV)");
        return refuse(r, "it has no Xen notes; it lacks paravirtualization "
                         "(Linux: CONFIG_XEN_PV)");
    }
    if (notes->note[XEN_ELFNOTE_XEN_VERSION].data &&
        !elfnotes_equals(notes, XEN_ELFNOTE_XEN_VERSION, "xen-3.0"))
        return refuse(r, "it is for an interface other than xen-3.0");
    if (notes->note[XEN_ELFNOTE_LOADER].data &&
        !elfnotes_equals(notes, XEN_ELFNOTE_LOADER, "generic"))
        return refuse(r, "it asks for a loader other than the generic one");
    return 0;
}

static int read_notes(const struct reader *r, const struct elfnotes *notes,
                      struct elf_kernel *kernel)
{
    uint64_t paddr_offset;
    bool ok = true;

    if (check_kind(r, notes) < 0)
        return -1;
    kernel->entry = elfnotes_number(notes, XEN_ELFNOTE_ENTRY, 0, &ok);
    kernel->virt_base = elfnotes_number(notes, XEN_ELFNOTE_VIRT_BASE, 0, &ok);
    kernel->hypercall_page = elfnotes_number(notes, XEN_ELFNOTE_HYPERCALL_PAGE, 0, &ok);
    kernel->init_p2m = elfnotes_number(notes, XEN_ELFNOTE_INIT_P2M, 0, &ok);
    kernel->mod_start_pfn = elfnotes_number(notes, XEN_ELFNOTE_MOD_START_PFN, 0, &ok) != 0;
    paddr_offset = elfnotes_number(notes, XEN_ELFNOTE_PADDR_OFFSET, 0, &ok);
    elfnotes_text(notes, XEN_ELFNOTE_GUEST_OS, kernel->guest_os, sizeof(kernel->guest_os));
    if (!ok)
        return refuse(r, "one of its Xen notes has a wrong size");
    if (place_segments(r, paddr_offset, kernel) < 0)
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
    struct reader r = {.h = h, .name = name, .image = image, .size = size};
    struct elfnotes notes = {0};
    Elf64_Ehdr header;
    unsigned i;

    memset(kernel, 0, sizeof(*kernel));
    if (check_header(&r, &header) < 0)
        return -1;
    for (i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr phdr;

        memcpy(&phdr, image + header.e_phoff + i * sizeof(phdr), sizeof(phdr));
        if (phdr.p_type == PT_LOAD) {
            if (add_segment(&r, &phdr, kernel) < 0)
                return -1;
        } else if (phdr.p_type == PT_NOTE) {
            if (!inside(&r, phdr.p_offset, phdr.p_filesz))
                return refuse(&r, "its notes lie outside the file");
            if (!elfnotes_scan(&notes, image + phdr.p_offset, phdr.p_filesz))
                return refuse(&r, "its notes are damaged");
        }
    }
    return read_notes(&r, &notes, kernel);
}
