/* SPDX-License-Identifier: MIT */
/* How many vcpus a running guest shall use. */
#include <errno.h>
#include <stdio.h>

#include "guest/guest.h"
#include "guest/transaction.h"

/* cpu/<n>/availability is what a guest's kernel watches (drivers/xen/cpu_hotplug.c in Linux). */
static int write_all(struct parador_handle *h, store_tx tx, domid_t domid, uint32_t count,
                     uint32_t max)
{
    char path[80];

    if (store_batch_begin(h) < 0)
        return -1;
    for (uint32_t n = 0; n < max; n++) {
        snprintf(path, sizeof(path), "/local/domain/%u/cpu/%u/availability", domid, n);
        if (store_writef(h, tx, path, "%s", n < count ? "online" : "offline") < 0)
            break;
    }
    return store_batch_end(h);
}

int parador_set_vcpus(struct parador_handle *h, domid_t domid, uint32_t count)
{
    struct guest_info info;
    char purpose[sizeof(info.name) + 32];
    struct transaction t = {.purpose = purpose};

    if (parador_info(h, domid, &info) < 0)
        return -1;
    if (count < 1 || count > info.vcpus_max)
        return parador_fail(h, EINVAL, "%s cannot have %u vcpus: it was made with %u, of which at "
                            "least 1 stays", info.name, count, info.vcpus_max);
    /* All of it or nothing, even if we die here. */
    snprintf(purpose, sizeof(purpose), "to change the vcpus of %s", info.name);
    while (transaction_try(h, &t))
        t.result = write_all(h, t.tx, domid, count, info.vcpus_max);
    return t.result;
}
