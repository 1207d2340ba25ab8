/* SPDX-License-Identifier: MIT */
/* The suites that main.c runs. */
#ifndef TESTS_METER_SUITES_H
#define TESTS_METER_SUITES_H

#include <check.h>

Suite *suite_accounts(void);
Suite *suite_ledger(void);
Suite *suite_metrics(void);
Suite *suite_thin(void);
Suite *suite_top(void);

#endif
