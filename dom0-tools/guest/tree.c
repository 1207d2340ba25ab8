/* SPDX-License-Identifier: MIT */
/*
 * The store's picture of a guest: /local/domain/<domid> and /vm/<uuid> in the public layout that
 * front-ends, daemons and other tools expect. A new node inherits the permissions of its parent, so
 * each directory gets its own before anything is put into it.
 */
#include "guest/tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest/names.h"
#include "guest/transaction.h"

#define CONSOLE_LIMIT 1048576
#define PATH_MAX_HERE 3072

/* Writes below one directory; the first failure sticks. */
struct tree {
    struct parador_handle *h;
    store_tx tx;
    domid_t domid;
    char root[64];
    bool failed;
};

static void put(struct tree *t, const char *key, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void put(struct tree *t, const char *key, const char *format, ...)
{
    char path[PATH_MAX_HERE], value[4096];
    va_list args;
    int length;

    if (t->failed)
        return;
    va_start(args, format);
    length = vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    snprintf(path, sizeof(path), "%s/%s", t->root, key);
    if (length < 0 || (size_t)length >= sizeof(value)) {
        parador_fail(t->h, E2BIG, "the value for %s is too long", path);
        t->failed = true;
    } else if (store_write(t->h, t->tx, path, value, (size_t)length) < 0) {
        t->failed = true;
    }
}

/*
 * Gives a node (made if it is not there) to owner, with read access for reader unless it is owner.
 */
static void own(struct tree *t, const char *key, domid_t owner, domid_t reader)
{
    struct store_perm perms[] = {{'n', owner}, {'r', reader}};
    char path[PATH_MAX_HERE];

    if (t->failed)
        return;
    snprintf(path, sizeof(path), "%s%s%s", t->root, *key ? "/" : "", key);
    if (store_mkdir(t->h, t->tx, path) < 0 ||
        store_set_perms(t->h, t->tx, path, perms, owner == reader ? 1 : 2) < 0)
        t->failed = true;
}

/* /vm/<uuid>: what does not depend on the domain's number. */
static void write_vm(struct tree *t, const struct guest_config *config,
                     const struct guest_numbers *numbers)
{
    char uuid[37];

    parador_uuid_text(numbers->uuid, uuid);
    snprintf(t->root, sizeof(t->root), "/vm/%s", uuid);
    own(t, "", 0, t->domid);
    put(t, "uuid", "%s", uuid);
    put(t, "name", "%s", config->name);
    put(t, "domid", "%u", t->domid);
    put(t, "start_time", "%lld", (long long)time(NULL));
    put(t, "on_poweroff", "%s", guest_action_name(config->on_poweroff));
    put(t, "on_reboot", "%s", guest_action_name(config->on_reboot));
    put(t, "on_crash", "%s", guest_action_name(config->on_crash));
    put(t, "on_watchdog", "%s", guest_action_name(config->on_watchdog));
    put(t, "image/ostype", "linux");
    put(t, "image/kernel", "%s", config->kernel);
    put(t, "image/ramdisk", "%s", config->ramdisk ? config->ramdisk : "");
    put(t, "image/cmdline", "%s", config->cmdline ? config->cmdline : "");
    if (config->source)
        put(t, "source", "%s", config->source);
}

/* /local/domain/<domid>: what the guest itself looks at. */
static void write_domain(struct tree *t, const struct guest_config *config,
                         const struct guest_numbers *numbers)
{
    static const char *const guests[] = {"data", "drivers", "feature", "attr", "error"};
    static const char *const answers[] = {
        "control/shutdown", "control/feature-poweroff", "control/feature-reboot",
        "control/feature-suspend", "control/sysrq", "device/suspend/event-channel",
    };
    char uuid[37], key[40];
    uint32_t vcpu;
    size_t i;

    parador_uuid_text(numbers->uuid, uuid);
    snprintf(t->root, sizeof(t->root), "/local/domain/%u", t->domid);
    own(t, "", 0, t->domid);
    put(t, "name", "%s", config->name);
    put(t, "domid", "%u", t->domid);
    put(t, "vm", "/vm/%s", uuid);
    put(t, "memory/static-max", "%llu", (unsigned long long)numbers->maxmem_kib);
    put(t, "memory/target", "%llu", (unsigned long long)numbers->memory_kib);
    for (vcpu = 0; vcpu < numbers->maxvcpus; vcpu++) {
        snprintf(key, sizeof(key), "cpu/%u/availability", vcpu);
        put(t, key, "%s", vcpu < numbers->vcpus ? "online" : "offline");
    }
    put(t, "control/platform-feature-multiprocessor-suspend", "1");
    put(t, "control/platform-feature-xs_reset_watches", "1");
    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        own(t, answers[i], t->domid, t->domid);
    for (i = 0; i < sizeof(guests) / sizeof(guests[0]); i++)
        own(t, guests[i], t->domid, t->domid);
    put(t, "console/backend", "/local/domain/0/backend/console/%u/0", t->domid);
    put(t, "console/backend-id", "0");
    put(t, "console/limit", "%d", CONSOLE_LIMIT);
    put(t, "console/type", "xenconsoled");
    put(t, "console/output", "pty");
    put(t, "console/tty", "%s", "");
}

static void write_console_backend(struct tree *t)
{
    snprintf(t->root, sizeof(t->root), "/local/domain/0/backend/console/%u", t->domid);
    own(t, "", 0, t->domid);
    put(t, "0/frontend", "/local/domain/%u/console", t->domid);
    put(t, "0/frontend-id", "%u", t->domid);
    put(t, "0/online", "1");
    put(t, "0/state", "1");
    put(t, "0/protocol", "vt100");
}

/* What the guest file adds of its own. */
static void write_extra(struct tree *t, const struct guest_config *config)
{
    size_t i;

    for (i = 0; i < config->nr_nodes && !t->failed; i++) {
        const struct guest_store_node *node = &config->nodes[i];

        if (node->path[0] == '/')
            t->root[0] = '\0';
        else
            snprintf(t->root, sizeof(t->root), "/local/domain/%u", t->domid);
        put(t, node->path + (node->path[0] == '/'), "%s", node->value);
        if (node->guest_writes)
            own(t, node->path + (node->path[0] == '/'), t->domid, t->domid);
    }
}

static int claim_disks(struct parador_handle *h, store_tx tx, const struct guest_device *devices,
                       size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (strcmp(devices[i].device.kind, "vbd") == 0 &&
            device_claim_disk(h, tx, &devices[i].device, &devices[i].vbd) < 0)
            return -1;
    }
    return 0;
}

static int write_devices(struct parador_handle *h, store_tx tx, const struct guest_device *devices,
                         size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        const struct guest_device *d = &devices[i];
        int ret;

        if (strcmp(d->device.kind, "vbd") == 0)
            ret = device_write_vbd(h, tx, &d->device, &d->vbd);
        else
            ret = device_write_vif(h, tx, &d->device, &d->vif);
        if (ret < 0)
            return -1;
    }
    return 0;
}

/* Ends a batch; the first failure, of queueing or of the store, is the one that counts. */
static int end_batch(struct tree *t)
{
    int err = errno;
    char why[512];

    if (!t->failed)
        return store_batch_end(t->h);
    snprintf(why, sizeof(why), "%s", parador_error(t->h));
    store_batch_end(t->h);
    return parador_fail(t->h, err, "%s", why);
}

static int write_all(struct parador_handle *h, store_tx tx, const struct guest_config *config,
                     const struct guest_numbers *numbers, domid_t domid,
                     const struct guest_device *devices, size_t count)
{
    struct tree t = {.h = h, .tx = tx, .domid = domid};

    if (name_claim(h, tx, config->name, domid) < 0 || claim_disks(h, tx, devices, count) < 0 ||
        store_batch_begin(h) < 0)
        return -1;
    write_vm(&t, config, numbers);
    write_domain(&t, config, numbers);
    write_console_backend(&t);
    if (!t.failed && write_devices(h, tx, devices, count) < 0)
        t.failed = true;
    write_extra(&t, config);
    return end_batch(&t);
}

int tree_write(struct parador_handle *h, const struct guest_config *config,
               const struct guest_numbers *numbers, domid_t domid,
               const struct guest_device *devices, size_t count)
{
    struct transaction t = {.purpose = "for a new guest"};

    while (transaction_try(h, &t))
        t.result = write_all(h, t.tx, config, numbers, domid, devices, count);
    return t.result;
}

int tree_write_rings(struct parador_handle *h, domid_t domid, const struct build_result *built)
{
    struct tree t = {.h = h, .domid = domid};

    if (store_batch_begin(h) < 0)
        return -1;
    snprintf(t.root, sizeof(t.root), "/local/domain/%u", domid);
    put(&t, "store/ring-ref", "%llu", (unsigned long long)built->store_mfn);
    put(&t, "store/port", "%u", built->store_port);
    put(&t, "console/ring-ref", "%llu", (unsigned long long)built->console_mfn);
    put(&t, "console/port", "%u", built->console_port);
    return end_batch(&t);
}

int tree_remove(struct parador_handle *h, domid_t domid)
{
    char *name = store_readf(h, STORE_NO_TX, "/local/domain/%u/name", domid);
    char *vm = store_readf(h, STORE_NO_TX, "/local/domain/%u/vm", domid);
    char *holder = vm ? store_readf(h, STORE_NO_TX, "%s/domid", vm) : NULL;
    char path[64];
    int ret = -1;

    if (name)
        name_drop(h, STORE_NO_TX, name, domid);
    if (store_batch_begin(h) == 0) {
        /* A newer domain of the same guest may use /vm/<uuid> by now. */
        if (vm && strncmp(vm, "/vm/", 4) == 0 && (!holder || strtoul(holder, NULL, 10) == domid))
            store_remove(h, STORE_NO_TX, vm);
        snprintf(path, sizeof(path), "/local/domain/0/backend/console/%u", domid);
        store_remove(h, STORE_NO_TX, path);
        snprintf(path, sizeof(path), "/local/domain/%u", domid);
        store_remove(h, STORE_NO_TX, path);
        ret = store_batch_end(h);
    }
    free(holder);
    free(vm);
    free(name);
    return ret;
}
