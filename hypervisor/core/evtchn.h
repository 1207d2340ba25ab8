/* SPDX-License-Identifier: MIT */
/* Event channels: ports, their states, and sending. */
#ifndef CORE_EVTCHN_H
#define CORE_EVTCHN_H

#include <stdbool.h>
#include <stdint.h>

#include "public/event_channel.h"

struct domain;
struct vcpu;

int evtchn_domain_init(struct domain *d, unsigned max_port);
/* Closes every port, resumably (-ERESTART). */
int evtchn_domain_relinquish(struct domain *d);
void evtchn_domain_destroy(struct domain *d);
int evtchn_vcpu_init(struct vcpu *v);
void evtchn_vcpu_destroy(struct vcpu *v);

/* One function per EVTCHNOP; argument structures are already copied in. 0 or -errno. */
int evtchn_alloc_unbound(struct evtchn_alloc_unbound *op);
int evtchn_bind_interdomain(struct evtchn_bind_interdomain *op);
int evtchn_bind_virq(struct evtchn_bind_virq *op);
int evtchn_bind_ipi(struct evtchn_bind_ipi *op);
int evtchn_bind_pirq(struct evtchn_bind_pirq *op);
int evtchn_close(struct domain *d, uint32_t port);
int evtchn_send(struct domain *d, uint32_t port);
int evtchn_status(struct evtchn_status *op);
int evtchn_bind_vcpu(uint32_t port, uint32_t vcpu_id);
int evtchn_unmask(uint32_t port);
int evtchn_reset(struct domain *d);
int evtchn_set_priority(const struct evtchn_set_priority *op);
int evtchn_fifo_init_control(struct evtchn_init_control *op);
int evtchn_fifo_expand_array(const struct evtchn_expand_array *op);

/* Per-vcpu VIRQ (timer, debug, xenoprof …) to v; global VIRQ to whom dom0 bound it. Any context. */
void send_vcpu_virq(struct vcpu *v, uint32_t virq);
void send_global_virq(uint32_t virq);
int set_global_virq_handler(struct domain *d, uint32_t virq);
/* A physical interrupt arrived for port. The CPU of the vcpu that port notifies, or -EINVAL. */
int evtchn_send_pirq(struct domain *d, uint32_t port);
bool evtchn_port_pending(struct domain *d, uint32_t port);
void evtchn_dump(struct domain *d);
/* Tells fn of each of d's frames that FIFO events are written to; nothing of d runs meanwhile. */
void evtchn_fifo_frames(struct domain *d, void (*fn)(uint64_t mfn));

#endif
