/* SPDX-License-Identifier: MIT */
/* cpupool-list, -create, -destroy, -rename, -cpu-add, -cpu-remove, -migrate, -numa-split. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "cli/pool_file.h"
#include "guest/names.h"
#include "lifecycle/record.h"
#include "meter/account.h"

#define CPUS_TEXT 512

/* The pool that an argument names, and its name; false after a message. */
static bool find_pool(struct parador_handle *h, const char *text, struct parador_cpupool *pool,
                      char name[POOL_NAME_TEXT])
{
    if (parador_pool_find(h, text, pool) == 0 &&
        parador_pool_name(h, pool->id, name, POOL_NAME_TEXT) == 0)
        return true;
    command_failed(h);
    return false;
}

/* The options of a command that has none, and so many arguments. 0, or the exit status. */
static int plain(int argc, char **argv, int wanted, const char *what)
{
    if (command_option(argc, argv, "") != -1)
        return 2;
    return optind + wanted == argc ? 0 : command_misused(argv, "%s", what);
}

static bool read_cpus(struct parador_handle *h, const char *text, struct parador_topology *topo,
                      struct parador_cpuset *cpus)
{
    char why[400];

    if (parador_topology(h, topo) != 0) {
        command_failed(h);
        return false;
    }
    if (parador_cpuset_parse(text, topo, cpus, why, sizeof(why)))
        return true;
    fprintf(stderr, "parador: CPUs \"%s\": %s\n", text, why);
    return false;
}

/* ---- list ---- */

static json_t *pool_json(struct parador_handle *h, const char *name, const struct parador_cpupool *pool)
{
    return json_pack("{s:o, s:i, s:s, s:o, s:i}", "name", json_text(name), "id", (int)pool->id,
                     "scheduler", parador_scheduler_name(h, pool->sched_id), "cpus",
                     command_cpus(&pool->cpus), "domains", (int)pool->nr_domains);
}

/* Each CPU, as scripts that know xl's list expect it. */
static void print_cpus(const struct parador_cpuset *cpus)
{
    const char *comma = "";

    for (unsigned cpu = 0; cpu < PARADOR_CPUS_MAX; cpu++)
        if (parador_cpuset_has(cpus, cpu)) {
            printf("%s%u", comma, cpu);
            comma = ",";
        }
    putchar('\n');
}

static int print_pools(struct parador_handle *h, const struct parador_cpupool *list, size_t count,
                       bool with_cpus, json_t *all)
{
    char name[POOL_NAME_TEXT], text[NAME_TEXT];

    if (all == NULL && with_cpus)
        printf("%-19sCPU list\n", "Name");
    else if (all == NULL)
        printf("%-19sCPUs   Sched     Active   Domain count\n", "Name");
    for (size_t i = 0; i < count; i++) {
        if (parador_pool_name(h, list[i].id, name, sizeof(name)) != 0)
            return command_failed(h);
        if (all != NULL) {
            json_array_append_new(all, pool_json(h, name, &list[i]));
        } else if (with_cpus) {
            printf("%s", name_for_terminal(name, -19, 0, text));
            print_cpus(&list[i].cpus);
        } else {
            printf("%s%3u %9s       %s %10u\n", name_for_terminal(name, -19, 0, text),
                   parador_cpuset_count(&list[i].cpus),
                   parador_scheduler_name(h, list[i].sched_id), "y", list[i].nr_domains);
        }
    }
    return 0;
}

int cmd_cpupool_list(struct parador_handle *h, int argc, char **argv)
{
    static const struct option options[] = {
        { "cpus", no_argument, NULL, 'c' }, { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' }, { 0 }
    };
    struct parador_cpupool one, *list = NULL;
    bool with_cpus = false, as_json = false;
    char name[POOL_NAME_TEXT];
    size_t count = 1;
    json_t *all;
    int o, status;

    while ((o = command_long_option(argc, argv, "c", options)) != -1) {
        switch (o) {
        case 'c': with_cpus = true; break;
        case 'j': as_json = true; break;
        default: return 2;
        }
    }
    if (argc - optind > 1)
        return command_misused(argv, "name one pool, or none for all");
    if (argc > optind && !find_pool(h, argv[optind], &one, name))
        return 1;
    if (argc == optind && parador_pool_list(h, &list, &count) != 0)
        return command_failed(h);
    all = as_json ? json_array() : NULL;
    status = print_pools(h, list != NULL ? list : &one, count, with_cpus, all);
    free(list);
    if (status == 0 && all != NULL)
        command_json(all);
    else
        json_decref(all);
    return status;
}

/* ---- create ---- */

/* The CPUs that a file asks for: those it lists, the free ones of its nodes, or the first free one. */
static bool choose_cpus(struct parador_handle *h, const struct pool_file *file,
                        struct parador_cpuset *cpus)
{
    struct parador_cpuset free_cpus, of_nodes = { { 0 } };
    struct parador_topology topo;

    memset(cpus, 0, sizeof(*cpus));
    if (parador_cpupool_free_cpus(h, &free_cpus) != 0) {
        command_failed(h);
        return false;
    }
    if (file->cpus != NULL && !read_cpus(h, file->cpus, &topo, cpus))
        return false;
    if (file->nodes != NULL) {
        if (!read_cpus(h, file->nodes, &topo, &of_nodes))
            return false;
        parador_cpuset_and(&of_nodes, &free_cpus);
    }
    for (unsigned cpu = 0; cpu < PARADOR_CPUS_MAX; cpu++) {
        if (parador_cpuset_has(&of_nodes, cpu))
            parador_cpuset_add(cpus, cpu);
        if (file->cpus == NULL && file->nodes == NULL && parador_cpuset_has(&free_cpus, cpu)) {
            parador_cpuset_add(cpus, cpu);
            break;
        }
    }
    if (parador_cpuset_count(cpus) > 0)
        return true;
    fprintf(stderr, "parador: there is no free CPU for pool %s: cpupool-cpu-remove takes one out of "
            "another pool\n", file->name);
    return false;
}

static int make_pool(struct parador_handle *h, const struct pool_file *file, bool dry)
{
    struct parador_cpupool first;
    struct parador_cpuset cpus;
    char text[CPUS_TEXT];
    int sched = file->sched != NULL ? parador_scheduler_id(file->sched) : 0;
    uint32_t id;

    if (sched < 0) {
        fprintf(stderr, "parador: sched = \"%s\": there is no such scheduler\n", file->sched);
        return 1;
    }
    if (parador_cpupool_next(h, 0, &first) != 0)
        return command_failed(h);
    if (file->sched == NULL)
        sched = (int)first.sched_id;
    if (!choose_cpus(h, file, &cpus))
        return 1;
    if (dry) {
        if (parador_pool_check(h, file->name, &cpus) != 0)
            return command_failed(h);
        printf("name = \"%s\"\nsched = \"%s\"\ncpus = \"%s\"\n", file->name,
               parador_scheduler_name(h, (uint32_t)sched),
               parador_cpuset_text(&cpus, NULL, text, sizeof(text)));
        return 0;
    }
    if (parador_pool_make(h, file->name, (uint32_t)sched, &cpus, &id) != 0)
        return command_failed(h);
    printf("cpupool name:   %s\nscheduler:      %s\nnumber of cpus: %u\n", file->name,
           parador_scheduler_name(h, (uint32_t)sched), parador_cpuset_count(&cpus));
    return 0;
}

int cmd_cpupool_create(struct parador_handle *h, int argc, char **argv)
{
    static const struct option options[] = {
        { "defconfig", required_argument, NULL, 'f' }, { "dryrun", no_argument, NULL, 'n' },
        { "help", no_argument, NULL, 'h' }, { 0 }
    };
    struct pool_file file = { 0 };
    const char *path = NULL;
    struct conf_error err;
    bool dry = false;
    int o, status = 1;

    while ((o = command_long_option(argc, argv, "f:n", options)) != -1) {
        switch (o) {
        case 'f': path = optarg; break;
        case 'n': dry = true; break;
        default: return 2;
        }
    }
    if (path == NULL && optind < argc && strchr(argv[optind], '=') == NULL)
        path = argv[optind++];
    if (path == NULL && optind == argc)
        return command_misused(argv, "give a file or settings: at least name=");
    if (pool_file_read(&file, path, argv + optind, (size_t)(argc - optind), &err) == 0)
        status = make_pool(h, &file, dry);
    else
        fprintf(stderr, "parador: %s\n", err.text);
    pool_file_free(&file);
    return status;
}

/* ---- changes ---- */

int cmd_cpupool_destroy(struct parador_handle *h, int argc, char **argv)
{
    struct parador_cpupool pool;
    char name[POOL_NAME_TEXT];
    int status = plain(argc, argv, 1, "name one pool");

    if (status != 0)
        return status;
    if (!find_pool(h, argv[optind], &pool, name))
        return 1;
    return parador_pool_end(h, &pool) == 0 ? 0 : command_failed(h);
}

static int keep_pool(struct guest_config *config, void *arg)
{
    return guest_config_set_string(&config->pool, arg);
}

static int rename_pool(struct parador_handle *h, uint32_t id, char *name)
{
    struct guest_info *list;
    size_t count;
    int status = 0;

    if (parador_pool_rename(h, id, name) != 0 || parador_list(h, &list, &count) != 0)
        return command_failed(h);
    /* Its guests come back to it by its name. */
    for (size_t i = 0; i < count; i++)
        if (list[i].cpupool == id)
            status |= command_kept(list[i].name,
                                   record_change_config(list[i].domid, keep_pool, name));
    free(list);
    return status;
}

int cmd_cpupool_rename(struct parador_handle *h, int argc, char **argv)
{
    struct parador_cpupool pool;
    char name[POOL_NAME_TEXT];
    int status = plain(argc, argv, 2, "name a pool and its new name");

    if (status != 0)
        return status;
    return find_pool(h, argv[optind], &pool, name) ? rename_pool(h, pool.id, argv[optind + 1]) : 1;
}

/* What the domains of a pool are promised: per cent of a CPU. */
static uint32_t reserved_in(struct parador_handle *h, uint32_t pool)
{
    struct parador_sched_params shares;
    struct guest_info *list;
    uint32_t sum = 0;
    size_t count;

    if (parador_list(h, &list, &count) != 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        if (list[i].cpupool == pool && parador_shares(h, list[i].domid, &shares) == 0)
            sum += shares.reservation;
    free(list);
    return sum;
}

typedef int change_fn(struct parador_handle *h, uint32_t pool, uint32_t cpu);

/* All CPUs or none. */
static int change_cpus(struct parador_handle *h, uint32_t pool, const struct parador_cpuset *cpus,
                       change_fn *change, change_fn *undo)
{
    char why[512];
    unsigned cpu, done;

    for (cpu = 0; cpu < PARADOR_CPUS_MAX; cpu++)
        if (parador_cpuset_has(cpus, cpu) && change(h, pool, cpu) != 0)
            break;
    if (cpu == PARADOR_CPUS_MAX)
        return 0;
    snprintf(why, sizeof(why), "%s", parador_error(h));
    for (done = 0; done < cpu; done++)
        if (parador_cpuset_has(cpus, done) && undo(h, pool, done) != 0)
            fprintf(stderr, "parador: CPU %u stays where it is now: %s\n", done, parador_error(h));
    fprintf(stderr, "parador: %s\n", why);
    return 1;
}

int cmd_cpupool_cpu_add(struct parador_handle *h, int argc, char **argv)
{
    struct parador_cpuset cpus, free_cpus, usable;
    struct parador_topology topo;
    struct parador_cpupool pool;
    char name[POOL_NAME_TEXT], have[CPUS_TEXT];
    int status = plain(argc, argv, 2, "name a pool and CPUs");

    if (status != 0)
        return status;
    if (!find_pool(h, argv[optind], &pool, name) || !read_cpus(h, argv[optind + 1], &topo, &cpus))
        return 1;
    if (parador_cpupool_free_cpus(h, &free_cpus) != 0)
        return command_failed(h);
    usable = cpus;
    if (parador_cpuset_and(&usable, &free_cpus) != parador_cpuset_count(&cpus)) {
        fprintf(stderr, "parador: CPUs \"%s\": not all are free to go into CPU pool %s: the free ones "
                "are %s\n", argv[optind + 1], name,
                parador_cpuset_text(&free_cpus, NULL, have, sizeof(have)));
        return 1;
    }
    return change_cpus(h, pool.id, &cpus, parador_cpupool_add_cpu, parador_cpupool_remove_cpu);
}

static int remove_cpus(struct parador_handle *h, const char *text,
                       const struct parador_cpupool *pool, const char *name,
                       const struct parador_cpuset *cpus)
{
    struct parador_cpuset inside = *cpus;
    char have[CPUS_TEXT];
    unsigned here = parador_cpuset_and(&inside, &pool->cpus);
    uint32_t left, reserved;

    parador_cpuset_text(&pool->cpus, NULL, have, sizeof(have));
    if (here != parador_cpuset_count(cpus)) {
        fprintf(stderr, "parador: CPUs \"%s\": not all are in CPU pool %s, which has CPUs %s\n", text,
                name, have);
        return 1;
    }
    if (here == parador_cpuset_count(&pool->cpus) && pool->nr_domains > 0) {
        fprintf(stderr, "parador: CPUs \"%s\": CPU pool %s has CPUs %s and must keep one of them, as "
                "long as it has domains: %u\n", text, name, have, pool->nr_domains);
        return 1;
    }
    left = 100 * (parador_cpuset_count(&pool->cpus) - here);
    reserved = reserved_in(h, pool->id);
    if (reserved > left) {
        fprintf(stderr, "parador: CPUs \"%s\": CPU pool %s needs them for reservations: %u are "
                "reserved, and its capacity would be %u (per cent of a CPU)\n", text, name, reserved,
                left);
        return 1;
    }
    return change_cpus(h, pool->id, cpus, parador_cpupool_remove_cpu, parador_cpupool_add_cpu);
}

int cmd_cpupool_cpu_remove(struct parador_handle *h, int argc, char **argv)
{
    struct parador_topology topo;
    struct parador_cpupool pool;
    struct parador_cpuset cpus;
    char name[POOL_NAME_TEXT];
    int status = plain(argc, argv, 2, "name a pool and CPUs");

    if (status != 0)
        return status;
    if (!find_pool(h, argv[optind], &pool, name) || !read_cpus(h, argv[optind + 1], &topo, &cpus))
        return 1;
    return remove_cpus(h, argv[optind + 1], &pool, name, &cpus);
}

/* ---- migrate ---- */

struct migration {
    const struct parador_cpupool *pool;
    char *name;
    struct parador_topology topo;
};

/* Whether a vcpu with this list, or with none, finds a CPU in its new pool. */
static bool fits(const char *list, const struct migration *m)
{
    struct parador_cpuset set;
    char why[400];

    return list == NULL || (parador_cpuset_parse(list, &m->topo, &set, why, sizeof(why)) &&
                            parador_cpuset_and(&set, &m->pool->cpus) > 0);
}

/* As the hypervisor does it: a vcpu that finds no CPU in its new pool loses both its masks. */
static int keep_migration(struct guest_config *config, void *arg)
{
    struct guest_cpus *hard = &config->cpus, *soft = &config->cpus_soft;
    uint32_t vcpus = guest_config_vcpus_max(config);
    const struct migration *m = arg;

    if (!hard->each && !fits(guest_cpus_of(hard, 0), m)) {
        guest_cpus_clear(hard);
        guest_cpus_clear(soft);
    }
    for (uint32_t n = 0; hard->each && n < vcpus; n++)
        if (!fits(guest_cpus_of(hard, n), m) &&
            (guest_cpus_set(hard, vcpus, n, n, "all") != 0 ||
             (soft->count != 0 && guest_cpus_set(soft, vcpus, n, n, "all") != 0)))
            return -1;
    return guest_config_set_string(&config->pool, m->name);
}

static int not_moved(struct parador_handle *h, domid_t domid, const struct parador_cpupool *pool,
                     const char *name)
{
    struct parador_sched_params shares;
    uint32_t capacity = 100 * parador_cpuset_count(&pool->cpus);

    if (errno == EOPNOTSUPP)
        fprintf(stderr, "parador: CPU pool %s has the scheduler %s, which cannot keep the cap or "
                "reservation of domain %u: sched-credit2 -c 0 -R 0 takes them off\n", name,
                parador_scheduler_name(h, pool->sched_id), domid);
    else if (errno == ENOSPC && parador_shares(h, domid, &shares) == 0)
        fprintf(stderr, "parador: a reservation of %u does not fit into CPU pool %s: its capacity is "
                "%u, %u are reserved there (per cent of a CPU)\n", shares.reservation, name,
                capacity, reserved_in(h, pool->id));
    else
        return command_failed(h);
    return 1;
}

int cmd_cpupool_migrate(struct parador_handle *h, int argc, char **argv)
{
    struct parador_cpupool pool;
    struct migration m = { .pool = &pool };
    char name[POOL_NAME_TEXT];
    domid_t domid;
    int status = plain(argc, argv, 2, "name a domain and a pool");

    if (status != 0)
        return status;
    if (!command_domain(h, argv[optind], &domid) ||
        !find_pool(h, argv[optind + 1], &pool, name))
        return 1;
    if (domid == 0) {
        fprintf(stderr, "parador: Domain-0 cannot leave its CPU pool\n");
        return 1;
    }
    if (parador_cpuset_count(&pool.cpus) == 0) {
        fprintf(stderr, "parador: CPU pool %s has no CPUs\n", name);
        return 1;
    }
    if (parador_topology(h, &m.topo) != 0)
        return command_failed(h);
    if (parador_cpupool_move(h, domid, pool.id) != 0)
        return not_moved(h, domid, &pool, name);
    m.name = name;
    return command_kept("its pool", record_change_config(domid, keep_migration, &m));
}

/* One node is one pool, which is what there is: as with xl, it gets the name of its node. */
int cmd_cpupool_numa_split(struct parador_handle *h, int argc, char **argv)
{
    char name[] = "Pool-node0";
    struct parador_topology topo;
    struct parador_cpupool other;
    int status = plain(argc, argv, 0, "it has no arguments");

    if (status != 0)
        return status;
    if (parador_topology(h, &topo) != 0)
        return command_failed(h);
    if (parador_cpupool_next(h, 1, &other) == 0) {
        fprintf(stderr, "parador: there is more than one CPU pool already: end the others first\n");
        return 1;
    }
    if (topo.last_node == 0)
        return rename_pool(h, 0, name);
    fprintf(stderr, "parador: this machine has %u NUMA nodes: make a pool of each with "
            "cpupool-create nodes=N\n", topo.last_node + 1);
    return 1;
}
