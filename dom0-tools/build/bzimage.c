/* SPDX-License-Identifier: MIT */
/*
 * Unpacking kernels. The boot sector's fields are those of Linux's Documentation/x86/boot.rst
 * (protocol 2.08 and later tell where the payload is); the payload's kind shows in its first bytes.
 */
#include "build/bzimage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#define OFF_SETUP_SECTS 0x1f1
#define OFF_MAGIC 0x202
#define OFF_VERSION 0x206
#define OFF_PAYLOAD_OFFSET 0x248
#define OFF_PAYLOAD_LENGTH 0x24c

/* lz4's legacy frame, which the kernel build uses: chunks that unpack to at most 8 MiB each. */
#define LZ4_LEGACY_CHUNK ((size_t)8 << 20)
/* xz needs its dictionary in memory; kernels use up to 32 MiB, this is generous. */
#define XZ_MEMORY_LIMIT ((uint64_t)256 << 20)

/* A growing output. */
struct output {
    uint8_t *data;
    size_t size, room;
};

static uint32_t le32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static bool is_bzimage(const uint8_t *data, size_t size)
{
    return size >= BZIMAGE_HEAD && memcmp(data + OFF_MAGIC, "HdrS", 4) == 0;
}

static bool is_gzip(const uint8_t *data, size_t size)
{
    return size >= 3 && data[0] == 0x1f && data[1] == 0x8b && data[2] == 8;
}

bool bzimage_is_packed(const uint8_t *head, size_t size)
{
    return is_bzimage(head, size) || is_gzip(head, size);
}

/* Makes room for more bytes; -1 when that is too much. */
static int output_grow(struct output *out, size_t more)
{
    size_t room = out->room ? out->room : (size_t)32 << 20;
    uint8_t *grown;

    if (more > IMAGE_MAX - out->size)
        return -1;
    while (room < out->size + more)
        room *= 2;
    if (room > IMAGE_MAX)
        room = IMAGE_MAX;
    if (room <= out->room)
        return 0;
    grown = realloc(out->data, room);
    if (!grown)
        return -1;
    out->data = grown;
    out->room = room;
    return 0;
}

/* Each unpacker returns NULL, or what is wrong. */

static const char *unpack_gzip(const uint8_t *in, size_t size, struct output *out)
{
    z_stream z = {.next_in = (uint8_t *)(uintptr_t)in, .avail_in = (unsigned)size};
    int ret;

    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
        return "no memory";
    do {
        if (out->room - out->size < 65536 && output_grow(out, 1 << 20) < 0) {
            inflateEnd(&z);
            return "it unpacks to too much";
        }
        z.next_out = out->data + out->size;
        z.avail_out = (unsigned)(out->room - out->size);
        ret = inflate(&z, Z_NO_FLUSH);
        out->size = out->room - z.avail_out;
    } while (ret == Z_OK);
    inflateEnd(&z);
    return ret == Z_STREAM_END ? NULL : "its gzip data is damaged or cut off";
}

static const char *unpack_xz(const uint8_t *in, size_t size, struct output *out)
{
    lzma_stream x = LZMA_STREAM_INIT;
    lzma_ret ret;

    if (lzma_stream_decoder(&x, XZ_MEMORY_LIMIT, 0) != LZMA_OK)
        return "no memory";
    x.next_in = in;
    x.avail_in = size;
    do {
        if (out->room - out->size < 65536 && output_grow(out, 1 << 20) < 0) {
            lzma_end(&x);
            return "it unpacks to too much";
        }
        x.next_out = out->data + out->size;
        x.avail_out = out->room - out->size;
        ret = lzma_code(&x, LZMA_FINISH);
        out->size = out->room - x.avail_out;
    } while (ret == LZMA_OK);
    lzma_end(&x);
    return ret == LZMA_STREAM_END ? NULL : "its xz data is damaged or cut off";
}

static const char *unpack_zstd(const uint8_t *in, size_t size, struct output *out)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    ZSTD_inBuffer input = {.src = in, .size = size};
    const char *wrong = NULL;
    size_t left;

    if (!z)
        return "no memory";
    /* The kernel build packs with a window of up to 128 MiB (zstd --ultra -22). */
    ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, 27);
    do {
        ZSTD_outBuffer output;
        size_t before = input.pos;

        if (out->room - out->size < 65536 && output_grow(out, 1 << 20) < 0) {
            wrong = "it unpacks to too much";
            break;
        }
        output = (ZSTD_outBuffer){.dst = out->data, .size = out->room, .pos = out->size};
        left = ZSTD_decompressStream(z, &output, &input);
        if (ZSTD_isError(left) || (left && input.pos == before && output.pos == out->size)) {
            wrong = "its zstd data is damaged or cut off";
            break;
        }
        out->size = output.pos;
    } while (left);
    ZSTD_freeDCtx(z);
    return wrong;
}

static const char *unpack_lz4(const uint8_t *in, size_t size, struct output *out)
{
    size_t pos = 4; /* after the magic */

    while (size - pos >= 4) {
        uint32_t packed = le32(in + pos);
        int made;

        /* The build appends the unpacked size, which looks like one more chunk's length. */
        if (size - pos == 4)
            return NULL;
        pos += 4;
        if (packed == 0 || packed > size - pos || packed > LZ4_COMPRESSBOUND(LZ4_LEGACY_CHUNK))
            return "its lz4 data is damaged or cut off";
        if (output_grow(out, LZ4_LEGACY_CHUNK) < 0)
            return "it unpacks to too much";
        made = LZ4_decompress_safe((const char *)in + pos, (char *)out->data + out->size,
                                   (int)packed, (int)LZ4_LEGACY_CHUNK);
        if (made < 0)
            return "its lz4 data is damaged";
        out->size += (size_t)made;
        pos += packed;
    }
    return pos == size ? NULL : "its lz4 data is cut off";
}

static const struct {
    const char *name;
    uint8_t magic[6];
    size_t length;
    const char *(*unpack)(const uint8_t *in, size_t size, struct output *out);
} formats[] = {
    {"gzip", {0x1f, 0x8b}, 2, unpack_gzip},
    {"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
    {"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, unpack_lz4},
};

/* Finds the payload of a bzImage; NULL, or what is wrong. */
static const char *find_payload(const uint8_t **data, size_t *size)
{
    const uint8_t *d = *data;
    size_t sectors = d[OFF_SETUP_SECTS] ? d[OFF_SETUP_SECTS] : 4;
    uint64_t start = (sectors + 1) * 512 + (uint64_t)le32(d + OFF_PAYLOAD_OFFSET);
    uint64_t length = le32(d + OFF_PAYLOAD_LENGTH);

    if ((d[OFF_VERSION] | d[OFF_VERSION + 1] << 8) < 0x208)
        return "its boot protocol is older than 2.08 and does not tell where the kernel is";
    if (length < 6 || start > *size || length > *size - start)
        return "it is cut off: its payload lies outside the file";
    *data = d + start;
    *size = (size_t)length;
    return NULL;
}

int bzimage_unpack(struct parador_handle *h, const char *name, const uint8_t *data, size_t size,
                   struct image *image)
{
    struct output out = {0};
    const char *wrong = NULL;
    size_t i;

    if (is_bzimage(data, size))
        wrong = find_payload(&data, &size);
    if (!wrong) {
        wrong = "its payload is packed in a way other than gzip, xz, zstd or lz4";
        for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
            if (size >= formats[i].length &&
                memcmp(data, formats[i].magic, formats[i].length) == 0) {
                wrong = formats[i].unpack(data, size, &out);
                break;
            }
        }
    }
    if (wrong) {
        free(out.data);
        return parador_fail(h, ENOEXEC, "kernel %s cannot be unpacked: %s", name, wrong);
    }
    image->data = out.data;
    image->size = out.size;
    image->mapped = 0;
    return 0;
}
