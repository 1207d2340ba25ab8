/* SPDX-License-Identifier: MIT */
// sources:
/* Our snprintf against the C library's, and what is ours alone: %pS. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/printf.h"
#include "suite.h"

#define LIB_STRING_H
#define snprintf hv_snprintf
#define vsnprintf hv_vsnprintf
int hv_snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int hv_vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
#include "../../hypervisor/lib/printf.c"
#undef snprintf
#undef vsnprintf

#define SAME(...)                                              \
    do {                                                       \
        char ours[128], theirs[128];                           \
        int n = hv_snprintf(ours, sizeof(ours), __VA_ARGS__);  \
                                                               \
        ck_assert_int_eq(n, snprintf(theirs, sizeof(theirs), __VA_ARGS__)); \
        ck_assert_str_eq(ours, theirs);                        \
    } while (0)

START_TEST(numbers)
{
    SAME("%d %i %u", 0, -1, 1u);
    SAME("%d %d", INT_MIN, INT_MAX);
    SAME("%ld %lld %lu", LONG_MIN, LLONG_MAX, ULONG_MAX);
    SAME("%zu %zd", (size_t)-1, (ssize_t)-5);
    SAME("%x %X %#x %#X %#x %o", 0xbeefu, 0xbeefu, 0xbeefu, 0xbeefu, 0u, 8u);
    SAME("%hhx %hx %hhd", 0xff, 0xffff, -3);
    SAME("[%5d] [%-5d] [%05d] [%+d] [% d] [%+5d] [%05d]", 42, 42, 42, 42, 42, 42, -42);
    SAME("[%.3d] [%8.3d] [%-8.3d] [%08lx] [%#010x]", 7, 7, -7, 0x123456789UL, 0x12u);
    SAME("[%*d] [%-*d] [%*d] [%.*d]", 6, 1, 6, 2, -6, 3, 4, 5);
}
END_TEST

START_TEST(text)
{
    SAME("%s|%10s|%-10s|%.2s|%10.2s|%c|%%", "abc", "abc", "abc", "abc", "abc", 'x');
    SAME("plain");
    SAME("%s", "");
    SAME("%.0s", "abc");
}
END_TEST

START_TEST(unterminated_text_with_precision)
{
    char raw[3] = { 'a', 'b', 'c' }, out[8];

    ck_assert_int_eq(hv_snprintf(out, sizeof(out), "%.3s", raw), 3);
    ck_assert_str_eq(out, "abc");
}
END_TEST

START_TEST(truncates_and_counts)
{
    char buf[5] = "zzzz", none = 'q';

    ck_assert_int_eq(hv_snprintf(buf, sizeof(buf), "%s", "123456"), 6);
    ck_assert_str_eq(buf, "1234");
    ck_assert_int_eq(hv_snprintf(&none, 0, "%d", 12345), 5);
    ck_assert_int_eq(none, 'q');
}
END_TEST

static int name_everything(char *buf, size_t size, unsigned long addr)
{
    return addr == 0x1234 ? snprintf(buf, size, "sym+0x4") : 0;
}

START_TEST(symbols)
{
    char buf[40];
    const char *volatile fmt = "%pS"; /* the host's compiler does not know it */

    printf_symbol = NULL;
    hv_snprintf(buf, sizeof(buf), fmt, (void *)0x1234);
    ck_assert_str_eq(buf, "0000000000001234");
    printf_symbol = name_everything;
    hv_snprintf(buf, sizeof(buf), fmt, (void *)0x1234);
    ck_assert_str_eq(buf, "sym+0x4");
    hv_snprintf(buf, sizeof(buf), fmt, (void *)0x99);
    ck_assert_str_eq(buf, "0000000000000099");
}
END_TEST

int main(void)
{
    TCase *c = tcase_create("all");

    tcase_add_test(c, numbers);
    tcase_add_test(c, text);
    tcase_add_test(c, unterminated_text_with_precision);
    tcase_add_test(c, truncates_and_counts);
    tcase_add_test(c, symbols);
    return run_suite("printf", c);
}
