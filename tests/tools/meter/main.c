/* SPDX-License-Identifier: MIT */
/* Runs the suites. */
#include "suites.h"

int main(void)
{
    SRunner *runner = srunner_create(suite_accounts());
    int failed;

    srunner_add_suite(runner, suite_ledger());
    srunner_add_suite(runner, suite_metrics());
    srunner_add_suite(runner, suite_thin());
    srunner_add_suite(runner, suite_top());
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
