/* SPDX-License-Identifier: MIT */
// sources: hypervisor/boot/unpack.c
// libraries: lzma zstd lz4 z
/* A kernel file, packed in each of the four ways. */
#include "fuzz.h"

#include <lz4.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>
#include <zstd.h>

#include "boot/libc_shim.h"
#include "boot/unpack.h"
#include "mm/buddy.h"

#define PLAIN 3000
#define SETUP 1024 /* one setup sector and the boot sector */

/* One block at a time, at the start of the direct map, with nothing behind it. */
static bool taken;

struct page_info *buddy_alloc(unsigned order, unsigned flags)
{
    size_t size = PAGE_SIZE << order;

    if (order > 10 || taken)
        return NULL;
    if (mmap(mfn_to_virt(1), size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != mfn_to_virt(1))
        abort();
    taken = true;
    return mfn_to_page(1);
}

void buddy_free(struct page_info *pg, unsigned order)
{
    if (pg != mfn_to_page(1) || !taken || munmap(mfn_to_virt(1), PAGE_SIZE << order) != 0)
        abort();
    taken = false;
}

void libc_shim_begin(void) { }
void libc_shim_end(void) { }

static size_t pack(unsigned how, const uint8_t *plain, uint8_t *out, size_t room)
{
    size_t size = 0;

    if (how == 0) {
        z_stream z = { .next_in = (Bytef *)plain, .avail_in = PLAIN, .next_out = out,
                       .avail_out = room };

        deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
        deflate(&z, Z_FINISH);
        size = z.total_out;
        deflateEnd(&z);
        return size;
    }
    if (how == 1) {
        lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, plain, PLAIN, out, &size, room);
    } else if (how == 2) {
        size = ZSTD_compress(out, room, plain, PLAIN, 3);
    } else {
        memcpy(out, "\x02\x21\x4c\x18", 4);
        size = LZ4_compress_default((const char *)plain, (char *)out + 8, PLAIN, room - 8);
        memcpy(out + 4, &(uint32_t){ size }, 4);
        size += 8;
    }
    memcpy(out + size, &(uint32_t){ PLAIN }, 4);
    return size + 4;
}

size_t fuzz_seed(unsigned n, uint8_t *at)
{
    uint8_t plain[PLAIN];
    uint32_t length;

    if (n > 3)
        return 0;
    for (unsigned i = 0; i < PLAIN; i++)
        plain[i] = i % 7 ? i / 64 : i * 31;
    memcpy(plain, "\177ELF", 4);
    memset(at, 0, SETUP);
    at[0x1f1] = 1;
    memcpy(at + 0x202, "HdrS\x0c\x02", 6);
    length = pack(n, plain, at + SETUP, INPUT_MAX - SETUP);
    memcpy(at + 0x24c, &length, 4);
    return SETUP + length;
}

void fuzz_one(const uint8_t *data, size_t size)
{
    struct unpacked out;
    const char *why = NULL;
    volatile uint8_t sink;

    if (unpack_kernel(data, size, &out, &why) != 0) {
        if (!why || taken)
            abort();
        return;
    }
    /* What is returned can be read to its end. */
    for (size_t i = 0; i < out.size; i++)
        sink = ((const uint8_t *)out.data)[i];
    (void)sink;
    unpack_free(&out);
    if (taken)
        abort();
}
