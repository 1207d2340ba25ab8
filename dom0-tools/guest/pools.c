/* SPDX-License-Identifier: MIT */
/* CPU pools with the names that the store has for them: /local/pool/<id>/name. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest.h"
#include "guest/names.h"

int parador_pool_name(struct parador_handle *h, uint32_t id, char *buf, size_t size)
{
    char *name = store_readf(h, STORE_NO_TX, "/local/pool/%u/name", id);

    if (!name && errno != ENOENT)
        return -1;
    if (name)
        snprintf(buf, size, "%s", name);
    else
        snprintf(buf, size, "Pool-%u", id); /* nobody has named it, as at boot */
    free(name);
    return 0;
}

int parador_pool_list(struct parador_handle *h, struct parador_cpupool **list, size_t *count)
{
    struct parador_cpupool *all = NULL, *grown, pool = {0};
    uint32_t next = 0;

    *count = 0;
    while (parador_cpupool_next(h, next, &pool) == 0) {
        grown = realloc(all, (*count + 1) * sizeof(*all));
        if (!grown) {
            free(all);
            return parador_fail(h, ENOMEM, "out of memory");
        }
        all = grown;
        all[(*count)++] = pool;
        next = pool.id + 1;
    }
    if (errno != ENOENT) {
        free(all);
        return -1;
    }
    *list = all;
    return 0;
}

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

int parador_pool_find(struct parador_handle *h, const char *name, struct parador_cpupool *pool)
{
    struct parador_cpupool *list;
    char known[POOL_NAME_TEXT];
    size_t count, i;

    if (parador_pool_list(h, &list, &count) < 0)
        return -1;
    for (i = 0; i < count; i++) {
        if (is_number(name) ? strtoul(name, NULL, 10) == list[i].id
                            : parador_pool_name(h, list[i].id, known, sizeof(known)) == 0 &&
                                  strcmp(known, name) == 0)
            break;
    }
    if (i < count)
        *pool = list[i];
    free(list);
    return i < count ? 0 : parador_fail(h, ENOENT, "there is no CPU pool \"%s\"", name);
}

static int check_name(struct parador_handle *h, const char *name)
{
    struct parador_cpupool other;

    if (!*name || strlen(name) >= POOL_NAME_TEXT || is_number(name) || !name_is_plain(name))
        return parador_fail(h, EINVAL, "\"%s\" cannot be a CPU pool's name: 1 to %d characters, not "
                            "only digits, no '/' and no control characters", name, POOL_NAME_TEXT - 1);
    if (parador_pool_find(h, name, &other) == 0)
        return parador_fail(h, EEXIST, "there is a CPU pool called \"%s\" already (pool %u)", name,
                            other.id);
    return errno == ENOENT ? 0 : -1;
}

static int write_name(struct parador_handle *h, uint32_t id, const char *name)
{
    char path[48];

    snprintf(path, sizeof(path), "/local/pool/%u/name", id);
    return store_write(h, STORE_NO_TX, path, name, strlen(name));
}

/* Takes its CPUs out and ends it, as far as that can be done. */
static int dissolve(struct parador_handle *h, uint32_t id, const struct parador_cpuset *cpus)
{
    char path[48];

    for (unsigned cpu = 0; cpu < PARADOR_CPUS_MAX; cpu++)
        if (parador_cpuset_has(cpus, cpu) && parador_cpupool_remove_cpu(h, id, cpu) < 0)
            return -1;
    if (parador_cpupool_destroy(h, id) < 0)
        return -1;
    snprintf(path, sizeof(path), "/local/pool/%u", id);
    return store_remove(h, STORE_NO_TX, path);
}

static int check_free(struct parador_handle *h, const struct parador_cpuset *cpus)
{
    struct parador_cpuset free_cpus, usable = *cpus;
    char want[256], have[256];

    if (parador_cpupool_free_cpus(h, &free_cpus) < 0)
        return -1;
    if (parador_cpuset_and(&usable, &free_cpus) == parador_cpuset_count(cpus))
        return 0;
    return parador_fail(h, EBUSY, "CPUs %s are not all free: those in no pool are %s "
                        "(cpupool-cpu-remove frees more)",
                        parador_cpuset_text(cpus, NULL, want, sizeof(want)),
                        parador_cpuset_text(&free_cpus, NULL, have, sizeof(have)));
}

int parador_pool_check(struct parador_handle *h, const char *name, const struct parador_cpuset *cpus)
{
    return check_name(h, name) < 0 ? -1 : check_free(h, cpus);
}

int parador_pool_make(struct parador_handle *h, const char *name, uint32_t sched_id,
                      const struct parador_cpuset *cpus, uint32_t *id)
{
    struct parador_cpuset added = {{0}};
    bool failed = false;
    char why[512];
    int err;

    if (parador_pool_check(h, name, cpus) < 0)
        return -1;
    if (parador_cpupool_create(h, sched_id, id) < 0) {
        if (errno == EINVAL || errno == ENOENT || errno == EOPNOTSUPP)
            return parador_fail(h, errno, "this hypervisor has no scheduler \"%s\"",
                                parador_scheduler_name(h, sched_id));
        return -1;
    }
    for (unsigned cpu = 0; cpu < PARADOR_CPUS_MAX && !failed; cpu++) {
        if (!parador_cpuset_has(cpus, cpu))
            continue;
        failed = parador_cpupool_add_cpu(h, *id, cpu) < 0;
        if (!failed)
            parador_cpuset_add(&added, cpu);
    }
    if (!failed && write_name(h, *id, name) == 0)
        return 0;
    err = errno;
    snprintf(why, sizeof(why), "%s", parador_error(h));
    dissolve(h, *id, &added);
    return parador_fail(h, err, "%s", why);
}

int parador_pool_end(struct parador_handle *h, const struct parador_cpupool *pool)
{
    char name[POOL_NAME_TEXT], why[512];
    int err;

    if (parador_pool_name(h, pool->id, name, sizeof(name)) < 0)
        return -1;
    if (pool->id == 0)
        return parador_fail(h, EPERM, "CPU pool %s is dom0's and cannot be destroyed", name);
    if (pool->nr_domains)
        return parador_fail(h, EBUSY, "CPU pool %s has %u domain%s: end them, or move them with "
                            "cpupool-migrate", name, pool->nr_domains,
                            pool->nr_domains > 1 ? "s" : "");
    if (dissolve(h, pool->id, &pool->cpus) == 0)
        return 0;
    /* A guest may have come meanwhile: it gets back what was taken. Those still there are refused. */
    err = errno;
    snprintf(why, sizeof(why), "%s", parador_error(h));
    for (unsigned cpu = 0; cpu < PARADOR_CPUS_MAX; cpu++)
        if (parador_cpuset_has(&pool->cpus, cpu))
            parador_cpupool_add_cpu(h, pool->id, cpu);
    return parador_fail(h, err, "%s", why);
}

int parador_pool_rename(struct parador_handle *h, uint32_t id, const char *name)
{
    return check_name(h, name) < 0 ? -1 : write_name(h, id, name);
}
