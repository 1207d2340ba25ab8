/* SPDX-License-Identifier: MIT */
/* How each of these programs ends: with its one case of tests, run as a suite. */
#ifndef UNIT_SUITE_H
#define UNIT_SUITE_H

#include <check.h>

/* Returns what main() returns. CK_NOFORK: the tests share one process. */
static inline int run_suite_in(enum fork_status processes, const char *name, TCase *tc)
{
    Suite *suite = suite_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    suite_add_tcase(suite, tc);
    srunner_set_fork_status(runner, processes);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

static inline int run_suite(const char *name, TCase *tc)
{
    return run_suite_in(CK_FORK_GETENV, name, tc);
}

#endif
