/* SPDX-License-Identifier: MIT */
/*
 * What the daemons need of the machine below: shared pages, event channels, the list of domains.
 *
 * The daemons' logic never talks to a kernel interface itself, so the tests can link another
 * implementation in place of xenif.c. All functions that can fail return a negative errno.
 */
#ifndef DAEMON_XENIF_H
#define DAEMON_XENIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define XENIF_PAGE_SIZE 4096u

/* One domain as the hypervisor sees it. */
struct xenif_domain {
    uint16_t domid;
    bool shutdown;      /* stopped running by itself; its memory is still there */
    bool dying;         /* being destroyed */
};

/* Open the devices. Call once, first. Returns 0 or a negative errno. */
int xenif_open(void);

/* A descriptor that is readable while an event waits. */
int xenif_event_fd(void);

/*
 * The next local port that got an event, or -1 when none waits. It stays masked: no further event
 * of it arrives before xenif_unmask(), after which its ring must be looked at.
 */
int xenif_next_event(void);
void xenif_unmask(int port);

/*
 * Bind a new local port to a port that `domid` keeps for us. Returns the local port or a negative
 * errno.
 */
int xenif_bind(uint16_t domid, uint32_t remote_port);

/*
 * Bind the event "a domain stopped or died" (VIRQ_DOM_EXC). Returns the local port or a negative
 * errno.
 */
int xenif_bind_domain_event(void);

/* Bind the event "the hypervisor's console ring has grown" (VIRQ_CON_RING); likewise. */
int xenif_bind_console_event(void);

/* Close a local port. */
void xenif_unbind(int port);

/* Send an event to the other end of a local port. */
void xenif_notify(int port);

/*
 * Map one page of another domain, writable: through its grant `gref` if it has made one, else its
 * frame `gfn`. Returns NULL and sets errno on failure.
 */
void *xenif_map(uint16_t domid, uint32_t gref, uint64_t gfn);

/* Undo xenif_map() or xenif_map_own_store(). */
void xenif_unmap(void *page);

/*
 * dom0's own store page and the port its kernel keeps for the store daemon. Returns 0 or a negative
 * errno.
 */
int xenif_map_own_store(void **page, uint32_t *remote_port);

/*
 * Domains with an id of at least `first`, in order, at most `max`. Returns how many were written,
 * or a negative errno.
 */
int xenif_domains(uint16_t first, struct xenif_domain *list, unsigned max);

/*
 * Copy what the hypervisor's console ring holds from *index on and advance *index.
 * Returns the number of bytes, 0 when there is nothing new, or a negative errno.
 */
int xenif_read_console(char *data, size_t size, uint32_t *index);

#endif
