/* SPDX-License-Identifier: MIT */
/* destroy, shutdown, reboot, pause, unpause: what happens to running guests. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "lifecycle/record.h"

typedef int act_fn(struct parador_handle *h, domid_t domid);

/* Guests whose ends are waited for. */
struct waiting {
    domid_t *ids;
    size_t count;
};

static int act_on(struct parador_handle *h, act_fn *act, domid_t domid, struct waiting *w)
{
    if (act(h, domid) != 0)
        return command_failed(h);
    if (w != NULL) {
        domid_t *ids = realloc(w->ids, (w->count + 1) * sizeof(*ids));

        if (ids == NULL) {
            fprintf(stderr, "parador: out of memory\n");
            return 1;
        }
        w->ids = ids;
        ids[w->count++] = domid;
    }
    return 0;
}

static int act_on_all(struct parador_handle *h, act_fn *act, struct waiting *w)
{
    struct guest_info *list;
    size_t count;
    int status = 0;

    if (parador_list(h, &list, &count) != 0)
        return command_failed(h);
    for (size_t i = 0; i < count; i++)
        if (list[i].domid != 0 && !list[i].dying)
            status |= act_on(h, act, list[i].domid, w);
    free(list);
    return status;
}

static int act_on_each(struct parador_handle *h, act_fn *act, bool all, int argc, char **argv,
                       struct waiting *w)
{
    int status = 0;
    domid_t domid;

    if (all)
        return act_on_all(h, act, w);
    for (int i = 0; i < argc; i++) {
        if (!command_domain(h, argv[i], &domid))
            status = 1;
        else
            status |= act_on(h, act, domid, w);
    }
    return status;
}

/* Until every guest has shut down or is gone. A death is announced in the store. */
static int wait_for_ends(struct parador_handle *h, struct waiting *w)
{
    if (store_watch(h, "@releaseDomain", "end") != 0)
        return command_failed(h);
    while (w->count > 0) {
        struct xen_domctl_getdomaininfo info;
        char *path, *token;

        if (parador_domain_info(h, w->ids[w->count - 1], &info) != 0 ||
            (info.flags & (XEN_DOMINF_shutdown | XEN_DOMINF_dying))) {
            w->count--;
            continue;
        }
        if (store_event(h, -1, &path, &token) < 0)
            return command_failed(h);
        free(path);
        free(token);
    }
    return 0;
}

static int ask(struct parador_handle *h, int argc, char **argv, act_fn *act)
{
    struct waiting w = { 0 };
    bool all = false, wait = false;
    int o, status;

    while ((o = command_option(argc, argv, "awF")) != -1) {
        switch (o) {
        case 'a': all = true; break;
        case 'w': wait = true; break;
        case 'F': break; /* a paravirtual guest has no power button to fall back to */
        default: return 2;
        }
    }
    if (!all && optind == argc)
        return command_misused(argv, "name a domain, or -a for all");
    status = act_on_each(h, act, all, argc - optind, argv + optind, wait ? &w : NULL);
    if (wait && status == 0)
        status = wait_for_ends(h, &w);
    free(w.ids);
    return status;
}

int cmd_shutdown(struct parador_handle *h, int argc, char **argv)
{
    return ask(h, argc, argv, parador_shutdown);
}

int cmd_reboot(struct parador_handle *h, int argc, char **argv)
{
    return ask(h, argc, argv, parador_reboot);
}

static int toggle(struct parador_handle *h, int argc, char **argv, act_fn *act)
{
    bool all = false;
    int o;

    while ((o = command_option(argc, argv, "a")) != -1) {
        if (o != 'a')
            return 2;
        all = true;
    }
    if (!all && optind == argc)
        return command_misused(argv, "name a domain, or -a for all");
    return act_on_each(h, act, all, argc - optind, argv + optind, NULL);
}

int cmd_pause(struct parador_handle *h, int argc, char **argv)
{
    return toggle(h, argc, argv, parador_pause);
}

int cmd_unpause(struct parador_handle *h, int argc, char **argv)
{
    return toggle(h, argc, argv, parador_unpause);
}

/* paradord must not take the end for the guest's own, and must not clear away at the same time. */
static int destroy(struct parador_handle *h, domid_t domid)
{
    struct xen_domctl_getdomaininfo info;
    int lock = record_lock(domid, true);
    int status = parador_destroy(h, domid) == 0 ? 0 : command_failed(h);

    if (parador_domain_info(h, domid, &info) != 0 && errno == ESRCH) {
        record_remove(RECORD_GUEST, domid);
        record_remove(RECORD_PRESERVED, domid);
    }
    record_unlock(lock);
    return status;
}

int cmd_destroy(struct parador_handle *h, int argc, char **argv)
{
    domid_t domid;
    int o;

    while ((o = command_option(argc, argv, "f")) != -1)
        if (o != 'f')
            return 2;
    if (optind + 1 != argc)
        return command_misused(argv, "name one domain");
    if (!command_domain(h, argv[optind], &domid))
        return 1;
    if (domid == 0) {
        fprintf(stderr, "parador: Domain-0 cannot be destroyed: shut the machine down instead\n");
        return 1;
    }
    return destroy(h, domid);
}
