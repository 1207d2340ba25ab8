/* SPDX-License-Identifier: MIT */
/* Memory services that hw uses while standing below mm: mm registers them when its maps stand. */
#ifndef HW_SERVICES_H
#define HW_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HW_MAP_RO 0       /* as mm/hostmap.h's HPROT_RO, checked there */
#define HW_MAP_MMIO 5     /* writable and uncached */

struct hw_services {
    void *(*map)(uint64_t pa, size_t len, unsigned prot); /* NULL: no room */
    void (*unmap)(void *va, size_t len);
    void *(*alloc)(size_t size);                          /* zeroed; NULL: out of memory */
    void (*release)(void *p);
    bool (*is_ram)(uint64_t mfn);
};
extern struct hw_services hw_services;

#endif
