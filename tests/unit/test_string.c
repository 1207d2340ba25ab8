/* SPDX-License-Identifier: MIT */
// sources:
/* Our string functions against the C library's, over sizes, offsets and overlaps. */
#include <string.h>

#include "suite.h"

/* The file under test, under other names. */
#define LIB_STRING_H
#define memcpy hv_memcpy
#define memmove hv_memmove
#define memset hv_memset
#define memcmp hv_memcmp
#define memchr hv_memchr
#define strlen hv_strlen
#define strnlen hv_strnlen
#define strcmp hv_strcmp
#define strncmp hv_strncmp
#define strchr hv_strchr
#define strstr hv_strstr
#define strlcpy hv_strlcpy
size_t hv_strlen(const char *s);
size_t hv_strnlen(const char *s, size_t max);
int hv_strncmp(const char *a, const char *b, size_t n);
void *hv_memcpy(void *dst, const void *src, size_t n);
#include "../../hypervisor/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strstr
#undef strlcpy

#define N 100

static unsigned char a[N], b[N], want[N];

static void fill(void)
{
    for (unsigned i = 0; i < N; i++)
        a[i] = b[i] = want[i] = (unsigned char)(i * 7 + 1);
}

START_TEST(copies_any_size_and_offset)
{
    for (unsigned n = 0; n < 40; n++)
        for (unsigned off = 0; off < 9; off++) {
            fill();
            memcpy(want + off, a + 50, n);
            ck_assert_ptr_eq(hv_memcpy(b + off, a + 50, n), b + off);
            ck_assert_mem_eq(b, want, N);
        }
}
END_TEST

START_TEST(moves_overlapping_both_ways)
{
    for (unsigned n = 0; n < 40; n++)
        for (unsigned to = 0; to < 40; to++) {
            fill();
            memmove(want + to, want + 20, n);
            ck_assert_ptr_eq(hv_memmove(b + to, b + 20, n), b + to);
            ck_assert_mem_eq(b, want, N);
        }
}
END_TEST

START_TEST(sets_bytes)
{
    for (unsigned n = 0; n < 40; n++) {
        fill();
        memset(want + 3, 0xa5, n);
        hv_memset(b + 3, 0xfa5, n);
        ck_assert_mem_eq(b, want, N);
    }
}
END_TEST

static int sign(int v)
{
    return (v > 0) - (v < 0);
}

START_TEST(compares_and_searches)
{
    static const char *const words[] = { "", "a", "ab", "abc", "abd", "b", "\xff", "xyzabc" };
    const unsigned count = sizeof(words) / sizeof(words[0]);

    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(hv_strlen(words[i]), strlen(words[i]));
        ck_assert_uint_eq(hv_strnlen(words[i], 2), strnlen(words[i], 2));
        ck_assert_ptr_eq(hv_strchr(words[i], 'b'), strchr(words[i], 'b'));
        ck_assert_ptr_eq(hv_strchr(words[i], 0), strchr(words[i], 0));
        ck_assert_ptr_eq(hv_memchr(words[i], 'a', strlen(words[i])),
                         memchr(words[i], 'a', strlen(words[i])));
        for (unsigned j = 0; j < count; j++) {
            ck_assert_int_eq(sign(hv_strcmp(words[i], words[j])), sign(strcmp(words[i], words[j])));
            ck_assert_int_eq(sign(hv_strncmp(words[i], words[j], 2)),
                             sign(strncmp(words[i], words[j], 2)));
            ck_assert_ptr_eq(hv_strstr(words[i], words[j]), strstr(words[i], words[j]));
        }
    }
    ck_assert_int_gt(hv_memcmp("\xff", "\x01", 1), 0);
    ck_assert_int_eq(hv_memcmp("ab", "ac", 1), 0);
}
END_TEST

START_TEST(bounded_copy_terminates)
{
    char buf[4] = "zzz";

    ck_assert_uint_eq(hv_strlcpy(buf, "abcdef", sizeof(buf)), 6);
    ck_assert_str_eq(buf, "abc");
    ck_assert_uint_eq(hv_strlcpy(buf, "x", sizeof(buf)), 1);
    ck_assert_str_eq(buf, "x");
    ck_assert_uint_eq(hv_strlcpy(buf, "yy", 0), 2);
    ck_assert_str_eq(buf, "x");
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("all");

    tcase_add_test(c, copies_any_size_and_offset);
    tcase_add_test(c, moves_overlapping_both_ways);
    tcase_add_test(c, sets_bytes);
    tcase_add_test(c, compares_and_searches);
    tcase_add_test(c, bounded_copy_terminates);
    return run_suite("string", c);
}
