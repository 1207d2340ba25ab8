/* SPDX-License-Identifier: MIT */
/* Sets of the machine's CPUs, and how people write them: "0-3,^2", "all", "node:0". */
#include "lib/parador.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool parador_cpuset_has(const struct parador_cpuset *set, unsigned cpu)
{
    return cpu < PARADOR_CPUS_MAX && set->words[cpu / 64] >> cpu % 64 & 1;
}

void parador_cpuset_add(struct parador_cpuset *set, unsigned cpu)
{
    if (cpu < PARADOR_CPUS_MAX)
        set->words[cpu / 64] |= 1ull << cpu % 64;
}

unsigned parador_cpuset_count(const struct parador_cpuset *set)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PARADOR_CPUS_MAX / 64; i++)
        count += (unsigned)__builtin_popcountll(set->words[i]);
    return count;
}

unsigned parador_cpuset_and(struct parador_cpuset *set, const struct parador_cpuset *with)
{
    for (unsigned i = 0; i < PARADOR_CPUS_MAX / 64; i++)
        set->words[i] &= with->words[i];
    return parador_cpuset_count(set);
}

char *parador_cpuset_text(const struct parador_cpuset *set, const struct parador_cpuset *all,
                          char *buf, size_t size)
{
    const char *comma = "";
    size_t used = 0;

    if (all && memcmp(set, all, sizeof(*set)) == 0) {
        snprintf(buf, size, "all");
        return buf;
    }
    snprintf(buf, size, "none");
    for (unsigned cpu = 0; cpu < PARADOR_CPUS_MAX && used < size; cpu++) {
        unsigned last = cpu;

        if (!parador_cpuset_has(set, cpu))
            continue;
        while (parador_cpuset_has(set, last + 1))
            last++;
        used += (size_t)snprintf(buf + used, size - used, last > cpu ? "%s%u-%u" : "%s%u", comma,
                                 cpu, last);
        comma = ",";
        cpu = last;
    }
    return buf;
}

/* Reads "N" or "N-M" to the end of text. */
static bool read_range(const char *text, unsigned long *first, unsigned long *last)
{
    char *end;

    if (!isdigit((unsigned char)*text))
        return false;
    *first = *last = strtoul(text, &end, 10);
    if (*end == '-') {
        if (!isdigit((unsigned char)end[1]))
            return false;
        *last = strtoul(end + 1, &end, 10);
    }
    return *end == '\0';
}

static void add_nodes(struct parador_cpuset *set, const struct parador_topology *topo,
                      unsigned long first, unsigned long last)
{
    for (unsigned cpu = 0; cpu < PARADOR_CPUS_MAX; cpu++)
        if (parador_cpuset_has(&topo->cpus, cpu) && topo->node[cpu] >= first &&
            topo->node[cpu] <= last)
            parador_cpuset_add(set, cpu);
}

/* The first of first..last that the machine has not. */
static bool lacks(const struct parador_topology *topo, unsigned long first, unsigned long last,
                  unsigned long *missing)
{
    for (*missing = first; *missing <= last; (*missing)++)
        if (*missing >= PARADOR_CPUS_MAX ||
            (topo && !parador_cpuset_has(&topo->cpus, (unsigned)*missing)))
            return true;
    return false;
}

/* One item without its '^', into set. What is only left out need not be there. */
static bool read_item(const char *item, const struct parador_topology *topo, bool left_out,
                      struct parador_cpuset *set, char *why, size_t size)
{
    bool nodes = strncmp(item, "node:", 5) == 0 || strncmp(item, "nodes:", 6) == 0;
    unsigned long first, last, missing;
    char have[256];

    if (*item == '\0') {
        snprintf(why, size, "a CPU or a range like 0-3 is missing");
        return false;
    }
    if (strcmp(item, "all") == 0) {
        for (unsigned cpu = 0; cpu < PARADOR_CPUS_MAX; cpu++)
            if (!topo || parador_cpuset_has(&topo->cpus, cpu))
                parador_cpuset_add(set, cpu);
        return true;
    }
    if (!read_range(nodes ? strchr(item, ':') + 1 : item, &first, &last)) {
        snprintf(why, size, "\"%s\" is neither a CPU nor a range like 0-3", item);
        return false;
    }
    if (first > last) {
        snprintf(why, size, "the range %s runs backwards", item);
        return false;
    }
    if (nodes) {
        if (topo && !left_out && last > topo->last_node) {
            snprintf(why, size, "there is no node %lu: the last one of this machine is %u", last,
                     topo->last_node);
            return false;
        }
        if (topo)
            add_nodes(set, topo, first, last);
        return true;
    }
    if (!left_out && lacks(topo, first, last, &missing)) {
        if (topo)
            snprintf(why, size, "there is no CPU %lu: this machine has CPUs %s", missing,
                     parador_cpuset_text(&topo->cpus, NULL, have, sizeof(have)));
        else
            snprintf(why, size, "no machine has a CPU %lu: they go up to %u", missing,
                     PARADOR_CPUS_MAX - 1);
        return false;
    }
    for (; first <= last && first < PARADOR_CPUS_MAX; first++)
        parador_cpuset_add(set, (unsigned)first);
    return true;
}

static char *trimmed(char *item)
{
    size_t n;

    item += strspn(item, " \t");
    for (n = strlen(item); n > 0 && isblank((unsigned char)item[n - 1]); n--)
        ;
    item[n] = '\0';
    return item;
}

bool parador_cpuset_parse(const char *text, const struct parador_topology *topo,
                          struct parador_cpuset *set, char *why, size_t size)
{
    struct parador_cpuset out = {{0}};
    char *copy = strdup(text), *rest = copy, *item;
    bool ok = copy != NULL, left_out;

    memset(set, 0, sizeof(*set));
    if (!copy)
        snprintf(why, size, "out of memory");
    while (ok && (item = strsep(&rest, ",")) != NULL) {
        item = trimmed(item);
        left_out = *item == '^';
        ok = read_item(item + left_out, topo, left_out, left_out ? &out : set, why, size);
    }
    free(copy);
    for (unsigned i = 0; i < PARADOR_CPUS_MAX / 64; i++)
        set->words[i] &= ~out.words[i];
    if (ok && topo && parador_cpuset_count(set) == 0) {
        snprintf(why, size, "\"%s\" leaves no CPU", text);
        return false;
    }
    return ok;
}
