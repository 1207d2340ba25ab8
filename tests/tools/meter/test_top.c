/* SPDX-License-Identifier: MIT */
/* Rows of top: shares between two samples, order, columns, names that want to reach the terminal. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "guest/names.h"
#include "meter/top.h"
#include "suites.h"

static struct parador_handle *h;
static struct top top;
static char lines[32][512];
static unsigned nr_lines;

static void setup(void)
{
    fake_reset();
    h = parador_open();
    top = (struct top){ .sort = TOP_SSID };
}

static void teardown(void)
{
    top_free(&top);
    parador_close(h);
}

static void take_line(const char *text, bool head, void *arg)
{
    (void)arg;
    ck_assert(!head || strstr(text, "MAXMEM(%)") != NULL);
    snprintf(lines[nr_lines++], sizeof(lines[0]), "%s", text);
}

static void sample(unsigned show)
{
    nr_lines = 0;
    ck_assert_msg(top_sample(h, show, &top) == 0, "%s", parador_error(h));
    top_print(&top, show, take_line, NULL);
}

static const struct top_row *row(const char *name)
{
    for (size_t i = 0; i < top.count; i++)
        if (strcmp(top.rows[i].guest.name, name) == 0)
            return &top.rows[i];
    ck_abort_msg("no row %s", name);
    return NULL;
}

START_TEST(test_shares)
{
    fake_create(1, 1, "web");
    fake_create(2, 2, "db");
    fake_run(NS_PER_S);
    sample(0);
    ck_assert(row("web")->cpu_pct == 0);
    fake_run(NS_PER_S);
    fake_run(NS_PER_S);
    sample(0);
    /* Three took turns. */
    ck_assert(row("web")->cpu_pct > 33.3 && row("web")->cpu_pct < 33.4);
    /* The number's next owner has used nothing yet, whatever the former one had. */
    fake_end(1, NS_PER_S);
    fake_create(1, 1, "web");
    sample(0);
    ck_assert(row("web")->cpu_pct == 0);
    ck_assert(row("db")->cpu_pct == 0);
    fake_run(NS_PER_S);
    sample(0);
    ck_assert(row("web")->cpu_pct > 33.3);
}
END_TEST

START_TEST(test_order)
{
    static const struct { enum top_column by; const char *first; } cases[] = {
        { TOP_NAME, "Domain-0" }, { TOP_STATE, "Domain-0" }, { TOP_CPU_SEC, "db" },
        { TOP_CPU_PCT, "db" }, { TOP_MAXMEM_PCT, "Domain-0" }, { TOP_VBD_RSECT, "web" },
        { TOP_NETTX, "db" }, { TOP_SSID, "Domain-0" },
    };

    fake_create(1, 1, "web");
    fake_create(2, 2, "db");
    fake_vbd(1, 51712, 5, 100);
    fake_vif(2, 0, 4096, 1);
    sample(0);
    fake_run(NS_PER_S);
    fake.domains[2].running_ns += NS_PER_S;
    sample(0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        top.sort = cases[i].by;
        top_sort(&top);
        if (cases[i].by != TOP_STATE)
            ck_assert_msg(strcmp(top.rows[0].guest.name, cases[i].first) == 0, "column %u: %s",
                          cases[i].by, top.rows[0].guest.name);
    }
    for (unsigned by = 0; by < TOP_COLUMNS; by++) {
        top.sort = by;
        top_sort(&top);
        ck_assert_uint_eq(top.count, 3);
    }
}
END_TEST

START_TEST(test_lines)
{
    fake_create(1, 1, "a name of thirty characters is");
    fake_create(2, 2, "\x1b[2Jevil\n");
    fake_vif(1, 3, 2048, 4096);
    fake_vbd(1, 51712, 7, 8);
    fake_run(12 * NS_PER_S);
    sample(0);
    ck_assert_str_eq(lines[1], "  Domain-0 -----r         12    0.0       1024    6.2   no limit   "
                     "    n/a     1    0        0        0    0        0        0        0          0"
                     "          0    0");
    ck_assert_str_eq(lines[2], "a name of  --b---         12    0.0       1024    6.2       2048   "
                     "   12.5     1    1        2        4    1        0        7        0          8"
                     "          0    0");
    ck_assert_ptr_null(strpbrk(lines[3], "\x1b\n"));
    ck_assert_uint_eq(nr_lines, 4);
    sample(TOP_SHOW_VCPUS | TOP_SHOW_NETWORKS | TOP_SHOW_VBDS | TOP_REPEAT_HEAD | TOP_FULL_NAMES);
    ck_assert_uint_eq(nr_lines, 3 + 3 + 3 + 2);
    ck_assert_str_eq(lines[2], "VCPUs(sec):   0:       12.0s");
    ck_assert_str_eq(lines[3], lines[0]);
    ck_assert_int_eq(strncmp(lines[4], "a name of thirty characters is", 30), 0);
    ck_assert_int_eq(strncmp(lines[6], "Net3 RX:        4096bytes", 25), 0);
    ck_assert_int_eq(strncmp(lines[7], "VBD BlkBack  51712 [ca: 0]", 26), 0);
}
END_TEST

/* Letters count, not bytes; what is none must not reach the terminal. */
START_TEST(test_names)
{
    static const struct { const char *name; int width; unsigned most; const char *text; } cases[] = {
        { "web", 5, 0, "  web" }, { "web", -5, 0, "web  " }, { "web", 2, 0, "web" },
        { "web", 4, 2, "  we" }, { "", 0, 0, "(unnamed)" }, { "a\tb\x7f", 0, 0, "a?b?" },
        { "\xc3\x84\xe2\x82\xac\xf0\x9f\x98\x80", -4, 0, "\xc3\x84\xe2\x82\xac\xf0\x9f\x98\x80 " },
        { "\xc3\x84\xe2\x82\xac\xf0\x9f\x98\x80", 3, 2, " \xc3\x84\xe2\x82\xac" },
        /* Cut short, eight-bit control sequences, too long for what it is, a surrogate, too high. */
        { "\xe2\x82", 0, 0, "??" }, { "\xc2\x9b" "1m", 0, 0, "??1m" }, { "\x9b", 0, 0, "?" },
        { "\xe0\x82\x9b", 0, 0, "???" }, { "\xed\xa0\x80", 0, 0, "???" },
        { "\xf4\x90\x80\x80\xff", 0, 0, "?????" },
    };
    char text[NAME_TEXT], name[300];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_str_eq(name_for_terminal(cases[i].name, cases[i].width, cases[i].most, text),
                         cases[i].text);
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    ck_assert_uint_eq(strlen(name_for_terminal(name, 1000, 0, text)), GUEST_NAME_MAX);
    ck_assert_uint_eq(strlen(name_for_terminal("x", -1000, 0, text)), NAME_COLUMNS_MAX);
    fake_create(1, 1, "\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c");
    fake_create(2, 2, "x\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c\xc3\x84");
    sample(0);
    ck_assert_int_eq(strncmp(lines[2], " \xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c\xc3\x84"
                             "\xc3\x96\xc3\x9c --b---", 26), 0);
    ck_assert_int_eq(strncmp(lines[3], "x\xc3\x84\xc3\x96\xc3\x9c\xc3\x84\xc3\x96\xc3\x9c\xc3\x84"
                             "\xc3\x96\xc3\x9c --b---", 26), 0);
}
END_TEST

START_TEST(test_xen)
{
    fake.is_xen = true;
    fake_create(1, 1, "web");
    fake_run(5 * NS_PER_S);
    sample(TOP_SHOW_VCPUS);
    ck_assert_uint_eq(top.count, 2);
    ck_assert_ptr_nonnull(strstr(lines[3], "          5 "));
    ck_assert_str_eq(lines[4], "VCPUs(sec):   0:        5.0s");
}
END_TEST

Suite *suite_top(void)
{
    Suite *s = suite_create("top");
    TCase *t = tcase_create("top");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_shares);
    tcase_add_test(t, test_order);
    tcase_add_test(t, test_lines);
    tcase_add_test(t, test_names);
    tcase_add_test(t, test_xen);
    suite_add_tcase(s, t);
    return s;
}
