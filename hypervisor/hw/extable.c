/* SPDX-License-Identifier: MIT */
/* Instructions of ours that may fault, and where to go on. */
#include <stdint.h>

#include "hw/traps.h"

/* Both relative to their own address: see EXTABLE in hw/traps.h. */
struct extable_entry {
    int32_t from, to;
};

extern const struct extable_entry _extable_start[], _extable_end[];

unsigned long extable_find(unsigned long rip)
{
    for (const struct extable_entry *e = _extable_start; e < _extable_end; e++)
        if ((unsigned long)&e->from + e->from == rip)
            return (unsigned long)&e->to + e->to;
    return 0;
}
