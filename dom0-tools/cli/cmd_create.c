/* SPDX-License-Identifier: MIT */
/* create: make a guest from a guest file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/conf.h"

static void warn(const char *line, void *quiet)
{
    if (!*(bool *)quiet)
        fprintf(stderr, "parador: warning: %s\n", line);
}

static int make(struct parador_handle *h, struct guest_config *config, bool quiet, bool attach)
{
    bool start = attach && !config->paused;
    domid_t domid;

    /* The console is attached before the first instruction, or its first lines would scroll by unseen. */
    config->paused |= attach;
    if (parador_create(h, config, &domid) != 0)
        return command_failed(h);
    if (!quiet)
        printf("Created domain %s, id %u\n", config->name, domid);
    fflush(stdout);
    if (start && parador_unpause(h, domid) != 0)
        return command_failed(h);
    return attach ? console_attach(h, domid) : 0;
}

int cmd_create(struct parador_handle *h, int argc, char **argv)
{
    bool attach = false, dry = false, quiet = false;
    struct guest_config config;
    struct conf_error err;
    const char *file = NULL;
    int o, status;

    guest_config_init(&config);
    while ((o = command_option(argc, argv, "cpnqf:Fed")) != -1) {
        switch (o) {
        case 'c': attach = true; break;
        case 'p': config.paused = true; break;
        case 'n': dry = true; break;
        case 'q': quiet = true; break;
        case 'f': file = optarg; break;
        case 'F': case 'e': case 'd': break; /* xl's ways to run its waiting process: we have none */
        default: return 2;
        }
    }
    if (file == NULL && optind < argc && strchr(argv[optind], '=') == NULL)
        file = argv[optind++];
    if (file == NULL)
        file = "/dev/null"; /* everything may be said on the command line */
    bool paused = config.paused;

    if (conf_read_file(&config, file, argv + optind, argc - optind, warn, &quiet, &err) != 0) {
        fprintf(stderr, "parador: %s\n", err.text);
        return 1;
    }
    config.paused = paused;
    if (strcmp(file, "/dev/null") != 0 && guest_config_set_string(&config.source, file) != 0) {
        fprintf(stderr, "parador: out of memory\n");
        status = 1;
    } else if (dry) {
        status = 0;
    } else {
        status = make(h, &config, quiet, attach);
    }
    guest_config_free(&config);
    return status;
}
