/* SPDX-License-Identifier: MIT */
/* The log's file: rotation, half lines, strange contents; and points in time as people write them. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"
#include "meter/ledger.h"
#include "meter/records.h"
#include "meter/report.h"
#include "suites.h"

static struct ledger ledger;
static long long last, count;

static void setup(void)
{
    fake_reset();
    ledger_init(&ledger, ledger_directory(), "t.jsonl", 200, 3);
}

static void teardown(void)
{
    ledger_close(&ledger);
}

static int append(long long n)
{
    json_t *record = json_pack("{s:I}", "n", (json_int_t)n);
    int err = ledger_append(&ledger, record);

    json_decref(record);
    return err;
}

static void see(const json_t *record, void *arg)
{
    long long n = json_integer_value(json_object_get(record, "n"));

    (void)arg;
    ck_assert_int_gt(n, last);
    last = n;
    count++;
}

static long long read_all(void)
{
    last = count = 0;
    ck_assert_int_eq(ledger_each(&ledger, see, NULL), 0);
    return count;
}

static void raw(const char *text)
{
    FILE *f = fopen(ledger.path, "a");

    fputs(text, f);
    fclose(f);
}

static off_t size_of(const char *suffix)
{
    char path[PATH_MAX + 8];
    struct stat st;

    snprintf(path, sizeof(path), "%s%s", ledger.path, suffix);
    return stat(path, &st) == 0 ? st.st_size : -1;
}

START_TEST(test_rotation)
{
    ck_assert_int_eq(read_all(), 0);
    for (int i = 1; i <= 1000; i++)
        ck_assert_int_eq(append(i), 0);
    ck_assert_int_eq(size_of(".4"), -1);
    for (const char *suffix = ".3"; suffix != NULL; suffix = *suffix != '\0' ? "" : NULL) {
        ck_assert_int_gt(size_of(suffix), 0);
        ck_assert_int_le(size_of(suffix), 200);
    }
    ck_assert_int_gt(read_all(), 50);
    ck_assert_int_lt(count, 100);
    ck_assert_int_eq(last, 1000);
}
END_TEST

START_TEST(test_half_line)
{
    ck_assert_int_eq(append(1), 0);
    ledger_close(&ledger);
    raw("{\"n\":2,\"cut");
    ck_assert_int_eq(read_all(), 1);
    ck_assert_int_eq(append(3), 0);
    ledger_close(&ledger);
    ck_assert_int_eq(read_all(), 2);
    raw("not JSON\n\n[1]\n");
    ck_assert_int_eq(append(4), 0);
    ck_assert_int_eq(read_all(), 3);
    /* Half a line that is longer than what is read at once, and nothing else. */
    ledger_close(&ledger);
    unlink(ledger.path);
    for (int i = 0; i < 1000; i++)
        raw("0123456789");
    ck_assert_int_eq(append(5), 0);
    ck_assert_int_eq(size_of(""), 8);
}
END_TEST

START_TEST(test_no_link)
{
    char target[PATH_MAX + 8];

    snprintf(target, sizeof(target), "%s.target", ledger.path);
    ck_assert_int_eq(symlink(target, ledger.path), 0);
    ck_assert_int_lt(append(1), 0);
    ck_assert_int_eq(size_of(".target"), -1);
}
END_TEST

/* Writing to a device that is full leaves no half line and is told. */
START_TEST(test_full)
{
    ck_assert_int_eq(append(1), 0);
    ledger_close(&ledger);
    ledger.fd = open("/dev/full", O_RDWR);
    ck_assert_int_eq(append(2), -ENOSPC);
    ck_assert_int_eq(append(3), 0);
    ck_assert_int_eq(read_all(), 2);
}
END_TEST

START_TEST(test_account_as_json)
{
    struct device_usage devices[] = {
        { .kind = DEVICE_VIF, .domid = 3, .devid = 1, .count = { 1, 2, 3, 4, 5, UINT64_MAX } },
        { .kind = DEVICE_VBD, .domid = 3, .devid = 51712, .count = { 1, 2, 3, 4, 5, 6, 7 } },
    };
    struct account_vcpu vcpus[] = { { .vcpu = 5, .online = true, .times = { 1, 2, 3, 4, 5, 6 } } };
    struct account a = {
        .boot = "b", .domid = 3, .uuid = { 1, 2, 3 }, .name = "a \"quoted\" name\\\xc3\xa9",
        .sequence = 9, .created_ns = 1, .now_ns = INT64_MAX, .start_wall = 1700000000123 * 1000000,
        .times = { 10, 20, 30, 40, 50, 60 }, .page_ms = 70, .devices = devices, .nr_devices = 2,
        .vcpus = vcpus, .nr_vcpus = 1,
    }, b;
    json_t *json = final_json(&a);

    ck_assert(final_parse(json, &b));
    ck_assert_str_eq(b.name, a.name);
    ck_assert_int_eq(b.start_wall, a.start_wall);
    ck_assert_mem_eq(&b.times, &a.times, sizeof(a.times));
    ck_assert_mem_eq(&b.vcpus[0], &vcpus[0], sizeof(vcpus[0]));
    ck_assert_mem_eq(&b.devices[1], &devices[1], sizeof(devices[1]));
    ck_assert_uint_eq(b.devices[0].count[5], INT64_MAX);
    account_free(&b);
    json_object_set_new(json, "running_ns", json_integer(-5));
    json_object_set_new(json, "page_ms", json_string("many"));
    json_object_set_new(json, "vifs", json_pack("[i,{}]", 5));
    ck_assert(final_parse(json, &b));
    ck_assert_uint_eq(b.times.running, 0);
    ck_assert_uint_eq(b.page_ms, 0);
    account_free(&b);
    json_object_set_new(json, "uuid", json_string("short"));
    ck_assert(!final_parse(json, &b));
    json_decref(json);
    /* A name of another tool that is not UTF-8 does not make the record worthless. */
    strcpy(a.name, "\xff");
    json = final_json(&a);
    ck_assert(final_parse(json, &b));
    account_free(&b);
    json_decref(json);
}
END_TEST

START_TEST(test_since_texts)
{
    static const struct {
        const char *text;
        int64_t seconds;       /* -1: wrong */
    } cases[] = {
        { "10m", 1700000000 - 600 }, { "1h30m", 1700000000 - 5400 }, { "2d", 1700000000 - 172800 },
        { "1w", 1700000000 - 604800 }, { "99999999999999999999s", -1 }, { "36600d", 0 },
        { "36601d", -1 }, { "10", -1 }, { "m", -1 }, { "", -1 }, { "-5m", -1 }, { "0s", -1 },
        { "5m3", -1 }, { "2023-11-14T22:13:20Z", 1700000000 }, { "2023-11-14T22:13:21Z", -1 },
        { "2023-11-14T23:13:20+01:00", 1700000000 }, { "2023-11-14T17:13:20-0500", 1700000000 },
        { "2023-11-14T22:13:20.999Z", 1700000000 }, { "2023-11-14 22:13:20", 1700000000 },
        { "2023-11-14T22:13Z", 1699999980 }, { "2023-11-14", 1699920000 },
        { "2023-11-14T22:13:20+", -1 }, { "2023-11-14T22:13:20+1", -1 }, { "1950-01-01", -1 },
        { "yesterday", -1 }, { "2023-11-14T", -1 }, { "2023-11-14T22", -1 }, { "2023-11-14.5Z", -1 },
        { "2023-11-14T22:13.5Z", -1 }, { "2023-11-14T22:13:20+01:", -1 }, { "20231114", -1 },
        { "2023-11-14T22:13:20Zebra", -1 },
    };

    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t since = -1;
        const char *wrong = since_parse(cases[i].text, 1700000000 * NS_PER_S, &since);

        ck_assert_msg((wrong == NULL) == (cases[i].seconds >= 0), "'%s': %s", cases[i].text, wrong);
        if (wrong == NULL)
            ck_assert_msg(since == cases[i].seconds * NS_PER_S, "'%s' is %lld", cases[i].text,
                          (long long)since);
    }
}
END_TEST

/* The calendar and the clock have no such fields; another one must not be taken instead. */
START_TEST(test_since_calendar)
{
    static const char *const none[] = {
        "2023-02-29", "2023-02-31T12:00Z", "2023-04-31", "2023-13-01", "2023-00-10", "2023-01-00",
        "2023-01-32", "2023-01-01T24:00", "2023-01-01T25:00Z", "2023-01-01T12:60",
        "2023-01-01 12:61:00Z", "2023-01-01T12:00:60Z", "2023-01-01T12:00:61",
        "2023-01-01T12:00+24:00", "2023-01-01T12:00-0160", "2023-03-26T02:30:00",
    };
    int64_t since;

    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        const char *wrong = since_parse(none[i], 1700000000 * NS_PER_S, &since);

        ck_assert_msg(wrong != NULL && strstr(wrong, "no such") != NULL, "'%s': %s", none[i], wrong);
    }
    ck_assert_ptr_null(since_parse("2020-02-29", 1700000000 * NS_PER_S, &since));
    ck_assert_int_eq(since, (1582934400 - 3600) * NS_PER_S);
    ck_assert_ptr_null(since_parse("2023-10-29T02:30", 1700000000 * NS_PER_S, &since));
}
END_TEST

START_TEST(test_arithmetic)
{
    struct cpu_times t = { .running = UINT64_MAX };

    times_add(&t, &(struct cpu_times){ .running = 1, .switches = 2 });
    ck_assert(t.running == UINT64_MAX && t.switches == 2);
    ck_assert_uint_eq(minus(1, 2), 0);
    ck_assert_uint_eq(plus(UINT64_MAX, UINT64_MAX), UINT64_MAX);
}
END_TEST

Suite *suite_ledger(void)
{
    Suite *s = suite_create("ledger");
    TCase *t = tcase_create("ledger");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_rotation);
    tcase_add_test(t, test_half_line);
    tcase_add_test(t, test_no_link);
    tcase_add_test(t, test_full);
    tcase_add_test(t, test_account_as_json);
    tcase_add_test(t, test_since_texts);
    tcase_add_test(t, test_since_calendar);
    tcase_add_test(t, test_arithmetic);
    suite_add_tcase(s, t);
    return s;
}
