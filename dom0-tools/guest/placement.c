/* SPDX-License-Identifier: MIT */
/* On which CPUs a new guest runs, and with what share of them. */
#include "guest/placement.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int check_list(struct parador_handle *h, const char *key, const char *list,
                      const struct placement *p, bool hard)
{
    struct parador_cpuset set;
    char why[400], name[POOL_NAME_TEXT], have[200];

    if (!parador_cpuset_parse(list, &p->topology, &set, why, sizeof(why)))
        return parador_fail(h, EINVAL, "%s = \"%s\": %s", key, list, why);
    /* A soft affinity outside of the pool is a wish that cannot come true, and no more. */
    if (!hard || parador_cpuset_and(&set, &p->pool.cpus) > 0)
        return 0;
    if (parador_pool_name(h, p->pool.id, name, sizeof(name)) < 0)
        return -1;
    return parador_fail(h, EINVAL, "%s = \"%s\": none of these is in CPU pool %s, which has CPUs %s",
                        key, list, name,
                        parador_cpuset_text(&p->pool.cpus, NULL, have, sizeof(have)));
}

static int check_lists(struct parador_handle *h, const char *key, const struct guest_cpus *cpus,
                       uint32_t vcpus, const struct placement *p, bool hard)
{
    if (cpus->each && cpus->count > vcpus)
        return parador_fail(h, EINVAL, "%s has %zu lists, but there are only %u vcpus", key,
                            cpus->count, vcpus);
    for (size_t i = 0; i < cpus->count; i++)
        if (check_list(h, key, cpus->lists[i], p, hard) < 0)
            return -1;
    return 0;
}

int placement_find(struct parador_handle *h, const struct guest_config *config, uint32_t vcpus,
                   struct placement *p)
{
    if (config->pool ? parador_pool_find(h, config->pool, &p->pool) < 0
                     : parador_cpupool_next(h, 0, &p->pool) < 0)
        return parador_fail_in(h, "pool = \"%s\"", config->pool ? config->pool : "0");
    if (parador_cpuset_count(&p->pool.cpus) == 0)
        return parador_fail(h, EINVAL, "pool = \"%s\": it has no CPUs", config->pool);
    if (config->cpus.count == 0 && config->cpus_soft.count == 0)
        return 0;
    if (parador_topology(h, &p->topology) < 0)
        return -1;
    if (check_lists(h, "cpus", &config->cpus, vcpus, p, true) < 0)
        return -1;
    return check_lists(h, "cpus_soft", &config->cpus_soft, vcpus, p, false);
}

/* The mask for a vcpu, or NULL if the file has none for it. placement_find() has judged it. */
static const struct parador_cpuset *mask_for(const struct guest_cpus *cpus, uint32_t vcpu,
                                             const struct placement *p, struct parador_cpuset *mask)
{
    const char *list = guest_cpus_of(cpus, vcpu);
    char why[400];

    if (!list)
        return NULL;
    parador_cpuset_parse(list, &p->topology, mask, why, sizeof(why));
    return mask;
}

static int apply_affinity(struct parador_handle *h, const struct guest_config *config,
                          uint32_t vcpus, const struct placement *p, domid_t domid)
{
    for (uint32_t vcpu = 0; vcpu < vcpus; vcpu++) {
        struct parador_cpuset hard_mask, soft_mask;
        const struct parador_cpuset *hard = mask_for(&config->cpus, vcpu, p, &hard_mask);
        const struct parador_cpuset *soft = mask_for(&config->cpus_soft, vcpu, p, &soft_mask);

        if ((hard || soft) && parador_vcpu_set_affinity(h, domid, vcpu, hard, soft, false) < 0)
            return -1;
    }
    return 0;
}

int placement_apply(struct parador_handle *h, const struct guest_config *config, uint32_t vcpus,
                    const struct placement *p, domid_t domid)
{
    struct parador_sched_params shares = {
        .flags = (config->cpu_weight ? PARADOR_SCHED_WEIGHT : 0) |
                 (config->cpu_cap ? PARADOR_SCHED_CAP : 0) |
                 (config->reservation ? PARADOR_SCHED_RESERVATION : 0),
        .weight = config->cpu_weight,
        .cap = config->cpu_cap,
        .reservation = config->reservation,
    };

    if (shares.flags && parador_set_shares(h, domid, &shares) < 0)
        return -1;
    return apply_affinity(h, config, vcpus, p, domid);
}
