/* SPDX-License-Identifier: MIT */
/* Operations on address spaces: mapping, page faults, protection, moving. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

#define PAGE 4096L
#define FAULT_PAGES 1024L
#define FILE_PAGES 256L
/* Room to find a place in that a huge page could start at. */
#define HUGE (2L << 20)
#define MOVE_PAGES 64L

static char *area;
static char *other;
static int file;

static char *map(long pages, int flags, int fd)
{
    char *address = mmap(NULL, (size_t)(pages * PAGE), PROT_READ | PROT_WRITE,
                         flags | MAP_PRIVATE, fd, 0);

    need(address != MAP_FAILED, "mmap");
    return address;
}

static void map_unmap(long count)
{
    while (count--) {
        munmap(map(256, MAP_ANONYMOUS, -1), 256 * PAGE);
    }
}

static void write_pages(long pages)
{
    for (long i = 0; i < pages; i++) {
        ((volatile char *)area)[i * PAGE] = 1;
    }
}

static void read_pages(long pages)
{
    for (long i = 0; i < pages; i++) {
        (void)((volatile char *)area)[i * PAGE];
    }
}

static void map_small(void)
{
    area = map(FAULT_PAGES, MAP_ANONYMOUS, -1);
    need(madvise(area, FAULT_PAGES * PAGE, MADV_NOHUGEPAGE) == 0, "madvise");
}

static void map_default(void)
{
    other = map(FAULT_PAGES + HUGE / PAGE, MAP_ANONYMOUS, -1);
    area = (char *)(((uintptr_t)other + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
}

static void unmap_default(void)
{
    munmap(other, (size_t)(FAULT_PAGES * PAGE + HUGE));
}

static void unmap_area(void)
{
    munmap(area, FAULT_PAGES * PAGE);
}

static void map_touched(void)
{
    map_small();
    write_pages(FAULT_PAGES);
}

static void unmap_pages(long pages)
{
    munmap(area, (size_t)(pages * PAGE));
}

static void map_file(void)
{
    file = open("/data/file", O_RDONLY);
    need(file >= 0, "/data/file");
    area = map(FILE_PAGES, 0, file);
}

static void unmap_file(void)
{
    munmap(area, FILE_PAGES * PAGE);
    close(file);
}


static void protect(long count, long pages)
{
    while (count--) {
        need(mprotect(area, (size_t)(pages * PAGE), PROT_READ) == 0, "mprotect");
        need(mprotect(area, (size_t)(pages * PAGE), PROT_READ | PROT_WRITE) == 0, "mprotect");
    }
}

static void protect_1(long count)
{
    protect(count, 1);
}

static void protect_64(long count)
{
    protect(count, MOVE_PAGES);
}

static void map_moved(void)
{
    /* Two places with nothing between or in them but the pages that move. */
    other = map(4 * MOVE_PAGES, MAP_ANONYMOUS, -1);
    munmap(other, 4 * MOVE_PAGES * PAGE);
    area = mmap(other, MOVE_PAGES * PAGE, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    need(area == other, "mmap");
    write_pages(MOVE_PAGES);
}

static void unmap_moved(void)
{
    munmap(area, MOVE_PAGES * PAGE);
}

static void move(long count)
{
    while (count--) {
        char *target = area == other ? other + 2 * MOVE_PAGES * PAGE : other;

        area = mremap(area, MOVE_PAGES * PAGE, MOVE_PAGES * PAGE,
                      MREMAP_MAYMOVE | MREMAP_FIXED, target);
        need(area == target, "mremap");
    }
}

const struct operation memory_operations[] = {
    {"mmap_munmap_1m", map_unmap, 1000, 9, NULL, NULL, NULL, NULL},
    {"fault_anon", write_pages, FAULT_PAGES, 9, NULL, NULL, map_small, unmap_area},
    {"fault_anon_thp_default", write_pages, FAULT_PAGES, 9, NULL, NULL, map_default, unmap_default},
    {"unmap_touched_page", unmap_pages, FAULT_PAGES, 9, NULL, NULL, map_touched, NULL},
    {"fault_file_read", read_pages, FILE_PAGES, 9, NULL, NULL, map_file, unmap_file},
    {"fault_file_cow", write_pages, FILE_PAGES, 9, NULL, NULL, map_file, unmap_file},
    {"mprotect_1p_pair", protect_1, 1000, 9, map_touched, unmap_area, NULL, NULL},
    {"mprotect_64p_pair", protect_64, 100, 9, map_touched, unmap_area, NULL, NULL},
    {"mremap_64p", move, 200, 9, map_moved, unmap_moved, NULL, NULL},
};
const size_t memory_operation_count = sizeof(memory_operations) / sizeof(memory_operations[0]);
