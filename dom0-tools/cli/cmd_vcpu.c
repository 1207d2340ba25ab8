/* SPDX-License-Identifier: MIT */
/* vcpu-list, vcpu-set, vcpu-pin: a domain's vcpus, how many it uses and where they run. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "guest/names.h"
#include "lifecycle/record.h"
#include "meter/account.h"

#define MASK_TEXT 512

/* One row, to the terminal or into all (if not NULL). False after a message. */
static bool list_vcpu(struct parador_handle *h, const struct guest_info *g, uint32_t n,
                      const struct parador_topology *topo, json_t *all)
{
    struct parador_cpuset hard, soft;
    struct xen_domctl_getvcpuinfo v;
    char name[NAME_TEXT], hard_text[MASK_TEXT], soft_text[MASK_TEXT];

    if (parador_vcpu_info(h, g->domid, n, &v) != 0)
        return errno == ESRCH; /* never made */
    if (parador_vcpu_affinity(h, g->domid, n, &hard, &soft) != 0) {
        command_failed(h);
        return false;
    }
    if (all != NULL) {
        json_array_append_new(
            all, json_pack("{s:o, s:i, s:i, s:b, s:o, s:b, s:b, s:f, s:o, s:o}", "name", json_text(g->name),
                           "domid", (int)g->domid, "vcpu", (int)n, "online", (int)v.online, "cpu",
                           v.online ? json_integer(v.cpu) : json_null(), "running", (int)v.running,
                           "blocked", (int)v.blocked, "cpu_time_s", (double)v.cpu_time / 1e9,
                           "hard_affinity", command_cpus(&hard), "soft_affinity", command_cpus(&soft)));
        return true;
    }
    printf("%s %5u %5u ", name_for_terminal(g->name, -32, 0, name), g->domid, n);
    if (v.online)
        printf("%5u   %c%c-  ", v.cpu, v.running ? 'r' : '-', v.blocked ? 'b' : '-');
    else
        printf("%5s   %3s  ", "-", "--p");
    printf("%9.1f  %s / %s\n", (double)v.cpu_time / 1e9,
           parador_cpuset_text(&hard, &topo->cpus, hard_text, sizeof(hard_text)),
           parador_cpuset_text(&soft, &topo->cpus, soft_text, sizeof(soft_text)));
    return true;
}

int cmd_vcpu_list(struct parador_handle *h, int argc, char **argv)
{
    static const struct option options[] = {
        { "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' }, { 0 }
    };
    struct parador_topology topo;
    struct guest_info *list;
    json_t *all = NULL;
    bool as_json = false, ok = true;
    size_t count;
    int o;

    while ((o = command_long_option(argc, argv, "", options)) != -1) {
        if (o != 'j')
            return 2;
        as_json = true;
    }
    if (parador_topology(h, &topo) != 0)
        return command_failed(h);
    if (command_domains(h, argc - optind, argv + optind, &list, &count) != 0)
        return 1;
    if (as_json)
        all = json_array();
    else
        printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU", "State", "Time(s)",
               "Affinity (Hard / Soft)");
    for (size_t i = 0; i < count && ok; i++)
        for (uint32_t n = 0; n < list[i].vcpus_max && ok; n++)
            ok = list_vcpu(h, &list[i], n, &topo, all);
    free(list);
    if (ok && all != NULL)
        command_json(all);
    else
        json_decref(all);
    return ok ? 0 : 1;
}

/* What a guest uses is what it comes back with. */
static int keep_vcpus(struct guest_config *config, void *arg)
{
    config->maxvcpus = guest_config_vcpus_max(config);
    config->vcpus = *(const uint32_t *)arg;
    return 0;
}

int cmd_vcpu_set(struct parador_handle *h, int argc, char **argv)
{
    static const struct option options[] = {
        { "ignore-host", no_argument, NULL, 'i' }, { "help", no_argument, NULL, 'h' }, { 0 }
    };
    struct xen_sysctl_physinfo host;
    bool ignore_host = false;
    domid_t domid;
    uint32_t count;
    int o;

    while ((o = command_long_option(argc, argv, "i", options)) != -1) {
        if (o != 'i')
            return 2;
        ignore_host = true;
    }
    if (optind + 2 != argc)
        return command_misused(argv, "name a domain and how many vcpus it shall use");
    if (!command_domain(h, argv[optind], &domid))
        return 1;
    if (!command_number(argv[optind + 1], "a number of vcpus", &count))
        return 1;
    if (parador_physinfo(h, &host) != 0)
        return command_failed(h);
    if (!ignore_host && count > host.nr_cpus) {
        struct guest_info info;

        if (parador_info(h, domid, &info) != 0)
            return command_failed(h);
        /* Above its maximum it is the maximum that has to be told; to use fewer is always fine. */
        if (count > info.vcpus_online && count <= info.vcpus_max) {
            fprintf(stderr, "parador: %u vcpus are more than the %u CPUs of this machine: with -i "
                    "they are set nevertheless\n", count, host.nr_cpus);
            return 1;
        }
    }
    if (parador_set_vcpus(h, domid, count) != 0)
        return command_failed(h);
    return command_kept("the number of vcpus", record_change_config(domid, keep_vcpus, &count));
}

/* ---- vcpu-pin ---- */

/* A call of vcpu-pin. A mask that has no text is left as it is. */
struct pin {
    struct guest_info info;
    struct parador_topology topo;
    uint32_t first, last;      /* vcpus */
    bool all, force;
    const char *hard_text, *soft_text;
    struct parador_cpuset hard, soft;
};

static bool read_mask(const char *which, const char *text, const struct pin *p,
                      struct parador_cpuset *mask)
{
    char why[400];

    if (parador_cpuset_parse(text, &p->topo, mask, why, sizeof(why)))
        return true;
    fprintf(stderr, "parador: %s affinity \"%s\": %s\n", which, text, why);
    return false;
}

static bool read_vcpu(const char *text, struct pin *p)
{
    uint32_t last = p->info.vcpus_max - 1;
    unsigned long vcpu;
    char *end;

    p->all = strcmp(text, "all") == 0;
    if (p->all) {
        p->first = 0;
        p->last = last;
        return true;
    }
    errno = 0;
    vcpu = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end != '\0' || errno != 0 || vcpu > last) {
        fprintf(stderr, "parador: %s has no vcpu \"%s\": it has 0-%u, and \"all\" means them all\n",
                p->info.name, text, last);
        return false;
    }
    p->first = p->last = (uint32_t)vcpu;
    return true;
}

/* A vcpu has to find a CPU in its pool. */
static bool check_pool(struct parador_handle *h, const struct pin *p)
{
    struct parador_cpuset both = p->hard;
    struct parador_cpupool pool;
    char name[POOL_NAME_TEXT], have[MASK_TEXT];

    if (p->hard_text == NULL)
        return true;
    if (parador_cpupool_next(h, p->info.cpupool, &pool) != 0 ||
        parador_pool_name(h, pool.id, name, sizeof(name)) != 0) {
        command_failed(h);
        return false;
    }
    if (parador_cpuset_and(&both, &pool.cpus) > 0)
        return true;
    fprintf(stderr, "parador: hard affinity \"%s\": none of these is in CPU pool %s of %s, which has "
            "CPUs %s\n", p->hard_text, name, p->info.name,
            parador_cpuset_text(&pool.cpus, NULL, have, sizeof(have)));
    return false;
}

/* All vcpus or none. */
static int pin_vcpus(struct parador_handle *h, const struct pin *p)
{
    size_t count = p->last - p->first + 1u;
    struct parador_cpuset *before = calloc(2 * count, sizeof(*before));
    const struct parador_cpuset *hard = p->hard_text ? &p->hard : NULL;
    const struct parador_cpuset *soft = p->soft_text ? &p->soft : NULL;
    size_t i, got, set;
    int result = before != NULL ? 0 : parador_fail(h, ENOMEM, "out of memory");
    char why[512];
    int err;

    for (got = 0; result == 0 && got < count; got++)
        result = parador_vcpu_affinity(h, p->info.domid, p->first + (uint32_t)got,
                                       &before[2 * got], &before[2 * got + 1]);
    for (set = 0; result == 0 && set < count; set++)
        result = parador_vcpu_set_affinity(h, p->info.domid, p->first + (uint32_t)set, hard, soft,
                                           p->force);
    if (result != 0 && set > 1) {
        err = errno;
        snprintf(why, sizeof(why), "%s", parador_error(h));
        for (i = 0; i < set - 1; i++)
            parador_vcpu_set_affinity(h, p->info.domid, p->first + (uint32_t)i, &before[2 * i],
                                      &before[2 * i + 1], false);
        parador_fail(h, err, "%s", why);
    }
    free(before);
    return result;
}

/* What a guest with `vcpus` comes back with. */
static int keep_mask(struct guest_cpus *cpus, const struct pin *p, uint32_t vcpus,
                     const struct parador_cpuset *mask)
{
    char text[PARADOR_CPUS_MAX * 4];

    parador_cpuset_text(mask, &p->topo.cpus, text, sizeof(text));
    if (!p->all)
        return guest_cpus_set(cpus, vcpus, p->first, p->last, text);
    guest_cpus_clear(cpus);
    return guest_cpus_add(cpus, text);
}

static int keep_pin(struct guest_config *config, void *arg)
{
    const struct pin *p = arg;
    uint32_t vcpus = p->info.vcpus_max;

    if (p->hard_text != NULL && keep_mask(&config->cpus, p, vcpus, &p->hard) != 0)
        return -1;
    return p->soft_text != NULL ? keep_mask(&config->cpus_soft, p, vcpus, &p->soft) : 0;
}

int cmd_vcpu_pin(struct parador_handle *h, int argc, char **argv)
{
    static const struct option options[] = {
        { "force", no_argument, NULL, 'f' }, { "help", no_argument, NULL, 'h' }, { 0 }
    };
    struct pin p = { 0 };
    domid_t domid;
    int o, left;

    while ((o = command_long_option(argc, argv, "f", options)) != -1) {
        if (o != 'f')
            return 2;
        p.force = true;
    }
    left = argc - optind;
    argv += optind;
    if (left < 3 || left > 4)
        return command_misused(argv - optind, "name a domain, a vcpu or all, and its CPUs");
    if (!command_domain(h, argv[0], &domid))
        return 1;
    if (parador_info(h, domid, &p.info) != 0 || parador_topology(h, &p.topo) != 0)
        return command_failed(h);
    p.hard_text = strcmp(argv[2], "-") != 0 ? argv[2] : NULL;
    p.soft_text = left == 4 && strcmp(argv[3], "-") != 0 ? argv[3] : NULL;
    if (!read_vcpu(argv[1], &p) ||
        (p.hard_text && !read_mask("hard", p.hard_text, &p, &p.hard)) ||
        (p.soft_text && !read_mask("soft", p.soft_text, &p, &p.soft)) || !check_pool(h, &p))
        return 1;
    if (p.hard_text == NULL && p.soft_text == NULL)
        return 0;
    if (pin_vcpus(h, &p) != 0)
        return command_failed(h);
    return command_kept("its affinity", record_change_config(domid, keep_pin, &p));
}
