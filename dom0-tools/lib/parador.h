/* SPDX-License-Identifier: MIT */
/* The tools library: one handle, hypercalls, guest memory, event channels, grants and the store. */
#ifndef PARADOR_LIB_PARADOR_H
#define PARADOR_LIB_PARADOR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/abi.h"

/*
 * Conventions. A function that can fail returns 0 or -1 (pointers: NULL) and sets errno; the handle
 * then holds one sentence that names what was wrong. Nothing exits, nothing prints. A handle
 * belongs to one thread at a time. Frames are 4 KiB; memory amounts are KiB where the name says so.
 */
struct parador_handle;

/* ---- handle ---- */

/** A new handle, or NULL when memory is short. Devices and the store are opened on first use. */
struct parador_handle *parador_open(void);

/** Releases a handle and all it opened. Mappings made through it must be gone. NULL is allowed. */
void parador_close(struct parador_handle *h);

/**
 * The sentence for the last failure on h; "" when nothing failed yet. Valid until the next call.
 */
const char *parador_error(const struct parador_handle *h);

/** Records a failure: sets errno to err and the sentence (printf style). Always returns -1. */
int parador_fail(struct parador_handle *h, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Puts "context: " before the recorded sentence, keeping errno. Always returns -1. */
int parador_fail_in(struct parador_handle *h, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Levels of log lines. */
enum parador_log_level { PARADOR_LOG_ERROR, PARADOR_LOG_WARN, PARADOR_LOG_INFO, PARADOR_LOG_DEBUG };

/** Sends log lines of h up to level to sink (called with context); sink NULL silences. */
void parador_set_log(struct parador_handle *h, enum parador_log_level level,
                     void (*sink)(void *context, enum parador_log_level level, const char *line),
                     void *context);

/** Logs one line. Keeps errno. */
void parador_log(struct parador_handle *h, enum parador_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- hypercalls ---- */

/** Calls hypercall op; returns its value (≥ 0), or -1 with errno. Sets no sentence. */
long parador_hypercall(struct parador_handle *h, unsigned op, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5);

/** Zeroed memory of at least size bytes that a hypercall may read and write; NULL on failure. */
void *parador_hcbuf_alloc(struct parador_handle *h, size_t size);

/** Gives back memory of parador_hcbuf_alloc with the same size. Keeps errno. NULL is allowed. */
void parador_hcbuf_free(struct parador_handle *h, void *buf, size_t size);

/** Issues a domctl/sysctl: fills in the interface version, copies the result back into *op. */
int parador_domctl(struct parador_handle *h, struct xen_domctl *op);
int parador_sysctl(struct parador_handle *h, struct xen_sysctl *op);

/* ---- domains (domctl) ---- */

/** Parameters of a new domain; zero means the hypervisor's default. */
struct parador_domain_limits {
    uint8_t uuid[16];
    uint32_t max_vcpus;
    uint32_t max_event_channels; /* highest port */
    uint32_t max_grant_frames;   /* 0: default */
    uint32_t max_maptrack_frames;
    uint32_t cpupool;
};

/** Creates an empty, paused PV domain; *domid receives its number. */
int parador_domain_create(struct parador_handle *h, const struct parador_domain_limits *limits,
                          domid_t *domid);

/** Frees a domain (repeats until the hypervisor is done). */
int parador_domain_destroy(struct parador_handle *h, domid_t domid);

int parador_domain_pause(struct parador_handle *h, domid_t domid);
int parador_domain_unpause(struct parador_handle *h, domid_t domid);

/** Facts of exactly domid; ESRCH when there is no such domain. */
int parador_domain_info(struct parador_handle *h, domid_t domid,
                        struct xen_domctl_getdomaininfo *info);

/** Up to max domains with ids ≥ first; returns how many, or -1. */
int parador_domain_list(struct parador_handle *h, domid_t first, unsigned max,
                        struct xen_domctl_getdomaininfo *list);

/** Allocates vcpus 0..count-1. */
int parador_domain_max_vcpus(struct parador_handle *h, domid_t domid, uint32_t count);

/** Limits the domain's memory to kib KiB. */
int parador_domain_max_mem(struct parador_handle *h, domid_t domid, uint64_t kib);

/** Writes the hypercall page into frame mfn of domid. */
int parador_domain_hypercall_page(struct parador_handle *h, domid_t domid, uint64_t mfn);

/** Sets or reads the initial registers of a vcpu. */
int parador_domain_set_context(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                               const struct vcpu_guest_context *context);
int parador_domain_get_context(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                               struct vcpu_guest_context *context);

/* ---- the machine (sysctl, xen_version) ---- */

int parador_physinfo(struct parador_handle *h, struct xen_sysctl_physinfo *info);

/**
 * Reads the hypervisor's console ring. *index is the place to go on from (0 at first) and is
 * updated; returns the count of bytes put into buf, 0 at the end, or -1.
 */
int parador_console_ring(struct parador_handle *h, char *buf, uint32_t size, uint32_t *index,
                         bool clear);

/** Types keys (at least one) at the hypervisor's console. */
int parador_debug_keys(struct parador_handle *h, const char *keys);

/** What the hypervisor says of itself. */
struct parador_version {
    unsigned major, minor;
    char extra[16];
    char capabilities[1024];
    char changeset[64];
    char compiler[64], compile_by[16], compile_domain[32], compile_date[32];
    char command_line[1024];
    uint64_t virt_start;
    unsigned page_size;
};

int parador_version(struct parador_handle *h, struct parador_version *version);

/* ---- shares and accounts (the control hypercall, public/control.h) ---- */

/**
 * Issues a control op: fills in the interface version, copies the result back into *op. Fails with
 * ENOSYS on a hypervisor without this hypercall.
 */
int parador_control(struct parador_handle *h, struct parador_control *op);

/** A domain's weight, cap and reservation; of the latter two 0 means none. */
int parador_control_sched_get(struct parador_handle *h, domid_t domid,
                              struct parador_sched_params *params);

/**
 * Changes what params->flags names. *params then holds all of the domain's figures as they are;
 * when this fails with ENOSPC, capacity and reserved of its pool.
 */
int parador_control_sched_set(struct parador_handle *h, domid_t domid,
                              struct parador_sched_params *params);

/**
 * Accounts of the machine, and of up to max physical CPUs in cpus (NULL when max is 0);
 * host->nr_cpus tells how many are online. Returns how many records were filled, or -1.
 */
int parador_control_usage_host(struct parador_handle *h, struct parador_usage_host *host,
                               struct parador_cpu_usage *cpus, unsigned max);

/** Accounts of up to max domains with ids ≥ first; returns how many, or -1. */
int parador_control_usage_domains(struct parador_handle *h, domid_t first,
                                  struct parador_domain_usage *list, unsigned max);

/** Accounts of up to max vcpus with numbers ≥ first at *now_ns; returns how many, or -1. */
int parador_control_usage_vcpus(struct parador_handle *h, domid_t domid, unsigned first,
                                struct parador_vcpu_usage *list, unsigned max, uint64_t *now_ns);

/** Up to max final accounts with sequence numbers ≥ first; returns how many, or -1. */
int parador_control_usage_retired(struct parador_handle *h, uint64_t first,
                                  struct parador_domain_usage *list, unsigned max);

/* ---- sets of CPUs ---- */

#define PARADOR_CPUS_MAX 1024u

/** Numbers of physical CPUs. */
struct parador_cpuset {
    uint64_t words[PARADOR_CPUS_MAX / 64];
};

/** Which CPUs there are, and the NUMA node of each. */
struct parador_topology {
    struct parador_cpuset cpus;
    uint32_t last_node;
    uint32_t node[PARADOR_CPUS_MAX];
};

bool parador_cpuset_has(const struct parador_cpuset *set, unsigned cpu);
/** A number that no set can hold is left out. */
void parador_cpuset_add(struct parador_cpuset *set, unsigned cpu);
unsigned parador_cpuset_count(const struct parador_cpuset *set);
/** Keeps of set what is also in with; returns how many that are. */
unsigned parador_cpuset_and(struct parador_cpuset *set, const struct parador_cpuset *with);

/** Writes set as "0-2,5", "none", or "all" when it equals all (may be NULL). Returns buf. */
char *parador_cpuset_text(const struct parador_cpuset *set, const struct parador_cpuset *all,
                          char *buf, size_t size);

/**
 * Reads a CPU list in xl's syntax: CPUs, ranges, "node:N", "nodes:N-M" and "all" with commas
 * between them; '^' before one leaves its CPUs out, wherever it stands. topo NULL: only the syntax
 * is judged. False: why (size bytes) tells what is wrong, without naming the list.
 */
bool parador_cpuset_parse(const char *text, const struct parador_topology *topo,
                          struct parador_cpuset *set, char *why, size_t size);

int parador_topology(struct parador_handle *h, struct parador_topology *topo);

/* ---- vcpus ---- */

/** State of a vcpu; ESRCH: there is no such vcpu. */
int parador_vcpu_info(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                      struct xen_domctl_getvcpuinfo *info);

/** Where a vcpu may run (hard) and where it rather runs (soft). */
int parador_vcpu_affinity(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                          struct parador_cpuset *hard, struct parador_cpuset *soft);

/**
 * Changes a vcpu's affinity; a NULL mask is left. force also undoes a pin that the domain itself
 * has made for a while (EBUSY without it).
 */
int parador_vcpu_set_affinity(struct parador_handle *h, domid_t domid, uint32_t vcpu,
                              const struct parador_cpuset *hard, const struct parador_cpuset *soft,
                              bool force);

/* ---- CPU pools ---- */

struct parador_cpupool {
    uint32_t id;
    uint32_t sched_id;         /* XEN_SCHEDULER_* */
    uint32_t nr_domains;
    struct parador_cpuset cpus;
};

/** The pool with the lowest number from id on; ENOENT (no sentence) when there is none. */
int parador_cpupool_next(struct parador_handle *h, uint32_t id, struct parador_cpupool *pool);

/** Makes a pool without CPUs. */
int parador_cpupool_create(struct parador_handle *h, uint32_t sched_id, uint32_t *id);
int parador_cpupool_destroy(struct parador_handle *h, uint32_t id);
int parador_cpupool_add_cpu(struct parador_handle *h, uint32_t id, uint32_t cpu);
int parador_cpupool_remove_cpu(struct parador_handle *h, uint32_t id, uint32_t cpu);
int parador_cpupool_move(struct parador_handle *h, domid_t domid, uint32_t id);

/** For how many microseconds a vcpu runs at least, in a pool with the credit2 scheduler; 0: no limit. */
int parador_cpupool_ratelimit(struct parador_handle *h, uint32_t id, uint32_t *us);
int parador_cpupool_set_ratelimit(struct parador_handle *h, uint32_t id, uint32_t us);

/** CPUs that are in no pool. */
int parador_cpupool_free_cpus(struct parador_handle *h, struct parador_cpuset *cpus);

/* ---- memory ---- */

/**
 * Gives domid count extents of 2^order frames. extents[i] is the first pfn of extent i on entry and
 * its first mfn on return. *done receives how many extents were made (all of them iff 0 is
 * returned).
 */
int parador_memory_populate(struct parador_handle *h, domid_t domid, unsigned order, uint64_t count,
                            uint64_t *extents, uint64_t *done);

/** Takes count single frames away from domid. */
int parador_memory_decrease(struct parador_handle *h, domid_t domid, uint64_t count,
                            const uint64_t *mfns);

/** Tells the guest its memory map: one RAM range of kib KiB. ENOSYS is not a failure. */
int parador_memory_set_map(struct parador_handle *h, domid_t domid, uint64_t kib);

/** The most frames the domain may ever have, or -1. */
long parador_memory_maximum(struct parador_handle *h, domid_t domid);

/** Fills count frames of domid with zeros. EINVAL if one is not its own or is a page table. */
int parador_memory_clear(struct parador_handle *h, domid_t domid, const uint64_t *mfns,
                         uint64_t count);

/** Pins frame mfn of domid as a top-level page table. */
int parador_memory_pin_l4(struct parador_handle *h, domid_t domid, uint64_t mfn);

/**
 * Maps count frames of domid, in the order given, into one range of our memory; prot as for mmap().
 * Fails as a whole if one frame cannot be mapped.
 */
void *parador_foreign_map(struct parador_handle *h, domid_t domid, int prot, size_t count,
                          const uint64_t *mfns);

/** Maps one frame. */
void *parador_foreign_map_one(struct parador_handle *h, domid_t domid, int prot, uint64_t mfn);

/** Removes a mapping of parador_foreign_map. Keeps errno. NULL is allowed. */
void parador_foreign_unmap(struct parador_handle *h, void *address, size_t count);

/* ---- event channels ---- */

struct parador_evtchn; /* one open /dev/xen/evtchn */

/** An unbound channel of domid that remote may bind; returns the port, or -1. */
long parador_evtchn_alloc_unbound(struct parador_handle *h, domid_t domid, domid_t remote);

struct parador_evtchn *parador_evtchn_open(struct parador_handle *h);
void parador_evtchn_close(struct parador_evtchn *e);
/** For poll(); readable when an event is pending. */
int parador_evtchn_fd(const struct parador_evtchn *e);
/** Binds our side to remote_port of domid; returns the local port, or -1. */
int parador_evtchn_bind(struct parador_evtchn *e, domid_t domid, uint32_t remote_port);
/** Binds a VIRQ of vcpu 0; returns the local port, or -1. */
int parador_evtchn_bind_virq(struct parador_evtchn *e, uint32_t virq);
int parador_evtchn_unbind(struct parador_evtchn *e, uint32_t port);
int parador_evtchn_notify(struct parador_evtchn *e, uint32_t port);
/** The next pending port (it stays masked until unmasked), or -1 (EAGAIN: none). */
int parador_evtchn_pending(struct parador_evtchn *e);
int parador_evtchn_unmask(struct parador_evtchn *e, uint32_t port);

/* ---- grants ---- */

struct parador_gnttab; /* one open /dev/xen/gntdev */

struct parador_gnttab *parador_gnttab_open(struct parador_handle *h);
void parador_gnttab_close(struct parador_gnttab *g);
/** Maps one frame granted by domid. */
void *parador_gnttab_map(struct parador_gnttab *g, domid_t domid, uint32_t ref, int prot);
int parador_gnttab_unmap(struct parador_gnttab *g, void *address);

/**
 * Writes grant entries 0 (console) and 1 (store) of a domain that has not run yet, so that dom0's
 * daemons can map the two rings by reference.
 */
int parador_gnttab_seed(struct parador_handle *h, domid_t domid, uint64_t console_mfn,
                        uint64_t store_mfn);

/* ---- the store ---- */

typedef uint32_t store_tx; /* a transaction; STORE_NO_TX outside one */
#define STORE_NO_TX 0

/** Connects to the store if not done yet (every store function does so itself). */
int store_connect(struct parador_handle *h);

/** The value of path, NUL-terminated, malloc'd; *length (may be NULL) without the NUL. */
char *store_read(struct parador_handle *h, store_tx tx, const char *path, size_t *length);

/** Like store_read, with the path printf'd. */
char *store_readf(struct parador_handle *h, store_tx tx, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

int store_write(struct parador_handle *h, store_tx tx, const char *path, const void *value,
                size_t length);

/** Writes a printf'd value at path. */
int store_writef(struct parador_handle *h, store_tx tx, const char *path, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

int store_mkdir(struct parador_handle *h, store_tx tx, const char *path);

/** Removes path and all below; a path that does not exist is no failure. */
int store_remove(struct parador_handle *h, store_tx tx, const char *path);

/** Names of path's children: malloc'd array (free with store_free_list), count in *count. */
char **store_directory(struct parador_handle *h, store_tx tx, const char *path, size_t *count);
void store_free_list(char **list);

/** One permission: letter n, r, w or b, and whose. The first of an array names the owner. */
struct store_perm {
    char access;
    domid_t domid;
};

int store_set_perms(struct parador_handle *h, store_tx tx, const char *path,
                    const struct store_perm *perms, size_t count);

/** Reads permissions: malloc'd array. */
struct store_perm *store_get_perms(struct parador_handle *h, store_tx tx, const char *path,
                                   size_t *count);

/**
 * Between these two, writes, mkdirs, removals and permissions are queued and succeed at once; the
 * end (or any other operation) sends them together and reports the first that failed. One round
 * trip instead of one each. May be nested; the end must follow on every path.
 */
int store_batch_begin(struct parador_handle *h);
int store_batch_end(struct parador_handle *h);

/** Starts a transaction; every one that started must be ended. */
int store_transaction_start(struct parador_handle *h, store_tx *tx);

/** Ends tx; commit false drops it. EAGAIN: it collided, start again. */
int store_transaction_end(struct parador_handle *h, store_tx tx, bool commit);

/** Watches path; events carry token. */
int store_watch(struct parador_handle *h, const char *path, const char *token);
int store_unwatch(struct parador_handle *h, const char *path, const char *token);

/**
 * Waits up to timeout_ms (-1: for ever, 0: not at all) for a watch event. Returns 1 with malloc'd
 * *path and *token, 0 on timeout, -1 on failure.
 */
int store_event(struct parador_handle *h, int timeout_ms, char **path, char **token);

/**
 * For poll(): readable when an event may have come (then call store_event with timeout 0). -1:
 * none.
 */
int store_fd(struct parador_handle *h);

/** Tells the store daemon of a new domain's ring and port, or that a domain is gone. */
int store_introduce(struct parador_handle *h, domid_t domid, uint64_t ring_mfn, uint32_t port);
int store_release(struct parador_handle *h, domid_t domid);

#endif
