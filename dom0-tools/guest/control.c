/* SPDX-License-Identifier: MIT */
/* Guests that exist: ending, stopping, renaming them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/attach.h"
#include "guest/guest.h"
#include "guest/names.h"
#include "guest/transaction.h"
#include "guest/tree.h"

/* dom0 is nobody's guest. */
static int check_guest(struct parador_handle *h, domid_t domid, const char *what)
{
    struct xen_domctl_getdomaininfo info;

    if (domid == 0)
        return parador_fail(h, EPERM, "domain 0 cannot be %s", what);
    return parador_domain_info(h, domid, &info);
}

/* Keeps the first failure while the rest goes on. */
struct first_failure {
    int err;
    char why[512];
};

static void note(struct parador_handle *h, struct first_failure *first, int ret)
{
    if (ret >= 0 || first->err)
        return;
    first->err = errno;
    snprintf(first->why, sizeof(first->why), "%s", parador_error(h));
}

/* Takes a domain apart; pieces that are gone already are no failure. */
static int take_apart(struct parador_handle *h, domid_t domid)
{
    struct xen_domctl_getdomaininfo info;
    struct first_failure first = {0};
    struct device_ending *ending;
    bool there = parador_domain_info(h, domid, &info) == 0;
    int ret;

    if (there && parador_domain_pause(h, domid) < 0)
        parador_log(h, PARADOR_LOG_WARN, "%s", parador_error(h));
    /* The back-ends let go while the hypervisor frees the memory: neither waits for the other. */
    ending = device_end_begin(h, domid);
    note(h, &first, ending ? 0 : -1);
    if (there) {
        ret = parador_domain_destroy(h, domid);
        note(h, &first, ret < 0 && errno != ESRCH ? -1 : 0);
    }
    if (ending)
        note(h, &first, device_end_finish(h, ending, DEVICE_TIMEOUT_MS));
    /* The daemon may have noticed the death before we tell it. */
    store_release(h, domid);
    note(h, &first, tree_remove(h, domid));
    return first.err ? parador_fail(h, first.err, "%s", first.why) : 0;
}

int parador_destroy(struct parador_handle *h, domid_t domid)
{
    if (check_guest(h, domid, "destroyed") < 0)
        return -1;
    return take_apart(h, domid);
}

int parador_reap(struct parador_handle *h, domid_t domid)
{
    if (domid == 0)
        return parador_fail(h, EPERM, "domain 0 cannot be destroyed");
    return take_apart(h, domid);
}

/* Writes a request that the guest's kernel watches for. */
static int request(struct parador_handle *h, domid_t domid, const char *what)
{
    char path[64];

    if (check_guest(h, domid, "shut down this way") < 0)
        return -1;
    snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
    return store_write(h, STORE_NO_TX, path, what, strlen(what));
}

int parador_shutdown(struct parador_handle *h, domid_t domid)
{
    return request(h, domid, "poweroff");
}

int parador_reboot(struct parador_handle *h, domid_t domid)
{
    return request(h, domid, "reboot");
}

int parador_pause(struct parador_handle *h, domid_t domid)
{
    if (check_guest(h, domid, "paused") < 0)
        return -1;
    return parador_domain_pause(h, domid);
}

int parador_unpause(struct parador_handle *h, domid_t domid)
{
    if (check_guest(h, domid, "unpaused") < 0)
        return -1;
    return parador_domain_unpause(h, domid);
}

/* The renaming itself, inside a transaction. */
static int rename_in(struct parador_handle *h, store_tx tx, domid_t domid, const char *name)
{
    char path[96];
    char *old = store_readf(h, tx, "/local/domain/%u/name", domid);
    char *vm;
    int ret;

    ret = name_claim(h, tx, name, domid);
    if (ret == 0 && old && strcmp(old, name) != 0)
        name_drop(h, tx, old, domid);
    free(old);
    snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
    if (ret < 0 || store_write(h, tx, path, name, strlen(name)) < 0)
        return -1;
    vm = store_readf(h, tx, "/local/domain/%u/vm", domid);
    if (vm && strncmp(vm, "/vm/", 4) == 0 && strlen(vm) < sizeof(path) - 8) {
        snprintf(path, sizeof(path), "%s/name", vm);
        ret = store_write(h, tx, path, name, strlen(name));
    }
    free(vm);
    return ret;
}

int parador_rename(struct parador_handle *h, domid_t domid, const char *name)
{
    struct transaction t = {.purpose = "to rename a guest"};
    long holder;

    if (name_check(h, name) < 0 || check_guest(h, domid, "renamed") < 0)
        return -1;
    holder = name_lookup_indexed(h, STORE_NO_TX, name);
    if (holder >= 0 && holder != domid)
        return parador_fail(h, EEXIST, "there is a guest called \"%s\" already (domain %ld)", name,
                            holder);
    while (transaction_try(h, &t))
        t.result = rename_in(h, t.tx, domid, name);
    return t.result;
}
