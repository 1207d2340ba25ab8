/* SPDX-License-Identifier: MIT */
/* What the decompression libraries expect of a C library while they run at boot. */
#include "boot/libc_shim.h"

#include <stddef.h>
#include <stdint.h>

#include "boot/init.h"
#include "hw/cpu.h"
#include "hw/fpu.h"
#include "hw/panic.h"
#include "hw/tsc.h"
#include "lib/list.h"
#include "lib/string.h"
#include "mm/buddy.h"

/* Thread control block: the x86-64 TLS ABI keeps the stack protector's canary 0x28 bytes in. */
static uint64_t tcb[16] INIT_DATA;

INIT_TEXT void libc_shim_begin(void)
{
    tcb[0x28 / sizeof(tcb[0])] = rdtsc();
    wr_fs_base((unsigned long)tcb);
    clear_ts();
}

INIT_TEXT void libc_shim_end(void)
{
    wr_fs_base(0);
}

/* Each allocation is a block of frames: there are few, and the largest is xz's 32 MiB dictionary. */
struct allocation {
    size_t size;
    unsigned order;
    unsigned char data[] __attribute__((aligned(64)));
};

void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void free(void *p);

INIT_TEXT void *malloc(size_t size)
{
    unsigned order = 0;
    struct page_info *pg;
    struct allocation *a;

    if (size > SIZE_MAX / 2)
        return NULL;
    while (((size_t)PAGE_SIZE << order) < size + sizeof(*a))
        order++;
    pg = order <= MAX_ORDER ? buddy_alloc(order, 0) : NULL;
    if (pg == NULL)
        return NULL;
    a = page_to_virt(pg);
    a->size = size;
    a->order = order;
    return a->data;
}

INIT_TEXT void *calloc(size_t n, size_t size)
{
    size_t bytes;
    void *p;

    if (__builtin_mul_overflow(n, size, &bytes))
        return NULL;
    p = malloc(bytes);
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

INIT_TEXT void free(void *p)
{
    if (p != NULL) {
        struct allocation *a = list_entry(p, struct allocation, data);

        buddy_free(virt_to_page(a), a->order);
    }
}

/* The checked variants that _FORTIFY_SOURCE makes of the string functions. */
void *__memcpy_chk(void *dst, const void *src, size_t n, size_t room);
void *__memmove_chk(void *dst, const void *src, size_t n, size_t room);
void *__memset_chk(void *dst, int c, size_t n, size_t room);
void __assert_fail(const char *what, const char *file, unsigned line, const char *fn);
void abort(void);

INIT_TEXT void *__memcpy_chk(void *dst, const void *src, size_t n, size_t room)
{
    BUG_ON(n > room);
    return memcpy(dst, src, n);
}

INIT_TEXT void *__memmove_chk(void *dst, const void *src, size_t n, size_t room)
{
    BUG_ON(n > room);
    return memmove(dst, src, n);
}

INIT_TEXT void *__memset_chk(void *dst, int c, size_t n, size_t room)
{
    BUG_ON(n > room);
    return memset(dst, c, n);
}

INIT_TEXT void __assert_fail(const char *what, const char *file, unsigned line, const char *fn)
{
    panic("%s:%u: %s: %s", file, line, fn, what);
}

INIT_TEXT void abort(void)
{
    panic("a decompression library gave up");
}

/* Weak in libzstd, which asks whether they are there; at our addresses a missing one cannot be linked. */
unsigned long long ZSTD_trace_decompress_begin(const void *context);
void ZSTD_trace_decompress_end(unsigned long long trace, const void *record);

INIT_TEXT unsigned long long ZSTD_trace_decompress_begin(const void *context)
{
    return 0; /* not traced: no end is called */
}

INIT_TEXT void ZSTD_trace_decompress_end(unsigned long long trace, const void *record)
{
}
