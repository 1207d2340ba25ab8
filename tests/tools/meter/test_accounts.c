/* SPDX-License-Identifier: MIT */
/* Domains come and go; what was kept of them, and what is reported, is exactly what they used. */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake.h"
#include "lifecycle/accounts.h"
#include "meter/carry.h"
#include "meter/records.h"
#include "meter/report.h"
#include "suites.h"

#define MS UINT64_C(1000000)

static struct parador_handle *h;
static struct report report;

static void setup(void)
{
    fake_reset();
    h = parador_open();
    accounts_start();
}

static void teardown(void)
{
    report_free(&report);
    accounts_stop(h);
    parador_close(h);
}

/* kill -9, and the next process. */
static void restart(void)
{
    accounts_start();
}

static const struct account *row(const char *name)
{
    const struct account *found = NULL;

    for (size_t i = 0; i < report.count; i++) {
        if (strcmp(report.rows[i].name, name) != 0)
            continue;
        ck_assert_msg(found == NULL, "%s comes twice", name);
        found = &report.rows[i];
    }
    return found;
}

static void make_report(int64_t since)
{
    report_free(&report);
    ck_assert_msg(report_make(h, since, true, &report) == 0, "%s", parador_error(h));
}

/* What the machine's CPUs have done is all there. */
static void check_sums(uint64_t others)
{
    ck_assert_uint_eq(report.others_ns, others);
    ck_assert_uint_eq(report.rows_ns + report.others_ns + report.hypervisor_ns + report.idle_ns,
                      report.elapsed_ns * report.nr_cpus);
}

START_TEST(test_living)
{
    fake_create(1, 1, "web");
    fake_run(700 * MS);
    make_report(SINCE_EVER);
    ck_assert_uint_eq(report.count, 2);
    ck_assert_uint_eq(row("web")->times.running, 700 * MS);
    ck_assert_uint_eq(row("web")->times.hypervisor, 70 * MS);
    ck_assert_uint_eq(row("web")->times.runnable, 350 * MS);
    ck_assert_uint_eq(row("web")->times.blocked, 350 * MS);
    ck_assert_uint_eq(row("web")->page_ms, 256 * 1400);
    ck_assert(account_byte_seconds(row("web")) == 256 * 4096 * 1.4);
    ck_assert_uint_eq(row("web")->nr_vcpus, 1);
    ck_assert_int_eq(row("web")->end_wall - row("web")->start_wall, 1400 * MS);
    check_sums(0);
}
END_TEST

START_TEST(test_gone)
{
    fake_create(1, 1, "web");
    fake_vif(1, 0, 11, 22);
    fake_vbd(1, 51712, 3, 24);
    fake_run(100 * MS);
    accounts_look(h);
    fake_vif(1, 0, 1011, 2022);
    device_farewell(h, 1);
    fake_no_devices(1);
    fake_end(1, 50 * MS);
    for (int i = 0; i < 3; i++) {
        /* Not entered yet; entered; entered by a process that was killed since. */
        make_report(SINCE_EVER);
        ck_assert_uint_eq(row("web")->times.running, 150 * MS);
        ck_assert_uint_eq(row("web")->sequence, 1);
        ck_assert_uint_eq(account_devices(row("web"), DEVICE_VIF, VIF_TX_BYTES, NULL), 1011);
        ck_assert_uint_eq(account_devices(row("web"), DEVICE_VIF, VIF_RX_BYTES, NULL), 2022);
        ck_assert_uint_eq(account_devices(row("web"), DEVICE_VBD, VBD_READ_SECTORS, NULL), 24);
        check_sums(0);
        if (i == 1)
            restart();
        accounts_look(h);
    }
}
END_TEST

/* A driver that connects again makes its back-end count from zero. */
START_TEST(test_reconnect)
{
    fake_create(1, 1, "web");
    fake_vif(1, 0, 1000, 10);
    accounts_look(h);
    fake_vif(1, 0, 5, 0);
    accounts_look(h);
    restart();
    fake_vif(1, 0, 7, 0);
    fake_vbd(1, 51712, 1, 1);
    make_report(SINCE_EVER);
    ck_assert_uint_eq(account_devices(row("web"), DEVICE_VIF, VIF_TX_BYTES, NULL), 1007);
    ck_assert_uint_eq(account_devices(row("web"), DEVICE_VIF, VIF_RX_BYTES, NULL), 10);
    /* The guest shuts down: its driver closes, then the devices go. */
    accounts_look(h);
    fake_vif(1, 0, 0, 0);
    fake_vbd(1, 51712, 0, 0);
    device_farewell(h, 1);
    fake_no_devices(1);
    device_farewell(h, 1);
    fake_end(1, MS);
    accounts_look(h);
    make_report(SINCE_EVER);
    ck_assert_uint_eq(account_devices(row("web"), DEVICE_VIF, VIF_TX_BYTES, NULL), 1007);
    ck_assert_uint_eq(account_devices(row("web"), DEVICE_VBD, VBD_READS, NULL), 1);
}
END_TEST

/* A number and a UUID that a domain had go to the next one; the accounts stay apart. */
START_TEST(test_same_number_again)
{
    for (unsigned i = 1; i <= 3; i++) {
        fake_create(1, 1, "web");
        fake_vif(1, 0, 100 * i, 0);
        fake_run(i * MS);
        accounts_look(h);
        device_farewell(h, 1);
        fake_no_devices(1);
        fake_end(1, MS);
        accounts_look(h);
    }
    make_report(SINCE_EVER);
    ck_assert_uint_eq(report.count, 4);
    for (unsigned i = 1; i <= 3; i++) {
        ck_assert_uint_eq(report.rows[i - 1].times.running, (i + 1) * MS);
        ck_assert_uint_eq(account_devices(&report.rows[i - 1], DEVICE_VIF, VIF_TX_BYTES, NULL),
                          100 * i);
    }
    check_sums(0);
}
END_TEST

static unsigned finals, missed;

static void count_records(const json_t *record, void *arg)
{
    const char *type = json_string_value(json_object_get(record, "type"));

    (void)arg;
    finals += strcmp(type, "final") == 0;
    missed += strcmp(type, "missed") == 0;
}

/* More go than the hypervisor remembers while the daemon is down: the rest is once in the log. */
START_TEST(test_many)
{
    struct ledger log, snapshots;

    for (unsigned i = 0; i < 1500; i++) {
        fake_create(1, (uint8_t)i, "brief");
        fake_run(MS);
        fake_end(1, MS);
        if (i == 99)
            accounts_look(h);
        if (i == 100)
            restart();
    }
    fake.forgotten = 1500 - PARADOR_USAGE_RETIRED;
    accounts_look(h);
    restart();
    accounts_look(h);
    records_open(&log, &snapshots);
    finals = missed = 0;
    ck_assert_int_eq(ledger_each(&log, count_records, NULL), 0);
    ck_assert_uint_eq(finals, 100 + PARADOR_USAGE_RETIRED);
    ck_assert_uint_eq(missed, 1);
    make_report(SINCE_EVER);
    ck_assert_uint_eq(report.count, 100 + PARADOR_USAGE_RETIRED + 1);
    check_sums(2 * MS * (1500 - PARADOR_USAGE_RETIRED - 100));
}
END_TEST

START_TEST(test_log_full)
{
    char path[256], aside[300];

    snprintf(path, sizeof(path), "%s", ledger_directory());
    snprintf(aside, sizeof(aside), "%s.aside", path);
    accounts_look(h);
    restart();
    fake_create(1, 1, "web");
    fake_run(MS);
    accounts_look(h);
    fake_end(1, MS);
    ck_assert_int_eq(rename(path, aside), 0);
    fake.notes = 0;
    restart();
    accounts_look(h);
    accounts_look(h);
    accounts_look(h);
    /* Said once, and made up for later. */
    ck_assert_uint_eq(fake.notes, 1);
    ck_assert_int_eq(rename(aside, path), 0);
    accounts_look(h);
    restart();
    accounts_look(h);
    make_report(SINCE_EVER);
    ck_assert_uint_eq(row("web")->times.running, 2 * MS);
    check_sums(0);
}
END_TEST

/* What is in a log that cannot be read for now is not entered once more. */
START_TEST(test_log_unreadable)
{
    struct ledger log, snapshots;
    char older[PATH_MAX + 8];

    for (unsigned i = 0; i < 3; i++) {
        fake_create(1, (uint8_t)i, "brief");
        fake_end(1, MS);
    }
    accounts_look(h);
    records_open(&log, &snapshots);
    snprintf(older, sizeof(older), "%s.1", log.path);
    ck_assert_int_eq(mkdir(older, 0700), 0);
    fake.notes = 0;
    restart();
    accounts_look(h);
    ck_assert_int_le(accounts_look(h), 5000);
    ck_assert_uint_eq(fake.notes, 1);
    ck_assert_int_eq(rmdir(older), 0);
    fake_create(1, 3, "brief");
    fake_end(1, MS);
    accounts_look(h);
    finals = missed = 0;
    ck_assert_int_eq(ledger_each(&log, count_records, NULL), 0);
    ck_assert_uint_eq(finals, 4);
    ck_assert_uint_eq(missed, 0);
}
END_TEST

/* Snapshots are made 95 and 31 seconds of the machine's time before the report. */
START_TEST(test_since)
{
    static const uint64_t s = NS_PER_S;

    fake_create(1, 1, "early");
    fake_create(2, 2, "ends");
    fake_create(3, 3, "stays");
    fake_run(100 * s);
    fake_end(1, s);
    fake.loop_ms += 3600 * 1000;
    accounts_look(h);
    fake_run(20 * s);
    fake_create(5, 5, "between");
    fake_end(5, 4 * s);
    fake_vif(3, 0, 5, 5);
    fake.loop_ms += 3600 * 1000;
    accounts_look(h);
    fake_create(4, 4, "late");
    fake_run(7 * s);
    fake_end(2, 3 * s);
    fake_vif(3, 0, 8, 5);

    make_report(wall_now() - 20 * (int64_t)s);
    ck_assert_ptr_null(row("early"));
    ck_assert_ptr_null(row("between"));
    ck_assert_uint_eq(row("ends")->times.running, 10 * s);
    ck_assert_uint_eq(row("late")->times.running, 7 * s);
    ck_assert_uint_eq(row("stays")->times.running, 7 * s);
    ck_assert_uint_eq(row("stays")->vcpus[0].times.running, 7 * s);
    ck_assert_uint_eq(account_devices(row("stays"), DEVICE_VIF, VIF_TX_BYTES, NULL), 3);
    ck_assert_uint_eq(report.elapsed_ns, 31 * s);
    ck_assert_int_eq(report.until - report.since, 31 * s);
    check_sums(0);
    /* A time between two snapshots is rounded to the earlier one, and what is covered says so. */
    make_report(wall_now() - 33 * (int64_t)s);
    ck_assert_ptr_null(row("early"));
    ck_assert_uint_eq(row("between")->times.running, 4 * s);
    ck_assert_uint_eq(row("stays")->times.running, 27 * s);
    ck_assert_uint_eq(report.elapsed_ns, 95 * s);
    check_sums(0);
    /* Nothing is so old: all of this boot. */
    make_report(1);
    ck_assert_uint_eq(row("early")->times.running, 101 * s);
    ck_assert_uint_eq(report.elapsed_ns, fake.now_ns);
    check_sums(0);
}
END_TEST

/* Figures that begin earlier than asked by more than the way to the last snapshot say so. */
START_TEST(test_exact)
{
    static const int64_t minute = 60 * NS_PER_S;

    fake_run(600 * minute);
    make_report(wall_now() - 60 * minute);
    ck_assert(!report.exact);
    ck_assert_int_eq(report.until - report.since, (int64_t)fake.now_ns);
    make_report(SINCE_EVER);
    ck_assert(report.exact);
    /* The machine has started since, or hardly before. */
    make_report(wall_now() - 700 * minute);
    ck_assert(report.exact);
    make_report(wall_now() - 599 * minute);
    ck_assert(report.exact);
    accounts_look(h);
    fake_run(60 * minute);
    make_report(wall_now() - 56 * minute);
    ck_assert(report.exact);
    make_report(wall_now() - 50 * minute);
    ck_assert(!report.exact);
    ck_assert_int_eq(report.until - report.since, 60 * minute);
}
END_TEST

/* Changes the boot's id in all that is kept, as if the machine had started anew since. */
static void new_boot(void)
{
    char command[512], boot[BOOT_TEXT];

    accounts_stop(h);
    boot_id(boot);
    snprintf(command, sizeof(command),
             "sed -i 's/%s/11111111-2222-3333-4444-555555555555/g' '%s'/*.jsonl '%s'/meter.json",
             boot, ledger_directory(), getenv("PARADOR_RUN_DIR"));
    ck_assert_int_eq(system(command), 0);
    memset(&fake, 0, sizeof(fake));
    fake.now_ns = 20 * MS;
    for (unsigned i = 0; i < FAKE_CPUS; i++)
        fake.cpus[i].idle_ns = fake.now_ns;
    fake_create(0, 0, "Domain-0");
    accounts_start();
}

START_TEST(test_earlier_boot)
{
    fake_create(1, 1, "gone");
    fake_create(2, 2, "lost");
    fake_run(30 * MS);
    fake_end(1, MS);
    accounts_look(h);
    new_boot();
    fake_create(1, 3, "now");
    fake_run(3 * MS);
    fake_end(1, 0);
    accounts_look(h);
    make_report(SINCE_EVER);
    ck_assert_ptr_null(row("gone"));
    ck_assert(!report.several_boots);
    ck_assert_uint_eq(row("now")->times.running, 3 * MS);
    check_sums(0);
    make_report(1);
    ck_assert(report.several_boots && report.exact);
    ck_assert_uint_eq(row("gone")->times.running, 31 * MS);
    ck_assert_uint_eq(row("lost")->times.running, 30 * MS);
    ck_assert_uint_eq(row("now")->times.running, 3 * MS);
    check_sums(0);
}
END_TEST

/* A log that cannot be read is named, and why. */
START_TEST(test_unreadable)
{
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s", ledger_directory(), RECORDS_FINALS);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    ck_assert_int_eq(report_make(h, SINCE_EVER, false, &report), -1);
    ck_assert_ptr_nonnull(strstr(parador_error(h), RECORDS_FINALS ": Is a directory"));
    ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

/* An earlier boot without a snapshot from before the time is counted from its beginning. */
START_TEST(test_earlier_inexact)
{
    fake_run(3600 * (uint64_t)NS_PER_S);
    accounts_look(h);
    new_boot();
    make_report(wall_now() - 600 * NS_PER_S);
    ck_assert(report.several_boots && !report.exact);
    ck_assert_int_ge(report.until - report.since, 3600 * NS_PER_S);
}
END_TEST

START_TEST(test_xen)
{
    struct reading r;

    fake.is_xen = true;
    fake_run(MS);
    ck_assert_int_eq(accounts_look(h), -1);
    ck_assert_int_eq(report_make(h, SINCE_EVER, false, &report), -1);
    ck_assert_ptr_nonnull(strstr(parador_error(h), "keeps no accounts"));
    ck_assert_int_eq(reading_take(h, READ_VCPUS, &r), 0);
    ck_assert(!r.complete);
    ck_assert_uint_eq(reading_find(&r, 0)->times.running, MS);
    reading_free(&r);
}
END_TEST

START_TEST(test_matches)
{
    const struct account a = { .domid = 7, .uuid = { 0xab }, .name = "8", .boot = "b" };

    ck_assert(report_matches(&a, "7", "b") && report_matches(&a, "8", "b"));
    ck_assert(!report_matches(&a, "7", "other") && !report_matches(&a, "9", "b"));
    ck_assert(report_matches(&a, "AB000000-0000-0000-0000-000000000000", "x"));
}
END_TEST

/* The guests are polled; a machine with dom0 alone is let sleep until the next snapshot. */
START_TEST(test_waits)
{
    ck_assert_int_gt(accounts_look(h), 60000);
    fake_create(1, 1, "web");
    ck_assert_int_le(accounts_look(h), 5000);
}
END_TEST

Suite *suite_accounts(void)
{
    Suite *s = suite_create("accounts");
    TCase *t = tcase_create("accounts");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_living);
    tcase_add_test(t, test_gone);
    tcase_add_test(t, test_reconnect);
    tcase_add_test(t, test_same_number_again);
    tcase_add_test(t, test_many);
    tcase_add_test(t, test_log_full);
    tcase_add_test(t, test_log_unreadable);
    tcase_add_test(t, test_since);
    tcase_add_test(t, test_exact);
    tcase_add_test(t, test_earlier_boot);
    tcase_add_test(t, test_earlier_inexact);
    tcase_add_test(t, test_unreadable);
    tcase_add_test(t, test_xen);
    tcase_add_test(t, test_matches);
    tcase_add_test(t, test_waits);
    suite_add_tcase(s, t);
    return s;
}
