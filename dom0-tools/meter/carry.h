/* SPDX-License-Identifier: MIT */
/*
 * What is remembered of living domains: their names, and device counters carried over. A back-end's
 * counters begin anew whenever the guest's driver connects again, and vanish with the device.
 */
#ifndef METER_CARRY_H
#define METER_CARRY_H

#include "meter/reading.h"

/* One device: what it counted in this connection when last looked at, and in former ones. */
struct carried_device {
    struct device_usage last;
    uint64_t base[DEVICE_COUNTERS];
};

struct carried {
    domid_t domid;
    uint64_t created_ns;
    uint8_t uuid[16];
    char name[128];
    bool seen;                 /* alive at the last look */
    struct carried_device *devices;
    size_t nr_devices;
};

struct carry {
    char boot[BOOT_TEXT];
    struct carried *list;
    size_t count;
};

/**
 * Reads what is kept in RUN/meter.json (RUN: /run/parador or $PARADOR_RUN_DIR). No file, or one of an
 * earlier boot, is an empty list. 0, or -1 with errno.
 */
int carry_load(struct carry *c);
/** Replaces that file as a whole. 0, or -1 with errno. */
int carry_save(const struct carry *c);
void carry_free(struct carry *c);

/**
 * Adds what a reading tells of the living, and makes the reading's device counters totals. Names
 * come from the reading where it has them, else go to it. *changed (may be NULL) is set if anything
 * is new. False when memory is short.
 */
bool carry_look(struct carry *c, struct reading *r, bool *changed);

/**
 * Completes the final account of a domain: its name and its devices, with what was noted when these
 * went. False when memory is short.
 */
bool carry_finish(const struct carry *c, struct account *a);

/** Forgets a domain that is gone, and what was noted of it. */
void carry_drop(struct carry *c, domid_t domid, uint64_t created_ns);
/** Forgets all that were not alive at the last look. */
void carry_drop_gone(struct carry *c);

#endif
