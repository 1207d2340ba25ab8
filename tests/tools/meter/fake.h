/* SPDX-License-Identifier: MIT */
/* A machine of paper, whose clock goes when the test says so; every sum is kept right by it. */
#ifndef TESTS_METER_FAKE_H
#define TESTS_METER_FAKE_H

#include "lib/parador.h"
#include "meter/account.h"
#include "public/control.h"

#define FAKE_DOMAINS 32u
#define FAKE_RETIRED 2048u
#define FAKE_CPUS 2u

struct fake {
    bool is_xen;               /* no control hypercall */
    uint64_t now_ns;
    struct parador_cpu_usage cpus[FAKE_CPUS];
    bool there[FAKE_DOMAINS];
    struct parador_domain_usage domains[FAKE_DOMAINS];
    char names[FAKE_DOMAINS][128];
    struct parador_domain_usage retired[FAKE_RETIRED];
    unsigned nr_retired, forgotten; /* of the oldest the hypervisor has no record any more */
    uint64_t retired_ns;
    uint64_t loop_ms;
    unsigned notes;            /* lines in the daemon's log */
};
extern struct fake fake;

/** A new machine with dom0 alone; its files are removed. */
void fake_reset(void);
/** A new domain; its UUID begins with `id`. */
void fake_create(domid_t domid, uint8_t id, const char *name);
/** Time goes on: each domain there runs for `each` on one CPU, the rest is split. */
void fake_run(uint64_t each_ns);
/** It goes, after `tail_ns` more of time that it alone ran. */
void fake_end(domid_t domid, uint64_t tail_ns);
/** dom0's back-end of a device shows these counters, as its driver names them. */
void fake_vif(domid_t domid, unsigned devid, uint64_t rx_bytes, uint64_t tx_bytes);
void fake_vbd(domid_t domid, unsigned devid, uint64_t reads, uint64_t sectors);
void fake_no_devices(domid_t domid);

#endif
