/* SPDX-License-Identifier: MIT */
/* parador: the command line of dom0. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"

static void log_line(void *context, enum parador_log_level level, const char *line)
{
    (void)context;
    fprintf(stderr, "parador: %s%s\n", level == PARADOR_LOG_WARN ? "warning: " : "", line);
}

int command_failed(struct parador_handle *h)
{
    const char *why = parador_error(h);

    fprintf(stderr, "parador: %s\n", *why ? why : strerror(errno));
    return 1;
}

int command_kept(const char *what, int result)
{
    if (result == 0)
        return 0;
    fprintf(stderr, "parador: %s is changed, but after a reboot it will be as before: %s\n", what,
            strerror(errno));
    return 1;
}

static const struct command *find(const char *name)
{
    for (unsigned i = 0; i < nr_commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

void command_usage(const struct command *c)
{
    printf("Usage: parador %s %s\n\n%s.\n", c->name, c->usage, c->help);
    if (c->options == NULL)
        return;
    printf("\nOptions:\n");
    for (const char *p = c->options; *p != '\0';) {
        const char *tab = strchr(p, '\t'), *end = strchr(tab, '\n');

        printf("  %-16.*s %.*s\n", (int)(tab - p), p, (int)(end - tab - 1), tab + 1);
        p = end + 1;
    }
}

int command_misused(char **argv, const char *fmt, ...)
{
    const struct command *c = find(argv[0]);
    va_list ap;

    fprintf(stderr, "parador %s: ", argv[0]);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\nUsage: parador %s %s\n", argv[0], c != NULL ? c->usage : "");
    return 2;
}

int command_option(int argc, char **argv, const char *options)
{
    static const struct option long_help[] = { { "help", no_argument, NULL, 'h' }, { 0 } };

    return command_long_option(argc, argv, options, long_help);
}

/* Says which option getopt did not like: argv[optind - 1], or one of several letters in a word. */
static void option_misused(char **argv, const struct option *longs)
{
    const char *word = argv[optind - 1];
    char letter[3] = { '-', (char)optopt };
    bool is_long = optopt == 0;

    for (; longs->name != NULL; longs++)
        is_long = is_long || (optopt == longs->val && strncmp(word, "--", 2) == 0);
    command_misused(argv, "there is no option %s, or it lacks its value, or has one that it cannot have",
                    is_long ? word : letter);
}

int command_long_option(int argc, char **argv, const char *options, const struct option *longs)
{
    char with_help[64];
    int o;

    snprintf(with_help, sizeof(with_help), "h%s", options);
    opterr = 0;
    o = getopt_long(argc, argv, with_help, longs, NULL);
    if (o == 'h') {
        command_usage(find(argv[0]));
        exit(0);
    }
    if (o == '?')
        option_misused(argv, longs);
    return o;
}

bool command_number(const char *text, const char *what, uint32_t *number)
{
    unsigned long value;
    char *end;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && value <= UINT32_MAX) {
        *number = (uint32_t)value;
        return true;
    }
    fprintf(stderr, "parador: \"%s\" is not %s\n", text, what);
    return false;
}

bool command_domain(struct parador_handle *h, const char *name, domid_t *domid)
{
    if (parador_find(h, name, domid) == 0)
        return true;
    if (errno == ESRCH)
        parador_fail(h, ESRCH, "%s is an invalid domain identifier: there is no such domain",
                     *name ? name : "\"\"");
    command_failed(h);
    return false;
}

static void print_commands(bool with_options)
{
    printf("Usage: parador [-v] COMMAND [ARGUMENT...]\n\nCommands:\n");
    for (unsigned i = 0; i < nr_commands; i++) {
        printf("  %-18s %s\n", commands[i].name, commands[i].help);
        if (with_options)
            printf("                     %s\n", commands[i].usage);
    }
    printf("\n'parador help COMMAND' tells more of one. Manual: parador(1), parador.cfg(5).\n");
}

int cmd_help(struct parador_handle *h, int argc, char **argv)
{
    bool with_options = argc > 1 && strcmp(argv[1], "--long") == 0;
    const struct command *c;

    (void)h;
    if (argc > 1 && (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)) {
        command_usage(find("help"));
        return 0;
    }
    if (argc > 1 && argv[1][0] == '-' && !with_options)
        return command_misused(argv, "there is no option %s", argv[1]);
    argc -= with_options;
    argv += with_options;
    if (argc < 2) {
        print_commands(with_options);
        return 0;
    }
    c = find(argv[1]);
    if (c == NULL) {
        fprintf(stderr, "parador: there is no command '%s': 'parador help' lists them\n", argv[1]);
        return 2;
    }
    command_usage(c);
    return 0;
}

int main(int argc, char **argv)
{
    enum parador_log_level level = PARADOR_LOG_WARN;
    struct parador_handle *h;
    const struct command *c;
    int o, status;

    opterr = 0;
    while ((o = getopt(argc, argv, "+vVhftT")) != -1) {
        switch (o) {
        case 'v':
            level = level < PARADOR_LOG_DEBUG ? level + 1 : level;
            break;
        case 'f': case 't': case 'T':
            break; /* xl's: force, carriage returns, time stamps */
        case 'V':
            printf("parador %s\n", PARADOR_VERSION);
            return 0;
        case 'h':
            print_commands(false);
            return 0;
        default:
            fprintf(stderr, "parador: there is no option -%c: 'parador help' tells what there is\n",
                    optopt);
            return 2;
        }
    }
    if (optind == argc) {
        print_commands(false);
        return 2;
    }
    argc -= optind;
    argv += optind;
    c = find(argv[0]);
    if (c == NULL) {
        fprintf(stderr, "parador: there is no command '%s': 'parador help' lists them\n", argv[0]);
        return 2;
    }
    h = parador_open();
    if (h == NULL) {
        fprintf(stderr, "parador: out of memory\n");
        return 1;
    }
    parador_set_log(h, level, log_line, NULL);
    optind = 0; /* start over, also with the order of arguments (getopt(3)) */
    status = c->run(h, argc, argv);
    parador_close(h);
    /* What was lost earlier has no reason any more. */
    errno = 0;
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == 0) {
        fprintf(stderr, "parador: cannot write the output%s%s\n", errno != 0 ? ": " : "",
                errno != 0 ? strerror(errno) : "");
        status = 1;
    }
    return status;
}
