/* SPDX-License-Identifier: MIT */
/* sched-credit2: weights, caps and reservations of domains, and the rate limit of pools. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "lifecycle/record.h"

/* A call of sched-credit2. */
struct sched_call {
    const char *domain, *pool;
    struct parador_sched_params want;
    bool of_pool, as_json;
    bool set_ratelimit;
    uint32_t ratelimit;
};

static void print_header(void)
{
    printf("%-33s %4s %6s %4s %11s\n", "Name", "ID", "Weight", "Cap", "Reservation");
}

static void print_shares(const char *name, domid_t domid, const struct parador_sched_params *s)
{
    printf("%-33s %4u %6u %4u %11u\n", name, domid, s->weight, s->cap, s->reservation);
}

static json_t *shares_json(const char *name, domid_t domid, const struct parador_sched_params *s)
{
    return json_pack("{s:s, s:i, s:i, s:i, s:i}", "name", name, "domid", (int)domid, "weight",
                     (int)s->weight, "cap", (int)s->cap, "reservation", (int)s->reservation);
}

static bool has_shares(uint32_t sched_id)
{
    return sched_id == XEN_SCHEDULER_CREDIT2;
}

static int not_credit2(struct parador_handle *h, const char *whose, uint32_t pool, uint32_t sched_id)
{
    char name[64];

    if (parador_pool_name(h, pool, name, sizeof(name)) != 0)
        return command_failed(h);
    fprintf(stderr, "parador: %s%sCPU pool %s has the scheduler %s, not credit2: no weights, caps or "
            "reservations there\n", whose, *whose ? ": " : "", name,
            parador_scheduler_name(h, sched_id));
    return 1;
}

/* ---- one domain ---- */

static int keep_shares(struct guest_config *config, void *arg)
{
    const struct parador_sched_params *s = arg;

    if (s->flags & PARADOR_SCHED_WEIGHT)
        config->cpu_weight = s->weight;
    if (s->flags & PARADOR_SCHED_CAP)
        config->cpu_cap = s->cap;
    if (s->flags & PARADOR_SCHED_RESERVATION)
        config->reservation = s->reservation;
    return 0;
}

static int of_domain(struct parador_handle *h, struct sched_call *c)
{
    struct parador_sched_params now;
    domid_t domid;
    char name[128];

    if (!command_domain(h, c->domain, &domid))
        return 1;
    if (parador_name(h, domid, name, sizeof(name)) != 0 || parador_shares(h, domid, &now) != 0)
        return command_failed(h);
    if (!has_shares(now.sched_id))
        return not_credit2(h, name, now.pool, now.sched_id);
    if (c->want.flags != 0) {
        if (parador_set_shares(h, domid, &c->want) != 0)
            return command_failed(h);
        return command_kept("its share", record_change_config(domid, keep_shares, &c->want));
    }
    if (c->as_json) {
        command_json(shares_json(name, domid, &now));
        return 0;
    }
    print_header();
    print_shares(name, domid, &now);
    return 0;
}

/* ---- pools ---- */

/* The domains of a pool, to the terminal or into all. */
static int list_domains(struct parador_handle *h, const struct parador_cpupool *pool, json_t *all)
{
    struct parador_sched_params shares;
    struct guest_info *list;
    size_t count;

    if (parador_list(h, &list, &count) != 0)
        return command_failed(h);
    if (all == NULL)
        print_header();
    for (size_t i = 0; i < count; i++) {
        /* One that ended meanwhile is in no list. */
        if (list[i].cpupool != pool->id || parador_shares(h, list[i].domid, &shares) != 0)
            continue;
        if (all != NULL)
            json_array_append_new(all, shares_json(list[i].name, list[i].domid, &shares));
        else
            print_shares(list[i].name, list[i].domid, &shares);
    }
    free(list);
    return 0;
}

static int show_pool(struct parador_handle *h, const struct sched_call *c,
                     const struct parador_cpupool *pool, json_t *all)
{
    char name[64];
    json_t *domains;
    uint32_t us;

    if (parador_pool_name(h, pool->id, name, sizeof(name)) != 0 ||
        parador_cpupool_ratelimit(h, pool->id, &us) != 0)
        return command_failed(h);
    if (all == NULL) {
        printf("Cpupool %s: ratelimit=%uus\n", name, us);
        return c->of_pool ? 0 : list_domains(h, pool, NULL);
    }
    domains = json_array();
    json_array_append_new(all, json_pack("{s:s, s:i, s:i, s:o}", "name", name, "id", (int)pool->id,
                                         "ratelimit_us", (int)us, "domains", domains));
    return list_domains(h, pool, domains);
}

/* Those that are meant: the named one, or all with this scheduler. */
static int each_pool(struct parador_handle *h, const struct sched_call *c, json_t *all)
{
    struct parador_cpupool *list;
    size_t count, shown = 0;
    int status = 0;

    if (parador_pool_list(h, &list, &count) != 0)
        return command_failed(h);
    for (size_t i = 0; i < count && status == 0; i++) {
        if (!has_shares(list[i].sched_id))
            continue;
        status = show_pool(h, c, &list[i], all);
        shown++;
    }
    if (shown == 0 && status == 0 && count > 0)
        status = not_credit2(h, "", list[0].id, list[0].sched_id);
    free(list);
    return status;
}

static int of_pools(struct parador_handle *h, const struct sched_call *c)
{
    struct parador_cpupool pool;
    json_t *all = c->as_json ? json_array() : NULL;
    int status;

    if (c->pool != NULL || c->set_ratelimit) {
        if (parador_pool_find(h, c->pool != NULL ? c->pool : "0", &pool) != 0)
            status = command_failed(h);
        else if (!has_shares(pool.sched_id))
            status = not_credit2(h, "", pool.id, pool.sched_id);
        else if (c->set_ratelimit && parador_cpupool_set_ratelimit(h, pool.id, c->ratelimit) != 0)
            status = command_failed(h);
        else
            status = c->set_ratelimit ? 0 : show_pool(h, c, &pool, all);
    } else {
        status = each_pool(h, c, all);
    }
    if (status == 0 && all != NULL && !c->set_ratelimit)
        command_json(all);
    else
        json_decref(all);
    return status;
}

static int read_options(int argc, char **argv, struct sched_call *c)
{
    static const struct option options[] = {
        { "domain", required_argument, NULL, 'd' }, { "weight", required_argument, NULL, 'w' },
        { "cap", required_argument, NULL, 'c' }, { "reservation", required_argument, NULL, 'R' },
        { "cpupool", required_argument, NULL, 'p' }, { "schedparam", no_argument, NULL, 's' },
        { "ratelimit_us", required_argument, NULL, 'r' }, { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' }, { 0 }
    };
    bool ok = true;
    int o;

    while (ok && (o = command_long_option(argc, argv, "d:w:c:R:p:sr:", options)) != -1) {
        switch (o) {
        case 'd': c->domain = optarg; break;
        case 'p': c->pool = optarg; break;
        case 's': c->of_pool = true; break;
        case 'j': c->as_json = true; break;
        case 'w':
            ok = command_number(optarg, "a weight: a number from 1 to 65535", &c->want.weight);
            c->want.flags |= PARADOR_SCHED_WEIGHT;
            break;
        case 'c':
            ok = command_number(optarg, "a cap: per cent of a CPU, or 0 for none", &c->want.cap);
            c->want.flags |= PARADOR_SCHED_CAP;
            break;
        case 'R':
            ok = command_number(optarg, "a reservation: per cent of a CPU", &c->want.reservation);
            c->want.flags |= PARADOR_SCHED_RESERVATION;
            break;
        case 'r':
            ok = command_number(optarg, "a rate limit: microseconds, or 0 for none", &c->ratelimit);
            c->set_ratelimit = true;
            break;
        default: return 2;
        }
    }
    return ok ? 0 : 1;
}

int cmd_sched_credit2(struct parador_handle *h, int argc, char **argv)
{
    struct sched_call c = { 0 };
    int status = read_options(argc, argv, &c);

    if (status != 0)
        return status;
    if (optind != argc)
        return command_misused(argv, "\"%s\" belongs to no option", argv[optind]);
    if (c.domain != NULL && (c.pool != NULL || c.of_pool))
        return command_misused(argv, "-d is for a domain, -p and -s are for a pool");
    if (c.domain == NULL && c.want.flags != 0)
        return command_misused(argv, "name the domain: -d");
    if (c.set_ratelimit && !c.of_pool)
        return command_misused(argv, "-r is a parameter of the scheduler: -s");
    return c.domain != NULL ? of_domain(h, &c) : of_pools(h, &c);
}
