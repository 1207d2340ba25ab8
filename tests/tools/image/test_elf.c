/* SPDX-License-Identifier: MIT */
/*
 * Kernels that lie. The loader gets each file in a heap block of its exact size, so that the
 * address sanitizer sees any read outside of it.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/elf.h"
#include "kernel.h"
#include "lib/elfnote.h"
#include "public/elfnote.h"
#include "public/features.h"
#include "suites.h"

static struct parador_handle *h;
static struct kernel_file file;
static struct elf_kernel kernel;

static void setup(void)
{
    h = parador_open();
    kernel_make(&file);
}

static void teardown(void)
{
    parador_close(h);
}

/* Parses the first size bytes of data from a block of just that size. */
static int parse_bytes(const void *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    int ret;

    memcpy(copy, data, size);
    ret = elf_parse(h, "test", copy, size, &kernel);
    if (ret < 0)
        ck_assert_int_eq(errno, ENOEXEC);
    free(copy);
    return ret;
}

static int parse(void)
{
    return parse_bytes(&file, sizeof(file));
}

/* It must be refused with a sentence that contains words. */
static void refused(const char *words)
{
    ck_assert_int_eq(parse(), -1);
    ck_assert_msg(strstr(parador_error(h), words) != NULL, "\"%s\" lacks \"%s\"", parador_error(h),
                  words);
}

START_TEST(good)
{
    ck_assert_msg(parse() == 0, "%s", parador_error(h));
    ck_assert_uint_eq(kernel.nr_segments, 1);
    ck_assert_uint_eq(kernel.start, KERNEL_LOAD);
    ck_assert_uint_eq(kernel.end, KERNEL_LOAD + 3 * sizeof(file.code));
    ck_assert_uint_eq(kernel.virt_base, KERNEL_BASE);
    ck_assert_uint_eq(kernel.entry, KERNEL_BASE + KERNEL_LOAD + 0x40);
    ck_assert_uint_eq(kernel.hypercall_page, KERNEL_BASE + KERNEL_LOAD + 0x1000);
    ck_assert_uint_eq(kernel.init_p2m, KERNEL_P2M);
    ck_assert(kernel.mod_start_pfn);
    ck_assert_str_eq(kernel.guest_os, "test");
}
END_TEST

START_TEST(truncated_everywhere)
{
    size_t size;

    for (size = 0; size < sizeof(file); size++)
        ck_assert_int_eq(parse_bytes(&file, size), -1);
}
END_TEST

START_TEST(not_a_kernel)
{
    file.ehdr.e_ident[0] = 'M';
    refused("neither an ELF file nor a bzImage");
    kernel_make(&file);
    file.ehdr.e_ident[EI_CLASS] = ELFCLASS32;
    refused("32-bit");
    kernel_make(&file);
    file.ehdr.e_ident[EI_DATA] = ELFDATA2MSB;
    refused("little-endian");
    kernel_make(&file);
    file.ehdr.e_machine = EM_AARCH64;
    refused("x86-64");
    kernel_make(&file);
    file.ehdr.e_type = ET_REL;
    refused("executable");
}
END_TEST

START_TEST(header_offsets)
{
    static const uint64_t offsets[] = {
        UINT64_MAX, UINT64_MAX - 55, UINT64_MAX - 111, (uint64_t)1 << 63, sizeof(file),
        sizeof(file) - 111, INT64_MAX,
    };
    size_t i;

    for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        file.ehdr.e_phoff = offsets[i];
        refused("outside the file");
    }
    kernel_make(&file);
    file.ehdr.e_phnum = 0;
    refused("program headers");
    file.ehdr.e_phnum = UINT16_MAX;
    refused("program headers");
    kernel_make(&file);
    file.ehdr.e_phnum = 256;
    refused("outside the file");
    kernel_make(&file);
    file.ehdr.e_phentsize = 1;
    refused("program headers");
}
END_TEST

START_TEST(segment_bounds)
{
    file.phdr[0].p_offset = UINT64_MAX;
    refused("outside the file");
    file.phdr[0].p_offset = sizeof(file) - sizeof(file.code) + 1;
    refused("outside the file");
    kernel_make(&file);
    file.phdr[0].p_filesz = file.phdr[0].p_memsz = UINT64_MAX;
    refused("outside the file");
    kernel_make(&file);
    file.phdr[0].p_memsz = file.phdr[0].p_filesz - 1;
    refused("outside the file");
    kernel_make(&file);
    file.phdr[0].p_paddr = UINT64_MAX - 4096;
    refused("makes no sense");
    kernel_make(&file);
    file.phdr[0].p_memsz = UINT64_MAX - KERNEL_LOAD;
    refused("makes no sense");
    kernel_make(&file);
    file.phdr[0].p_type = PT_NULL;
    refused("nothing to load");
}
END_TEST

START_TEST(too_many_segments)
{
    struct {
        struct kernel_file file;
        Elf64_Phdr phdr[ELF_SEGMENTS_MAX + 2];
    } *big = calloc(1, sizeof(*big));
    unsigned i;

    kernel_make(&big->file);
    for (i = 0; i < ELF_SEGMENTS_MAX + 2; i++)
        big->phdr[i] = big->file.phdr[i == 0];
    big->file.ehdr.e_phoff = sizeof(big->file);
    big->file.ehdr.e_phnum = ELF_SEGMENTS_MAX + 1;
    ck_assert_int_eq(parse_bytes(big, sizeof(*big)), 0);
    big->file.ehdr.e_phnum = ELF_SEGMENTS_MAX + 2;
    ck_assert_int_eq(parse_bytes(big, sizeof(*big)), -1);
    ck_assert(strstr(parador_error(h), "too many segments"));
    free(big);
}
END_TEST

START_TEST(note_bounds)
{
    uint32_t huge[] = {UINT32_MAX, UINT32_MAX - 1, UINT32_MAX - 3, 0x80000000u, 4096};
    size_t i;

    file.phdr[1].p_offset = UINT64_MAX - 3;
    refused("notes lie outside");
    kernel_make(&file);
    file.phdr[1].p_filesz = UINT64_MAX;
    refused("notes lie outside");
    for (i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
        kernel_make(&file);
        memcpy(file.notes, &huge[i], 4);
        refused("damaged");
        kernel_make(&file);
        memcpy(file.notes + 4, &huge[i], 4);
        refused("damaged");
    }
    /* The last note is cut in its middle. */
    kernel_make(&file);
    file.phdr[1].p_filesz -= 2;
    refused("damaged");
}
END_TEST

/* Finds the descriptor of a note in the file. */
static uint8_t *find_note(uint32_t type)
{
    size_t at = 0;

    for (;;) {
        uint32_t header[3];

        memcpy(header, file.notes + at, sizeof(header));
        ck_assert(header[0] == 4);
        if (header[2] == type)
            return file.notes + at + 16;
        at += 16 + ((header[1] + 3) & ~3u);
    }
}

static void set_note(uint32_t type, uint64_t value)
{
    memcpy(find_note(type), &value, sizeof(value));
}

START_TEST(note_values)
{
    uint32_t size = 7;

    set_note(XEN_ELFNOTE_ENTRY, KERNEL_BASE);
    refused("entry point");
    set_note(XEN_ELFNOTE_ENTRY, 0x1000);
    refused("entry point");
    set_note(XEN_ELFNOTE_ENTRY, KERNEL_BASE + KERNEL_LOAD + 3 * sizeof(file.code));
    refused("entry point");
    kernel_make(&file);
    set_note(XEN_ELFNOTE_HYPERCALL_PAGE, KERNEL_BASE + KERNEL_LOAD + 0x10);
    refused("hypercall page");
    set_note(XEN_ELFNOTE_HYPERCALL_PAGE, KERNEL_BASE + KERNEL_LOAD + 3 * sizeof(file.code));
    refused("hypercall page");
    kernel_make(&file);
    set_note(XEN_ELFNOTE_VIRT_BASE, KERNEL_BASE + 0x1000);
    refused("aligned");
    kernel_make(&file);
    set_note(XEN_ELFNOTE_INIT_P2M, KERNEL_P2M + 1);
    refused("P2M");
    kernel_make(&file);
    memcpy(find_note(XEN_ELFNOTE_XEN_VERSION), "xen-4.0", 8);
    refused("xen-3.0");
    kernel_make(&file);
    memcpy(find_note(XEN_ELFNOTE_LOADER), "special", 8);
    refused("loader");
    kernel_make(&file);
    memcpy(find_note(XEN_ELFNOTE_ENTRY) - 12, &size, sizeof(size));
    refused("wrong size");
}
END_TEST

START_TEST(says_what_it_lacks)
{
    uint32_t type = XEN_ELFNOTE_PHYS32_ENTRY;

    memcpy(find_note(XEN_ELFNOTE_ENTRY) - 8, &type, sizeof(type));
    refused("PVH");
    kernel_make(&file);
    file.ehdr.e_phnum = 1;
    refused("no Xen notes");
}
END_TEST

START_TEST(insists)
{
    memcpy(find_note(XEN_ELFNOTE_FEATURES), "!auto_translated_physmap", 25);
    refused("insists");
    kernel_make(&file);
    memcpy(find_note(XEN_ELFNOTE_FEATURES), "a|!what_nobody_knows", 21);
    refused("insists");
}
END_TEST

/* The text fills its note, which ends where the block does. */
START_TEST(unterminated_text)
{
    struct elf_phdr ph = {.type = ELF_PT_NOTE, .offset = sizeof(ph), .filesz = 24};
    uint32_t header[3] = {4, 8, XEN_ELFNOTE_FEATURES};
    uint8_t *block = malloc(sizeof(ph) + 24);
    struct elf_image elf = {.data = block, .size = sizeof(ph) + 24, .phnum = 1};
    struct pv_notes notes;

    memcpy(block, &ph, sizeof(ph));
    memcpy(block + sizeof(ph), header, sizeof(header));
    memcpy(block + sizeof(ph) + 12, "Xen", 4);
    memcpy(block + sizeof(ph) + 16, "abc|dom0", 8);
    ck_assert_ptr_null(pv_notes_read(&elf, &notes));
    ck_assert_uint_eq(notes.supported, 1u << XENFEAT_dom0);
    header[2] = XEN_ELFNOTE_LOADER;
    memcpy(block + sizeof(ph), header, sizeof(header));
    ck_assert_ptr_null(pv_notes_read(&elf, &notes));
    ck_assert_str_eq(notes.loader, "abc|dom0");
    free(block);
}
END_TEST

/* Random damage, the same in each run: whatever is accepted must keep its promises. */
START_TEST(random_damage)
{
    uint32_t seed = 1;
    int round, i, accepted = 0;

    for (round = 0; round < 20000; round++) {
        kernel_make(&file);
        for (i = 0; i < 4; i++) {
            seed = seed * 1664525u + 1013904223u;
            ((uint8_t *)&file)[(seed >> 8) % offsetof(struct kernel_file, code)] =
                (uint8_t)(seed >> 3);
        }
        if (parse() < 0)
            continue;
        accepted++;
        for (i = 0; i < (int)kernel.nr_segments; i++) {
            const struct elf_segment *s = &kernel.segments[i];

            ck_assert(s->offset <= sizeof(file) && s->file_size <= sizeof(file) - s->offset);
            ck_assert(s->file_size <= s->memory_size);
            ck_assert(s->address >= kernel.start);
            ck_assert(s->address + s->memory_size <= kernel.end);
        }
    }
    ck_assert_int_gt(accepted, 0);
}
END_TEST

TCase *elf_cases(void)
{
    TCase *c = tcase_create("elf");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, good);
    tcase_add_test(c, truncated_everywhere);
    tcase_add_test(c, not_a_kernel);
    tcase_add_test(c, header_offsets);
    tcase_add_test(c, segment_bounds);
    tcase_add_test(c, too_many_segments);
    tcase_add_test(c, note_bounds);
    tcase_add_test(c, note_values);
    tcase_add_test(c, says_what_it_lacks);
    tcase_add_test(c, insists);
    tcase_add_test(c, unterminated_text);
    tcase_add_test(c, random_damage);
    return c;
}
