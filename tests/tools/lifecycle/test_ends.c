/* SPDX-License-Identifier: MIT */
/* Guests end in every way, with every action, and the daemon dies at every step of what it does then. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fake.h"
#include "lifecycle/ends.h"
#include "lifecycle/record.h"
#include "public/sched.h"

#define OLD 3u

static const uint8_t uuid[16] = { 1, 2, 3 };
static struct parador_handle *h;

static void forget(domid_t domid, void *arg)
{
    (void)arg;
    for (int kind = 0; kind < RECORD_KINDS; kind++)
        record_remove(kind, domid);
}

static void guest(enum guest_action action)
{
    struct fake_domain *d = &fake->domains[OLD];
    struct record r = { .quick = 0 };

    record_each(forget, NULL);
    guest_config_init(&r.config);
    guest_config_set_string(&r.config.name, "web");
    guest_config_set_string(&r.config.kernel, "/k");
    memcpy(r.config.uuid, uuid, sizeof(uuid));
    r.config.uuid_set = true;
    r.config.on_poweroff = r.config.on_reboot = r.config.on_crash = action;
    r.config.on_watchdog = action;
    record_unlock(record_lock(OLD, true)); /* makes the directories */
    ck_assert_int_eq(record_write(RECORD_GUEST, OLD, &r), 0);
    guest_config_free(&r.config);
    *d = (struct fake_domain){ .there = true, .devices = true, .name = "web" };
    memcpy(d->uuid, uuid, sizeof(uuid));
}

static void setup(void)
{
    fake_reset();
    h = parador_open();
}

static void teardown(void)
{
    parador_close(h);
}

static void ends(unsigned reason)
{
    for (unsigned i = 0; i < FAKE_DOMAINS; i++)
        if (fake->domains[i].there && strcmp(fake->domains[i].name, "web") == 0) {
            fake->domains[i].shutdown = true;
            fake->domains[i].reason = reason;
        }
}

static unsigned records;

static void count_record(domid_t domid, void *arg)
{
    (void)domid;
    (void)arg;
    records++;
}

static unsigned count_records(void)
{
    records = 0;
    ck_assert_int_eq(record_each(count_record, NULL), 0);
    return records;
}

/* The one domain that is called web, or 0. */
static unsigned living(void)
{
    unsigned found = 0;

    for (unsigned i = 0; i < FAKE_DOMAINS; i++)
        if (fake->domains[i].there && strcmp(fake->domains[i].name, "web") == 0) {
            ck_assert_uint_eq(found, 0);
            found = i;
        }
    return found;
}

static unsigned count_domains(void)
{
    unsigned n = 0;

    for (unsigned i = 0; i < FAKE_DOMAINS; i++)
        n += fake->domains[i].there;
    return n;
}

static void check_restarted(bool kept)
{
    unsigned n = living();

    ck_assert_uint_ne(n, 0);
    ck_assert(!fake->domains[n].paused && !fake->domains[n].shutdown && fake->domains[n].devices);
    ck_assert_int_eq(memcmp(fake->domains[n].uuid, uuid, sizeof(uuid)), 0);
    ck_assert(record_exists(RECORD_GUEST, n));
    ck_assert(!record_exists(RECORD_RESTART, OLD));
    ck_assert_uint_eq(count_domains(), kept ? 2 : 1);
    ck_assert_uint_eq(count_records(), kept ? 2 : 1);
    if (kept) {
        ck_assert(record_exists(RECORD_PRESERVED, OLD));
        ck_assert(fake->domains[OLD].shutdown && !fake->domains[OLD].devices);
        ck_assert_str_ne(fake->domains[OLD].name, "web");
    }
}

/* A process that scans, and dies at a step. True: it had no such step. */
static bool scan_and_die(unsigned at)
{
    pid_t pid = fork();
    int status;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        fake->die_at = at;
        ends_scan(h);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    fake->die_at = 0;
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status) == 0;
}

/* Dies at each step in turn, and once more while going on after that. */
static void die_everywhere(enum guest_action action, unsigned next, unsigned again)
{
    bool done = false;
    unsigned at;

    for (at = 1; !done; at++) {
        fake_reset();
        fake->next = next;
        guest(action);
        ends(SHUTDOWN_reboot);
        done = scan_and_die(at);
        if (again != 0)
            scan_and_die(again);
        for (int tries = 0; tries < 4 && ends_scan(h) >= 0; tries++)
            ;
        if (action == GUEST_ACTION_DESTROY) {
            ck_assert_uint_eq(count_domains(), 0);
            ck_assert_uint_eq(count_records(), 0);
        } else {
            check_restarted(action == GUEST_ACTION_RENAME_RESTART);
        }
    }
    ck_assert_uint_gt(at, action == GUEST_ACTION_DESTROY ? 2 : 6);
}

START_TEST(restart_survives_deaths)
{
    for (unsigned again = 0; again < 12; again++)
        die_everywhere(GUEST_ACTION_RESTART, 10, again);
}
END_TEST

START_TEST(restart_with_the_same_number_survives_deaths)
{
    for (unsigned again = 0; again < 12; again++)
        die_everywhere(GUEST_ACTION_RESTART, 0, again);
}
END_TEST

START_TEST(rename_restart_survives_deaths)
{
    for (unsigned again = 0; again < 16; again++)
        die_everywhere(GUEST_ACTION_RENAME_RESTART, 10, again);
}
END_TEST

START_TEST(destroy_survives_deaths)
{
    die_everywhere(GUEST_ACTION_DESTROY, 10, 1);
}
END_TEST

START_TEST(each_end_has_its_action)
{
    struct record r;

    guest(GUEST_ACTION_DESTROY);
    ck_assert_int_eq(record_read(RECORD_GUEST, OLD, &r), 0);
    r.config.on_crash = GUEST_ACTION_PRESERVE;
    r.config.on_watchdog = GUEST_ACTION_PRESERVE;
    r.config.on_reboot = GUEST_ACTION_RESTART;
    ck_assert_int_eq(record_write(RECORD_GUEST, OLD, &r), 0);
    ck_assert_int_eq(ends_scan(h), -1);
    ck_assert_uint_eq(living(), OLD);
    ends(SHUTDOWN_suspend);
    ck_assert_int_eq(ends_scan(h), -1);
    ck_assert_uint_eq(living(), OLD);
    ck_assert(record_exists(RECORD_GUEST, OLD));
    for (unsigned reason = SHUTDOWN_crash; reason <= SHUTDOWN_watchdog; reason++) {
        ck_assert_int_eq(record_write(RECORD_GUEST, OLD, &r), 0);
        ends(reason);
        ck_assert_int_eq(ends_scan(h), -1);
        ck_assert_int_eq(ends_scan(h), -1);
        ck_assert_uint_eq(living(), OLD);
        ck_assert(record_exists(RECORD_PRESERVED, OLD) && !record_exists(RECORD_GUEST, OLD));
    }
    record_remove(RECORD_PRESERVED, OLD);
    ck_assert_int_eq(record_write(RECORD_GUEST, OLD, &r), 0);
    ends(SHUTDOWN_poweroff);
    ck_assert_int_eq(ends_scan(h), -1);
    ck_assert_uint_eq(count_domains() + count_records(), 0);
    guest_config_free(&r.config);
}
END_TEST

/* Where a guest came from is told in a list even after it was made again. */
START_TEST(record_keeps_the_source)
{
    static const char *const paths[] = { "/etc/parador/a guest #1.cfg", "x", "" };
    struct record r, again;

    guest(GUEST_ACTION_RESTART);
    ck_assert_int_eq(record_read(RECORD_GUEST, OLD, &r), 0);
    ck_assert_ptr_null(r.config.source);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        guest_config_set_string(&r.config.source, paths[i]);
        ck_assert_int_eq(record_write(RECORD_GUEST, OLD, &r), 0);
        ck_assert_int_eq(record_read(RECORD_GUEST, OLD, &again), 0);
        ck_assert_str_eq(again.config.source != NULL ? again.config.source : "", paths[i]);
        ck_assert_str_eq(again.config.name, "web");
        guest_config_free(&again.config);
    }
    guest_config_set_string(&r.config.source, "/two\nname = \"other\"");
    ck_assert_int_eq(record_write(RECORD_GUEST, OLD, &r), 0);
    ck_assert_int_eq(record_read(RECORD_GUEST, OLD, &again), 0);
    ck_assert_ptr_null(again.config.source);
    ck_assert_str_eq(again.config.name, "web");
    guest_config_free(&again.config);
    guest_config_free(&r.config);
}
END_TEST

START_TEST(a_loop_ends)
{
    int restarts = 0;

    guest(GUEST_ACTION_RESTART);
    for (fake->start_time = time(NULL); restarts < 20 && living() != 0; restarts++) {
        ends(SHUTDOWN_reboot);
        ends_scan(h);
    }
    ck_assert_int_eq(restarts, 6);
    ck_assert_uint_eq(count_domains() + count_records(), 0);
    /* One that lived for a while in between may go on. */
    guest(GUEST_ACTION_RESTART);
    for (restarts = 0; restarts < 40; restarts++) {
        fake->start_time = time(NULL) - (restarts % 5 == 4 ? 60 : 0);
        ends(SHUTDOWN_reboot);
        ends_scan(h);
    }
    ck_assert_uint_ne(living(), 0);
}
END_TEST

START_TEST(what_cannot_be_made_is_given_up)
{
    int scans = 0;

    guest(GUEST_ACTION_RESTART);
    fake->create_fails = true;
    ends(SHUTDOWN_reboot);
    while (ends_scan(h) >= 0 && scans < 20)
        scans++;
    ck_assert_int_eq(scans, 4);
    ck_assert_uint_eq(count_domains() + count_records(), 0);
    /* It may succeed in between. */
    guest(GUEST_ACTION_RESTART);
    ends(SHUTDOWN_reboot);
    ck_assert_int_gt(ends_scan(h), 0);
    fake->create_fails = false;
    ck_assert_int_eq(ends_scan(h), -1);
    check_restarted(false);
}
END_TEST

START_TEST(a_new_name_stays)
{
    guest(GUEST_ACTION_RESTART);
    ends(SHUTDOWN_reboot);
    strcpy(fake->domains[OLD].name, "other");
    ends_scan(h);
    ck_assert_str_eq(fake->domains[10].name, "other");
}
END_TEST

START_TEST(strangers_are_left_alone)
{
    guest(GUEST_ACTION_DESTROY);
    /* Its number has a new owner, who has no record. */
    fake->domains[OLD].uuid[0] = 77;
    ends(SHUTDOWN_poweroff);
    ck_assert_int_eq(ends_scan(h), -1);
    ck_assert_uint_eq(living(), OLD);
    ck_assert_uint_eq(count_records(), 0);
    ck_assert_int_eq(ends_scan(h), -1);
    ck_assert_uint_eq(living(), OLD);
}
END_TEST

START_TEST(locked_means_later)
{
    int lock;

    guest(GUEST_ACTION_DESTROY);
    ends(SHUTDOWN_poweroff);
    lock = record_lock(OLD, true);
    ck_assert_int_ge(lock, 0);
    errno = 0;
    ck_assert_int_lt(record_lock(OLD, false), 0);
    ck_assert_int_eq(errno, EAGAIN);
    ck_assert_int_gt(ends_scan(h), 0);
    ck_assert_uint_eq(living(), OLD);
    record_unlock(lock);
    ck_assert_int_eq(ends_scan(h), -1);
    ck_assert_uint_eq(living(), 0);
}
END_TEST

START_TEST(last_words_are_waited_for)
{
    guest(GUEST_ACTION_DESTROY);
    ends(SHUTDOWN_crash);
    fake->no_console = true;
    ck_assert_int_gt(ends_scan(h), 0);
    ck_assert_int_gt(ends_scan(h), 0);
    ck_assert_uint_eq(living(), OLD);
    fake->no_console = false;
    ck_assert_int_eq(ends_scan(h), -1);
    ck_assert_uint_eq(living(), 0);
}
END_TEST

START_TEST(a_console_that_never_comes_is_not_waited_for)
{
    int ms, sum = 0;

    for (unsigned i = 0; i < 2; i++) {
        guest(GUEST_ACTION_DESTROY);
        ends(SHUTDOWN_poweroff);
        fake->no_console = true;
        while ((ms = ends_scan(h)) > 0)
            sum += ms;
        ck_assert_uint_eq(living(), 0);
    }
    ck_assert_int_gt(sum, 500);
    ck_assert_int_le(sum, 4000);
}
END_TEST

START_TEST(damaged_records_harm_nobody)
{
    char path[256];
    FILE *f;

    guest(GUEST_ACTION_RESTART);
    snprintf(path, sizeof(path), "%s/guests/%u.cfg", record_directory(), OLD);
    f = fopen(path, "w");
    fputs("name = \"web", f);
    fclose(f);
    ends(SHUTDOWN_reboot);
    ends_scan(h);
    ck_assert_uint_eq(living(), OLD);
    ck_assert_uint_eq(count_records(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("lifecycle");
    TCase *tc = tcase_create("ends");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, restart_survives_deaths);
    tcase_add_test(tc, restart_with_the_same_number_survives_deaths);
    tcase_add_test(tc, rename_restart_survives_deaths);
    tcase_add_test(tc, destroy_survives_deaths);
    tcase_add_test(tc, each_end_has_its_action);
    tcase_add_test(tc, record_keeps_the_source);
    tcase_add_test(tc, last_words_are_waited_for);
    tcase_add_test(tc, a_console_that_never_comes_is_not_waited_for);
    tcase_add_test(tc, a_loop_ends);
    tcase_add_test(tc, what_cannot_be_made_is_given_up);
    tcase_add_test(tc, a_new_name_stays);
    tcase_add_test(tc, strangers_are_left_alone);
    tcase_add_test(tc, locked_means_later);
    tcase_add_test(tc, damaged_records_harm_nobody);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
