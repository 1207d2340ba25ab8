/* SPDX-License-Identifier: MIT */
/* The two kinds of records of the accounts, and the ledgers they are in. */
#include "meter/records.h"

#include <stdlib.h>
#include <string.h>

#include "meter/thin.h"

/* Bytes a file may reach, and how many old ones are kept beside it; of snapshots, the last is thin. */
#define FINALS_LIMIT    (4u << 20)
#define FINALS_KEPT     4
#define SNAPSHOTS_LIMIT (8u << 20)
#define SNAPSHOTS_KEPT  2

static int thin_now(const char *from, const char *into)
{
    return thin(from, into, wall_now());
}

void records_open(struct ledger *finals, struct ledger *snapshots)
{
    ledger_init(finals, ledger_directory(), RECORDS_FINALS, FINALS_LIMIT, FINALS_KEPT);
    ledger_init(snapshots, ledger_directory(), RECORDS_SNAPSHOTS, SNAPSHOTS_LIMIT, SNAPSHOTS_KEPT);
    snapshots->merge = thin_now;
}

static bool is_type(const json_t *record, const char *type)
{
    const char *value = json_string_value(json_object_get(record, "type"));

    return value != NULL && strcmp(value, type) == 0;
}

json_t *final_json(const struct account *a)
{
    json_t *record = json_object(), *members = account_json(a);

    json_object_set_new(record, "type", json_string("final"));
    json_object_update(record, members);
    json_decref(members);
    return record;
}

bool final_parse(const json_t *record, struct account *a)
{
    if (!is_type(record, "final") || !account_parse(record, a))
        return false;
    if (a->sequence != 0)
        return true;
    account_free(a);
    return false;
}

json_t *snapshot_json(const struct reading *r)
{
    json_t *record = json_object(), *domains = json_array();
    char wall[WALL_TEXT];

    wall_text(r->host.wall, wall);
    for (size_t i = 0; i < r->count; i++)
        json_array_append_new(domains, account_json(&r->accounts[i]));
    json_object_set_new(record, "type", json_string("snapshot"));
    json_object_set_new(record, "boot", json_string(r->boot));
    json_object_set_new(record, "time", json_string(wall));
    json_object_set_new(record, "host", host_json(&r->host));
    json_object_set_new(record, "domains", domains);
    return record;
}

bool snapshot_parse(const json_t *record, struct reading *r)
{
    const char *boot = json_string_value(json_object_get(record, "boot"));
    const char *wall = json_string_value(json_object_get(record, "time"));
    const json_t *domains = json_object_get(record, "domains"), *one;
    size_t i;

    memset(r, 0, sizeof(*r));
    if (!is_type(record, "snapshot") || boot == NULL || strlen(boot) >= BOOT_TEXT || wall == NULL)
        return false;
    strcpy(r->boot, boot);
    r->complete = true;
    host_parse(json_object_get(record, "host"), &r->host);
    if (!wall_parse(wall, &r->host.wall))
        return false;
    r->accounts = calloc(json_array_size(domains) + 1, sizeof(*r->accounts));
    if (r->accounts == NULL)
        return false;
    json_array_foreach(domains, i, one)
        if (account_parse(one, &r->accounts[r->count]))
            r->count++;
    return true;
}
