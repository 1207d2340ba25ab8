/* SPDX-License-Identifier: MIT */
/* What the control domain's first vcpu finds: start info, mfn list, registers. */
#ifndef BOOT_DOM0_START_H
#define BOOT_DOM0_START_H

#include <stddef.h>
#include <stdint.h>

#include "boot/dom0_layout.h"

struct domain;
struct vcpu;

void dom0_write_start_info(const struct dom0_layout *l, const uint64_t *p2m,
                           const struct domain *d, size_t initrd_size, const char *cmdline,
                           uint64_t rsdp);
void dom0_write_p2m(const struct dom0_layout *l, const uint64_t *p2m);
/* Gives vcpu 0 its registers and root table. 0 or -errno. */
int dom0_set_context(const struct dom0_layout *l, struct vcpu *v, uint64_t root_mfn);

#endif
