/* SPDX-License-Identifier: MIT */
/* The two kinds of records of the accounts, and the ledgers they are in. */
#ifndef METER_RECORDS_H
#define METER_RECORDS_H

#include "meter/ledger.h"
#include "meter/reading.h"

/* The logs in ledger_directory(). */
#define RECORDS_FINALS    "usage.jsonl"
#define RECORDS_SNAPSHOTS "usage-snapshots.jsonl"

#define SNAPSHOT_S 300 /* seconds between two snapshots */

/** Names the two ledgers, for who writes and who reads them. */
void records_open(struct ledger *finals, struct ledger *snapshots);

/** The snapshot of a reading as it is logged. */
json_t *snapshot_json(const struct reading *r);
/** Reads such a record; false: it is none. Names and vcpus are in it. */
bool snapshot_parse(const json_t *record, struct reading *r);

/** A final record as it is logged. */
json_t *final_json(const struct account *a);
/** Reads one; false: it is none. */
bool final_parse(const json_t *record, struct account *a);

#endif
