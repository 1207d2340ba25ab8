/* SPDX-License-Identifier: MIT */
/* A 64-bit x86 ELF executable in memory: checked views of its segments. */
#include "lib/elf.h"

#include "lib/errno.h"
#include "lib/string.h"

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
    struct elf_ehdr h;

    if (size < sizeof(h)) {
        *why = "shorter than an ELF header";
        return -ENOEXEC;
    }
    memcpy(&h, data, sizeof(h));
    if (memcmp(h.ident, "\177ELF", 4) != 0)
        *why = "not an ELF image";
    else if (h.ident[4] != ELFCLASS64 || h.ident[5] != ELFDATA2LSB || h.machine != EM_X86_64)
        *why = "not a 64-bit x86 image";
    else if (h.type != ET_EXEC && h.type != ET_DYN)
        *why = "not an executable image";
    else if (h.phentsize != sizeof(struct elf_phdr) || h.phoff > size ||
             (size - h.phoff) / sizeof(struct elf_phdr) < h.phnum)
        *why = "program headers outside the image";
    else
        *why = NULL;
    if (*why != NULL)
        return -ENOEXEC;

    *elf = (struct elf_image){
        .data = data, .size = size, .entry = h.entry, .phoff = h.phoff, .phnum = h.phnum,
    };
    return 0;
}

int elf_phdr(const struct elf_image *elf, unsigned i, struct elf_phdr *out)
{
    memcpy(out, elf->data + elf->phoff + i * sizeof(*out), sizeof(*out));
    if (out->offset > elf->size || out->filesz > elf->size - out->offset)
        return -ENOEXEC;
    if (out->type == ELF_PT_LOAD &&
        (out->filesz > out->memsz || out->paddr + out->memsz < out->paddr ||
         out->vaddr + out->memsz < out->vaddr))
        return -ENOEXEC;
    return 0;
}
