/* SPDX-License-Identifier: MIT */
/* Whole guests: what a guest file says, and creating, finding, controlling and ending a guest. */
#ifndef PARADOR_GUEST_GUEST_H
#define PARADOR_GUEST_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/parador.h"

/** What happens to a guest that ended (xl.cfg: on_poweroff, on_reboot, on_crash, on_watchdog). */
enum guest_action {
    GUEST_ACTION_DESTROY,          /* free everything (default for poweroff and crash) */
    GUEST_ACTION_RESTART,          /* destroy, then create again (default for reboot) */
    GUEST_ACTION_RENAME_RESTART,   /* keep the dead one under another name, create again */
    GUEST_ACTION_PRESERVE,         /* keep it for inspection */
    GUEST_ACTION_COREDUMP_DESTROY, /* accepted; treated as destroy */
    GUEST_ACTION_COREDUMP_RESTART, /* accepted; treated as restart */
    GUEST_ACTION_SOFT_RESET,       /* accepted; treated as restart */
};

/** How a disk's target is to be opened. */
enum guest_disk_kind {
    GUEST_DISK_PHY,  /* target is a block device of dom0 */
    GUEST_DISK_FILE, /* target is a raw file; a loop device is made for it */
    GUEST_DISK_AUTO, /* decide from what target is */
};

/** One disk of a guest. */
struct guest_disk {
    char *target;              /* path in dom0; NULL or "" only for an empty cdrom */
    enum guest_disk_kind kind;
    char *vdev;                /* "xvda", "xvda1", "sda", "hdc", "d0p1", or a plain number */
    bool readonly;
    bool cdrom;
    bool discard;              /* offer discard to the guest */
    bool shared;               /* "w!": others may have it too, even writable */
};

/** One network interface of a guest. */
struct guest_vif {
    uint8_t mac[6];
    bool mac_set;              /* false: parador_create picks 00:16:3e:x:y:z from uuid and devid */
    char *bridge;              /* NULL: PARADOR_DEFAULT_BRIDGE */
    char *ip;                  /* written to the store for documentation, or NULL */
    char *vifname;             /* name of the interface in dom0, NULL: vif<domid>.<devid> */
    char *script;              /* accepted, never run */
    int devid;                 /* -1: its index in vifs[] */
};

#define PARADOR_DEFAULT_BRIDGE "xenbr0"

/** One more store entry for the guest. */
struct guest_store_node {
    char *path;                /* relative to /local/domain/<domid>, or absolute under /vm */
    char *value;
    bool guest_writes;         /* the guest may write it (else it may only read it) */
};

/** CPU lists (parador_cpuset_parse()): one for all vcpus, or one for each. */
struct guest_cpus {
    char **lists;
    size_t count;              /* 0: not said */
    bool each;                 /* lists[n] is for vcpu n; those after the last use any CPU */
};

/**
 * Everything a guest file says. Strings are owned by the structure and freed by
 * guest_config_free(); set them through guest_config_set_string() or strdup(). All-zero bytes after
 * guest_config_init() mean "not said", and take the default given at the field.
 */
struct guest_config {
    char *name;                /* required; at most 127 bytes, no '/' */
    uint8_t uuid[16];
    bool uuid_set;             /* false: a random one is made */

    char *kernel;              /* required: bzImage or ELF, optionally gzip'd ELF */
    char *ramdisk;             /* NULL: none */
    char *cmdline;             /* NULL: empty. (The cli joins root= and extra= into it.) */

    uint64_t memory_kib;       /* 0: 128 MiB */
    uint64_t maxmem_kib;       /* 0: memory_kib */
    uint32_t vcpus;            /* online at start; 0: 1 */
    uint32_t maxvcpus;         /* 0: vcpus */

    struct guest_disk *disks;
    size_t nr_disks;
    struct guest_vif *vifs;
    size_t nr_vifs;
    struct guest_store_node *nodes;
    size_t nr_nodes;

    enum guest_action on_poweroff;
    enum guest_action on_reboot;
    enum guest_action on_crash;
    enum guest_action on_watchdog;

    char *pool;                /* CPU pool; NULL: the one that dom0 was given */
    uint32_t cpu_weight;       /* 0: the scheduler's default */
    uint32_t cpu_cap;          /* per cent of one CPU; 0: no cap */
    uint32_t reservation;      /* per cent of one CPU; 0: none */
    struct guest_cpus cpus;    /* hard affinity */
    struct guest_cpus cpus_soft;
    uint32_t max_grant_frames; /* 0: the hypervisor's default */
    uint32_t max_event_channels; /* 0: 1023 */

    bool paused;               /* leave the guest paused when it is made */
    char *source;              /* the guest file's path (kept at /vm/<uuid>), or NULL */
};

/** Sets every field to "not said" and the four actions to xl's defaults. */
void guest_config_init(struct guest_config *config);

/** Frees every string and array of config and leaves it as after guest_config_init(). */
void guest_config_free(struct guest_config *config);

/** Replaces *field by a copy of value (NULL: clears it). Returns 0, or -1 with ENOMEM. */
int guest_config_set_string(char **field, const char *value);

/** Appends one zeroed entry to an array of config and returns it, or NULL when memory is short. */
struct guest_disk *guest_config_add_disk(struct guest_config *config);
struct guest_vif *guest_config_add_vif(struct guest_config *config);
struct guest_store_node *guest_config_add_node(struct guest_config *config);

/** Appends a copy of a list. Returns 0, or -1 when memory is short. */
int guest_cpus_add(struct guest_cpus *cpus, const char *list);
void guest_cpus_clear(struct guest_cpus *cpus);
/** How many vcpus the guest can ever use: maxvcpus, or vcpus, or one. */
uint32_t guest_config_vcpus_max(const struct guest_config *config);
/** The list for a vcpu, or NULL where nothing is said: it may use all CPUs. */
const char *guest_cpus_of(const struct guest_cpus *cpus, uint32_t vcpu);
/** Gives vcpus first to last, of a guest with `vcpus`, this list; the others keep theirs. -1: ENOMEM. */
int guest_cpus_set(struct guest_cpus *cpus, uint32_t vcpus, uint32_t first, uint32_t last,
                   const char *list);

/** An action as the guest file spells it. */
const char *guest_action_name(enum guest_action action);

/** Why a domain ended: SHUTDOWN_* of public/sched.h, or one of these. */
#define GUEST_NOT_SHUT_DOWN 0xff

/** One row of a list of guests. */
struct guest_info {
    domid_t domid;
    uint8_t uuid[16];
    char name[128];            /* "" when the store has none */
    bool running, blocked, paused, shutdown, crashed, dying;
    uint8_t shutdown_reason;   /* SHUTDOWN_*, or GUEST_NOT_SHUT_DOWN */
    uint64_t memory_kib;       /* now */
    uint64_t maxmem_kib;
    uint64_t cpu_time_ns;
    uint32_t vcpus_online;
    uint32_t vcpus_max;
    uint64_t start_time;       /* seconds since the epoch, 0 when unknown */
    uint64_t shared_info_frame;
    uint32_t cpupool;
};

/**
 * Makes a guest from config and (unless config->paused) lets it run. All or nothing: on failure
 * everything made is gone, the return value is -1, errno is set and parador_error() is one line
 * that says why. EEXIST: the name is taken. ENOMEM: not enough free memory. ENODEV: a bridge is
 * missing. EBUSY: another guest has a disk. ENOEXEC: the kernel cannot be a guest. config is not
 * changed.
 */
int parador_create(struct parador_handle *h, const struct guest_config *config, domid_t *domid);

/**
 * Unpacks a kernel into the cache, so that the first guest made from it starts as fast as the next.
 * What would keep it from being a guest's kernel is a failure (ENOEXEC).
 */
int parador_warm(struct parador_handle *h, const char *kernel);

/** Ends a guest at once: devices, store entries, memory. ESRCH when there is no such domain. */
int parador_destroy(struct parador_handle *h, domid_t domid);

/**
 * Cleans up after a domain that shut down or died by itself: the same as parador_destroy(), but
 * ENOTEMPTY-safe against half-removed guests (each part that is already gone is skipped), and it
 * also collects store entries and back-ends of a domain that the hypervisor no longer knows.
 */
int parador_reap(struct parador_handle *h, domid_t domid);

/** Asks the guest, through control/shutdown, to power off or reboot. Does not wait. */
int parador_shutdown(struct parador_handle *h, domid_t domid);
int parador_reboot(struct parador_handle *h, domid_t domid);

/** Stops and resumes a guest's vcpus. */
int parador_pause(struct parador_handle *h, domid_t domid);
int parador_unpause(struct parador_handle *h, domid_t domid);

/** Gives the guest another name. EEXIST when it is taken. */
int parador_rename(struct parador_handle *h, domid_t domid, const char *name);

/** Facts of one domain. ESRCH when there is none. */
int parador_info(struct parador_handle *h, domid_t domid, struct guest_info *info);

/** All domains in order of domid; *list is malloc'd (caller frees). */
int parador_list(struct parador_handle *h, struct guest_info **list, size_t *count);

/**
 * The domain called name. A decimal number that is a domain's id is accepted too. ESRCH if none.
 */
int parador_find(struct parador_handle *h, const char *name, domid_t *domid);

/** The name of a domain into buf ("" if it has none). */
int parador_name(struct parador_handle *h, domid_t domid, char *buf, size_t size);

/* ---- CPUs for guests ---- */

/**
 * Says in the store how many of its vcpus (from 0 up) a domain shall use; its kernel follows.
 * EINVAL, with the limits, unless 1 ≤ count ≤ what the domain was made with.
 */
int parador_set_vcpus(struct parador_handle *h, domid_t domid, uint32_t count);

/**
 * A domain's weight, cap and reservation. Where the hypervisor has no control hypercall, the
 * reservation, capacity and reserved are 0.
 */
int parador_shares(struct parador_handle *h, domid_t domid, struct parador_sched_params *shares);

/**
 * Changes what shares->flags names. A figure out of range (EINVAL) and a reservation that the pool
 * cannot keep beside the others (ENOSPC) are refused with the limits, and nothing is changed.
 */
int parador_set_shares(struct parador_handle *h, domid_t domid,
                       const struct parador_sched_params *shares);

/** A scheduler as pools and options call it: "credit2", "rr". */
const char *parador_scheduler_name(struct parador_handle *h, uint32_t sched_id);
/** Its number, or -1. "rr" and "credit" are the same one. */
int parador_scheduler_id(const char *name);

/** Room for the name of a CPU pool. */
#define POOL_NAME_TEXT 64
/** A CPU pool's name. */
int parador_pool_name(struct parador_handle *h, uint32_t id, char *buf, size_t size);

/** The pool with a name or number; ENOENT. */
int parador_pool_find(struct parador_handle *h, const char *name, struct parador_cpupool *pool);

/** All pools in order of their numbers; *list is malloc'd (caller frees). */
int parador_pool_list(struct parador_handle *h, struct parador_cpupool **list, size_t *count);

/** Whether a pool could be made. EINVAL or EEXIST: not with this name. EBUSY: a CPU is not free. */
int parador_pool_check(struct parador_handle *h, const char *name, const struct parador_cpuset *cpus);

/** Makes a pool of free CPUs, or nothing. Errors as of parador_pool_check(). */
int parador_pool_make(struct parador_handle *h, const char *name, uint32_t sched_id,
                      const struct parador_cpuset *cpus, uint32_t *id);

/** Ends a pool without domains; its CPUs become free. */
int parador_pool_end(struct parador_handle *h, const struct parador_cpupool *pool);

int parador_pool_rename(struct parador_handle *h, uint32_t id, const char *name);

/** Writes "01234567-89ab-…" (36 characters and a NUL) of uuid. */
void parador_uuid_text(const uint8_t uuid[16], char text[37]);

/** Reads a UUID with or without dashes. Returns 0, or -1 with EINVAL. */
int parador_uuid_parse(const char *text, uint8_t uuid[16]);

#endif
