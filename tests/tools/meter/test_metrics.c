/* SPDX-License-Identifier: MIT */
/* What Prometheus gets: right figures, nasty names escaped, and promtool finds nothing to say. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "lifecycle/accounts.h"
#include "meter/metrics.h"
#include "suites.h"

#define UUID7 "07000000-0000-0000-0000-000000000000"

static struct parador_handle *h;
static char *text;
static size_t size;

static void setup(void)
{
    fake_reset();
    h = parador_open();
}

static void teardown(void)
{
    free(text);
    text = NULL;
    parador_close(h);
}

static void make(enum metrics_format format)
{
    free(text);
    ck_assert_msg(metrics_make(h, format, &text, &size) == 0, "%s", parador_error(h));
    ck_assert_uint_eq(strlen(text), size);
}

static void has_line(const char *line)
{
    const char *at = strstr(text, line);
    size_t len = strlen(line);

    while (at != NULL && ((at != text && at[-1] != '\n') || at[len] != '\n'))
        at = strstr(at + 1, line);
    ck_assert_msg(at != NULL, "no line: %s\nin: %s", line, text);
}

static void ask_promtool(void)
{
    char path[256], command[1200];
    FILE *f;

    snprintf(path, sizeof(path), "%s/metrics.prom", getenv("FOLDER"));
    f = fopen(path, "w");
    ck_assert_uint_eq(fwrite(text, 1, size, f), size);
    fclose(f);
    snprintf(command, sizeof(command), "\"$PROMTOOL\" check metrics < '%s' > '%s.out' 2>&1 && "
             "! grep -q . '%s.out' || { cat '%s.out'; false; }", path, path, path, path);
    ck_assert_int_eq(system(command), 0);
}

static void machine(void)
{
    fake_create(7, 7, "say \"hi\"\\\nto {us}\xc3\xa9");
    fake_create(9, 9, "latin \xe9");
    fake_create(10, 10, "");
    fake_vif(7, 0, 123, 456);
    fake_vif(7, 1, 1, 2);
    fake_vbd(7, 51712, 3, UINT64_MAX / 2);
    fake_run(1500000001);
}

START_TEST(test_prometheus)
{
    machine();
    make(METRICS_PROMETHEUS);
    has_line("# TYPE parador_domain_seconds_total counter");
    has_line("parador_domain_seconds_total{domain=\"say \\\"hi\\\"\\\\\\nto {us}\xc3\xa9\","
             "domid=\"7\",uuid=\"" UUID7 "\",state=\"running\"} 1.500000001");
    has_line("parador_vcpu_seconds_total{domain=\"latin ?\",domid=\"9\","
             "uuid=\"09000000-0000-0000-0000-000000000000\",vcpu=\"0\",state=\"running\"} "
             "1.500000001");
    has_line("parador_cpu_seconds_total{cpu=\"1\",mode=\"hypervisor\"} 1.200000000");
    has_line("parador_hypervisor_info{version=\"4.17-\\\"p\\\\\",changeset=\"\",tools=\"test\"} 1");
    has_line("parador_memory_free_bytes 4194304");
    has_line("parador_pool_cpus{pool=\"0\"} 2");
    has_line("parador_pool_domains{pool=\"0\"} 4");
    has_line("parador_pool_reserved_cpus{pool=\"0\"} 0.5");
    ck_assert_ptr_nonnull(strstr(text, "uuid=\"" UUID7 "\",device=\"1\"} 1\n"));
    /* Sectors that do not fit as bytes are not wrapped around. */
    ck_assert_ptr_nonnull(strstr(text, "device=\"51712\"} 18446744073709551615\n"));
    ask_promtool();
}
END_TEST

START_TEST(test_openmetrics)
{
    machine();
    make(METRICS_OPENMETRICS);
    has_line("# TYPE parador_domain_seconds counter");
    has_line("# UNIT parador_domain_seconds seconds");
    has_line("# TYPE parador_hypervisor info");
    has_line("parador_hypervisor_info{version=\"4.17-\\\"p\\\\\",changeset=\"\",tools=\"test\"} 1");
    ck_assert_str_eq(text + size - 6, "# EOF\n");
    /* A unit is the last word of its family's name. */
    for (const char *p = text; (p = strstr(p, "# UNIT ")) != NULL; p++) {
        char name[96], unit[32];

        ck_assert_int_eq(sscanf(p, "# UNIT %95s %31s", name, unit), 2);
        ck_assert_str_eq(name + strlen(name) - strlen(unit), unit);
    }
}
END_TEST

/* Counters of a device that began anew do not go back. */
START_TEST(test_never_back)
{
    fake_create(7, 7, "web");
    fake_vif(7, 0, 990, 0);
    accounts_start();
    accounts_look(h);
    fake_vif(7, 0, 10, 0);
    make(METRICS_PROMETHEUS);
    accounts_stop(h);
    has_line("parador_vif_transmit_bytes_total{domain=\"web\",domid=\"7\",uuid=\"" UUID7
             "\",device=\"0\"} 1000");
}
END_TEST

START_TEST(test_xen)
{
    fake.is_xen = true;
    machine();
    make(METRICS_PROMETHEUS);
    ck_assert_ptr_nonnull(strstr(text, "state=\"running\"} 1.500000001\n"));
    ck_assert_ptr_null(strstr(text, "state=\"blocked\""));
    ck_assert_ptr_null(strstr(text, "parador_cpu_seconds"));
    ask_promtool();
}
END_TEST

Suite *suite_metrics(void)
{
    Suite *s = suite_create("metrics");
    TCase *t = tcase_create("metrics");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_prometheus);
    tcase_add_test(t, test_openmetrics);
    tcase_add_test(t, test_never_back);
    tcase_add_test(t, test_xen);
    suite_add_tcase(s, t);
    return s;
}
