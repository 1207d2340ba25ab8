/* SPDX-License-Identifier: MIT */
/* The kernels of the tests. */
#include "kernel.h"

#include <stddef.h>
#include <string.h>

#include "public/elfnote.h"

void kernel_note(struct kernel_file *file, size_t *used, uint32_t type, const void *data,
                 uint32_t size)
{
    uint32_t header[3] = {4, size, type};

    memcpy(file->notes + *used, header, sizeof(header));
    memcpy(file->notes + *used + 12, "Xen", 4);
    memcpy(file->notes + *used + 16, data, size);
    *used += 16 + ((size + 3) & ~3u);
}

static void number(struct kernel_file *file, size_t *used, uint32_t type, uint64_t value)
{
    kernel_note(file, used, type, &value, sizeof(value));
}

size_t kernel_make(struct kernel_file *file)
{
    size_t used = 0, i;

    memset(file, 0, sizeof(*file));
    memcpy(file->ehdr.e_ident, ELFMAG, SELFMAG);
    file->ehdr.e_ident[EI_CLASS] = ELFCLASS64;
    file->ehdr.e_ident[EI_DATA] = ELFDATA2LSB;
    file->ehdr.e_type = ET_EXEC;
    file->ehdr.e_machine = EM_X86_64;
    file->ehdr.e_phoff = offsetof(struct kernel_file, phdr);
    file->ehdr.e_phentsize = sizeof(Elf64_Phdr);
    file->ehdr.e_phnum = 2;
    for (i = 0; i < sizeof(file->code); i++)
        file->code[i] = (uint8_t)(i * 7);

    kernel_note(file, &used, XEN_ELFNOTE_XEN_VERSION, "xen-3.0", 8);
    kernel_note(file, &used, XEN_ELFNOTE_LOADER, "generic", 8);
    kernel_note(file, &used, XEN_ELFNOTE_GUEST_OS, "test", 5);
    kernel_note(file, &used, XEN_ELFNOTE_FEATURES, "writable_page_tables|none", 26);
    number(file, &used, XEN_ELFNOTE_VIRT_BASE, KERNEL_BASE);
    number(file, &used, XEN_ELFNOTE_ENTRY, KERNEL_BASE + KERNEL_LOAD + 0x40);
    number(file, &used, XEN_ELFNOTE_HYPERCALL_PAGE, KERNEL_BASE + KERNEL_LOAD + 0x1000);
    number(file, &used, XEN_ELFNOTE_INIT_P2M, KERNEL_P2M);
    kernel_note(file, &used, XEN_ELFNOTE_MOD_START_PFN, "\1\0\0", 4);

    file->phdr[0] = (Elf64_Phdr){
        .p_type = PT_LOAD, .p_offset = offsetof(struct kernel_file, code),
        .p_vaddr = KERNEL_BASE + KERNEL_LOAD, .p_paddr = KERNEL_LOAD,
        .p_filesz = sizeof(file->code), .p_memsz = 3 * sizeof(file->code),
    };
    file->phdr[1] = (Elf64_Phdr){
        .p_type = PT_NOTE, .p_offset = offsetof(struct kernel_file, notes), .p_filesz = used,
        .p_memsz = used,
    };
    return used;
}
