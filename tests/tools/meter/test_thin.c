/* SPDX-License-Identifier: MIT */
/* Old snapshots are thinned: what stays reaches far back, is small, and is never lost half-way. */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"
#include "meter/records.h"
#include "meter/thin.h"
#include "suites.h"

#define MINUTES (60 * NS_PER_S)
#define DAYS (1440 * MINUTES)
/* 2023-11-14T12:00:00Z */
#define NOON (INT64_C(1699963200) * NS_PER_S)

static char recent[PATH_MAX], old[PATH_MAX];
static int64_t walls[20000];
static unsigned count;

static void setup(void)
{
    fake_reset();
    setenv("TZ", "UTC", 1);
    tzset();
    snprintf(recent, sizeof(recent), "%s/recent", ledger_directory());
    snprintf(old, sizeof(old), "%s/old", ledger_directory());
}

static json_t *snapshot(const char *boot, int64_t wall)
{
    struct reading r = { .host = { .wall = wall, .now_ns = (uint64_t)(wall - NOON / 2) } };

    snprintf(r.boot, sizeof(r.boot), "%s", boot);
    return snapshot_json(&r);
}

/* A line of the file `recent`, with some bytes more that make it long. */
static void add(const char *boot, int64_t wall, size_t bytes)
{
    json_t *record = snapshot(boot, wall);
    char *text = calloc(bytes + 1, 1);
    FILE *f = fopen(recent, "a");

    memset(text, 'x', bytes);
    json_object_set_new(record, "more", json_string(text));
    json_dumpf(record, f, JSON_COMPACT | JSON_PRESERVE_ORDER);
    fputc('\n', f);
    fclose(f);
    free(text);
    json_decref(record);
}

static void see(const json_t *record, void *arg)
{
    (void)arg;
    ck_assert(wall_parse(json_string_value(json_object_get(record, "time")), &walls[count++]));
}

static void read_old(void)
{
    struct ledger l;

    ledger_init(&l, ledger_directory(), "old", 1, 0);
    count = 0;
    ck_assert_int_eq(ledger_each(&l, see, NULL), 0);
}

/* Thins what is in `recent` and removes that. */
static void thin_at(int64_t now)
{
    ck_assert_int_eq(thin(recent, old, now), 0);
    unlink(recent);
    read_old();
}

static off_t size_of(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : -1;
}

/* As time goes on, hours become days; each is the last one of its hour or day. */
START_TEST(test_ages)
{
    for (int day = 0; day < 60; day++) {
        for (int i = 0; i < 288; i++)
            add("b", NOON + day * DAYS + i * 5 * MINUTES, 0);
        thin_at(NOON + (day + 1) * DAYS);
    }
    ck_assert_uint_eq(count, 53 + 7 * 24);
    for (unsigned i = 0; i + 1 < count; i++) {
        int64_t age = NOON + 60 * DAYS - walls[i], unit = age > 7 * DAYS ? DAYS : 60 * MINUTES;

        ck_assert_int_lt(walls[i], walls[i + 1]);
        ck_assert_int_eq(walls[i] % unit, unit - 5 * MINUTES);
    }
}
END_TEST

/* A day is one of the clock on the wall. */
START_TEST(test_local_days)
{
    setenv("TZ", "XYZ-5:30", 1);
    tzset();
    for (int i = 0; i < 20 * 48; i++)
        add("b", NOON + i * 30 * MINUTES, 0);
    thin_at(NOON + 40 * DAYS);
    ck_assert_uint_eq(count, 21);
    for (unsigned i = 0; i + 1 < count; i++)
        ck_assert_int_eq((walls[i] + 330 * MINUTES) % DAYS, DAYS - 30 * MINUTES);
}
END_TEST

/* The last of a boot says what its guests had used: it stays, however many there were in an hour. */
START_TEST(test_boots)
{
    for (int i = 0; i < 10; i++) {
        char boot[] = { (char)('a' + i), '\0' };

        add(boot, NOON + 4 * i * MINUTES, 0);
        add(boot, NOON + 4 * i * MINUTES + 2 * MINUTES, 0);
    }
    thin_at(NOON + 100 * DAYS);
    ck_assert_uint_eq(count, 10);
    ck_assert_int_eq(walls[3], NOON + 14 * MINUTES);
}
END_TEST

/* After a crash the same is added again; lines that are none of ours do no harm. */
START_TEST(test_twice)
{
    FILE *f;

    for (int i = 0; i < 48; i++)
        add("b", NOON + i * 30 * MINUTES, 0);
    f = fopen(recent, "a");
    fputs("not JSON\n{\"type\":\"snapshot\"}\n{\"cut", f);
    fclose(f);
    ck_assert_int_eq(thin(recent, old, NOON + DAYS), 0);
    thin_at(NOON + DAYS);
    ck_assert_uint_eq(count, 24);
}
END_TEST

/* There is an end to it, and the oldest goes first; with half of it in use there is no room for hours. */
START_TEST(test_limit)
{
    for (int day = 0; day < 34; day++)
        add("b", NOON + day * DAYS, 1 << 20);
    thin_at(NOON + 34 * DAYS);
    ck_assert_uint_eq(count, 34);
    for (int i = 0; i < 24; i++)
        add("b", NOON + 34 * DAYS + i * 60 * MINUTES, 0);
    thin_at(NOON + 35 * DAYS);
    ck_assert_int_le(size_of(old), THIN_LIMIT + 2000);
    ck_assert_uint_eq(count, 31 + 2);
    for (unsigned i = 0; i < 31; i++)
        ck_assert_int_eq(walls[i], NOON + (3 + i) * DAYS);
    ck_assert_int_eq(walls[31], NOON + 34 * DAYS + 11 * 60 * MINUTES);
    ck_assert_int_eq(walls[32], NOON + 34 * DAYS + 23 * 60 * MINUTES);
}
END_TEST

/* Where it fails the old file is as it was, and nothing lies about. */
START_TEST(test_failure)
{
    struct rlimit small = { 1000, 1000 };
    char new[PATH_MAX + 8];

    add("b", NOON, 0);
    thin_at(NOON);
    for (int i = 0; i < 24; i++)
        add("b", NOON + i * 60 * MINUTES, 0);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_lt(thin(recent, old, NOON + DAYS), 0);
    read_old();
    ck_assert_uint_eq(count, 1);
    snprintf(new, sizeof(new), "%s.new", old);
    ck_assert_int_eq(size_of(new), -1);
}
END_TEST

static struct ledger rotating;

static int thin_now(const char *from, const char *into)
{
    return thin(from, into, wall_now());
}

static void append(int64_t wall)
{
    json_t *record = snapshot("b", wall);

    ck_assert_int_eq(ledger_append(&rotating, record), 0);
    json_decref(record);
}

static unsigned read_rotating(void)
{
    count = 0;
    ck_assert_int_eq(ledger_each(&rotating, see, NULL), 0);
    return count;
}

/* The log as the daemon has it: no hour of two months is without its last snapshot or its day's. */
START_TEST(test_rotation)
{
    int64_t begin = wall_now() - 60 * DAYS;
    unsigned all;
    char new[PATH_MAX + 8];

    ledger_init(&rotating, ledger_directory(), "log", 20000, 2);
    rotating.merge = thin_now;
    for (int i = 0; i < 60 * 288; i++)
        append(begin + i * 5 * MINUTES);
    all = read_rotating();
    ck_assert_int_le(walls[0] - begin, DAYS);
    ck_assert_uint_lt(all, 60 + 7 * 24 + 300);
    for (unsigned i = 0; i + 1 < all; i++) {
        int64_t limit = wall_now() - walls[i] > 7 * DAYS ? DAYS : 60 * MINUTES;

        ck_assert_int_gt(walls[i + 1], walls[i]);
        ck_assert_int_le(walls[i + 1] - walls[i], limit);
    }
    /* While it cannot be thinned nothing is lost, until the file has twice its size. */
    snprintf(new, sizeof(new), "%s.2.new", rotating.path);
    ck_assert_int_eq(mkdir(new, 0700), 0);
    for (int i = 0; i < 100; i++)
        append(begin + 60 * DAYS + i * 5 * MINUTES);
    ck_assert_uint_eq(read_rotating(), all + 100);
    ck_assert_int_gt(size_of(rotating.path), 20000);
    for (int i = 100; i < 300; i++)
        append(begin + 60 * DAYS + i * 5 * MINUTES);
    ck_assert_int_le(size_of(rotating.path), 40000);
    all = read_rotating();
    ck_assert_int_le(walls[0] - begin, DAYS);
    ck_assert_int_eq(walls[all - 1] - walls[all - 101], 500 * MINUTES);
    ledger_close(&rotating);
}
END_TEST

Suite *suite_thin(void)
{
    Suite *s = suite_create("thin");
    TCase *t = tcase_create("thin");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, test_ages);
    tcase_add_test(t, test_local_days);
    tcase_add_test(t, test_boots);
    tcase_add_test(t, test_twice);
    tcase_add_test(t, test_limit);
    tcase_add_test(t, test_failure);
    tcase_add_test(t, test_rotation);
    suite_add_tcase(s, t);
    return s;
}
