/* SPDX-License-Identifier: MIT */
/* Reading what the boot loader left, before anything else may overwrite it. */
#include "boot/multiboot.h"

#include "boot/init.h"
#include "hw/layout.h"
#include "lib/cmdline.h"
#include "lib/errno.h"
#include "lib/string.h"

#define MB1_MAGIC 0x2badb002
#define MB2_MAGIC 0x36d76289

/* Multiboot specification 0.6.96, section 3.3. No alignment is promised. */
struct mb1_info {
    uint32_t flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4];
    uint32_t mmap_length, mmap_addr, drives_length, drives_addr, config_table, loader_name;
} __attribute__((packed));
#define MB1_CMDLINE (1u << 2)
#define MB1_MODS (1u << 3)
#define MB1_MMAP (1u << 6)
#define MB1_LOADER (1u << 9)

struct mb1_module {
    uint32_t start, end, string, reserved;
} __attribute__((packed));

struct mb1_mmap {
    uint32_t size; /* of the rest */
    uint64_t addr, len;
    uint32_t type;
} __attribute__((packed));

/* Multiboot2 specification 2.0, section 3.6. */
struct mb2_tag {
    uint32_t type, size;
};
enum {
    MB2_END = 0,
    MB2_CMDLINE = 1,
    MB2_LOADER = 2,
    MB2_MODULE = 3,
    MB2_MMAP = 6,
    MB2_FRAMEBUFFER = 8,
    MB2_EFI64 = 12,
    MB2_ACPI_OLD = 14,
    MB2_ACPI_NEW = 15,
};
struct mb2_module {
    struct mb2_tag tag;
    uint32_t start, end;
    char string[];
};
struct mb2_mmap {
    struct mb2_tag tag;
    uint32_t entry_size, entry_version;
};
struct mb2_mmap_entry {
    uint64_t addr, len;
    uint32_t type, zero;
} __attribute__((packed));
struct mb2_framebuffer {
    struct mb2_tag tag;
    uint64_t addr;
    uint32_t pitch, width, height;
    uint8_t bpp, type;
    uint16_t reserved;
    uint8_t red[2], green[2], blue[2]; /* of type RGB */
} __attribute__((packed));
#define FRAMEBUFFER_RGB 1

struct boot_info boot_info;

/* head.S maps the first 4 GiB here; loaders put nothing higher. */
static const void *at(uint32_t pa)
{
    return (const void *)(DIRECT_VIRT + pa);
}

/*
 * QEMU's strings begin with the file's name as it was given, GRUB 2's do not, but GRUB scripts
 * written for Xen put a word "placeholder" there. An option without "=" that holds a slash is a
 * file name, too.
 */
INIT_TEXT static const char *without_file_name(const char *s, bool always)
{
    char word[256];
    const char *p = s;

    if (!cmdline_next(&p, word, sizeof(word)))
        return "";
    if (always || !strcmp(word, "placeholder") || (strchr(word, '/') && !strchr(word, '=')))
        return cmdline_skip_word(s);
    return s;
}

INIT_TEXT static void add_module(uint64_t start, uint64_t end, const char *string, bool named)
{
    struct boot_module *m;

    if (boot_info.nr_modules == BOOT_MAX_MODULES || end < start)
        return;
    m = &boot_info.module[boot_info.nr_modules++];
    m->start = start;
    m->size = end - start;
    strlcpy(m->cmdline, without_file_name(string, named), sizeof(m->cmdline));
}

INIT_TEXT static int parse_mb1(const struct mb1_info *mb)
{
    bool qemu;

    boot_info.protocol = "multiboot";
    if (mb->flags & MB1_LOADER)
        strlcpy(boot_info.loader, at(mb->loader_name), sizeof(boot_info.loader));
    qemu = !strncmp(boot_info.loader, "qemu", 4);
    if (mb->flags & MB1_CMDLINE)
        strlcpy(boot_info.cmdline, without_file_name(at(mb->cmdline), qemu),
                sizeof(boot_info.cmdline));
    if (!(mb->flags & MB1_MMAP))
        return -EINVAL;
    for (uint64_t off = 0; off < mb->mmap_length;) {
        const struct mb1_mmap *e = at(mb->mmap_addr + off);

        if (e->size < sizeof(*e) - sizeof(e->size))
            return -EINVAL;
        e820_append(&boot_info.map, e->addr, e->len, e->type);
        off += (uint64_t)e->size + sizeof(e->size);
    }
    if (mb->flags & MB1_MODS) {
        const struct mb1_module *m = at(mb->mods_addr);

        for (uint32_t i = 0; i < mb->mods_count && i < BOOT_MAX_MODULES; i++)
            add_module(m[i].start, m[i].end, m[i].string ? at(m[i].string) : "", qemu);
    }
    return 0;
}

INIT_TEXT static int parse_mmap(const struct mb2_mmap *map)
{
    uint64_t end = map->tag.size, step = map->entry_size;

    if (step < sizeof(struct mb2_mmap_entry))
        return -EINVAL;
    for (uint64_t off = sizeof(*map); off + step <= end; off += step) {
        const struct mb2_mmap_entry *e = (const void *)((const char *)map + off);

        e820_append(&boot_info.map, e->addr, e->len, e->type);
    }
    return 0;
}

/* The text that begins at an offset of the tag; "" when it does not end inside. */
INIT_TEXT static const char *tag_text(const struct mb2_tag *tag, size_t offset)
{
    const char *s = (const char *)tag + offset;

    return strnlen(s, tag->size - offset) < tag->size - offset ? s : "";
}

INIT_TEXT static void keep_rsdp(const struct mb2_tag *tag)
{
    size_t size = tag->size - sizeof(*tag);

    boot_info.rsdp_size = size < sizeof(boot_info.rsdp) ? size : sizeof(boot_info.rsdp);
    memcpy(boot_info.rsdp, tag + 1, boot_info.rsdp_size);
}

INIT_TEXT static int parse_tag(const struct mb2_tag *tag)
{
    static const uint8_t least[] INIT_DATA = {
        [MB2_MODULE] = sizeof(struct mb2_module), [MB2_MMAP] = sizeof(struct mb2_mmap),
        [MB2_FRAMEBUFFER] = offsetof(struct mb2_framebuffer, red),
    };
    const struct mb2_module *m = (const struct mb2_module *)tag;
    const struct mb2_framebuffer *fb = (const struct mb2_framebuffer *)tag;

    if (tag->type < sizeof(least) && tag->size < least[tag->type])
        return -EINVAL;
    switch (tag->type) {
    case MB2_CMDLINE:
        strlcpy(boot_info.cmdline, without_file_name(tag_text(tag, sizeof(*tag)), false),
                sizeof(boot_info.cmdline));
        break;
    case MB2_LOADER:
        strlcpy(boot_info.loader, tag_text(tag, sizeof(*tag)), sizeof(boot_info.loader));
        break;
    case MB2_MODULE:
        add_module(m->start, m->end, tag_text(tag, sizeof(*m)), false);
        break;
    case MB2_MMAP:
        return parse_mmap((const struct mb2_mmap *)tag);
    case MB2_FRAMEBUFFER:
        if (fb->type == FRAMEBUFFER_RGB && tag->size >= sizeof(*fb))
            boot_info.fb = (struct boot_framebuffer){
                fb->addr, fb->pitch, fb->width, fb->height, fb->bpp,
                { fb->red[0], fb->red[1] }, { fb->green[0], fb->green[1] },
                { fb->blue[0], fb->blue[1] },
            };
        break;
    case MB2_EFI64:
        boot_info.efi = true;
        break;
    case MB2_ACPI_OLD:
        if (!boot_info.rsdp_size)
            keep_rsdp(tag);
        break;
    case MB2_ACPI_NEW:
        keep_rsdp(tag);
        break;
    }
    return 0;
}

INIT_TEXT static int parse_mb2(uint32_t info)
{
    uint64_t total = *(const uint32_t *)at(info);

    boot_info.protocol = "multiboot2";
    for (uint64_t off = 8; off + sizeof(struct mb2_tag) <= total;) {
        const struct mb2_tag *tag = at(info + off);

        if (tag->type == MB2_END)
            return boot_info.map.count ? 0 : -EINVAL;
        if (tag->size < sizeof(*tag) || tag->size > total - off || parse_tag(tag) != 0)
            return -EINVAL;
        off += ((uint64_t)tag->size + 7) & ~7UL;
    }
    return -EINVAL;
}

INIT_TEXT int multiboot_parse(uint32_t magic, uint32_t info)
{
    if (magic == MB1_MAGIC)
        return parse_mb1(at(info));
    if (magic == MB2_MAGIC)
        return parse_mb2(info);
    return -EINVAL;
}
