/* SPDX-License-Identifier: MIT */
/*
 * Plans of guests, and the page tables written from them: foreign mappings are stood in for by one
 * block of memory, so that the tables can be walked as the processor would.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build/pagetables.h"
#include "build/startinfo.h"
#include "kernel.h"
#include "suites.h"

#define MIB_KIB 1024u
/* The stand-in's mfn of pfn n is MFN_BASE + n. */
#define MFN_BASE 0x12345u

static struct parador_handle *h;
static struct elf_kernel kernel;
static struct layout layout;
static uint8_t *memory;
static uint64_t memory_pages;

void *parador_foreign_map(struct parador_handle *handle, domid_t domid, int prot, size_t count,
                          const uint64_t *mfns)
{
    size_t i;

    (void)handle;
    (void)domid;
    (void)prot;
    for (i = 0; i < count; i++)
        ck_assert_uint_eq(mfns[i], mfns[0] + i);
    ck_assert(mfns[0] >= MFN_BASE && mfns[0] - MFN_BASE + count <= memory_pages);
    return memory + (mfns[0] - MFN_BASE) * LAYOUT_FRAME_SIZE;
}

void *parador_foreign_map_one(struct parador_handle *handle, domid_t domid, int prot, uint64_t mfn)
{
    return parador_foreign_map(handle, domid, prot, 1, &mfn);
}

void parador_foreign_unmap(struct parador_handle *handle, void *address, size_t count)
{
    (void)handle;
    (void)address;
    (void)count;
}

static void setup(void)
{
    struct kernel_file *file = malloc(sizeof(*file));

    h = parador_open();
    kernel_make(file);
    ck_assert_int_eq(elf_parse(h, "test", (uint8_t *)file, sizeof(*file), &kernel), 0);
    free(file);
}

static void teardown(void)
{
    parador_close(h);
}

static void plan(uint64_t memory_kib, uint64_t initrd)
{
    ck_assert_msg(layout_plan(h, &kernel, memory_kib, initrd, &layout) == 0, "%s",
                  parador_error(h));
}

/* All parts lie in the guest, in order, and none on another. */
static void check_order(void)
{
    ck_assert(layout.kernel_pfn + layout.kernel_pages <= layout.start_info_pfn);
    ck_assert(layout.start_info_pfn < layout.store_pfn);
    ck_assert(layout.store_pfn < layout.console_pfn);
    ck_assert(layout.console_pfn < layout.l4_pfn);
    ck_assert_uint_eq(layout.l4_pfn + layout.nr_pt_frames, layout.stack_pfn);
    ck_assert_uint_eq((layout.boot.end - layout.boot.start) % (4 * 1024 * MIB_KIB), 0);
    /* public/start_info.h: at least 512 KiB behind the last element */
    ck_assert(layout_virt(&layout, layout.stack_pfn + 1) + (512 << 10) <= layout.boot.end);
    ck_assert(layout.initrd_pfn + layout.initrd_pages <= layout.nr_pages);
    ck_assert(layout.p2m_pfn + layout.p2m_pages + layout.p2m_tables <= layout.nr_pages);
}

START_TEST(linux_like)
{
    uint64_t region;

    plan(64 * MIB_KIB, 5000000);
    check_order();
    region = (layout.boot.end - layout.boot.start) / LAYOUT_FRAME_SIZE;
    ck_assert(!layout.initrd_mapped);
    ck_assert_uint_eq(layout.p2m_pfn, region);
    ck_assert_uint_eq(layout.p2m_virt, KERNEL_P2M);
    ck_assert_uint_eq(layout.p2m_pages, 64 * 256 * 8 / 4096);
    ck_assert_uint_eq(layout.p2m_tables, 3);
    ck_assert_uint_eq(layout.initrd_pfn, region + layout.p2m_pages + 3);
}
END_TEST

START_TEST(all_mapped)
{
    kernel.init_p2m = 0;
    kernel.mod_start_pfn = false;
    plan(64 * MIB_KIB, 5000000);
    check_order();
    ck_assert(layout.initrd_mapped);
    ck_assert_uint_eq(layout.p2m_tables, 0);
    ck_assert_uint_eq(layout.initrd_pfn, layout.kernel_pfn + layout.kernel_pages);
    ck_assert_uint_eq(layout.p2m_virt, layout_virt(&layout, layout.p2m_pfn));
    ck_assert(layout.p2m_pfn + layout.p2m_pages <= layout.start_info_pfn);
}
END_TEST

START_TEST(large_guest)
{
    plan((uint64_t)256 << 20, (uint64_t)3 << 30);
    check_order();
    ck_assert_uint_eq(layout.p2m_pages, (uint64_t)512 << 20 >> 12);
    ck_assert_uint_eq(layout.p2m.nr_l1, 256);
    /* The region stays small however large guest and initrd are. */
    ck_assert(layout.boot.end - layout.boot.start <= 8 * 1024 * MIB_KIB);
}
END_TEST

START_TEST(too_small)
{
    uint64_t kib;

    for (kib = 0; kib < 4 * MIB_KIB; kib += 64) {
        ck_assert_int_eq(layout_plan(h, &kernel, kib, 0, &layout), -1);
        ck_assert_int_eq(errno, ENOMEM);
    }
    ck_assert_int_eq(layout_plan(h, &kernel, 64 * MIB_KIB, (uint64_t)64 << 20, &layout), -1);
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert(strstr(parador_error(h), "ramdisk"));
    ck_assert_int_eq(layout_plan(h, &kernel, 64 * MIB_KIB, UINT64_MAX / 2, &layout), -1);
    ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

START_TEST(impossible_addresses)
{
    static const uint64_t p2m[] = {
        0xffff800000000000u, 0xffff87fffffff000u, 0xffff7ffffffff000u, 0x00007ffffffff000u,
        0x0000800000000000u, KERNEL_BASE, 0xffffff8000000000u, 0xfffffffffffff000u,
    };
    static const uint64_t base[] = {
        0xffff800000000000u, 0xffff7fffffe00000u, 0xffff87ffffe00000u, 0x00007fffffe00000u,
        0xffffffffffe00000u, 0x0000900000000000u,
    };
    size_t i;

    for (i = 0; i < sizeof(p2m) / sizeof(p2m[0]); i++) {
        kernel.init_p2m = p2m[i];
        ck_assert_int_eq(layout_plan(h, &kernel, 64 * MIB_KIB, 0, &layout), -1);
        ck_assert_int_eq(errno, ENOEXEC);
    }
    kernel.init_p2m = KERNEL_P2M;
    for (i = 0; i < sizeof(base) / sizeof(base[0]); i++) {
        kernel.virt_base = base[i];
        ck_assert_int_eq(layout_plan(h, &kernel, 64 * MIB_KIB, 0, &layout), -1);
        ck_assert_int_eq(errno, ENOEXEC);
    }
    /* A mapped initrd that would run over the end of the address space. */
    kernel.virt_base = KERNEL_BASE;
    kernel.mod_start_pfn = false;
    ck_assert_int_eq(layout_plan(h, &kernel, 16 << 20, (uint64_t)3 << 30, &layout), -1);
    ck_assert_int_eq(errno, ENOEXEC);
}
END_TEST

/* Walks the tables like the processor; the entry of address, or 0. */
static uint64_t walk(uint64_t address)
{
    uint64_t pfn = layout.l4_pfn, entry = 0;
    unsigned shift;

    for (shift = 39;; shift -= 9) {
        uint64_t *table = (uint64_t *)(memory + pfn * LAYOUT_FRAME_SIZE);

        entry = table[address >> shift & 511];
        if (!(entry & 1) || shift == 12)
            return entry;
        ck_assert_uint_eq(entry & 7, 7);
        pfn = (entry >> 12) - MFN_BASE;
        ck_assert(pfn < memory_pages);
    }
}

static void check_map(const struct layout_map *map)
{
    uint64_t address, pfn = map->pfn;

    for (address = map->start; address != map->end; address += LAYOUT_FRAME_SIZE, pfn++) {
        uint64_t entry = walk(address);
        bool table = pfn >= layout.l4_pfn && pfn < layout.l4_pfn + layout.nr_pt_frames;

        ck_assert_uint_eq(entry >> 12, MFN_BASE + pfn);
        ck_assert_uint_eq(entry & 7, table ? 5 : 7);
    }
    ck_assert_uint_eq(walk(map->end) & 1, 0);
}

static void make_guest(struct p2m *p2m, uint64_t kib, uint64_t initrd)
{
    uint64_t i;

    plan(kib, initrd);
    memory_pages = layout.nr_pages;
    memory = malloc(memory_pages * LAYOUT_FRAME_SIZE);
    memset(memory, 0xaa, memory_pages * LAYOUT_FRAME_SIZE);
    *p2m = (struct p2m){.h = h, .nr_pages = memory_pages};
    p2m->mfn = malloc(memory_pages * sizeof(*p2m->mfn));
    for (i = 0; i < memory_pages; i++)
        p2m->mfn[i] = MFN_BASE + i;
}

static void end_guest(struct p2m *p2m)
{
    p2m_free(p2m);
    free(memory);
    memory = NULL;
}

START_TEST(tables_linux_like)
{
    struct p2m p2m;

    make_guest(&p2m, 48 * MIB_KIB, 4000000);
    ck_assert_int_eq(pagetables_write(&p2m, &layout), 0);
    check_map(&layout.boot);
    check_map(&layout.p2m);
    ck_assert_uint_eq(walk(0) & 1, 0);
    end_guest(&p2m);
}
END_TEST

/* The region crosses a border of 1 GiB, so every level has more than one table. */
START_TEST(tables_across_borders)
{
    struct p2m p2m;

    kernel.init_p2m = 0;
    kernel.mod_start_pfn = false;
    kernel.virt_base = 0xffffff8000000000u - 0x400000;
    make_guest(&p2m, 48 * MIB_KIB, 8000000);
    ck_assert_uint_eq(layout.boot.nr_l3, 2);
    ck_assert_int_eq(pagetables_write(&p2m, &layout), 0);
    check_map(&layout.boot);
    end_guest(&p2m);
}
END_TEST

START_TEST(list_and_start_info)
{
    struct startinfo info = {
        .shared_info_frame = 77, .store_port = 1, .console_port = 2, .command_line = "a b",
    };
    struct start_info *si;
    struct p2m p2m;
    uint64_t *list, i;

    make_guest(&p2m, 48 * MIB_KIB, 4000000);
    ck_assert_int_eq(p2m_write(&p2m, &layout), 0);
    ck_assert_int_eq(startinfo_write(&p2m, &layout, &info), 0);
    list = (uint64_t *)(memory + layout.p2m_pfn * LAYOUT_FRAME_SIZE);
    for (i = 0; i < layout.nr_pages; i++)
        ck_assert_uint_eq(list[i], MFN_BASE + i);
    si = (struct start_info *)(memory + layout.start_info_pfn * LAYOUT_FRAME_SIZE);
    ck_assert_str_eq(si->magic, "xen-3.0-x86_64");
    ck_assert_str_eq((char *)si->cmd_line, "a b");
    ck_assert_uint_eq(si->nr_pages, layout.nr_pages);
    ck_assert_uint_eq(si->shared_info, 77 << 12);
    ck_assert_uint_eq(si->store_mfn, MFN_BASE + layout.store_pfn);
    ck_assert_uint_eq(si->mfn_list, KERNEL_P2M);
    ck_assert_uint_eq(si->first_p2m_pfn, layout.p2m_pfn);
    ck_assert_uint_eq(si->nr_p2m_frames, layout.p2m_pages + layout.p2m_tables);
    ck_assert_uint_eq(si->mod_start, layout.initrd_pfn);
    ck_assert(si->flags & SIF_MOD_START_PFN);
    ck_assert_uint_eq(si->mod_len, 4000000);
    end_guest(&p2m);
}
END_TEST

TCase *layout_cases(void)
{
    TCase *c = tcase_create("layout");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 60);
    tcase_add_test(c, linux_like);
    tcase_add_test(c, all_mapped);
    tcase_add_test(c, large_guest);
    tcase_add_test(c, too_small);
    tcase_add_test(c, impossible_addresses);
    tcase_add_test(c, tables_linux_like);
    tcase_add_test(c, tables_across_borders);
    tcase_add_test(c, list_and_start_info);
    return c;
}
