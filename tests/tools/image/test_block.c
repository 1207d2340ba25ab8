/* SPDX-License-Identifier: MIT */
/* Names of guest disks, UUIDs, and refusals of disks that are none. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "devices/block.h"
#include "guest/guest.h"
#include "suites.h"

static struct parador_handle *h;

static void setup(void)
{
    h = parador_open();
}

static void teardown(void)
{
    parador_close(h);
}

START_TEST(numbers)
{
    static const struct {
        const char *name;
        unsigned number;
    } good[] = {
        {"xvda", 51712}, {"xvdb", 51728}, {"xvda1", 51713}, {"xvdp15", 51967},
        {"xvdq", 1u << 28 | 16 << 8}, {"xvda16", 1u << 28 | 16}, {"xvdaa", 1u << 28 | 26 << 8},
        {"sda", 2048}, {"sdb3", 2067}, {"hda", 768}, {"hdb", 832}, {"hdc", 5632}, {"hdd1", 5697},
        {"d0", 51712}, {"d1p3", 51731}, {"51712", 51712}, {"0xca00", 51712},
    };
    static const char *const bad[] = {
        "", "xvd", "xvdA", "xvda-1", "xvda1x", "sdq", "hde", "hda64", "sda16", "d", "dp1", "d0p",
        "d0p1x", "vda", "xvdzzzzzzzzz", "99999999999999999999", "-1", " 1", "xvda256",
    };
    unsigned number;
    size_t i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(block_vdev(h, good[i].name, &number) == 0, "%s refused", good[i].name);
        ck_assert_msg(number == good[i].number, "%s is %u", good[i].name, number);
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(block_vdev(h, bad[i], &number) < 0, "%s accepted", bad[i]);
        ck_assert_int_eq(errno, EINVAL);
    }
}
END_TEST

START_TEST(no_disk)
{
    struct block block;

    ck_assert_int_eq(block_open(h, "/nonexistent/disk", BLOCK_AUTO, true, &block), -1);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(block_open(h, "/dev/null", BLOCK_AUTO, true, &block), -1);
    ck_assert_int_eq(block_open(h, "/proc/self/exe", BLOCK_PHY, true, &block), -1);
    ck_assert_int_eq(errno, ENOTBLK);
    ck_assert(strstr(parador_error(h), "file:"));
    ck_assert_int_eq(block_open(h, "/", BLOCK_FILE, true, &block), -1);
}
END_TEST

START_TEST(uuids)
{
    uint8_t uuid[16];
    char text[37];

    ck_assert_int_eq(parador_uuid_parse("01234567-89ab-CDEF-0123-456789abcdef", uuid), 0);
    parador_uuid_text(uuid, text);
    ck_assert_str_eq(text, "01234567-89ab-cdef-0123-456789abcdef");
    ck_assert_int_eq(parador_uuid_parse("0123456789abcdef0123456789abcdef", uuid), 0);
    ck_assert_int_eq(parador_uuid_parse("0123456789abcdef0123456789abcde", uuid), -1);
    ck_assert_int_eq(parador_uuid_parse("0123456789abcdef0123456789abcdef0", uuid), -1);
    ck_assert_int_eq(parador_uuid_parse("0123456789abcdeg0123456789abcdef", uuid), -1);
    ck_assert_int_eq(parador_uuid_parse("", uuid), -1);
}
END_TEST

TCase *block_cases(void)
{
    TCase *c = tcase_create("block");

    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, numbers);
    tcase_add_test(c, no_disk);
    tcase_add_test(c, uuids);
    return c;
}
