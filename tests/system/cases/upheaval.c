/* SPDX-License-Identifier: MIT */
/*
 * upheaval ROUNDS DOMID...: tools that know nothing of each other change everything about who runs
 * where, at once: pools, their CPUs, pins, shares, pauses; and domains come and go. Afterwards all is put
 * right again, and every domain named must still run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/parador.h"

#define CPUS 4
#define VCPUS 2 /* of each domain */
#define TRIES 300

static struct parador_handle *h;
static domid_t domains[16];
static unsigned nr_domains, rounds;
static uint32_t pools[2];
static uint64_t state;

static unsigned below(unsigned n)
{
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(state >> 33) % n;
}

static domid_t any(void)
{
    return domains[below(nr_domains)];
}

/* Many of these are refused, as they should be. */
static void move(void)
{
    parador_cpupool_move(h, any(), pools[below(2)]);
}

static void exchange_cpus(void)
{
    unsigned cpu = below(CPUS), from = below(2);

    if (parador_cpupool_remove_cpu(h, pools[from], cpu) == 0)
        parador_cpupool_add_cpu(h, pools[below(2)], cpu);
}

static void pin(void)
{
    struct parador_cpuset hard = { { 0 } }, soft = { { 0 } };

    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        if (below(2))
            parador_cpuset_add(&hard, cpu);
        if (below(2))
            parador_cpuset_add(&soft, cpu);
    }
    parador_vcpu_set_affinity(h, below(4) ? any() : 0, below(VCPUS), &hard, &soft, false);
}

static void unpin(domid_t id)
{
    struct parador_topology topo;

    if (parador_topology(h, &topo) == 0)
        for (unsigned vcpu = 0; vcpu < VCPUS; vcpu++)
            parador_vcpu_set_affinity(h, id, vcpu, &topo.cpus, &topo.cpus, false);
}

/* Weights near that of dom0, which has to get on with all this. */
static void change_shares(void)
{
    struct parador_sched_params p = { .flags = 1u << below(3), .weight = 1 + below(400),
                                      .cap = below(2) * (1 + below(200)),
                                      .reservation = below(2) * below(60) };

    parador_control_sched_set(h, any(), &p);
}

static void pause_one(void)
{
    domid_t id = any();

    if (parador_domain_pause(h, id) == 0)
        parador_domain_unpause(h, id);
}

static void come_and_go(void)
{
    struct parador_domain_limits limits = { .max_vcpus = 1 + below(4), .cpupool = pools[below(2)] };
    domid_t id;

    if (parador_domain_create(h, &limits, &id) < 0)
        return;
    parador_domain_max_vcpus(h, id, limits.max_vcpus);
    parador_domain_destroy(h, id);
}

static void look(void)
{
    struct parador_domain_usage usage[32];
    struct parador_vcpu_usage vcpus[VCPUS];
    uint64_t now;

    parador_control_usage_domains(h, 0, usage, 32);
    parador_control_usage_vcpus(h, any(), 0, vcpus, VCPUS, &now);
}

static void (*const jobs[][3])(void) = {
    { move, exchange_cpus, look }, { pin, change_shares, pause_one }, { come_and_go, move, pin },
    { exchange_cpus, come_and_go, look },
};
#define JOBS (sizeof(jobs) / sizeof(jobs[0]))

static void work(unsigned job)
{
    h = parador_open();
    if (!h)
        _exit(1);
    state = job;
    for (unsigned i = 0; i < rounds; i++)
        jobs[job][below(3)]();
    _exit(0);
}

static void put_right(void)
{
    for (unsigned i = 0; i < nr_domains; i++) {
        struct parador_sched_params p = { .flags = 7, .weight = 256 };

        parador_control_sched_set(h, domains[i], &p);
        parador_cpupool_move(h, domains[i], 0);
        unpin(domains[i]);
    }
    unpin(0);
    for (unsigned cpu = 0; cpu < CPUS; cpu++) {
        parador_cpupool_remove_cpu(h, pools[1], cpu);
        parador_cpupool_add_cpu(h, 0, cpu);
    }
}

static uint64_t ran(domid_t id)
{
    struct parador_domain_usage u = { 0 };

    return parador_control_usage_domains(h, id, &u, 1) == 1 && u.domid == id ? u.running_ns : 0;
}

/* False: it has no CPU any more. */
static bool still_runs(domid_t id)
{
    uint64_t before = ran(id);

    for (unsigned i = 0; i < TRIES && before; i++) {
        if (ran(id) > before)
            return true;
        usleep(100000);
    }
    return false;
}

int main(int argc, char **argv)
{
    unsigned failed = 0;
    int status;

    h = parador_open();
    for (int i = 2; i < argc && nr_domains < sizeof(domains) / sizeof(domains[0]); i++)
        domains[nr_domains++] = (domid_t)atoi(argv[i]);
    if (!h || !nr_domains || parador_cpupool_create(h, XEN_SCHEDULER_CREDIT2, &pools[1]) < 0)
        return 2;
    rounds = (unsigned)atoi(argv[1]);
    for (unsigned job = 0; job < JOBS; job++)
        if (fork() == 0)
            work(job);
    while (wait(&status) > 0)
        failed += status != 0;
    put_right();
    if (parador_cpupool_destroy(h, pools[1]) < 0 && ++failed)
        printf("the second pool does not go: %s\n", parador_error(h));
    for (unsigned i = 0; i < nr_domains; i++)
        if (!still_runs(domains[i]) && ++failed)
            printf("domain %u does not run any more\n", domains[i]);
    parador_close(h);
    return failed != 0;
}
