/* SPDX-License-Identifier: MIT */
/* What domains used between two moments, those included that are gone since. */
#include "meter/report.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest.h"
#include "meter/carry.h"
#include "meter/records.h"

#define RETIRED_BATCH 64u
/* How much earlier than asked a report may begin: snapshots come a little late at times. */
#define GRID_NS ((SNAPSHOT_S + 60) * NS_PER_S)

/* The snapshots of a boot that matter. */
struct boot {
    char id[BOOT_TEXT];
    json_t *base_record, *last_record;
    struct reading base, last; /* parsed; empty without a record */
    bool has_base, has_last;
};

struct history {
    int64_t since;
    const struct reading *now;
    struct boot *boots;
    size_t nr_boots;
    struct account *finals;
    size_t nr_finals;
    bool no_memory;
};

static struct boot *boot_of(struct history *hist, const char *id)
{
    struct boot *grown;

    for (size_t i = 0; i < hist->nr_boots; i++)
        if (strcmp(hist->boots[i].id, id) == 0)
            return &hist->boots[i];
    grown = realloc(hist->boots, (hist->nr_boots + 1) * sizeof(*grown));
    if (grown == NULL || strlen(id) >= BOOT_TEXT) {
        hist->no_memory = grown == NULL;
        hist->boots = grown != NULL ? grown : hist->boots;
        return NULL;
    }
    hist->boots = grown;
    grown += hist->nr_boots++;
    memset(grown, 0, sizeof(*grown));
    strcpy(grown->id, id);
    return grown;
}

/* Of this boot, system time tells when a record was made, whatever dom0's clock showed then. */
static int64_t wall_of(const struct history *hist, const char *boot, uint64_t system_ns,
                       int64_t noted)
{
    const struct host_account *now = &hist->now->host;

    if (strcmp(boot, hist->now->boot) != 0)
        return noted;
    return now->wall - (int64_t)minus(now->now_ns, system_ns);
}

static void replace(json_t **record, const json_t *by)
{
    json_decref(*record);
    *record = json_incref((json_t *)by);
}

/* Keeps the last snapshot that is old enough, and the last one at all; the others are not parsed. */
static void see_snapshot(const json_t *record, void *arg)
{
    struct history *hist = arg;
    const char *id = json_string_value(json_object_get(record, "boot"));
    const char *time = json_string_value(json_object_get(record, "time"));
    uint64_t now_ns = json_count_of(json_object_get(record, "host"), "now_ns");
    struct boot *boot;
    int64_t wall;

    if (id == NULL || time == NULL || !wall_parse(time, &wall))
        return;
    boot = boot_of(hist, id);
    if (boot == NULL)
        return;
    if (wall_of(hist, id, now_ns, wall) <= hist->since)
        replace(&boot->base_record, record);
    replace(&boot->last_record, record);
}

static bool is_final(const struct history *hist, const struct account *a)
{
    for (size_t i = 0; i < hist->nr_finals; i++)
        if (account_same(&hist->finals[i], a))
            return true;
    return false;
}

/* Takes the account over. */
static void add_final(struct history *hist, struct account *a)
{
    struct account *grown = NULL;

    if (!is_final(hist, a)) {
        grown = realloc(hist->finals, (hist->nr_finals + 1) * sizeof(*grown));
        hist->no_memory = hist->no_memory || grown == NULL;
    }
    if (grown == NULL) {
        account_free(a);
        return;
    }
    hist->finals = grown;
    grown[hist->nr_finals++] = *a;
}

/* Whether the time to report on reaches back to where a domain went. Snapshots are known by now. */
static bool is_wanted(const struct history *hist, const struct account *a)
{
    bool current = strcmp(a->boot, hist->now->boot) == 0;

    for (size_t i = 0; i < hist->nr_boots; i++) {
        const struct boot *b = &hist->boots[i];

        if (strcmp(b->id, a->boot) == 0)
            return (current || (b->has_last && b->last.host.wall >= hist->since)) &&
                   (!b->has_base || a->now_ns > b->base.host.now_ns);
    }
    return current;
}

static void see_final(const json_t *record, void *arg)
{
    struct history *hist = arg;
    struct account a;

    if (!final_parse(record, &a))
        return;
    a.end_wall = wall_of(hist, a.boot, a.now_ns, a.end_wall);
    a.start_wall = wall_of(hist, a.boot, a.created_ns, a.start_wall);
    if (is_wanted(hist, &a))
        add_final(hist, &a);
    else
        account_free(&a);
}

/* Those that went so recently that the daemon has not entered them, or while it was down. */
static int see_retired(struct parador_handle *h, const struct carry *carry, struct history *hist)
{
    struct parador_domain_usage batch[RETIRED_BATCH];
    uint64_t next = 1;
    int got;

    do {
        got = parador_control_usage_retired(h, next, batch, RETIRED_BATCH);
        for (int i = 0; i < got; i++) {
            struct account a;

            account_from_usage(&batch[i], hist->now, &a);
            next = batch[i].sequence + 1;
            if (!is_wanted(hist, &a) || is_final(hist, &a))
                continue;
            if (!carry_finish(carry, &a))
                return parador_fail(h, ENOMEM, "out of memory");
            add_final(hist, &a);
        }
    } while (got > 0);
    return got < 0 ? -1 : 0;
}

static void parse_snapshots(struct history *hist)
{
    for (size_t i = 0; i < hist->nr_boots; i++) {
        struct boot *b = &hist->boots[i];

        b->has_base = b->base_record != NULL && snapshot_parse(b->base_record, &b->base);
        b->has_last = b->last_record != NULL && snapshot_parse(b->last_record, &b->last);
    }
}

static int read_ledger(struct parador_handle *h, const struct ledger *l,
                       void (*see)(const json_t *record, void *arg), struct history *hist)
{
    int err = ledger_each(l, see, hist);

    return err == 0 ? 0 : parador_fail(h, -err, "cannot read the records in %s: %s", l->path,
                                       strerror(-err));
}

static int read_records(struct parador_handle *h, struct history *hist)
{
    struct ledger finals, snapshots;

    records_open(&finals, &snapshots);
    if (hist->since != SINCE_EVER && read_ledger(h, &snapshots, see_snapshot, hist) != 0)
        return -1;
    parse_snapshots(hist);
    return read_ledger(h, &finals, see_final, hist);
}

static void history_free(struct history *hist)
{
    for (size_t i = 0; i < hist->nr_boots; i++) {
        json_decref(hist->boots[i].base_record);
        json_decref(hist->boots[i].last_record);
        reading_free(&hist->boots[i].base);
        reading_free(&hist->boots[i].last);
    }
    for (size_t i = 0; i < hist->nr_finals; i++)
        account_free(&hist->finals[i]);
    free(hist->boots);
    free(hist->finals);
}

/* Enters what a domain has used since the base. */
static bool add_row(struct report *report, const struct account *a, const struct boot *boot)
{
    struct account *grown;

    grown = realloc(report->rows, (report->count + 1) * sizeof(*grown));
    if (grown == NULL)
        return false;
    report->rows = grown;
    grown += report->count;
    if (!account_copy(grown, a))
        return false;
    report->count++;
    for (size_t i = 0; boot != NULL && boot->has_base && i < boot->base.count; i++)
        if (account_same(&boot->base.accounts[i], grown))
            account_subtract(grown, &boot->base.accounts[i]);
    return true;
}

/* Rows of a boot: domains that went, and those that were there at its end, or are there now. */
static bool add_rows(struct report *report, const struct history *hist, const struct boot *boot,
                     const char *id, const struct reading *end)
{
    bool fine = true;

    for (size_t i = 0; i < hist->nr_finals && fine; i++)
        if (strcmp(hist->finals[i].boot, id) == 0)
            fine = add_row(report, &hist->finals[i], boot);
    for (size_t i = 0; end != NULL && i < end->count && fine; i++)
        if (!is_final(hist, &end->accounts[i]))
            fine = add_row(report, &end->accounts[i], boot);
    return fine;
}

static uint64_t living_ns(const struct reading *r)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < r->count; i++)
        sum = plus(sum, r->accounts[i].times.running);
    return sum;
}

/* The sums of this boot. All guest time is that of the living and of all that ever went. */
static void add_totals(struct report *report, const struct reading *now, const struct reading *base)
{
    uint64_t all = plus(living_ns(now), now->host.retired_ns);

    report->hypervisor_ns = now->host.hypervisor_ns;
    report->idle_ns = now->host.idle_ns;
    report->elapsed_ns = now->host.now_ns;
    report->nr_cpus = now->host.nr_cpus;
    if (base != NULL) {
        all = minus(all, plus(living_ns(base), base->host.retired_ns));
        report->hypervisor_ns = minus(report->hypervisor_ns, base->host.hypervisor_ns);
        report->idle_ns = minus(report->idle_ns, base->host.idle_ns);
        report->elapsed_ns = minus(report->elapsed_ns, base->host.now_ns);
    }
    for (size_t i = 0; i < report->count; i++)
        if (strcmp(report->rows[i].boot, now->boot) == 0)
            report->rows_ns = plus(report->rows_ns, report->rows[i].times.running);
    report->others_ns = minus(all, report->rows_ns);
}

/* Some of the figures begin at this time. */
static void begins_at(struct report *report, const struct history *hist, int64_t begin)
{
    if (begin < report->since)
        report->since = begin;
    if (hist->since != SINCE_EVER && begin < hist->since - GRID_NS)
        report->exact = false;
}

/* Rows of boots before this one, as far as they reach beyond `since`. */
static bool add_earlier(struct report *report, const struct history *hist)
{
    for (size_t i = 0; i < hist->nr_boots; i++) {
        const struct boot *b = &hist->boots[i];
        int64_t begin;

        if (strcmp(b->id, hist->now->boot) == 0 || !b->has_last ||
            b->last.host.wall < hist->since)
            continue;
        if (!add_rows(report, hist, b, b->id, &b->last))
            return false;
        begin = b->has_base ? b->base.host.wall
                            : b->last.host.wall - (int64_t)b->last.host.now_ns;
        begins_at(report, hist, begin);
        report->several_boots = true;
    }
    return true;
}

static int fill(struct parador_handle *h, struct report *report, struct history *hist)
{
    const struct reading *now = hist->now;
    const struct boot *boot = boot_of(hist, now->boot);
    const struct reading *base = boot != NULL && boot->has_base ? &boot->base : NULL;
    uint64_t covered = base != NULL ? minus(now->host.now_ns, base->host.now_ns) : now->host.now_ns;
    bool fine;

    report->exact = true;
    report->since = report->until = now->host.wall;
    begins_at(report, hist, now->host.wall - (int64_t)covered);
    fine = hist->since == SINCE_EVER || base != NULL || add_earlier(report, hist);
    fine = fine && add_rows(report, hist, boot, now->boot, now);
    if (!fine || hist->no_memory)
        return parador_fail(h, ENOMEM, "out of memory");
    add_totals(report, now, base);
    return 0;
}

int report_make(struct parador_handle *h, int64_t since, bool vcpus, struct report *report)
{
    struct history hist = { .since = since };
    struct carry carry;
    struct reading now;
    int result = -1;

    memset(report, 0, sizeof(*report));
    if (carry_load(&carry) != 0)
        return parador_fail(h, ENOMEM, "out of memory");
    if (reading_take(h, READ_NAMES | (vcpus ? READ_VCPUS : 0), &now) != 0) {
        carry_free(&carry);
        return -1;
    }
    hist.now = &now;
    if (!now.complete)
        parador_fail(h, ENOSYS, "this hypervisor keeps no accounts: it is not Parador, or too old");
    else if (!carry_look(&carry, &now, NULL))
        parador_fail(h, ENOMEM, "out of memory");
    else if (read_records(h, &hist) == 0)
        result = see_retired(h, &carry, &hist);
    if (result == 0)
        result = fill(h, report, &hist);
    if (result != 0)
        report_free(report);
    history_free(&hist);
    reading_free(&now);
    carry_free(&carry);
    return result;
}

void report_free(struct report *report)
{
    for (size_t i = 0; i < report->count; i++)
        account_free(&report->rows[i]);
    free(report->rows);
    report->rows = NULL;
    report->count = 0;
}

bool report_matches(const struct account *a, const char *guest, const char *boot)
{
    char uuid[37], number[8];

    parador_uuid_text(a->uuid, uuid);
    snprintf(number, sizeof(number), "%u", a->domid);
    return strcmp(a->name, guest) == 0 || strcasecmp(uuid, guest) == 0 ||
           (strcmp(number, guest) == 0 && strcmp(a->boot, boot) == 0);
}
