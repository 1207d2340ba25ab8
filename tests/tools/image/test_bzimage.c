/* SPDX-License-Identifier: MIT */
/* Packed kernels: each format, cut off and damaged, and the cache that keeps what was unpacked. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lz4hc.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "build/bzimage.h"
#include "suites.h"

#define PLAIN_SIZE 300000u
#define ROOM (2 * PLAIN_SIZE)
#define SETUP_SECTORS 2u
#define PAYLOAD_AT ((SETUP_SECTORS + 1) * 512 + 64)

static struct parador_handle *h;
static uint8_t plain[PLAIN_SIZE];
static uint8_t packed[ROOM];
static size_t packed_size;
static uint8_t *file;
static size_t file_size;

/* Bytes that pack, but not to nothing. */
static void setup(void)
{
    uint32_t seed = 7;
    size_t i;

    h = parador_open();
    for (i = 0; i < PLAIN_SIZE; i++) {
        seed = seed * 1664525u + 1013904223u;
        plain[i] = i % 3 ? (uint8_t)(seed >> 29) : (uint8_t)i;
    }
}

static void teardown(void)
{
    free(file);
    file = NULL;
    parador_close(h);
}

static void pack_gzip(void)
{
    z_stream z = {.next_in = plain, .avail_in = PLAIN_SIZE, .next_out = packed, .avail_out = ROOM};

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    packed_size = z.total_out;
    deflateEnd(&z);
}

static void pack_xz(void)
{
    packed_size = 0;
    ck_assert_int_eq(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, plain, PLAIN_SIZE, packed,
                                             &packed_size, ROOM - 4), LZMA_OK);
    memset(packed + packed_size, 0x55, 4); /* the build appends the unpacked size */
    packed_size += 4;
}

static void pack_zstd(void)
{
    packed_size = ZSTD_compress(packed, ROOM - 4, plain, PLAIN_SIZE, 19);
    ck_assert(!ZSTD_isError(packed_size));
    memset(packed + packed_size, 0x55, 4);
    packed_size += 4;
}

static void pack_lz4(void)
{
    uint32_t size = (uint32_t)LZ4_compress_HC((char *)plain, (char *)packed + 8, PLAIN_SIZE,
                                              ROOM - 12, 9);

    memcpy(packed, "\x02\x21\x4c\x18", 4);
    memcpy(packed + 4, &size, 4);
    memset(packed + 8 + size, 0x55, 4);
    packed_size = 8 + size + 4;
}

static void (*const packers[])(void) = {pack_gzip, pack_xz, pack_zstd, pack_lz4};

static void put32(size_t at, uint32_t value)
{
    memcpy(file + at, &value, 4);
}

/* A boot sector and set-up part around the payload, in a block of just that size. */
static void wrap(void)
{
    free(file);
    file_size = PAYLOAD_AT + packed_size;
    file = calloc(1, file_size);
    file[0x1f1] = SETUP_SECTORS;
    memcpy(file + 0x202, "HdrS", 4);
    file[0x206] = 0x0f;
    file[0x207] = 0x02;
    put32(0x248, 64);
    put32(0x24c, (uint32_t)packed_size);
    memcpy(file + PAYLOAD_AT, packed, packed_size);
}

/* Unpacks from a block of the given size; 0, or -1 with ENOEXEC. */
static int unpack(size_t size, struct image *image)
{
    uint8_t *copy = malloc(size ? size : 1);
    int ret;

    memcpy(copy, file, size);
    ret = bzimage_unpack(h, "test", copy, size, image);
    if (ret < 0)
        ck_assert_int_eq(errno, ENOEXEC);
    free(copy);
    return ret;
}

START_TEST(each_format)
{
    struct image image;

    packers[_i]();
    wrap();
    ck_assert(bzimage_is_packed(file, file_size));
    ck_assert_msg(unpack(file_size, &image) == 0, "%s", parador_error(h));
    ck_assert_uint_eq(image.size, PLAIN_SIZE);
    ck_assert(memcmp(image.data, plain, PLAIN_SIZE) == 0);
    image_free(&image);
}
END_TEST

START_TEST(cut_off_file)
{
    struct image image;
    size_t size;

    packers[_i]();
    wrap();
    for (size = 0; size < file_size; size += size < 1024 ? 1 : 997)
        ck_assert_int_eq(unpack(size, &image), -1);
}
END_TEST

/* The header is honest about a payload that ends too early. */
START_TEST(cut_off_payload)
{
    struct image image;
    size_t whole, size;

    packers[_i]();
    whole = packed_size;
    for (size = 0; size + 8 < whole; size += 1009) {
        packed_size = size;
        wrap();
        ck_assert_int_eq(unpack(file_size, &image), -1);
    }
}
END_TEST

/* Damage is found or not (not every format has a checksum), but never followed out of bounds. */
START_TEST(damaged_payload)
{
    struct image image;
    uint32_t seed = 3;
    int round;

    packers[_i]();
    wrap();
    for (round = 0; round < 300; round++) {
        size_t at;
        uint8_t old;

        seed = seed * 1664525u + 1013904223u;
        at = PAYLOAD_AT + (seed >> 4) % packed_size;
        old = file[at];
        file[at] ^= (uint8_t)(1u << (round % 8));
        if (unpack(file_size, &image) == 0)
            image_free(&image);
        file[at] = old;
    }
}
END_TEST

START_TEST(lying_header)
{
    static const uint32_t numbers[] = {UINT32_MAX, UINT32_MAX - 2000, 0x80000000u, 1u << 24};
    struct image image;
    size_t i;

    pack_gzip();
    wrap();
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        wrap();
        put32(0x248, numbers[i]);
        ck_assert_int_eq(unpack(file_size, &image), -1);
        ck_assert(strstr(parador_error(h), "outside the file"));
        wrap();
        put32(0x24c, numbers[i]);
        ck_assert_int_eq(unpack(file_size, &image), -1);
    }
    wrap();
    put32(0x24c, 0);
    ck_assert_int_eq(unpack(file_size, &image), -1);
    wrap();
    file[0x1f1] = 255;
    ck_assert_int_eq(unpack(file_size, &image), -1);
    wrap();
    file[0x206] = 7;
    ck_assert_int_eq(unpack(file_size, &image), -1);
    ck_assert(strstr(parador_error(h), "2.08"));
    wrap();
    memcpy(file + PAYLOAD_AT, "BZh9", 4);
    ck_assert_int_eq(unpack(file_size, &image), -1);
    ck_assert(strstr(parador_error(h), "other than gzip, xz, zstd or lz4"));
}
END_TEST

/* A small file that claims to unpack to more than any kernel has. */
START_TEST(bomb)
{
    z_stream z = {0};
    static uint8_t zeros[1 << 20];
    size_t room = 8 << 20, i;
    struct image image;
    uint8_t *out = malloc(room);

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = out;
    z.avail_out = (unsigned)room;
    for (i = 0; i <= IMAGE_MAX >> 20; i++) {
        z.next_in = zeros;
        z.avail_in = sizeof(zeros);
        ck_assert_int_eq(deflate(&z, Z_NO_FLUSH), Z_OK);
    }
    z.avail_in = 0;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    ck_assert_int_eq(bzimage_unpack(h, "bomb", out, z.total_out, &image), -1);
    ck_assert(strstr(parador_error(h), "too much"));
    deflateEnd(&z);
    free(out);
}
END_TEST

/* ---- the cache ---- */

static char directory[64];
static char kernel_path[80];

static void write_kernel(void)
{
    FILE *f;

    snprintf(directory, sizeof(directory), "/tmp/parador-cache-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    setenv("PARADOR_CACHE", directory, 1);
    snprintf(kernel_path, sizeof(kernel_path), "%s/vmlinuz", directory);
    pack_xz();
    wrap();
    f = fopen(kernel_path, "w");
    ck_assert_uint_eq(fwrite(file, 1, file_size, f), file_size);
    fclose(f);
}

/* How many unpacked kernels and how many leftovers the cache holds. */
static void count(unsigned *kernels, unsigned *leftovers)
{
    DIR *d = opendir(directory);
    struct dirent *entry;

    *kernels = *leftovers = 0;
    while ((entry = readdir(d))) {
        *kernels += strncmp(entry->d_name, "kernel-", 7) == 0;
        *leftovers += strncmp(entry->d_name, "new-", 4) == 0;
    }
    closedir(d);
}

static void remove_kernel(void)
{
    char command[100];

    snprintf(command, sizeof(command), "rm -rf %s", directory);
    ck_assert_int_eq(system(command), 0);
}

static void load(bool from_cache)
{
    struct image image;

    ck_assert_msg(image_load_kernel(h, kernel_path, &image) == 0, "%s", parador_error(h));
    ck_assert_uint_eq(image.size, PLAIN_SIZE);
    ck_assert(memcmp(image.data, plain, PLAIN_SIZE) == 0);
    ck_assert_int_eq(image.mapped != 0, from_cache);
    image_free(&image);
}

START_TEST(cache_keeps)
{
    struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    unsigned kernels, leftovers;

    write_kernel();
    load(false);
    load(true);
    /* Another time of change means another kernel. */
    ck_assert_int_eq(utimensat(AT_FDCWD, kernel_path, old, 0), 0);
    load(false);
    load(true);
    count(&kernels, &leftovers);
    ck_assert_uint_eq(kernels, 2);
    ck_assert_uint_eq(leftovers, 0);
    remove_kernel();
}
END_TEST

START_TEST(cache_mistrusts)
{
    unsigned kernels, leftovers;

    write_kernel();
    ck_assert_int_eq(chmod(directory, 0777), 0);
    load(false);
    load(false);
    count(&kernels, &leftovers);
    ck_assert_uint_eq(kernels, 0);
    remove_kernel();
}
END_TEST

START_TEST(cache_concurrent)
{
    unsigned kernels, leftovers;
    int i, status;

    write_kernel();
    for (i = 0; i < 8; i++) {
        pid_t child = fork();

        ck_assert_int_ge(child, 0);
        if (child == 0) {
            struct image image;
            int bad = image_load_kernel(h, kernel_path, &image) < 0 || image.size != PLAIN_SIZE ||
                      memcmp(image.data, plain, PLAIN_SIZE) != 0;

            _exit(bad);
        }
    }
    for (i = 0; i < 8; i++) {
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    count(&kernels, &leftovers);
    ck_assert_uint_eq(kernels, 1);
    ck_assert_uint_eq(leftovers, 0);
    remove_kernel();
}
END_TEST

START_TEST(unreadable)
{
    struct image image;

    ck_assert_int_eq(image_load_kernel(h, "/nonexistent/kernel", &image), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert(strstr(parador_error(h), "/nonexistent/kernel"));
    ck_assert_int_eq(image_load_kernel(h, "/", &image), -1);
    ck_assert_int_eq(errno, ENOEXEC);
    ck_assert_int_eq(image_load_kernel(h, "/dev/null", &image), -1);
}
END_TEST

TCase *bzimage_cases(void)
{
    TCase *c = tcase_create("bzimage");
    int formats = sizeof(packers) / sizeof(packers[0]);

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, each_format, 0, formats);
    tcase_add_loop_test(c, cut_off_file, 0, formats);
    tcase_add_loop_test(c, cut_off_payload, 0, formats);
    tcase_add_loop_test(c, damaged_payload, 0, formats);
    tcase_add_test(c, lying_header);
    tcase_add_test(c, bomb);
    tcase_add_test(c, cache_keeps);
    tcase_add_test(c, cache_mistrusts);
    tcase_add_test(c, cache_concurrent);
    tcase_add_test(c, unreadable);
    return c;
}
