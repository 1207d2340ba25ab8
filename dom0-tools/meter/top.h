/* SPDX-License-Identifier: MIT */
/* The rows of `parador top`: what domains use right now, in xentop's columns. */
#ifndef METER_TOP_H
#define METER_TOP_H

#include "guest/guest.h"
#include "meter/reading.h"

/* The columns, from left to right, as their heads name them. */
enum top_column {
    TOP_NAME, TOP_STATE, TOP_CPU_SEC, TOP_CPU_PCT, TOP_MEM, TOP_MEM_PCT, TOP_MAXMEM, TOP_MAXMEM_PCT,
    TOP_VCPUS, TOP_NETS, TOP_NETTX, TOP_NETRX, TOP_VBDS, TOP_VBD_OO, TOP_VBD_RD, TOP_VBD_WR,
    TOP_VBD_RSECT, TOP_VBD_WSECT, TOP_SSID, TOP_COLUMNS
};

struct top_row {
    struct guest_info guest;
    struct account account;
    double cpu_pct;            /* since the sample before; 100 is one CPU */
    unsigned nets, vbds;
};

/* What a domain had used at the sample before. */
struct top_before {
    domid_t domid;
    uint8_t uuid[16];
    uint64_t created_ns, now_ns, running_ns;
};

struct top {
    struct top_row *rows;
    size_t count;
    struct top_before *before;
    size_t nr_before;
    enum top_column sort;
    uint64_t total_kib, free_kib;
    unsigned nr_cpus, cpu_mhz;
    char version[40];
    int64_t wall;              /* of the sample, ns since 1970 */
};

/* What else is shown below a domain's line. */
#define TOP_SHOW_VCPUS    (1u << 0)
#define TOP_SHOW_NETWORKS (1u << 1)
#define TOP_SHOW_VBDS     (1u << 2)
#define TOP_FULL_NAMES    (1u << 3)
#define TOP_REPEAT_HEAD   (1u << 4)

/** Takes the next sample; CPU shares are against the one before. -1 with the sentence in h. */
int top_sample(struct parador_handle *h, unsigned show, struct top *top);
void top_free(struct top *top);

/** Puts the rows in order of top->sort: names from a to z, numbers from high to low. */
void top_sort(struct top *top);

/** Calls line() for the head and for each line of the table. */
void top_print(const struct top *top, unsigned show,
               void (*line)(const char *text, bool head, void *arg), void *arg);
/** The head alone. */
void top_head(char *text, size_t size);
/** The two lines above the table: domains by state, memory and CPUs. */
void top_summary(const struct top *top, char *domains, char *machine, size_t size);

json_t *top_json(const struct top *top, unsigned show);

#endif
