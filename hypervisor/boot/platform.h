/* SPDX-License-Identifier: MIT */
/* Boot steps that tie floors together: services for hw, what dom0 may not have, dom0 itself. */
#ifndef BOOT_PLATFORM_H
#define BOOT_PLATFORM_H

struct domain;

/* Gives hw the mapping and allocation functions of mm. */
void platform_init_services(void);
/* Takes interrupt controllers and the serial line out of what dom0 will be allowed. */
void platform_reserve(void);
/* Builds dom0 from the boot modules and frees them; panics when there is no kernel. */
struct domain *platform_build_dom0(void);
/* Frees init memory and lets dom0 run; this code goes on as the idle loop of CPU 0. */
void platform_start(struct domain *d) __attribute__((noreturn));

#endif
