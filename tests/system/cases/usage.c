/* SPDX-License-Identifier: MIT */
/*
 * usage SECONDS: do the accounts add up, while whatever else happens in the machine happens?
 * Samples them all the time, compares each sample with the one before and the last with the first.
 * Every difference is a line; exit status 1 if there was one.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/parador.h"

#define CPUS 64
#define DOMAINS 64
#define TRIES 20
/* What may be off by chance: two changes of one vcpu between two instructions of a call. */
#define SLACK_NS 20000

struct sample {
    struct parador_usage_host host, after;
    struct parador_cpu_usage cpu[CPUS], cpu_after[CPUS];
    struct parador_domain_usage domain[DOMAINS];
    int cpus, domains;
};

static struct parador_handle *h;
static unsigned failures;

__attribute__((format(printf, 2, 3))) static void check(bool ok, const char *format, ...)
{
    va_list ap;

    if (ok)
        return;
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
    failures++;
}

static int need(int rc)
{
    if (rc < 0) {
        printf("%s\n", parador_error(h));
        exit(1);
    }
    return rc;
}

/* All at nearly one instant: the quickest of some tries during which no domain went. */
static void take(struct sample *best)
{
    uint64_t least = ~0UL;

    for (unsigned i = 0; i < TRIES; i++) {
        static struct sample s;
        uint64_t took;

        s.cpus = need(parador_control_usage_host(h, &s.host, s.cpu, CPUS));
        s.domains = need(parador_control_usage_domains(h, 0, s.domain, DOMAINS));
        need(parador_control_usage_host(h, &s.after, s.cpu_after, CPUS));
        took = s.after.now_ns - s.host.now_ns;
        if (s.after.retired_next == s.host.retired_next && took < least) {
            *best = s;
            least = took;
        }
    }
    if (least == ~0UL) {
        printf("domains go all the time\n");
        exit(1);
    }
}

static uint64_t guest_ns(const struct parador_cpu_usage *cpu, int n)
{
    uint64_t sum = 0;

    for (int i = 0; i < n; i++)
        sum += cpu[i].guest_ns;
    return sum;
}

static uint64_t running_ns(const struct sample *s)
{
    uint64_t sum = s->host.retired_running_ns;

    for (int i = 0; i < s->domains; i++)
        sum += s->domain[i].running_ns;
    return sum;
}

static bool near(uint64_t a, uint64_t b, uint64_t of)
{
    return llabs((long long)(a - b)) <= (long long)(of / 1000 + SLACK_NS);
}

static void compare_cpus(const struct sample *a, const struct sample *b)
{
    uint64_t elapsed = b->host.now_ns - a->host.now_ns;

    for (int i = 0; i < b->cpus; i++) {
        const struct parador_cpu_usage *x = &a->cpu[i], *y = &b->cpu[i];
        uint64_t sum = y->guest_ns - x->guest_ns + y->hypervisor_ns - x->hypervisor_ns +
                       y->idle_ns - x->idle_ns;

        check(y->guest_ns >= x->guest_ns && y->hypervisor_ns >= x->hypervisor_ns &&
              y->idle_ns >= x->idle_ns && y->switches >= x->switches, "CPU%d goes backwards", i);
        check(near(sum, elapsed, elapsed), "CPU%d: %lu ns counted in %lu", i, sum, elapsed);
    }
}

static uint64_t age(const struct parador_domain_usage *d)
{
    return d->running_ns + d->runnable_ns + d->blocked_ns + d->offline_ns;
}

static void compare_domain(const struct parador_domain_usage *x,
                           const struct parador_domain_usage *y)
{
    uint64_t elapsed = y->now_ns - x->now_ns, ms = elapsed / 1000000;

    check(y->running_ns >= x->running_ns && y->hypervisor_ns >= x->hypervisor_ns &&
          y->runnable_ns >= x->runnable_ns && y->blocked_ns >= x->blocked_ns &&
          y->offline_ns >= x->offline_ns && y->switches >= x->switches && y->page_ms >= x->page_ms,
          "domain %u goes backwards", y->domid);
    check(y->hypervisor_ns <= y->running_ns, "domain %u: more overhead than time", y->domid);
    if (x->nr_vcpus == y->nr_vcpus)
        check(near(age(y) - age(x), elapsed * y->nr_vcpus, elapsed * y->nr_vcpus),
              "domain %u: %lu ns counted in %lu of %u vcpus", y->domid, age(y) - age(x), elapsed,
              y->nr_vcpus);
    if (x->pages == y->pages && ms > 500) {
        uint64_t most = x->pages * (ms + 1);

        check(y->page_ms - x->page_ms <= most, "domain %u: %lu page ms in %lu ms of %lu",
              y->domid, y->page_ms - x->page_ms, ms, y->pages);
    }
}

static void compare(const struct sample *a, const struct sample *b)
{
    compare_cpus(a, b);
    for (int i = 0; i < b->domains; i++)
        for (int j = 0; j < a->domains; j++)
            if (a->domain[j].domid == b->domain[i].domid &&
                a->domain[j].created_ns == b->domain[i].created_ns)
                compare_domain(&a->domain[j], &b->domain[i]);
}

/* What vcpus ran is what their CPUs ran: the domains' figures are of an instant in between. */
static void inside(const struct sample *s)
{
    uint64_t first = guest_ns(s->cpu, s->cpus), last = guest_ns(s->cpu_after, s->cpus);
    uint64_t ran = running_ns(s);

    check(ran + SLACK_NS >= first && ran <= last + SLACK_NS,
          "domains ran %lu ns, their CPUs %lu to %lu", ran, first, last);
}

static void vcpus_of_dom0(void)
{
    static struct parador_domain_usage first, last;
    static struct parador_vcpu_usage v[128];
    uint64_t now, ran = 0;
    int n;

    need(parador_control_usage_domains(h, 0, &first, 1));
    n = need(parador_control_usage_vcpus(h, 0, 0, v, 128, &now));
    need(parador_control_usage_domains(h, 0, &last, 1));
    for (int i = 0; i < n; i++)
        ran += v[i].running_ns;
    check((unsigned)n == first.nr_vcpus && first.now_ns <= now && now <= last.now_ns &&
          first.running_ns <= ran && ran <= last.running_ns,
          "dom0 ran %lu to %lu ns, its %d vcpus %lu", first.running_ns, last.running_ns, n, ran);
    check(last.pages > 0 && last.page_ms > 0 && last.hypervisor_ns > first.hypervisor_ns,
          "dom0 has no memory or costs nothing");
}

/* Each that went since has its record, and their sum is what the host's grew by. */
static unsigned gone(const struct sample *a, const struct sample *b)
{
    static struct parador_domain_usage list[PARADOR_USAGE_RETIRED];
    uint64_t from = a->host.retired_next, ran = 0;
    int n = need(parador_control_usage_retired(h, from, list, PARADOR_USAGE_RETIRED));

    for (int i = 0; i < n && list[i].sequence < b->host.retired_next; i++) {
        check(list[i].sequence == from + i, "record %d has number %lu", i, list[i].sequence);
        check(list[i].now_ns >= list[i].created_ns && list[i].pages == 0 && list[i].page_ms > 0 &&
              list[i].hypervisor_ns <= list[i].running_ns, "record %lu makes no sense",
              list[i].sequence);
        ran += list[i].running_ns;
    }
    check(b->host.retired_running_ns - a->host.retired_running_ns == ran,
          "gone domains ran %lu ns, their records say %lu",
          b->host.retired_running_ns - a->host.retired_running_ns, ran);
    return b->host.retired_next - from;
}

int main(int argc, char **argv)
{
    static struct sample first, before, now;
    uint64_t elapsed, ran, idle = 0, awake = 0;
    long until = time(NULL) + (argc > 1 ? atoi(argv[1]) : 10);
    unsigned samples = 0, left;

    h = parador_open();
    take(&first);
    before = first;
    do {
        usleep(100000);
        take(&now);
        compare(&before, &now);
        inside(&now);
        vcpus_of_dom0();
        before = now;
        samples++;
    } while (time(NULL) < until);
    compare(&first, &now);
    left = gone(&first, &now);
    elapsed = now.host.now_ns - first.host.now_ns;
    for (int i = 0; i < now.cpus; i++) {
        idle += now.cpu[i].idle_ns - first.cpu[i].idle_ns;
        awake += now.cpu[i].hypervisor_ns - first.cpu[i].hypervisor_ns;
    }
    ran = running_ns(&now) - running_ns(&first);
    check(idle > 0 && awake > 0, "the machine idled %lu ns, was awake without a vcpu %lu ns", idle,
          awake);
    check(near(ran + idle + awake, elapsed * now.cpus, elapsed * now.cpus),
          "domains %lu + hypervisor %lu + idle %lu ns in %lu of %d CPUs", ran, awake, idle, elapsed,
          now.cpus);
    printf("usage: %u samples, %u domains went, %.6f of %lu ms on %d CPUs counted\n", samples, left,
           (double)(ran + idle + awake) / ((double)elapsed * now.cpus), elapsed / 1000000,
           now.cpus);
    parador_close(h);
    return failures ? 1 : 0;
}
