/* SPDX-License-Identifier: MIT */
/* info and dmesg: what the machine and the hypervisor say of themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/command.h"

#define MIB_OF_PAGES(n) ((unsigned long long)(n) >> 8)

static void print_machine(void)
{
    struct utsname u;

    if (uname(&u) == 0)
        printf("%-23s: %s\n%-23s: %s\n%-23s: %s\n%-23s: %s\n", "host", u.nodename, "release",
               u.release, "version", u.version, "machine", u.machine);
}

static void print_physinfo(const struct xen_sysctl_physinfo *p)
{
    printf("%-23s: %u\n", "nr_cpus", p->nr_cpus);
    printf("%-23s: %u\n", "max_cpu_id", p->max_cpu_id);
    printf("%-23s: %u\n", "nr_nodes", p->nr_nodes);
    printf("%-23s: %u\n", "cores_per_socket", p->cores_per_socket);
    printf("%-23s: %u\n", "threads_per_core", p->threads_per_core);
    printf("%-23s: %u.%03u\n", "cpu_mhz", p->cpu_khz / 1000, p->cpu_khz % 1000);
    printf("%-23s: %08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x\n", "hw_caps", p->hw_cap[0],
           p->hw_cap[1], p->hw_cap[2], p->hw_cap[3], p->hw_cap[4], p->hw_cap[5], p->hw_cap[6],
           p->hw_cap[7]);
    printf("%-23s:%s\n", "virt_caps", p->capabilities & XEN_SYSCTL_PHYSCAP_pv ? " pv" : "");
    printf("%-23s: %llu\n", "total_memory", MIB_OF_PAGES(p->total_pages));
    printf("%-23s: %llu\n", "free_memory", MIB_OF_PAGES(p->free_pages + p->scrub_pages));
    printf("%-23s: %u\n", "sharing_freed_memory", 0);
    printf("%-23s: %u\n", "sharing_used_memory", 0);
    printf("%-23s: %u\n", "outstanding_claims", 0);
}

/* CPUs that no pool has; a hypervisor without pools has given them all away. */
static unsigned free_cpus(struct parador_handle *h)
{
    struct parador_cpuset cpus;

    return parador_cpupool_free_cpus(h, &cpus) == 0 ? parador_cpuset_count(&cpus) : 0;
}

static const char *scheduler(struct parador_handle *h)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_sched_id };

    return parador_sysctl(h, &op) == 0 ? parador_scheduler_name(h, op.u.sched_id.sched_id) : "unknown";
}

int cmd_info(struct parador_handle *h, int argc, char **argv)
{
    struct xen_sysctl_physinfo phys;
    struct parador_version v;
    int o;

    while ((o = command_option(argc, argv, "n")) != -1)
        if (o != 'n')
            return 2;
    if (parador_physinfo(h, &phys) != 0 || parador_version(h, &v) != 0)
        return command_failed(h);
    print_machine();
    print_physinfo(&phys);
    printf("%-23s: %u\n", "free_cpus", free_cpus(h));
    printf("%-23s: %u\n%-23s: %u\n%-23s: %s\n", "xen_major", v.major, "xen_minor", v.minor,
           "xen_extra", v.extra);
    printf("%-23s: %u.%u%s\n", "xen_version", v.major, v.minor, v.extra);
    printf("%-23s: %s\n%-23s: %s\n", "xen_caps", v.capabilities, "xen_scheduler", scheduler(h));
    printf("%-23s: %u\n%-23s: virt_start=0x%llx\n", "xen_pagesize", v.page_size, "platform_params",
           (unsigned long long)v.virt_start);
    printf("%-23s: %s\n%-23s: %s\n", "xen_changeset", v.changeset, "xen_commandline",
           v.command_line);
    printf("%-23s: %s\n%-23s: %s\n%-23s: %s\n%-23s: %s\n", "cc_compiler", v.compiler,
           "cc_compile_by", v.compile_by, "cc_compile_domain", v.compile_domain, "cc_compile_date",
           v.compile_date);
    return 0;
}

int cmd_dmesg(struct parador_handle *h, int argc, char **argv)
{
    bool clear = false;
    uint32_t index = 0;
    char buf[16384];
    int o, n;

    while ((o = command_option(argc, argv, "c")) != -1) {
        if (o != 'c')
            return 2;
        clear = true;
    }
    while ((n = parador_console_ring(h, buf, sizeof(buf), &index, false)) > 0)
        fwrite(buf, 1, n, stdout);
    if (n == 0 && clear)
        n = parador_console_ring(h, buf, sizeof(buf), &index, true);
    return n < 0 ? command_failed(h) : 0;
}

int cmd_debug_keys(struct parador_handle *h, int argc, char **argv)
{
    if (command_option(argc, argv, "") != -1)
        return 2;
    if (optind + 1 != argc || argv[optind][0] == '\0')
        return command_misused(argv, "give the keys as one word");
    return parador_debug_keys(h, argv[optind]) == 0 ? 0 : command_failed(h);
}
