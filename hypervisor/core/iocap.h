/* SPDX-License-Identifier: MIT */
/* Which ports, MMIO frames and interrupts a domain may use. */
#ifndef CORE_IOCAP_H
#define CORE_IOCAP_H

#include <stdbool.h>
#include <stdint.h>

struct domain;

int iocap_domain_init(struct domain *d); /* a privileged domain gets everything but what is ours */
void iocap_domain_destroy(struct domain *d);
bool iocap_port_ok(const struct domain *d, unsigned port, unsigned bytes);
bool iocap_mfn_ok(const struct domain *d, uint64_t first, uint64_t last);
bool iocap_irq_ok(const struct domain *d, unsigned irq);
int iocap_ports(struct domain *d, unsigned first, unsigned last, bool allow);
int iocap_mfns(struct domain *d, uint64_t first, uint64_t last, bool allow);
int iocap_irq(struct domain *d, unsigned irq, bool allow);
/* Takes something away from dom0 for good: our IO-APICs, local APIC, HPET, UART. */
void iocap_reserve_mfn(uint64_t mfn);
void iocap_reserve_ports(unsigned first, unsigned last);

#endif
