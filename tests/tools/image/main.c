/* SPDX-License-Identifier: MIT */
/* Runs the tests of the image loader and of what else in the library needs no hypervisor. */
#include <stdlib.h>

#include "suites.h"

int main(void)
{
    Suite *suite = suite_create("image");
    SRunner *runner;
    int failed;

    suite_add_tcase(suite, elf_cases());
    suite_add_tcase(suite, bzimage_cases());
    suite_add_tcase(suite, layout_cases());
    suite_add_tcase(suite, block_cases());
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
