/* SPDX-License-Identifier: MIT */
/*
 * Creating a guest, all or nothing. Everything that can be found wrong without touching anything is
 * found first (kernel, disks, bridges, name); then each step has its undo, run in reverse.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "build/elf.h"
#include "build/image.h"
#include "devices/network.h"
#include "guest/guest.h"
#include "guest/names.h"
#include "guest/placement.h"
#include "guest/tree.h"

#define MEMORY_DEFAULT_KIB (128u << 10)
#define EVENT_CHANNELS_DEFAULT 1023u
#define VCPUS_MAX 512u

/* A creation in progress; each field tells its undo whether there is something to undo. */
struct creation {
    struct parador_handle *h;
    const struct guest_config *config;
    struct guest_numbers numbers;
    struct placement placement;
    struct build *build;
    struct guest_device *devices;
    size_t nr_devices;
    int listener;              /* for new interfaces; -1: none */
    bool have_domain, in_store, introduced;
    domid_t domid;
};

/* ---- checking ---- */

static int settle_numbers(struct creation *c)
{
    const struct guest_config *config = c->config;
    struct guest_numbers *n = &c->numbers;

    n->memory_kib = config->memory_kib ? config->memory_kib : MEMORY_DEFAULT_KIB;
    n->maxmem_kib = config->maxmem_kib ? config->maxmem_kib : n->memory_kib;
    n->vcpus = config->vcpus ? config->vcpus : 1;
    n->maxvcpus = guest_config_vcpus_max(config);
    if (n->maxmem_kib < n->memory_kib)
        return parador_fail(c->h, EINVAL, "maxmem is less than memory");
    if (n->maxvcpus < n->vcpus)
        return parador_fail(c->h, EINVAL, "maxvcpus is less than vcpus");
    if (n->maxvcpus > VCPUS_MAX)
        return parador_fail(c->h, EINVAL, "%u vcpus are more than a guest can have", n->maxvcpus);
    if (config->uuid_set) {
        memcpy(n->uuid, config->uuid, sizeof(n->uuid));
        return 0;
    }
    if (getrandom(n->uuid, sizeof(n->uuid), GRND_INSECURE) != (ssize_t)sizeof(n->uuid))
        return parador_fail(c->h, EIO, "cannot get random numbers for a UUID");
    n->uuid[6] = (n->uuid[6] & 0x0f) | 0x40; /* RFC 4122: version 4, variant 1 */
    n->uuid[8] = (n->uuid[8] & 0x3f) | 0x80;
    return 0;
}

static int check_config(struct creation *c)
{
    long holder;

    if (name_check(c->h, c->config->name) < 0)
        return -1;
    if (!c->config->kernel || !*c->config->kernel)
        return parador_fail(c->h, EINVAL, "the guest has no kernel");
    if (settle_numbers(c) < 0)
        return -1;
    if (store_connect(c->h) < 0)
        return -1;
    holder = name_lookup_indexed(c->h, STORE_NO_TX, c->config->name);
    if (holder >= 0)
        return parador_fail(c->h, EEXIST, "there is a guest called \"%s\" already (domain %ld)",
                            c->config->name, holder);
    return 0;
}

static int check_unique(struct creation *c, const struct guest_device *d)
{
    size_t i;

    for (i = 0; i < c->nr_devices; i++) {
        const struct device *other = &c->devices[i].device;

        if (strcmp(other->kind, d->device.kind) == 0 && other->devid == d->device.devid)
            return parador_fail(c->h, EINVAL, "two %s have the same number %u",
                                strcmp(other->kind, "vbd") == 0 ? "disks" : "interfaces",
                                other->devid);
    }
    return 0;
}

static int prepare_disk(struct creation *c, const struct guest_disk *disk)
{
    static const enum block_kind kinds[] = {
        [GUEST_DISK_PHY] = BLOCK_PHY,
        [GUEST_DISK_FILE] = BLOCK_FILE,
        [GUEST_DISK_AUTO] = BLOCK_AUTO,
    };
    struct guest_device *d = &c->devices[c->nr_devices];
    bool readonly = disk->readonly || disk->cdrom;

    if (!disk->target || !*disk->target) {
        if (!disk->cdrom)
            return parador_fail(c->h, EINVAL, "disk %s has no target", disk->vdev);
        parador_log(c->h, PARADOR_LOG_WARN, "the empty CD-ROM %s is left out", disk->vdev);
        return 0;
    }
    d->device.kind = "vbd";
    if (block_vdev(c->h, disk->vdev ? disk->vdev : "", &d->device.devid) < 0 ||
        check_unique(c, d) < 0 ||
        block_open(c->h, disk->target, kinds[disk->kind], readonly, &d->block) < 0)
        return -1;
    d->vbd = (struct device_vbd){
        .vdev = disk->vdev, .target = disk->target, .readonly = readonly, .cdrom = disk->cdrom,
        .discard = disk->discard, .shared = disk->shared, .block = &d->block,
    };
    c->nr_devices++;
    return 0;
}

/* 00:16:3e is the range for guests of this ABI; the rest follows from the guest, so it stays. */
static void choose_mac(const struct creation *c, unsigned devid, uint8_t mac[6])
{
    const uint8_t *uuid = c->numbers.uuid;

    mac[0] = 0x00;
    mac[1] = 0x16;
    mac[2] = 0x3e;
    mac[3] = (uuid[0] ^ uuid[3] ^ uuid[10] ^ uuid[13]) & 0x7f;
    mac[4] = uuid[1] ^ uuid[4] ^ uuid[11] ^ uuid[14];
    mac[5] = (uint8_t)((uuid[2] ^ uuid[5] ^ uuid[12] ^ uuid[15]) + devid);
}

static int prepare_vif(struct creation *c, const struct guest_vif *vif, unsigned index)
{
    struct guest_device *d = &c->devices[c->nr_devices];
    const char *bridge = vif->bridge ? vif->bridge : PARADOR_DEFAULT_BRIDGE;

    d->block.fd = -1;
    d->device.kind = "vif";
    d->device.devid = vif->devid >= 0 ? (unsigned)vif->devid : index;
    if (check_unique(c, d) < 0 || network_check_bridge(c->h, bridge) < 0)
        return -1;
    if (vif->vifname && strlen(vif->vifname) >= sizeof(d->ifname))
        return parador_fail(c->h, EINVAL, "vifname \"%s\" is longer than %zu characters",
                            vif->vifname, sizeof(d->ifname) - 1);
    d->vif = (struct device_vif){.bridge = bridge, .ip = vif->ip, .vifname = vif->vifname};
    if (vif->mac_set)
        memcpy(d->vif.mac, vif->mac, sizeof(d->vif.mac));
    else
        choose_mac(c, d->device.devid, d->vif.mac);
    c->nr_devices++;
    return 0;
}

static int prepare_devices(struct creation *c)
{
    const struct guest_config *config = c->config;
    size_t i;

    c->devices = calloc(config->nr_disks + config->nr_vifs + 1, sizeof(*c->devices));
    if (!c->devices)
        return parador_fail(c->h, ENOMEM, "out of memory");
    if (config->nr_vifs) {
        if (device_check_driver(c->h, "vif") < 0)
            return -1;
        c->listener = network_listen(c->h);
        if (c->listener < 0)
            return -1;
    }
    if (config->nr_disks && device_check_driver(c->h, "vbd") < 0)
        return -1;
    for (i = 0; i < config->nr_vifs; i++) {
        if (prepare_vif(c, &config->vifs[i], (unsigned)i) < 0)
            return -1;
    }
    for (i = 0; i < config->nr_disks; i++) {
        if (prepare_disk(c, &config->disks[i]) < 0)
            return -1;
    }
    return 0;
}

/* A guest that cannot fit is refused at once, not after the machine was filled to the brim. */
static int check_memory(struct creation *c)
{
    struct xen_sysctl_physinfo info;

    if (parador_physinfo(c->h, &info) < 0)
        return -1;
    if (c->numbers.memory_kib / 4 > info.free_pages)
        return parador_fail(c->h, ENOMEM, "memory = %llu MiB is more than the %llu MiB that are free",
                            (unsigned long long)(c->numbers.memory_kib >> 10),
                            (unsigned long long)(info.free_pages >> 8));
    return 0;
}

static int begin_build(struct creation *c)
{
    struct build_request request = {
        .kernel = c->config->kernel, .ramdisk = c->config->ramdisk,
        .command_line = c->config->cmdline, .memory_kib = c->numbers.memory_kib,
        .maxmem_kib = c->numbers.maxmem_kib,
    };

    c->build = build_begin(c->h, &request);
    parador_log(c->h, PARADOR_LOG_DEBUG, "kernel %s is read", c->config->kernel);
    return c->build ? 0 : -1;
}

/* ---- making ---- */

static int make_domain(struct creation *c)
{
    struct parador_domain_limits limits = {
        .max_vcpus = c->numbers.maxvcpus,
        .max_event_channels = c->config->max_event_channels ? c->config->max_event_channels
                                                            : EVENT_CHANNELS_DEFAULT,
        .max_grant_frames = c->config->max_grant_frames,
        .cpupool = c->placement.pool.id,
    };
    size_t i;

    memcpy(limits.uuid, c->numbers.uuid, sizeof(limits.uuid));
    if (parador_domain_create(c->h, &limits, &c->domid) < 0)
        return -1;
    c->have_domain = true;
    parador_log(c->h, PARADOR_LOG_DEBUG, "domain %u is there", c->domid);
    for (i = 0; i < c->nr_devices; i++) {
        c->devices[i].device.domid = c->domid;
        snprintf(c->devices[i].ifname, sizeof(c->devices[i].ifname), "vif%u.%u", c->domid,
                 c->devices[i].device.devid);
    }
    /* Its share before its memory: a guest that is not admitted is refused at once. */
    if (parador_domain_max_vcpus(c->h, c->domid, c->numbers.maxvcpus) < 0)
        return -1;
    return placement_apply(c->h, c->config, c->numbers.maxvcpus, &c->placement, c->domid);
}

/* The entries come before the memory: dom0's drivers then get ready while we build. */
static int enter_in_store(struct creation *c)
{
    size_t i;

    if (tree_write(c->h, c->config, &c->numbers, c->domid, c->devices, c->nr_devices) < 0)
        return -1;
    c->in_store = true;
    parador_log(c->h, PARADOR_LOG_DEBUG, "domain %u is in the store", c->domid);
    for (i = 0; i < c->nr_devices; i++) {
        if (block_keep(c->h, &c->devices[i].block) < 0)
            return -1;
    }
    return 0;
}

static int build_and_introduce(struct creation *c)
{
    struct build_result built;

    if (build_domain(c->build, c->domid, &built) < 0 ||
        tree_write_rings(c->h, c->domid, &built) < 0 ||
        store_introduce(c->h, c->domid, built.store_mfn, built.store_port) < 0)
        return -1;
    c->introduced = true;
    parador_log(c->h, PARADOR_LOG_DEBUG, "domain %u is built", c->domid);
    return 0;
}

static int connect_devices(struct creation *c)
{
    struct device *list = calloc(c->nr_devices + 1, sizeof(*list));
    size_t i;
    int ret;

    if (!list)
        return parador_fail(c->h, ENOMEM, "out of memory");
    for (i = 0; i < c->nr_devices; i++)
        list[i] = c->devices[i].device;
    ret = device_wait_ready(c->h, list, c->nr_devices, DEVICE_TIMEOUT_MS);
    free(list);
    for (i = 0; i < c->nr_devices && ret == 0; i++) {
        struct guest_device *d = &c->devices[i];

        if (strcmp(d->device.kind, "vif") != 0)
            continue;
        if (network_wait(c->h, c->listener, d->ifname, DEVICE_TIMEOUT_MS) < 0 ||
            network_join(c->h, d->ifname, d->vif.vifname, d->vif.bridge) < 0 ||
            device_hotplug_done(c->h, &d->device) < 0)
            ret = -1;
    }
    return ret;
}

int parador_warm(struct parador_handle *h, const char *kernel)
{
    struct image image;
    struct elf_kernel elf;
    int ret = image_load_kernel(h, kernel, &image);

    if (ret < 0)
        return -1;
    ret = elf_parse(h, kernel, image.data, image.size, &elf);
    image_free(&image);
    return ret;
}

/* ---- ending, in reverse ---- */

static void finish(struct creation *c)
{
    size_t i;

    for (i = 0; i < c->nr_devices; i++)
        block_close(&c->devices[i].block);
    if (c->listener >= 0)
        close(c->listener);
    free(c->devices);
    build_end(c->build);
}

/* Whether somebody ended the domain that we are making: then its number may be another's. */
static bool was_taken(struct creation *c)
{
    struct xen_domctl_getdomaininfo info;

    if (parador_domain_info(c->h, c->domid, &info) < 0)
        return errno == ESRCH;
    return (info.flags & XEN_DOMINF_dying) ||
           memcmp(info.handle, c->numbers.uuid, sizeof(info.handle)) != 0;
}

/* Undoes what was made and puts the reason back, which the undoing may have overwritten. */
static void undo(struct creation *c)
{
    int err = errno;
    char why[512];

    snprintf(why, sizeof(why), "%s", parador_error(c->h));
    if (c->have_domain && was_taken(c)) {
        c->have_domain = false;
        err = ECANCELED;
        snprintf(why, sizeof(why), "domain %u was destroyed while it was being made", c->domid);
    }
    if (c->in_store) {
        struct device_ending *ending = device_end_begin(c->h, c->domid);

        if (ending)
            device_end_finish(c->h, ending, DEVICE_TIMEOUT_MS);
    }
    if (c->have_domain)
        parador_domain_destroy(c->h, c->domid);
    if (c->introduced)
        store_release(c->h, c->domid);
    if (c->in_store)
        tree_remove(c->h, c->domid);
    finish(c);
    parador_fail(c->h, err, "%s", why);
}

int parador_create(struct parador_handle *h, const struct guest_config *config, domid_t *domid)
{
    struct creation c = {.h = h, .config = config, .listener = -1};

    if (check_config(&c) < 0 ||         /* nothing is touched … */
        check_memory(&c) < 0 ||
        placement_find(h, config, c.numbers.maxvcpus, &c.placement) < 0 ||
        begin_build(&c) < 0 ||          /* … kernel and ramdisk are read and judged … */
        prepare_devices(&c) < 0 ||      /* … disks open, bridges there */
        make_domain(&c) < 0 ||          /* an empty, paused domain, admitted to its CPUs */
        enter_in_store(&c) < 0 ||       /* its entries; back-ends wake up */
        build_and_introduce(&c) < 0 ||  /* memory, kernel, page tables; the store may talk to it */
        connect_devices(&c) < 0 ||      /* back-ends ready, interfaces on their bridges */
        (!config->paused && parador_domain_unpause(h, c.domid) < 0)) {
        undo(&c);
        return -1;
    }
    *domid = c.domid;
    finish(&c);
    return 0;
}
