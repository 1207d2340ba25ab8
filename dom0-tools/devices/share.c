/* SPDX-License-Identifier: MIT */
/*
 * Who has which disk. Two kernels that write one file system destroy it, so a disk that one guest
 * may write is refused to others. /parador/disks/<identity>/<domid>-<devid> holds the mode; an
 * entry whose back-end is gone does not count.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/attach.h"

#define DISKS "/parador/disks"

static void entry_path(const struct device *device, const char *identity, char *path, size_t size)
{
    snprintf(path, size, DISKS "/%s/%u-%u", identity, device->domid, device->devid);
}

/* Whether the entry called name ("3-51712") is of a back-end that exists, and in mode w. */
static bool in_use(struct parador_handle *h, store_tx tx, const char *identity, const char *name,
                   bool *writes, unsigned *domid)
{
    char *state, *mode;
    unsigned devid;
    bool there;

    if (sscanf(name, "%u-%u", domid, &devid) != 2)
        return false;
    state = store_readf(h, tx, "/local/domain/0/backend/vbd/%u/%u/state", *domid, devid);
    there = state != NULL;
    free(state);
    if (!there)
        return false;
    mode = store_readf(h, tx, DISKS "/%s/%s", identity, name);
    *writes = mode && mode[0] == 'w';
    free(mode);
    return true;
}

int device_claim_disk(struct parador_handle *h, store_tx tx, const struct device *device,
                      const struct device_vbd *vbd)
{
    char path[DEVICE_PATH_MAX];
    char **names;
    size_t count, i;
    int ret = 0;

    snprintf(path, sizeof(path), DISKS "/%s", vbd->block->identity);
    names = store_directory(h, tx, path, &count);
    if (!names && errno != ENOENT)
        return -1;
    for (i = 0; names && i < count && ret == 0; i++) {
        bool writes = false;
        unsigned domid;

        if (!vbd->shared && in_use(h, tx, vbd->block->identity, names[i], &writes, &domid) &&
            (writes || !vbd->readonly))
            ret = parador_fail(h, EBUSY, "disk %s is in use by domain %u%s", vbd->target, domid,
                               writes ? ", which may write it" : "; it can be had read-only");
    }
    store_free_list(names);
    if (ret < 0)
        return -1;
    entry_path(device, vbd->block->identity, path, sizeof(path));
    return store_write(h, tx, path, vbd->readonly ? "r" : "w", 1);
}

void device_drop_disk(struct parador_handle *h, const struct device *device, const char *identity)
{
    char path[DEVICE_PATH_MAX];
    char **names;
    size_t count;

    entry_path(device, identity, path, sizeof(path));
    store_remove(h, STORE_NO_TX, path);
    snprintf(path, sizeof(path), DISKS "/%s", identity);
    names = store_directory(h, STORE_NO_TX, path, &count);
    if (names && count == 0)
        store_remove(h, STORE_NO_TX, path);
    store_free_list(names);
}
