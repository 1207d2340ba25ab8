/* SPDX-License-Identifier: MIT */
/*
 * The part of paradord that keeps accounts. The log itself says how far it goes: the next sequence
 * number wanted is one above the highest in it, so that a process that is killed at any point
 * enters nothing twice and leaves nothing out.
 */
#include "lifecycle/accounts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>

#include "daemon/loop.h"
#include "daemon/process.h"
#include "guest/guest.h"
#include "meter/carry.h"
#include "meter/records.h"

#define LOOK_MS 2000
#define RETIRED_BATCH 32u

static struct keeping {
    struct ledger finals, snapshots;
    struct carry carry;
    uint64_t next;             /* lowest sequence number that is not in the log; 0: not known yet */
    uint64_t snapshot_at;      /* loop_now() of the next snapshot */
    bool off;                  /* the hypervisor keeps no accounts */
    bool trouble;              /* in this look … */
    bool complained;           /* … and said already */
} state;

/* Says once what is wrong, until a look has gone well. */
static void complain(const char *what, const char *why)
{
    if (!state.complained)
        note(LOG_ERR, "%s: %s", what, why);
    state.trouble = state.complained = true;
}

static void highest(const json_t *record, void *arg)
{
    const char *boot = json_string_value(json_object_get(record, "boot"));
    uint64_t *next = arg, last = json_count_of(record, "last");

    if (boot == NULL || strcmp(boot, state.carry.boot) != 0)
        return;
    if (last == 0)
        last = json_count_of(record, "sequence");
    if (last >= *next)
        *next = last + 1;
}

void accounts_start(void)
{
    state = (struct keeping){ 0 };
    records_open(&state.finals, &state.snapshots);
    process_mkdirs(ledger_directory());
    if (carry_load(&state.carry) != 0)
        die("out of memory");
}

/*
 * Asks the log how far it goes. Where it cannot be read nothing may be entered, as it may all be in it
 * already: the hypervisor keeps it until a later look.
 */
static bool know_next(void)
{
    uint64_t next = 1;
    int err;

    if (state.next != 0)
        return true;
    err = ledger_each(&state.finals, highest, &next);
    if (err == 0)
        state.next = next;
    else
        complain(state.finals.path, strerror(-err));
    return err == 0;
}

/* Numbers that the hypervisor has forgotten before anybody asked. */
static bool enter_gap(uint64_t first, uint64_t last)
{
    json_t *record = json_object();
    char now[WALL_TEXT];
    int err;

    wall_text(wall_now(), now);
    json_object_set_new(record, "type", json_string("missed"));
    json_object_set_new(record, "boot", json_string(state.carry.boot));
    json_object_set_new(record, "first", json_count(first));
    json_object_set_new(record, "last", json_count(last));
    json_object_set_new(record, "time", json_string(now));
    err = ledger_append(&state.finals, record);
    json_decref(record);
    if (err == 0)
        note(LOG_WARNING, "the accounts of %llu domains that are gone were missed",
             (unsigned long long)(last - first + 1));
    else
        complain(state.finals.path, strerror(-err));
    return err == 0;
}

static bool enter(const struct parador_domain_usage *u, const struct reading *clock)
{
    struct account a;
    json_t *record;
    int err;

    account_from_usage(u, clock, &a);
    if (!carry_finish(&state.carry, &a))
        die("out of memory");
    record = final_json(&a);
    err = ledger_append(&state.finals, record);
    json_decref(record);
    account_free(&a);
    if (err != 0)
        complain(state.finals.path, strerror(-err));
    return err == 0;
}

/* Enters all that are gone since the last time. */
static void enter_gone(struct parador_handle *h, const struct reading *clock, bool *changed)
{
    struct parador_domain_usage batch[RETIRED_BATCH];
    bool missed = false;
    int got;

    do {
        got = parador_control_usage_retired(h, state.next, batch, RETIRED_BATCH);
        if (got < 0)
            complain("cannot read the accounts of domains that are gone", parador_error(h));
        for (int i = 0; i < got; i++) {
            if (batch[i].sequence < state.next)
                continue;
            if (batch[i].sequence > state.next) {
                missed = true;
                if (!enter_gap(state.next, batch[i].sequence - 1))
                    return;
                state.next = batch[i].sequence;
            }
            if (!enter(&batch[i], clock))
                return; /* the hypervisor keeps it; the next look tries again */
            state.next = batch[i].sequence + 1;
            carry_drop(&state.carry, batch[i].domid, batch[i].created_ns);
            *changed = true;
        }
    } while (got > 0);
    if (missed)
        carry_drop_gone(&state.carry);
}

static void enter_snapshot(struct parador_handle *h)
{
    struct reading r;
    json_t *record;
    int err;

    state.snapshot_at = loop_now() + SNAPSHOT_S * 1000;
    if (reading_take(h, READ_NAMES | READ_VCPUS, &r) != 0) {
        complain("no snapshot of the accounts", parador_error(h));
        return;
    }
    if (!carry_look(&state.carry, &r, NULL))
        die("out of memory");
    record = snapshot_json(&r);
    err = ledger_append(&state.snapshots, record);
    json_decref(record);
    reading_free(&r);
    if (err != 0)
        complain(state.snapshots.path, strerror(-err));
}

/* The names of domains that were never looked at before. */
static void learn_names(struct parador_handle *h, struct reading *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct account *a = &r->accounts[i];
        bool known = false;

        for (size_t k = 0; k < state.carry.count && !known; k++)
            known = state.carry.list[k].domid == a->domid &&
                    state.carry.list[k].created_ns == a->created_ns &&
                    state.carry.list[k].name[0] != '\0';
        if (!known)
            parador_name(h, a->domid, a->name, sizeof(a->name));
    }
}

int accounts_look(struct parador_handle *h)
{
    struct reading r;
    bool changed = false, guests;
    uint64_t now;

    if (state.off)
        return -1;
    state.trouble = false;
    if (reading_take(h, 0, &r) != 0) {
        complain("cannot read the accounts", parador_error(h));
        return LOOK_MS;
    }
    state.off = !r.complete;
    if (state.off) {
        reading_free(&r);
        return -1;
    }
    learn_names(h, &r);
    if (!carry_look(&state.carry, &r, &changed))
        die("out of memory");
    if (know_next())
        enter_gone(h, &r, &changed);
    guests = r.count > 1;
    reading_free(&r);
    if (changed && carry_save(&state.carry) != 0)
        complain("cannot write the device counters", strerror(errno));
    if (loop_now() >= state.snapshot_at)
        enter_snapshot(h);
    if (!state.trouble)
        state.complained = false;
    now = loop_now();
    return guests || state.trouble ? LOOK_MS : (int)minus(state.snapshot_at, now);
}

void accounts_stop(struct parador_handle *h)
{
    if (!state.off)
        enter_snapshot(h);
    ledger_close(&state.finals);
    ledger_close(&state.snapshots);
    carry_free(&state.carry);
}
