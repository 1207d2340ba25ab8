/* SPDX-License-Identifier: MIT */
/* The table of commands: every other list of them (help, completion) is derived from it. */
#include "cli/command.h"

#define DOMAIN "DOMAIN"
#define WAIT_ALL "-a\tall guests\n-w\twait until they have ended\n-F\tasks again and again until the guest listens\n"

const struct command commands[] = {
    { "create", cmd_create, "[-c] [-p] [-n] [-q] [-f] FILE [KEY=VALUE...]", "Make a guest from a guest file",
      "-c\tattach to its console\n-p\tleave it paused\n-n\tcheck the file, make nothing\n"
      "-q\tsay nothing but errors\n-f FILE\tthe guest file\n" },
    { "list", cmd_list, "[-l] [-v] [--json] [" DOMAIN "]", "List domains",
      "-l, --long\teverything known, as JSON\n-v, --verbose\twith UUIDs and reasons of shutdown\n"
      "--json\tthe table as JSON\n" },
    { "destroy", cmd_destroy, "[-f] " DOMAIN, "End a guest at once",
      "-f\taccepted for compatibility\n" },
    { "shutdown", cmd_shutdown, "[-w] [-F] -a|" DOMAIN "...", "Ask a guest to shut down", WAIT_ALL },
    { "reboot", cmd_reboot, "[-w] [-F] -a|" DOMAIN "...", "Ask a guest to reboot", WAIT_ALL },
    { "pause", cmd_pause, "-a|" DOMAIN, "Stop a guest's vcpus", "-a\tall guests\n" },
    { "unpause", cmd_unpause, "-a|" DOMAIN, "Let a paused guest go on", "-a\tall guests\n" },
    { "console", cmd_console, DOMAIN, "Attach to a guest's console (Ctrl-] leaves)",
      "-t TYPE\tonly 'pv' exists\n-n NUM\tonly console 0 exists\n" },
    { "info", cmd_info, "[-n]", "Facts of the machine and the hypervisor", "-n\taccepted\n" },
    { "dmesg", cmd_dmesg, "[-c]", "The hypervisor's messages", "-c\tand forget them\n" },
    { "domid", cmd_domid, DOMAIN, "The number of a domain", 0 },
    { "domname", cmd_domname, "DOMID", "The name of a domain", 0 },
    { "rename", cmd_rename, DOMAIN " NAME", "Give a domain another name", 0 },
    { "uptime", cmd_uptime, "[-s] [" DOMAIN "...]", "How long domains have run", "-s\tshort: no table\n" },
    { "vcpu-list", cmd_vcpu_list, "[" DOMAIN "...]", "List the vcpus of domains", 0 },
    { "usage", cmd_usage, "[-v] [--since TIME] [--json] [" DOMAIN "]",
      "What domains have used, those that are gone too",
      "-v, --verbose\teach vcpu and device\n"
      "-s, --since TIME\tfrom then on: 10m, 2h, 1d ago, or 2026-01-31T12:00:00Z\n"
      "-j, --json\tas JSON, nanoseconds and bytes\n" },
    { "help", cmd_help, "[--long] [COMMAND]", "What there is", "--long\twith the options\n" },
};
const unsigned nr_commands = sizeof(commands) / sizeof(commands[0]);
