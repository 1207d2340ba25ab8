/* SPDX-License-Identifier: MIT */
/* All accounts of the machine at one moment. */
#ifndef METER_READING_H
#define METER_READING_H

#include "meter/account.h"
#include "public/control.h"

/* Since the machine has started; sums over its CPUs, in nanoseconds. */
struct host_account {
    uint64_t now_ns;           /* system time */
    int64_t wall;              /* the same moment by dom0's clock, ns since 1970 */
    uint32_t nr_cpus;          /* online */
    uint64_t guest_ns, hypervisor_ns, idle_ns, switches;
    uint64_t retired_ns;       /* running times of all domains that are gone */
    uint64_t retired_next;     /* sequence number the next one will have */
};

struct reading {
    bool complete;             /* false: not Parador; only running times are known, no host */
    char boot[BOOT_TEXT];
    struct host_account host;
    struct parador_cpu_usage *cpus; /* host.nr_cpus of them, if they were asked for */
    struct account *accounts;  /* of the living, in order of domid */
    size_t count;
};

#define READ_NAMES (1u << 0)   /* from the store; else names are "" */
#define READ_VCPUS (1u << 1)
#define READ_CPUS  (1u << 2)   /* each physical CPU too, not only their sum */

/**
 * Reads the accounts of all domains. Device counters are the back-ends' own (carry.h makes totals
 * of them). -1 with the sentence in h on failure.
 */
int reading_take(struct parador_handle *h, unsigned what, struct reading *r);
void reading_free(struct reading *r);

/** The account of a living domain; NULL: there is none. */
struct account *reading_find(const struct reading *r, domid_t domid);

/** Turns the hypervisor's record into an account; clock: of the same boot. */
void account_from_usage(const struct parador_domain_usage *u, const struct reading *clock,
                        struct account *a);

/** "Host" as JSON, and back. */
json_t *host_json(const struct host_account *host);
void host_parse(const json_t *object, struct host_account *host);

/** The id of this start of dom0, which is that of the machine. */
void boot_id(char boot[BOOT_TEXT]);
/** dom0's clock, nanoseconds since 1970. */
int64_t wall_now(void);

#endif
