/* SPDX-License-Identifier: MIT */
/* The domains that were introduced to the store, from introduction to death. */
#ifndef STORE_DOMAINS_H
#define STORE_DOMAINS_H

#include <stdbool.h>
#include <stdint.h>

struct conn;

struct domain {
    uint16_t domid;
    uint16_t target;            /* NO_DOMAIN unless XS_SET_TARGET named one */
    bool reported;              /* its shutdown was announced by @releaseDomain */
    uint64_t gfn;               /* of the store page, as introduced */
    uint32_t remote_port;       /* the guest's event channel */
    struct conn *conn;
};

/* Open the machine's interfaces and take over dom0's own ring. Returns 0 or a negative errno. */
int domains_start(void);

/* Whether domains_start() succeeded; otherwise there are only sockets. */
bool domains_present(void);

/*
 * Connect a domain's ring: map its page, bind its port. Introducing a domain again connects it
 * anew. Returns 0 or a negative errno.
 */
int domains_introduce(uint16_t domid, uint64_t gfn, uint32_t remote_port);

/* Disconnect a domain and end its life in the store. Returns 0 or -ENOENT. */
int domains_release(uint16_t domid);

/* Let the domain's next shutdown be announced again. Returns 0 or -ENOENT. */
int domains_resume(uint16_t domid);

/* Let `domid` act with the rights of `target` too. Returns 0 or -ENOENT. */
int domains_set_target(uint16_t domid, uint16_t target);

/* An introduced domain, or NULL. */
struct domain *domains_find(uint16_t domid);

/* Its connection, or NULL. */
struct conn *domains_conn(uint16_t domid);

/* Look for domains that stopped or died since the last look, and announce them. */
void domains_scan(void);

/* Call `each` for all introduced domains, in order of their ids. */
void domains_each(void (*each)(struct domain *d));

/*
 * While the journal is read: know a domain again without touching the machine; domains_reconnect()
 * does.
 */
void domains_restore(uint16_t domid, uint64_t gfn, uint32_t remote_port);

/* Map and bind what was restored; domains that are gone by now are released. */
void domains_reconnect(void);

#endif
