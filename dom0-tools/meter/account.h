/* SPDX-License-Identifier: MIT */
/* What one domain has used, from its creation to an instant; as JSON; and the arithmetic of it. */
#ifndef METER_ACCOUNT_H
#define METER_ACCOUNT_H

#include <jansson.h>

#include "devices/counters.h"

#define BOOT_TEXT 37           /* an id of this start of the machine, with its NUL */
#define NS_PER_S INT64_C(1000000000)

/* Nanoseconds, as public/control.h explains them; running includes hypervisor. */
struct cpu_times {
    uint64_t running, hypervisor, runnable, blocked, offline;
    uint64_t switches;
};

struct account_vcpu {
    uint32_t vcpu, cpu, state;
    bool online;
    struct cpu_times times;
};

struct account {
    char boot[BOOT_TEXT];
    domid_t domid;
    uint8_t uuid[16];
    char name[128];
    uint64_t sequence;         /* among the domains that are gone; 0: it lives */
    uint64_t created_ns;       /* system time; with boot and domid it names a domain for ever */
    uint64_t now_ns;           /* system time of these figures; a gone domain's end */
    int64_t start_wall, end_wall; /* the same two in nanoseconds since 1970, by dom0's clock */
    struct cpu_times times;    /* of all its vcpus */
    uint64_t page_ms;          /* 4 KiB frames × milliseconds */
    uint64_t pages;
    uint32_t vcpus_made, vcpus_online, pool;
    struct device_usage *devices;
    size_t nr_devices;
    struct account_vcpu *vcpus; /* empty where nobody asked for them */
    size_t nr_vcpus;
};

/** Differences that never wrap: counters of a thing that began anew count from zero. */
uint64_t minus(uint64_t a, uint64_t b);
/** Sums that never wrap. */
uint64_t plus(uint64_t a, uint64_t b);
void times_add(struct cpu_times *to, const struct cpu_times *what);

/** Whether both are of the same domain. */
bool account_same(const struct account *a, const struct account *b);
/** Takes off what had been used at an earlier instant. */
void account_subtract(struct account *a, const struct account *earlier);
/** A deep copy; false when memory is short. */
bool account_copy(struct account *to, const struct account *from);
void account_free(struct account *a);
/** The sum of one counter over all devices of a kind, and how many these are. */
uint64_t account_devices(const struct account *a, enum device_kind kind, unsigned counter,
                         unsigned *devices);

/** Memory use in bytes × seconds. */
double account_byte_seconds(const struct account *a);

/** All of it as an object (NULL: no memory); vcpus only if it has any. */
json_t *account_json(const struct account *a);
/** Reads such an object; what is missing or no number is zero. false: it is none of ours. */
bool account_parse(const json_t *object, struct account *a);

/** A number as JSON can hold it. */
json_t *json_count(uint64_t n);
/** A text that others have chosen: "?" where it isn't UTF-8, which JSON cannot hold. */
json_t *json_text(const char *text);
/** An object's member; 0 if it isn't there or negative. */
uint64_t json_count_of(const json_t *object, const char *key);
/** "2026-01-31T12:00:00.123Z" of nanoseconds since 1970, and back (false: it isn't such a text). */
#define WALL_TEXT 40
void wall_text(int64_t ns, char text[WALL_TEXT]);
bool wall_parse(const char *text, int64_t *ns);

#endif
