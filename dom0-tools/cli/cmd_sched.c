/* SPDX-License-Identifier: MIT */
/* sched-credit2: weights, caps and reservations of domains, and the rate limit of pools. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "guest/names.h"
#include "lifecycle/record.h"
#include "meter/account.h"

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
    char text[NAME_TEXT];

    printf("%s %4u %6u %4u %11u\n", name_for_terminal(name, -33, 0, text), domid, s->weight, s->cap,
           s->reservation);
}

static json_t *shares_json(const char *name, domid_t domid, const struct parador_sched_params *s)
{
    return json_pack("{s:o, s:i, s:i, s:i, s:i}", "name", json_text(name), "domid", (int)domid, "weight",
                     (int)s->weight, "cap", (int)s->cap, "reservation", (int)s->reservation);
}

static bool is_credit2(uint32_t sched_id)
{
    return sched_id == XEN_SCHEDULER_CREDIT2;
}

static const char all_shares[] = "weights, caps or reservations";

/* The round robin has weights, and neither caps nor reservations, which are refused when they are set. */
static bool has_weights(struct parador_handle *h, uint32_t sched_id)
{
    return is_credit2(sched_id) || strcmp(parador_scheduler_name(h, sched_id), "rr") == 0;
}

/* Status 1: the scheduler of a pool, that of a domain if whose is not empty, has not got `what`. */
static int lacks(struct parador_handle *h, const char *whose, uint32_t pool, uint32_t sched_id,
                 const char *what)
{
    char name[POOL_NAME_TEXT];

    if (parador_pool_name(h, pool, name, sizeof(name)) != 0)
        return command_failed(h);
    fprintf(stderr, "parador: %s%sCPU pool %s has the scheduler %s: no %s there\n", whose,
            *whose ? ": " : "", name, parador_scheduler_name(h, sched_id), what);
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
    if (!has_weights(h, now.sched_id))
        return lacks(h, name, now.pool, now.sched_id, all_shares);
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
    bool limited = is_credit2(pool->sched_id);
    char name[POOL_NAME_TEXT], text[NAME_TEXT];
    json_t *domains;
    uint32_t us;

    if (parador_pool_name(h, pool->id, name, sizeof(name)) != 0 ||
        (limited && parador_cpupool_ratelimit(h, pool->id, &us) != 0))
        return command_failed(h);
    if (all == NULL) {
        if (limited)
            printf("Cpupool %s: ratelimit=%uus\n", name_for_terminal(name, 0, 0, text), us);
        else
            printf("Cpupool %s: sched=%s\n", name_for_terminal(name, 0, 0, text),
                   parador_scheduler_name(h, pool->sched_id));
        return c->of_pool ? 0 : list_domains(h, pool, NULL);
    }
    domains = json_array();
    json_array_append_new(all, json_pack("{s:o, s:i, s:s, s:o, s:o}", "name", json_text(name), "id",
                                         (int)pool->id, "scheduler",
                                         parador_scheduler_name(h, pool->sched_id), "ratelimit_us",
                                         limited ? json_integer(us) : json_null(), "domains",
                                         domains));
    return list_domains(h, pool, domains);
}

/* All pools with weights. */
static int each_pool(struct parador_handle *h, const struct sched_call *c, json_t *all)
{
    struct parador_cpupool *list;
    size_t count, shown = 0;
    int status = 0;

    if (parador_pool_list(h, &list, &count) != 0)
        return command_failed(h);
    for (size_t i = 0; i < count && status == 0; i++) {
        if (!has_weights(h, list[i].sched_id))
            continue;
        status = show_pool(h, c, &list[i], all);
        shown++;
    }
    if (shown == 0 && status == 0 && count > 0)
        status = lacks(h, "", list[0].id, list[0].sched_id, all_shares);
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
        else if (c->set_ratelimit && !is_credit2(pool.sched_id))
            status = lacks(h, "", pool.id, pool.sched_id, "rate limit");
        else if (!has_weights(h, pool.sched_id))
            status = lacks(h, "", pool.id, pool.sched_id, all_shares);
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
