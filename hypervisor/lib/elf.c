/* SPDX-License-Identifier: MIT */
/* A 64-bit x86 ELF executable in memory: checked views of its segments. */
#include "lib/elf.h"

#include "lib/errno.h"
#include "lib/string.h"

#define ELFCLASS32 1
#define ELFCLASS64 2
#define ELFDATA2LSB 1
#define ET_EXEC 2
#define ET_DYN 3
#define EM_X86_64 62

/* ELF-64 object file format, figure 2. */
struct elf_ehdr {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, phoff, shoff;
    uint32_t flags;
    uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
_Static_assert(sizeof(struct elf_ehdr) == 64, "ELF-64 header");
_Static_assert(sizeof(struct elf_phdr) == 56, "ELF-64 program header");

int elf_open(struct elf_image *elf, const void *data, size_t size, const char **why)
{
    const uint8_t *ident = data;
    struct elf_ehdr h = { 0 };

    memcpy(&h, data, size < sizeof(h) ? size : sizeof(h));
    *why = NULL;
    if (size < sizeof(h.ident) || memcmp(ident, "\177ELF", 4) != 0)
        *why = "it is neither an ELF file nor a bzImage";
    else if (ident[4] == ELFCLASS32)
        *why = "it is a 32-bit kernel, and only 64-bit ones can run here";
    else if (ident[4] != ELFCLASS64 || ident[5] != ELFDATA2LSB)
        *why = "it is not a 64-bit little-endian ELF file";
    else if (size < sizeof(h))
        *why = "its ELF header is cut off";
    else if (h.machine != EM_X86_64)
        *why = "it is not for x86-64";
    else if (h.type != ET_EXEC && h.type != ET_DYN)
        *why = "it is not an executable";
    else if (h.phentsize != sizeof(struct elf_phdr) || h.phnum == 0 || h.phnum > ELF_PHDRS_MAX)
        *why = "it has no usable program headers";
    else if (h.phoff > size || (size - h.phoff) / sizeof(struct elf_phdr) < h.phnum)
        *why = "its program headers lie outside the file";
    if (*why != NULL)
        return -ENOEXEC;

    *elf = (struct elf_image){
        .data = data, .size = size, .entry = h.entry, .phoff = h.phoff, .phnum = h.phnum,
    };
    return 0;
}

int elf_phdr(const struct elf_image *elf, unsigned i, struct elf_phdr *out, const char **why)
{
    bool inside, load;

    memcpy(out, elf->data + elf->phoff + i * sizeof(*out), sizeof(*out));
    inside = out->offset <= elf->size && out->filesz <= elf->size - out->offset;
    load = out->type == ELF_PT_LOAD;
    *why = NULL;
    if (out->type == ELF_PT_NOTE && !inside)
        *why = "its notes lie outside the file";
    else if (load && (out->filesz > out->memsz || (out->memsz != 0 && !inside)))
        *why = "a segment lies outside the file";
    else if (load && (out->paddr + out->memsz < out->paddr ||
                      out->vaddr + out->memsz < out->vaddr))
        *why = "a segment has an address that makes no sense";
    return *why == NULL ? 0 : -ENOEXEC;
}
