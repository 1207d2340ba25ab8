/* SPDX-License-Identifier: MIT */
/* create: make a guest from a guest file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/conf.h"
#include "cli/progress.h"
#include "lifecycle/record.h"

#define RESTART_WAIT_MS 30000
#define RESTART_POLL_MS 100

static void warn(const char *line, void *quiet)
{
    if (!*(bool *)quiet)
        fprintf(stderr, "parador: warning: %s\n", line);
}

/*
 * What paradord needs to make the guest again. The guest must not run before it is written, as it may
 * end at once.
 */
static int record(struct parador_handle *h, struct guest_config *config, domid_t domid)
{
    struct record r = { .config = *config };
    struct guest_info info;
    int lock, result;

    if (parador_info(h, domid, &info) != 0)
        return -1;
    /* The UUID stays, and with it the addresses that are derived from it. */
    memcpy(config->uuid, info.uuid, sizeof(config->uuid));
    config->uuid_set = true;
    r.config = *config;
    r.config.paused = false;
    lock = record_lock(domid, true);
    result = lock < 0 ? -1 : record_write(RECORD_GUEST, domid, &r);
    if (result != 0)
        parador_fail(h, errno, "cannot keep the guest's configuration in %s: %s",
                     record_directory(), strerror(errno));
    record_unlock(lock);
    return result;
}

/* The record is there, or the guest is not. */
static int make(struct parador_handle *h, struct guest_config *config, domid_t *domid)
{
    bool start = !config->paused;
    char why[512];

    config->paused = true;
    if (parador_create(h, config, domid) != 0)
        return -1;
    if (record(h, config, *domid) == 0 && (!start || parador_unpause(h, *domid) == 0))
        return 0;
    snprintf(why, sizeof(why), "%s", parador_error(h));
    /* It has not run, so nothing that its end cannot keep is worth a warning. */
    parador_set_log(h, PARADOR_LOG_ERROR, NULL, NULL);
    parador_destroy(h, *domid);
    record_remove(RECORD_GUEST, *domid);
    return parador_fail(h, EIO, "%s", why);
}

/* Whether domid is a running incarnation of the guest. */
static bool is_alive(struct parador_handle *h, domid_t domid, const uint8_t uuid[16])
{
    struct xen_domctl_getdomaininfo info;

    return parador_domain_info(h, domid, &info) == 0 && memcmp(info.handle, uuid, 16) == 0 &&
           !(info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying));
}

/* The domain in which a guest goes on after its reboot. False: it has ended for good. */
static bool find_next(struct parador_handle *h, domid_t *domid, const uint8_t uuid[16])
{
    struct guest_info *list;
    bool found = false;
    size_t count;
    int waited;

    for (waited = 0; waited < RESTART_WAIT_MS; waited += RESTART_POLL_MS) {
        if (is_alive(h, *domid, uuid))
            return true; /* the number was used again */
        if (!record_exists(RECORD_GUEST, *domid) && !record_exists(RECORD_RESTART, *domid))
            break;
        usleep(RESTART_POLL_MS * 1000);
    }
    if (waited >= RESTART_WAIT_MS)
        fprintf(stderr, "parador: nobody looks after the guest's end: is paradord running?\n");
    if (parador_list(h, &list, &count) != 0)
        return false;
    for (size_t i = 0; i < count && !found; i++) {
        found = memcmp(list[i].uuid, uuid, 16) == 0 && !list[i].shutdown && !list[i].dying;
        if (found)
            *domid = list[i].domid;
    }
    free(list);
    return found;
}

/* Stays on the guest's console through its reboots. */
static int follow(struct parador_handle *h, domid_t domid, const uint8_t uuid[16])
{
    bool ended;
    int status;

    do
        status = console_attach(h, domid, &ended);
    while (status == 0 && ended && find_next(h, &domid, uuid));
    return status;
}

static int create(struct parador_handle *h, struct guest_config *config, bool quiet, bool attach)
{
    domid_t domid;
    int result;

    progress_begin(config->name);
    result = make(h, config, &domid);
    progress_end();
    if (result != 0)
        return command_failed(h);
    if (!quiet)
        printf("Created domain %s, id %u\n", config->name, domid);
    fflush(stdout);
    return attach ? follow(h, domid, config->uuid) : 0;
}

static int print_config(const struct guest_config *config)
{
    char *text = conf_write(config);

    if (text == NULL) {
        fprintf(stderr, "parador: out of memory\n");
        return 1;
    }
    fputs(text, stdout);
    free(text);
    return 0;
}

int cmd_create(struct parador_handle *h, int argc, char **argv)
{
    bool attach = false, dry = false, quiet = false, paused;
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
    paused = config.paused;
    if (conf_read_file(&config, file, argv + optind, argc - optind, warn, &quiet, &err) != 0) {
        fprintf(stderr, "parador: %s\n", err.text);
        return 1;
    }
    config.paused = paused;
    if (strcmp(file, "/dev/null") != 0 && guest_config_set_string(&config.source, file) != 0) {
        fprintf(stderr, "parador: out of memory\n");
        status = 1;
    } else if (dry) {
        status = print_config(&config);
    } else {
        status = create(h, &config, quiet, attach);
    }
    guest_config_free(&config);
    return status;
}
