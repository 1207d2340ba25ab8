/* SPDX-License-Identifier: MIT */
/* From a kernel file as distributed (bzImage or ELF) to the ELF image inside. */
#include "boot/unpack.h"

#include <lz4.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

#include "boot/init.h"
#include "boot/libc_shim.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/buddy.h"

/* Linux/x86 boot protocol (Documentation/x86/boot.rst): fields of the setup header. */
#define SETUP_SECTS 0x1f1
#define BOOT_MAGIC 0x202       /* "HdrS" */
#define BOOT_VERSION 0x206
#define PAYLOAD_OFFSET 0x248
#define PAYLOAD_LENGTH 0x24c
#define SETUP_HEADER_END 0x250
#define PROTOCOL_WITH_PAYLOAD 0x0208
#define SECTOR 512

/* Far above any kernel; a wrong length in the file must not eat the machine. */
#define MAX_UNPACKED (512UL << 20)

struct bytes {
    const uint8_t *p;
    size_t size;
};

typedef bool decompress_fn(struct bytes in, uint8_t *out, size_t out_size);

INIT_TEXT static uint32_t le32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

INIT_TEXT static bool gunzip(struct bytes in, uint8_t *out, size_t out_size)
{
    z_stream z = {
        .next_in = (Bytef *)in.p, .avail_in = in.size, .next_out = out, .avail_out = out_size,
    };
    bool ok;

    /* 16 selects the gzip wrapper. */
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return false;
    ok = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    return ok;
}

INIT_TEXT static bool unxz(struct bytes in, uint8_t *out, size_t out_size)
{
    uint64_t memlimit = MAX_UNPACKED;
    size_t in_pos = 0, out_pos = 0;

    return lzma_stream_buffer_decode(&memlimit, 0, NULL, in.p, &in_pos, in.size, out, &out_pos,
                                     out_size) == LZMA_OK && out_pos == out_size;
}

INIT_TEXT static bool unzstd(struct bytes in, uint8_t *out, size_t out_size)
{
    return ZSTD_decompress(out, out_size, in.p, in.size) == out_size;
}

/* The "legacy frame" that the kernel's build uses: chunks of at most 8 MiB, each with its length. */
INIT_TEXT static bool unlz4(struct bytes in, uint8_t *out, size_t out_size)
{
    size_t pos = 4, done = 0;

    while (done < out_size) {
        uint32_t chunk;
        int n;

        if (in.size - pos < 4)
            return false;
        chunk = le32(in.p + pos);
        pos += 4;
        if (chunk > in.size - pos)
            return false;
        n = LZ4_decompress_safe((const char *)in.p + pos, (char *)out + done, chunk,
                                out_size - done);
        if (n <= 0)
            return false;
        pos += chunk;
        done += n;
    }
    return true;
}

static const struct {
    uint8_t magic[6];
    uint8_t len;
    decompress_fn *fn;
    const char *broken;
} formats[] INIT_DATA = {
    { { 0x1f, 0x8b }, 2, gunzip, "its gzip payload is damaged" },
    { { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, unxz, "its xz payload is damaged" },
    { { 0x28, 0xb5, 0x2f, 0xfd }, 4, unzstd, "its zstd payload is damaged" },
    { { 0x02, 0x21, 0x4c, 0x18 }, 4, unlz4, "its lz4 payload is damaged" },
};

/* The compressed payload of a bzImage, with the four bytes behind it that tell its unpacked size. */
INIT_TEXT static int find_payload(struct bytes file, struct bytes *payload, const char **why)
{
    uint64_t sects, offset, length;

    if (file.size < SETUP_HEADER_END || memcmp(file.p + BOOT_MAGIC, "HdrS", 4) != 0) {
        *why = "it is neither an ELF image nor a bzImage";
        return -ENOEXEC;
    }
    if ((le32(file.p + BOOT_VERSION) & 0xffff) < PROTOCOL_WITH_PAYLOAD) {
        *why = "its boot protocol is older than 2.08";
        return -ENOEXEC;
    }
    sects = file.p[SETUP_SECTS] != 0 ? file.p[SETUP_SECTS] : 4;
    offset = (sects + 1) * SECTOR + le32(file.p + PAYLOAD_OFFSET);
    length = le32(file.p + PAYLOAD_LENGTH);
    if (length < 16 || offset > file.size || length > file.size - offset) {
        *why = "it is truncated: its payload lies outside the file";
        return -ENOEXEC;
    }
    *payload = (struct bytes){ file.p + offset, length };
    return 0;
}

INIT_TEXT static int decompress(struct bytes in, struct unpacked *out, const char **why)
{
    size_t size = le32(in.p + in.size - 4);
    size_t f = 0;
    struct page_info *pg;
    bool ok;

    while (f < sizeof(formats) / sizeof(formats[0]) &&
           memcmp(in.p, formats[f].magic, formats[f].len) != 0)
        f++;
    if (f == sizeof(formats) / sizeof(formats[0])) {
        *why = "its payload is compressed with something other than gzip, xz, zstd or lz4";
        return -ENOEXEC;
    }
    if (size == 0 || size > MAX_UNPACKED) {
        *why = "it gives an absurd unpacked size";
        return -ENOEXEC;
    }
    for (out->order = 0; ((size_t)PAGE_SIZE << out->order) < size; out->order++)
        ;
    pg = buddy_alloc(out->order, 0);
    if (pg == NULL) {
        *why = "there is no memory to unpack it";
        return -ENOMEM;
    }
    out->block = page_to_virt(pg);

    /* gzip's own trailer is that size; for the others it stands behind the stream. */
    if (formats[f].fn != gunzip)
        in.size -= 4;
    libc_shim_begin();
    ok = formats[f].fn(in, out->block, size);
    libc_shim_end();
    if (!ok) {
        *why = formats[f].broken;
        unpack_free(out);
        return -ENOEXEC;
    }
    out->data = out->block;
    out->size = size;
    return 0;
}

INIT_TEXT int unpack_kernel(const void *file, size_t size, struct unpacked *out, const char **why)
{
    struct bytes payload;
    int err;

    *out = (struct unpacked){ .data = file, .size = size };
    if (size >= 4 && memcmp(file, "\177ELF", 4) == 0)
        return 0;
    err = find_payload((struct bytes){ file, size }, &payload, why);
    if (err != 0)
        return err;
    if (memcmp(payload.p, "\177ELF", 4) == 0) {
        out->data = payload.p;
        out->size = payload.size;
        return 0;
    }
    return decompress(payload, out, why);
}

INIT_TEXT void unpack_free(struct unpacked *u)
{
    if (u->block != NULL)
        buddy_free(virt_to_page(u->block), u->order);
    u->block = NULL;
}
