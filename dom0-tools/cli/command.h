/* SPDX-License-Identifier: MIT */
/* Commands of `parador`: what each one provides, and what they share. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>

#include "guest/guest.h"

/** One row of the table in commands.c. */
struct command {
    const char *name;
    /** argv[0] is the command's name. Returns the exit status of the program. */
    int (*run)(struct parador_handle *h, int argc, char **argv);
    const char *usage;     /* after the name: "[-c] [-p] FILE [KEY=VALUE…]" */
    const char *help;      /* one line */
    const char *options;   /* "-c\tattach to its console\n…", or NULL */
};
extern const struct command commands[];
extern const unsigned nr_commands;

int cmd_create(struct parador_handle *h, int argc, char **argv);
int cmd_destroy(struct parador_handle *h, int argc, char **argv);
int cmd_shutdown(struct parador_handle *h, int argc, char **argv);
int cmd_reboot(struct parador_handle *h, int argc, char **argv);
int cmd_pause(struct parador_handle *h, int argc, char **argv);
int cmd_unpause(struct parador_handle *h, int argc, char **argv);
int cmd_list(struct parador_handle *h, int argc, char **argv);
int cmd_vcpu_list(struct parador_handle *h, int argc, char **argv);
int cmd_vcpu_set(struct parador_handle *h, int argc, char **argv);
int cmd_vcpu_pin(struct parador_handle *h, int argc, char **argv);
int cmd_sched_credit2(struct parador_handle *h, int argc, char **argv);
int cmd_cpupool_list(struct parador_handle *h, int argc, char **argv);
int cmd_cpupool_create(struct parador_handle *h, int argc, char **argv);
int cmd_cpupool_destroy(struct parador_handle *h, int argc, char **argv);
int cmd_cpupool_rename(struct parador_handle *h, int argc, char **argv);
int cmd_cpupool_cpu_add(struct parador_handle *h, int argc, char **argv);
int cmd_cpupool_cpu_remove(struct parador_handle *h, int argc, char **argv);
int cmd_cpupool_migrate(struct parador_handle *h, int argc, char **argv);
int cmd_cpupool_numa_split(struct parador_handle *h, int argc, char **argv);
int cmd_debug_keys(struct parador_handle *h, int argc, char **argv);
int cmd_console(struct parador_handle *h, int argc, char **argv);
int cmd_info(struct parador_handle *h, int argc, char **argv);
int cmd_dmesg(struct parador_handle *h, int argc, char **argv);
int cmd_domid(struct parador_handle *h, int argc, char **argv);
int cmd_domname(struct parador_handle *h, int argc, char **argv);
int cmd_rename(struct parador_handle *h, int argc, char **argv);
int cmd_uptime(struct parador_handle *h, int argc, char **argv);
int cmd_metrics(struct parador_handle *h, int argc, char **argv);
int cmd_top(struct parador_handle *h, int argc, char **argv);
int cmd_usage(struct parador_handle *h, int argc, char **argv);
int cmd_help(struct parador_handle *h, int argc, char **argv);

/** Says "parador: <what failed>" with the handle's last sentence, and returns the exit status 1. */
int command_failed(struct parador_handle *h);
/** Says what is wrong with the call of argv[0] and how it is to be called; returns 2. */
int command_misused(char **argv, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/**
 * getopt() with "h" added: -h prints the command's help and ends the program. Returns as getopt, -1 at
 * the end; '?' after a message (return 2 then).
 */
int command_option(int argc, char **argv, const char *options);
/** The same with long options; options has { "help", no_argument, NULL, 'h' } among them. */
int command_long_option(int argc, char **argv, const char *options, const struct option *longs);
/** Reads a number from 0 on; false after a message that says that text is not `what`. */
bool command_number(const char *text, const char *what, uint32_t *number);
/**
 * The exit status after a domain was changed: with a message if the change could not be recorded
 * (result and errno of record_change_config()).
 */
int command_kept(const char *what, int result);
/** The numbers of CPUs as an array. (cmd_list.c) */
json_t *command_cpus(const struct parador_cpuset *set);
/** Prints a document and frees it. */
void command_json(json_t *all);
/**
 * The domains that the arguments name, in that order, or all of them without any: *list is
 * malloc'd. 0, or the exit status after a message. (cmd_list.c)
 */
int command_domains(struct parador_handle *h, int argc, char **argv, struct guest_info **list,
                    size_t *count);
/** The domain that an argument names; false after a message. */
bool command_domain(struct parador_handle *h, const char *name, domid_t *domid);
void command_usage(const struct command *c);

/**
 * Attaches the terminal to a guest's console until Ctrl-], or its end (*ended true). Exit status.
 * (cmd_console.c)
 */
int console_attach(struct parador_handle *h, domid_t domid, bool *ended);

#endif
