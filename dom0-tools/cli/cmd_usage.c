/* SPDX-License-Identifier: MIT */
/* usage: what each domain has used, those that are gone included, and that the sums are right. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "guest/names.h"
#include "meter/report.h"

struct wanted {
    const char *guest;         /* NULL: all */
    const char *since_text;    /* NULL: since the machine has started */
    bool verbose, as_json;
};

static double seconds(uint64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

static unsigned long long kib(uint64_t bytes)
{
    return (unsigned long long)(bytes / 1024);
}

static void print_head(void)
{
    printf("%-24s %5s %-5s %12s %12s %12s %12s %12s %14s %11s %11s %11s %11s %9s %9s\n", "Name",
           "ID", "State", "Running(s)", "Waiting(s)", "Blocked(s)", "Offline(s)", "Hyperv.(s)",
           "Memory(MiB*s)", "NetRX(KiB)", "NetTX(KiB)", "DiskRD(KiB)", "DiskWR(KiB)", "Reads",
           "Writes");
}

static void print_times(const struct cpu_times *t)
{
    printf(" %12.3f %12.3f %12.3f %12.3f %12.3f", seconds(t->running), seconds(t->runnable),
           seconds(t->blocked), seconds(t->offline), seconds(t->hypervisor));
}

static void print_device(const struct device_usage *d)
{
    if (d->kind == DEVICE_VIF)
        printf("  vif %-6u rx %llu bytes, %llu packets, %llu dropped; tx %llu bytes, %llu packets, "
               "%llu dropped\n", d->devid, (unsigned long long)d->count[VIF_RX_BYTES],
               (unsigned long long)d->count[VIF_RX_PACKETS],
               (unsigned long long)d->count[VIF_RX_DROPPED],
               (unsigned long long)d->count[VIF_TX_BYTES],
               (unsigned long long)d->count[VIF_TX_PACKETS],
               (unsigned long long)d->count[VIF_TX_DROPPED]);
    else
        printf("  vbd %-6u read %llu bytes in %llu, written %llu bytes in %llu, %llu flushes, "
               "%llu discards\n", d->devid, (unsigned long long)d->count[VBD_READ_SECTORS] * 512,
               (unsigned long long)d->count[VBD_READS],
               (unsigned long long)d->count[VBD_WRITTEN_SECTORS] * 512,
               (unsigned long long)d->count[VBD_WRITES],
               (unsigned long long)d->count[VBD_FLUSHES],
               (unsigned long long)d->count[VBD_DISCARDS]);
}

static void print_row(const struct account *a, bool verbose)
{
    char name[NAME_TEXT];

    printf("%s %5u %-5s", name_for_terminal(a->name, -24, 0, name), a->domid,
           a->sequence == 0 ? "lives" : "gone");
    print_times(&a->times);
    printf(" %14.1f %11llu %11llu %11llu %11llu %9llu %9llu\n",
           account_byte_seconds(a) / (1 << 20),
           kib(account_devices(a, DEVICE_VIF, VIF_RX_BYTES, NULL)),
           kib(account_devices(a, DEVICE_VIF, VIF_TX_BYTES, NULL)),
           (unsigned long long)account_devices(a, DEVICE_VBD, VBD_READ_SECTORS, NULL) / 2,
           (unsigned long long)account_devices(a, DEVICE_VBD, VBD_WRITTEN_SECTORS, NULL) / 2,
           (unsigned long long)account_devices(a, DEVICE_VBD, VBD_READS, NULL),
           (unsigned long long)account_devices(a, DEVICE_VBD, VBD_WRITES, NULL));
    if (!verbose)
        return;
    for (size_t i = 0; i < a->nr_vcpus; i++) {
        printf("  vcpu %-25u    ", a->vcpus[i].vcpu);
        print_times(&a->vcpus[i].times);
        putchar('\n');
    }
    for (size_t i = 0; i < a->nr_devices; i++)
        print_device(&a->devices[i]);
}

/* Nanoseconds of all CPUs together that were there to be used, and those that are accounted for. */
static void sums(const struct report *r, uint64_t *capacity, uint64_t *accounted)
{
    *capacity = r->nr_cpus != 0 && r->elapsed_ns > UINT64_MAX / r->nr_cpus
                    ? UINT64_MAX : r->elapsed_ns * r->nr_cpus;
    *accounted = plus(plus(r->rows_ns, r->others_ns), plus(r->hypervisor_ns, r->idle_ns));
}

static void print_totals(const struct report *r)
{
    char since[WALL_TEXT], until[WALL_TEXT];
    uint64_t capacity, accounted;

    sums(r, &capacity, &accounted);
    wall_text(r->since, since);
    wall_text(r->until, until);
    printf("From %s to %s%s\n", since, until,
           r->several_boots ? "; the sums are of this boot alone" : "");
    printf("Guests %.3f s", seconds(r->rows_ns));
    if (r->others_ns != 0)
        printf(" + %.3f s of others", seconds(r->others_ns));
    printf(" + hypervisor %.3f s + idle %.3f s = %.3f s; %u CPUs x %.3f s = %.3f s (%.3f %%)\n",
           seconds(r->hypervisor_ns), seconds(r->idle_ns), seconds(accounted), r->nr_cpus,
           seconds(r->elapsed_ns), seconds(capacity),
           capacity != 0 ? 100.0 * (double)accounted / (double)capacity : 0);
}

static json_t *row_json(const struct account *a)
{
    json_t *row = account_json(a);

    json_object_set_new(row, "state", json_string(a->sequence == 0 ? "lives" : "gone"));
    json_object_set_new(row, "memory_byte_seconds", json_real(account_byte_seconds(a)));
    return row;
}

static int print_json(const struct report *r, const struct wanted *w)
{
    json_t *out = json_object(), *rows = json_array(), *host = json_object();
    char since[WALL_TEXT], until[WALL_TEXT];
    uint64_t capacity, accounted;
    int failed;

    sums(r, &capacity, &accounted);
    wall_text(r->since, since);
    wall_text(r->until, until);
    for (size_t i = 0; i < r->count; i++)
        json_array_append_new(rows, row_json(&r->rows[i]));
    json_object_set_new(out, "since", json_string(since));
    json_object_set_new(out, "until", json_string(until));
    if (w->since_text != NULL)
        json_object_set_new(out, "asked", json_string(w->since_text));
    json_object_set_new(out, "exact", json_boolean(r->exact));
    json_object_set_new(out, "several_boots", json_boolean(r->several_boots));
    json_object_set_new(out, "guests", rows);
    json_object_set_new(host, "cpus", json_count(r->nr_cpus));
    json_object_set_new(host, "elapsed_ns", json_count(r->elapsed_ns));
    json_object_set_new(host, "guests_ns", json_count(r->rows_ns));
    json_object_set_new(host, "others_ns", json_count(r->others_ns));
    json_object_set_new(host, "hypervisor_ns", json_count(r->hypervisor_ns));
    json_object_set_new(host, "idle_ns", json_count(r->idle_ns));
    json_object_set_new(host, "accounted_ns", json_count(accounted));
    json_object_set_new(host, "capacity_ns", json_count(capacity));
    if (w->guest == NULL)
        json_object_set_new(out, "host", host);
    else
        json_decref(host);
    failed = json_dumpf(out, stdout, JSON_INDENT(4) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(out);
    if (failed)
        fprintf(stderr, "parador: cannot write the output\n");
    return failed ? 1 : 0;
}

/* Leaves the rows of one guest: each life it had is one. */
static void choose(struct report *r, const char *guest)
{
    char boot[BOOT_TEXT];
    size_t kept = 0;

    boot_id(boot);
    for (size_t i = 0; i < r->count; i++) {
        if (report_matches(&r->rows[i], guest, boot))
            r->rows[kept++] = r->rows[i];
        else
            account_free(&r->rows[i]);
    }
    r->count = kept;
}

/* The figures are right, but not those of the time that was asked for. */
static void warn_begin(const struct report *r, const struct wanted *w)
{
    char since[WALL_TEXT];

    wall_text(r->since, since);
    fprintf(stderr, "parador: warning: the figures begin at %s already: there is no later snapshot "
            "before --since %s\n", since, w->since_text);
}

static int show(struct report *r, const struct wanted *w)
{
    if (w->guest != NULL) {
        choose(r, w->guest);
        if (r->count == 0) {
            char since[WALL_TEXT], name[NAME_TEXT];

            wall_text(r->since, since);
            fprintf(stderr, "parador: there is no guest %s, and was none since %s\n",
                    name_for_terminal(w->guest, 0, 0, name), since);
            return 1;
        }
    }
    if (!r->exact)
        warn_begin(r, w);
    if (w->as_json)
        return print_json(r, w);
    print_head();
    for (size_t i = 0; i < r->count; i++)
        print_row(&r->rows[i], w->verbose);
    if (w->guest == NULL)
        print_totals(r);
    return 0;
}

int cmd_usage(struct parador_handle *h, int argc, char **argv)
{
    static const struct option options[] = {
        { "since", required_argument, NULL, 's' }, { "json", no_argument, NULL, 'j' },
        { "verbose", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }, { 0 }
    };
    struct wanted w = { 0 };
    int64_t since = SINCE_EVER;
    const char *wrong = NULL;
    struct report report;
    int o, status;

    while ((o = command_long_option(argc, argv, "s:jv", options)) != -1) {
        switch (o) {
        case 's': w.since_text = optarg; break;
        case 'j': w.as_json = true; break;
        case 'v': w.verbose = true; break;
        default: return 2;
        }
    }
    if (argc - optind > 1)
        return command_misused(argv, "one guest at most, not %d", argc - optind);
    w.guest = argv[optind];
    if (w.since_text != NULL)
        wrong = since_parse(w.since_text, wall_now(), &since);
    if (wrong != NULL)
        return command_misused(argv, "--since %s: %s", w.since_text, wrong);
    if (report_make(h, since, w.verbose, &report) != 0)
        return command_failed(h);
    status = show(&report, &w);
    report_free(&report);
    return status;
}
