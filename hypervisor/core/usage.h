/* SPDX-License-Identifier: MIT */
/* Accounts: time the hypervisor spends for a vcpu, and the figures of CPUs, domains and vcpus. */
#ifndef CORE_USAGE_H
#define CORE_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/vcpu.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "public/control.h"

/*
 * Around what is done for the current vcpu, which stays current: usage_end(usage_begin()). TSC
 * ticks; they become nanoseconds when they are asked for. Not nested.
 */
static inline uint64_t usage_begin(void)
{
    return rdtsc();
}

static inline void usage_end(uint64_t since)
{
    current->hv_ticks += rdtsc() - since;
}

/*
 * A change of vcpus, interrupts off: prev's part of the softirqs ends and next's begins. Then
 * next, which is current now, is about to run on this CPU.
 */
void usage_switch(struct vcpu *prev);
void usage_enter(struct vcpu *next);
/* The idle vcpu halts its CPU, and goes on; interrupts off. */
void usage_halt(void);
void usage_wake(void);

/* Figures as of `now`; no lock needed, d and v looked up or held. */
void usage_cpu(unsigned cpu, uint64_t now, struct parador_cpu_usage *u);
void usage_vcpu(struct vcpu *v, uint64_t now, struct parador_vcpu_usage *u);
void usage_domain(struct domain *d, uint64_t now, struct parador_domain_usage *u);

/*
 * d leaves the table of domains, whose lock is held: its figures are final and are kept, those of
 * the last PARADOR_USAGE_RETIRED domains at least.
 */
void usage_retire(struct domain *d);
/* The oldest record kept with a sequence number of at least `first`; false: none. */
bool usage_retired(uint64_t first, struct parador_domain_usage *u);
/* What all gone domains ran, and the sequence number of the next one. */
void usage_retired_sum(uint64_t *running_ns, uint64_t *next);

#endif
