/* SPDX-License-Identifier: MIT */
/* Physical interrupts handed to dom0: pirq numbers, their irqs and ports. */
#ifndef CORE_PIRQ_H
#define CORE_PIRQ_H

#include <stdbool.h>
#include <stdint.h>

struct domain;
struct physdev_map_pirq;

int pirq_domain_init(struct domain *d);
void pirq_domain_destroy(struct domain *d);
/* PHYSDEVOP_map_pirq: fills in pirq. 0 or -errno. */
int pirq_map(struct domain *d, struct physdev_map_pirq *op);
int pirq_unmap(struct domain *d, int pirq);
int pirq_bind(struct domain *d, uint32_t pirq, uint32_t port, bool share);
void pirq_unbind(struct domain *d, uint32_t pirq);
int pirq_eoi(struct domain *d, uint32_t pirq);
bool pirq_needs_eoi(struct domain *d, uint32_t pirq);
int pirq_get_free(struct domain *d);
bool pirq_exists(struct domain *d, uint32_t pirq);
/* PHYSDEVOP_pirq_eoi_gmfn_v2: registers the needs-EOI bitmap page. */
int pirq_set_eoi_page(struct domain *d, uint64_t mfn);
/* That page's frame; 0: none. */
uint64_t pirq_eoi_frame(const struct domain *d);
/* _v1, once the page is registered: an end of interrupt also unmasks the event channel. */
void pirq_eoi_unmasks(struct domain *d);
/* The irq behind a pirq; -EINVAL: not mapped. */
int pirq_irq(struct domain *d, uint32_t pirq);
/* The trigger of a GSI's irq has changed. */
void pirq_setup_changed(struct domain *d, uint32_t pirq);

#endif
