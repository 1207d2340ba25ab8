/* SPDX-License-Identifier: MIT */
/* Virtual interrupts: per-vcpu ones and those of the whole machine. */
#ifndef CORE_VIRQ_H
#define CORE_VIRQ_H

#include <stdbool.h>
#include <stdint.h>

struct domain;
struct evtchn;

/* One for the whole host, delivered to one domain. */
bool virq_is_global(uint32_t virq);
/* The port of a virq is being closed. The domain's evtchn lock is held. */
void virq_unbind(struct domain *d, struct evtchn *e);
/* A dying domain handles no global virq any longer. */
void virq_forget_domain(struct domain *d);

#endif
