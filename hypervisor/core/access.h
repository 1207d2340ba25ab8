/* SPDX-License-Identifier: MIT */
/* Every "may A act on B" predicate. */
#ifndef CORE_ACCESS_H
#define CORE_ACCESS_H

#include "core/domain.h"

/* The caller may administer target (domctl, foreign mappings, memory_op on others). */
static inline bool access_control(const struct domain *caller, const struct domain *target)
{
    (void)target;
    return caller->privileged;
}
/* The caller may name `target` in memory_op / mmuext_op / event channels as the acting domain. */
static inline bool access_act_as(const struct domain *caller, const struct domain *target)
{
    return caller == target || caller->privileged;
}
/* The caller may use the platform: sysctl, platform_op, physdev, raw console. */
static inline bool access_platform(const struct domain *caller) { return caller->privileged; }

#endif
