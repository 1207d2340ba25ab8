/* SPDX-License-Identifier: MIT */
/*
 * Accounts of the paper domains: round numbers. FAKE_XEN: a hypervisor that keeps none. FAKE_UP:
 * seconds since the machine has started.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest.h"
#include "lib/internal.h"

#define SECOND 1000000000u

static uint64_t now_ns(void)
{
    const char *up = getenv("FAKE_UP");

    return (up != NULL ? strtoull(up, NULL, 10) : 100) * SECOND;
}

int parador_control_usage_host(struct parador_handle *h, struct parador_usage_host *host,
                               struct parador_cpu_usage *cpus, unsigned max)
{
    if (getenv("FAKE_XEN") != NULL)
        return parador_fail(h, ENOSYS, "the hypervisor has no control hypercall");
    *host = (struct parador_usage_host){
        .nr_cpus = 2, .now_ns = now_ns(), .retired_next = 2,
        .retired_running_ns = UINT64_C(5) * SECOND,
    };
    for (unsigned i = 0; i < 2 && i < max; i++)
        cpus[i] = (struct parador_cpu_usage){
            .cpu = i, .guest_ns = UINT64_C(20) * SECOND, .hypervisor_ns = SECOND,
            .idle_ns = UINT64_C(79) * SECOND,
        };
    return max < 2 ? (int)max : 2;
}

static void fill(struct parador_domain_usage *d, domid_t domid, unsigned running_s)
{
    *d = (struct parador_domain_usage){
        .domid = domid, .created_ns = SECOND, .now_ns = now_ns(),
        .running_ns = (uint64_t)running_s * SECOND, .hypervisor_ns = SECOND / 2,
        .blocked_ns = SECOND, .page_ms = 256000, .pages = 256, .nr_vcpus = 1, .nr_online = 1,
        .handle = { (uint8_t)domid },
    };
}

int parador_control_usage_domains(struct parador_handle *h, domid_t first,
                                  struct parador_domain_usage *list, unsigned max)
{
    static const domid_t there[] = { 0, 1, 2, 5 };
    static const unsigned running[] = { 20, 10, 3, 2 };
    unsigned n = 0;

    (void)h;
    for (unsigned i = 0; i < 4 && n < max; i++)
        if (there[i] >= first)
            fill(&list[n++], there[i], running[i]);
    return (int)n;
}

int parador_control_usage_vcpus(struct parador_handle *h, domid_t domid, unsigned first,
                                struct parador_vcpu_usage *list, unsigned max, uint64_t *instant)
{
    (void)h;
    (void)domid;
    *instant = now_ns();
    if (first > 0 || max == 0)
        return 0;
    list[0] = (struct parador_vcpu_usage){ .running_ns = SECOND, .online = 1 };
    return 1;
}

int parador_control_usage_retired(struct parador_handle *h, uint64_t first,
                                  struct parador_domain_usage *list, unsigned max)
{
    (void)h;
    if (first > 1 || max == 0)
        return 0;
    fill(&list[0], 4, 5);
    list[0].sequence = 1;
    return 1;
}

int parador_domain_list(struct parador_handle *h, domid_t first, unsigned max,
                        struct xen_domctl_getdomaininfo *list)
{
    (void)h;
    if (first > 0 || max == 0)
        return 0;
    list[0] = (struct xen_domctl_getdomaininfo){ .cpu_time = SECOND };
    return 1;
}

int parador_name(struct parador_handle *h, domid_t domid, char *buf, size_t size)
{
    struct guest_info info;

    buf[0] = '\0';
    if (parador_info(h, domid, &info) != 0)
        return -1;
    snprintf(buf, size, "%s", info.name);
    return 0;
}
