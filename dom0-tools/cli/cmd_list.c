/* SPDX-License-Identifier: MIT */
/* list, uptime: tables of domains. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/command.h"
#include "guest/names.h"
#include "meter/account.h"
#include "public/sched.h"

/* Why a domain shut down, as one letter in the State column. */
static char reason_letter(const struct guest_info *g)
{
    static const char letters[] = "-rscw";

    if (!g->shutdown)
        return '-';
    return g->shutdown_reason < sizeof(letters) - 1 ? letters[g->shutdown_reason] : '?';
}

static void print_row(struct parador_handle *h, const struct guest_info *g, bool verbose, bool pools)
{
    char pool[POOL_NAME_TEXT], name[NAME_TEXT];

    printf("%s %5u %5llu %5u     %c%c%c%c%c%c  %8.1f", name_for_terminal(g->name, -40, 0, name),
           g->domid, (unsigned long long)(g->memory_kib + 1023) / 1024, g->vcpus_online,
           g->running ? 'r' : '-', g->blocked ? 'b' : '-', g->paused ? 'p' : '-',
           g->shutdown ? 's' : '-', g->crashed ? 'c' : '-', g->dying ? 'd' : '-',
           (double)g->cpu_time_ns / 1e9);
    if (verbose) {
        char uuid[37];

        parador_uuid_text(g->uuid, uuid);
        printf(" %s %16c", uuid, reason_letter(g));
    }
    if (pools)
        printf(" %s", name_for_terminal(parador_pool_name(h, g->cpupool, pool, sizeof(pool)) == 0 ? pool : "?",
                                        16, 0, name));
    putchar('\n');
}

static json_t *row_json(struct parador_handle *h, const struct guest_info *g)
{
    char uuid[37], pool[POOL_NAME_TEXT];

    parador_uuid_text(g->uuid, uuid);
    if (parador_pool_name(h, g->cpupool, pool, sizeof(pool)) != 0)
        pool[0] = '\0';
    return json_pack("{s:i, s:o, s:s, s:I, s:I, s:i, s:i, s:{s:b, s:b, s:b, s:b, s:b, s:b}, s:f, s:I, "
                     "s:o}",
                     "domid", (int)g->domid, "name", json_text(g->name), "uuid", uuid,
                     "memory_kib", (json_int_t)g->memory_kib, "maxmem_kib",
                     (json_int_t)g->maxmem_kib, "vcpus_online", (int)g->vcpus_online, "vcpus_max",
                     (int)g->vcpus_max, "state", "running", g->running, "blocked", g->blocked,
                     "paused", g->paused, "shutdown", g->shutdown, "crashed", g->crashed, "dying",
                     g->dying, "cpu_time_s", (double)g->cpu_time_ns / 1e9, "start_time",
                     (json_int_t)g->start_time, "cpupool", json_text(pool));
}

/* What the store knows of a device class, as an array of objects with its nodes. */
static json_t *devices_json(struct parador_handle *h, domid_t domid, const char *class)
{
    json_t *all = json_array();
    char path[128];
    size_t count = 0;
    char **ids;

    snprintf(path, sizeof(path), "/local/domain/0/backend/%s/%u", class, domid);
    ids = store_directory(h, 0, path, &count);
    for (size_t i = 0; ids != NULL && i < count; i++) {
        json_t *device = json_object();
        char sub[160];
        size_t nodes = 0;
        char **names;

        snprintf(sub, sizeof(sub), "%s/%s", path, ids[i]);
        names = store_directory(h, 0, sub, &nodes);
        for (size_t n = 0; names != NULL && n < nodes; n++) {
            char *value = store_readf(h, 0, "%s/%s", sub, names[n]);

            json_object_set_new(device, names[n], json_text(value != NULL ? value : ""));
            free(value);
        }
        store_free_list(names);
        json_object_set_new(device, "id", json_text(ids[i]));
        json_array_append_new(all, device);
    }
    store_free_list(ids);
    return all;
}

static json_t *long_json(struct parador_handle *h, const struct guest_info *g)
{
    json_t *row = row_json(h, g), *out;

    if (g->domid != 0) {
        json_object_set_new(row, "disks", devices_json(h, g->domid, "vbd"));
        json_object_set_new(row, "nics", devices_json(h, g->domid, "vif"));
    }
    out = json_pack("{s:i, s:o}", "domid", (int)g->domid, "config", row);
    return out;
}

int command_domains(struct parador_handle *h, int argc, char **argv, struct guest_info **list,
                    size_t *count)
{
    struct guest_info *chosen;

    if (argc == 0)
        return parador_list(h, list, count) == 0 ? 0 : command_failed(h);
    chosen = calloc(argc, sizeof(*chosen));
    if (chosen == NULL) {
        fprintf(stderr, "parador: out of memory\n");
        return 1;
    }
    for (int i = 0; i < argc; i++) {
        domid_t domid;

        bool found = command_domain(h, argv[i], &domid);

        if (!found || parador_info(h, domid, &chosen[i]) != 0) {
            free(chosen);
            return found ? command_failed(h) : 1;
        }
    }
    *list = chosen;
    *count = argc;
    return 0;
}

json_t *command_cpus(const struct parador_cpuset *set)
{
    json_t *list = json_array();

    for (unsigned cpu = 0; cpu < PARADOR_CPUS_MAX; cpu++)
        if (parador_cpuset_has(set, cpu))
            json_array_append_new(list, json_integer(cpu));
    return list;
}

void command_json(json_t *all)
{
    json_dumpf(all, stdout, JSON_INDENT(4) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(all);
}

int cmd_list(struct parador_handle *h, int argc, char **argv)
{
    static const struct option options[] = {
        { "long", no_argument, NULL, 'l' }, { "verbose", no_argument, NULL, 'v' },
        { "json", no_argument, NULL, 'j' }, { "cpupool", no_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' }, { 0 }
    };
    bool as_long = false, verbose = false, as_json = false, pools = false;
    struct guest_info *list;
    size_t count;
    json_t *all;
    int o;

    while ((o = command_long_option(argc, argv, "lvc", options)) != -1) {
        switch (o) {
        case 'l': as_long = true; break;
        case 'v': verbose = true; break;
        case 'j': as_json = true; break;
        case 'c': pools = true; break;
        default: return 2;
        }
    }
    if (command_domains(h, argc - optind, argv + optind, &list, &count) != 0)
        return 1;
    if (as_long || as_json) {
        all = json_array();
        for (size_t i = 0; i < count; i++)
            json_array_append_new(all, as_long ? long_json(h, &list[i]) : row_json(h, &list[i]));
        command_json(all);
    } else {
        printf("Name                                        ID   Mem VCPUs\tState\tTime(s)%s%s\n",
               verbose ? "   UUID                            Reason-Code" : "",
               pools ? "         Cpupool" : "");
        for (size_t i = 0; i < count; i++)
            print_row(h, &list[i], verbose, pools);
    }
    free(list);
    return 0;
}

static void print_uptime(const struct guest_info *g, bool brief)
{
    long long up = g->start_time != 0 ? (long long)(time(NULL) - g->start_time) : 0;
    char text[64], name[NAME_TEXT];

    if (up < 0)
        up = 0;
    if (up >= 86400)
        snprintf(text, sizeof(text), "%lld day%s, %2lld:%02lld:%02lld", up / 86400,
                 up >= 2 * 86400 ? "s" : "", up / 3600 % 24, up / 60 % 60, up % 60);
    else
        snprintf(text, sizeof(text), "%2lld:%02lld:%02lld", up / 3600, up / 60 % 60, up % 60);
    if (brief) {
        time_t now = time(NULL);
        char clock[16];

        strftime(clock, sizeof(clock), "%H:%M:%S", localtime(&now));
        printf(" %s up %s, %s (%u)\n", clock, text, name_for_terminal(g->name, 0, 0, name), g->domid);
    } else {
        printf("%s %4u %s\n", name_for_terminal(g->name, -33, 0, name), g->domid, text);
    }
}

int cmd_uptime(struct parador_handle *h, int argc, char **argv)
{
    struct guest_info *list;
    bool brief = false;
    size_t count;
    int o;

    while ((o = command_option(argc, argv, "s")) != -1) {
        if (o != 's')
            return 2;
        brief = true;
    }
    if (command_domains(h, argc - optind, argv + optind, &list, &count) != 0)
        return 1;
    if (!brief)
        printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
    for (size_t i = 0; i < count; i++)
        print_uptime(&list[i], brief);
    free(list);
    return 0;
}
