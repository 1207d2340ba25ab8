/* SPDX-License-Identifier: MIT */
/* The table of commands: every other list of them (help, completion) is derived from it. */
#include "cli/command.h"

#define DOMAIN "DOMAIN"
#define WAIT_ALL "-a\tall guests\n-w\twait until they have ended\n-F\taccepted for compatibility\n"

const struct command commands[] = {
    { "create", cmd_create, "[-c] [-p] [-n] [-q] [-f] FILE [KEY=VALUE...]", "Make a guest from a guest file",
      "-c\tattach to its console\n-p\tleave it paused\n-n\tcheck the file, make nothing\n"
      "-q\tsay nothing but errors\n-f FILE\tthe guest file\n" },
    { "list", cmd_list, "[-l] [-v] [-c] [--json] [" DOMAIN "...]", "List domains",
      "-l, --long\teverything known, as JSON\n-v, --verbose\twith UUIDs and reasons of shutdown\n"
      "-c, --cpupool\twith the CPU pool of each\n--json\tthe table as JSON\n" },
    { "destroy", cmd_destroy, "[-f] " DOMAIN, "End a guest at once",
      "-f\taccepted for compatibility\n" },
    { "shutdown", cmd_shutdown, "[-w] [-F] -a|" DOMAIN "...", "Ask a guest to shut down", WAIT_ALL },
    { "reboot", cmd_reboot, "[-w] [-F] -a|" DOMAIN "...", "Ask a guest to reboot", WAIT_ALL },
    { "pause", cmd_pause, "-a|" DOMAIN "...", "Stop a guest's vcpus", "-a\tall guests\n" },
    { "unpause", cmd_unpause, "-a|" DOMAIN "...", "Let a paused guest go on", "-a\tall guests\n" },
    { "console", cmd_console, DOMAIN, "Attach to a guest's console (Ctrl-] leaves)",
      "-t TYPE\tonly 'pv' exists\n-n NUM\tonly console 0 exists\n" },
    { "info", cmd_info, "[-n]", "Facts of the machine and the hypervisor", "-n\taccepted\n" },
    { "dmesg", cmd_dmesg, "[-c]", "The hypervisor's messages", "-c\tand forget them\n" },
    { "domid", cmd_domid, DOMAIN, "The number of a domain", 0 },
    { "domname", cmd_domname, "DOMID", "The name of a domain", 0 },
    { "rename", cmd_rename, DOMAIN " NAME", "Give a domain another name", 0 },
    { "uptime", cmd_uptime, "[-s] [" DOMAIN "...]", "How long domains have run", "-s\tshort: no table\n" },
    { "vcpu-list", cmd_vcpu_list, "[--json] [" DOMAIN "...]", "List the vcpus of domains",
      "--json\tthe table as JSON\n" },
    { "top", cmd_top, "[-d SECONDS] [-i N] [-b] [-n] [-x] [-v] [-r] [-f] [--json]",
      "What domains use, live",
      "-d, --delay SECONDS\tbetween two looks (3)\n-i, --iterations N\tlooks, then the end\n"
      "-b, --batch\tlines instead of a screen\n-n, --networks\tlines for network interfaces\n"
      "-x, --vbds\tlines for disks\n-v, --vcpus\tlines for vcpus\n"
      "-r, --repeat-header\tbefore each domain\n-f, --full-name\tnames are not cut off\n"
      "--json\tan object a line; implies -b\n" },
    { "usage", cmd_usage, "[-v] [--since TIME] [--json] [" DOMAIN "]",
      "What domains have used, those that are gone too",
      "-v, --verbose\teach vcpu and device\n"
      "-s, --since TIME\tfrom then on: 10m, 2h, 1d ago, or 2026-01-31T12:00:00Z\n"
      "-j, --json\tas JSON, nanoseconds and bytes\n" },
    { "vcpu-set", cmd_vcpu_set, "[-i] " DOMAIN " NUMBER", "Set how many vcpus a domain uses",
      "-i, --ignore-host\talso more than the machine has CPUs\n" },
    { "vcpu-pin", cmd_vcpu_pin, "[-f] " DOMAIN " VCPU|all CPUS|-|all [CPUS|-|all]",
      "Set on which CPUs a vcpu may run, and on which it rather runs",
      "-f, --force\talso if the domain has pinned it itself\n" },
    { "sched-credit2", cmd_sched_credit2,
      "[-d " DOMAIN " [-w WEIGHT] [-c CAP] [-R PERCENT]] [-p POOL] [-s [-r US]] [--json]",
      "Show or set weights, caps and reservations",
      "-d, --domain DOMAIN\tof this domain\n-w, --weight N\tset its weight, 1 to 65535\n"
      "-c, --cap PERCENT\tset its cap in per cent of one CPU, 0 for none\n"
      "-R, --reservation PERCENT\tset what it is guaranteed, 0 for nothing\n"
      "-p, --cpupool POOL\tof the domains of this pool\n"
      "-s, --schedparam\tof the scheduler\n"
      "-r, --ratelimit_us US\tset its rate limit, 100 to 500000 or 0 for none\n"
      "--json\tas JSON\n" },
    { "cpupool-list", cmd_cpupool_list, "[-c] [--json] [POOL]", "List the CPU pools",
      "-c, --cpus\twhich CPUs they have\n--json\tthe table as JSON\n" },
    { "cpupool-create", cmd_cpupool_create, "[-n] [-f FILE] [KEY=VALUE...]",
      "Make a CPU pool of free CPUs",
      "-f, --defconfig FILE\tread this file first\n-n, --dryrun\tcheck, make nothing\n" },
    { "cpupool-destroy", cmd_cpupool_destroy, "POOL", "End a CPU pool without domains", 0 },
    { "cpupool-rename", cmd_cpupool_rename, "POOL NAME", "Give a CPU pool another name", 0 },
    { "cpupool-cpu-add", cmd_cpupool_cpu_add, "POOL CPUS", "Put free CPUs into a pool", 0 },
    { "cpupool-cpu-remove", cmd_cpupool_cpu_remove, "POOL CPUS", "Take CPUs out of a pool", 0 },
    { "cpupool-migrate", cmd_cpupool_migrate, DOMAIN " POOL", "Move a domain into a pool", 0 },
    { "cpupool-numa-split", cmd_cpupool_numa_split, "", "Name the pool of the only NUMA node", 0 },
    { "debug-keys", cmd_debug_keys, "KEYS", "Type at the hypervisor's console", 0 },
    { "metrics", cmd_metrics, "[--openmetrics] [--textfile FILE] | --listen [ADDRESS:]PORT",
      "The accounts for Prometheus",
      "-t, --textfile FILE\tinto a file that is replaced as a whole\n"
      "-o, --openmetrics\tin the newer of the two formats\n"
      "-l, --listen PORT\tserve them by HTTP, on 127.0.0.1 unless told otherwise\n" },
    { "help", cmd_help, "[--long] [COMMAND]", "What there is", "--long\twith the options\n" },
};
const unsigned nr_commands = sizeof(commands) / sizeof(commands[0]);
