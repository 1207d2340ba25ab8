/* SPDX-License-Identifier: MIT */
/* The groups of tests, one per file. */
#ifndef TESTS_TOOLS_IMAGE_SUITES_H
#define TESTS_TOOLS_IMAGE_SUITES_H

#include <check.h>

TCase *elf_cases(void);
TCase *bzimage_cases(void);
TCase *layout_cases(void);
TCase *block_cases(void);

#endif
