/* SPDX-License-Identifier: MIT */
/* The structure that holds what a guest file says: starting, growing and freeing it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest.h"

void guest_config_init(struct guest_config *config)
{
    memset(config, 0, sizeof(*config));
    config->on_poweroff = GUEST_ACTION_DESTROY;
    config->on_reboot = GUEST_ACTION_RESTART;
    config->on_crash = GUEST_ACTION_DESTROY;
    config->on_watchdog = GUEST_ACTION_DESTROY;
}

void guest_config_free(struct guest_config *config)
{
    size_t i;

    for (i = 0; i < config->nr_disks; i++) {
        free(config->disks[i].target);
        free(config->disks[i].vdev);
    }
    for (i = 0; i < config->nr_vifs; i++) {
        free(config->vifs[i].bridge);
        free(config->vifs[i].ip);
        free(config->vifs[i].vifname);
        free(config->vifs[i].script);
    }
    for (i = 0; i < config->nr_nodes; i++) {
        free(config->nodes[i].path);
        free(config->nodes[i].value);
    }
    free(config->disks);
    free(config->vifs);
    free(config->nodes);
    free(config->name);
    free(config->kernel);
    free(config->ramdisk);
    free(config->cmdline);
    free(config->pool);
    guest_cpus_clear(&config->cpus);
    guest_cpus_clear(&config->cpus_soft);
    free(config->source);
    guest_config_init(config);
}

int guest_config_set_string(char **field, const char *value)
{
    char *copy = value ? strdup(value) : NULL;

    if (value && !copy) {
        errno = ENOMEM;
        return -1;
    }
    free(*field);
    *field = copy;
    return 0;
}

/* Makes room for one more entry of size bytes and clears it. */
static void *add_entry(void **array, size_t *count, size_t size)
{
    char *grown = realloc(*array, (*count + 1) * size);

    if (!grown)
        return NULL;
    *array = grown;
    return memset(grown + (*count)++ * size, 0, size);
}

int guest_cpus_add(struct guest_cpus *cpus, const char *list)
{
    char *copy = strdup(list);
    char **lists = copy ? realloc(cpus->lists, (cpus->count + 1) * sizeof(*lists)) : NULL;

    if (!lists) {
        free(copy);
        errno = ENOMEM;
        return -1;
    }
    cpus->lists = lists;
    lists[cpus->count++] = copy;
    return 0;
}

void guest_cpus_clear(struct guest_cpus *cpus)
{
    for (size_t i = 0; i < cpus->count; i++)
        free(cpus->lists[i]);
    free(cpus->lists);
    memset(cpus, 0, sizeof(*cpus));
}

uint32_t guest_config_vcpus_max(const struct guest_config *config)
{
    return config->maxvcpus ? config->maxvcpus : config->vcpus ? config->vcpus : 1;
}

const char *guest_cpus_of(const struct guest_cpus *cpus, uint32_t vcpu)
{
    size_t index = cpus->each ? vcpu : 0;

    return index < cpus->count ? cpus->lists[index] : NULL;
}

int guest_cpus_set(struct guest_cpus *cpus, uint32_t vcpus, uint32_t first, uint32_t last,
                   const char *list)
{
    struct guest_cpus fresh = {.each = true};
    int result = 0;

    for (uint32_t n = 0; result == 0 && n < vcpus; n++) {
        const char *its = n >= first && n <= last ? list : guest_cpus_of(cpus, n);

        result = guest_cpus_add(&fresh, its ? its : "all");
    }
    guest_cpus_clear(result == 0 ? cpus : &fresh);
    if (result == 0)
        *cpus = fresh;
    return result;
}

struct guest_disk *guest_config_add_disk(struct guest_config *config)
{
    return add_entry((void **)&config->disks, &config->nr_disks, sizeof(*config->disks));
}

struct guest_vif *guest_config_add_vif(struct guest_config *config)
{
    struct guest_vif *vif =
        add_entry((void **)&config->vifs, &config->nr_vifs, sizeof(*config->vifs));

    if (vif)
        vif->devid = -1;
    return vif;
}

struct guest_store_node *guest_config_add_node(struct guest_config *config)
{
    return add_entry((void **)&config->nodes, &config->nr_nodes, sizeof(*config->nodes));
}

const char *guest_action_name(enum guest_action action)
{
    static const char *const names[] = {
        [GUEST_ACTION_DESTROY] = "destroy",
        [GUEST_ACTION_RESTART] = "restart",
        [GUEST_ACTION_RENAME_RESTART] = "rename-restart",
        [GUEST_ACTION_PRESERVE] = "preserve",
        [GUEST_ACTION_COREDUMP_DESTROY] = "coredump-destroy",
        [GUEST_ACTION_COREDUMP_RESTART] = "coredump-restart",
        [GUEST_ACTION_SOFT_RESET] = "soft-reset",
    };

    return (size_t)action < sizeof(names) / sizeof(names[0]) ? names[action] : "destroy";
}
