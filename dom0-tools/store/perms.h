/* SPDX-License-Identifier: MIT */
/*
 * Who may do what with a node: lists of domains and rights, and the identity they are checked
 * against.
 */
#ifndef STORE_PERMS_H
#define STORE_PERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/mem.h"

#define PERM_READ 1u
#define PERM_WRITE 2u
#define PERM_OWNER 4u

#define NO_DOMAIN 0xffffu

/*
 * One entry. Domain ids are used again after a domain's death, so an entry is for one life of the
 * id: it counts only while the id's present life is the one it was made for.
 */
struct perm {
    uint16_t domid;
    uint8_t bits;       /* PERM_READ | PERM_WRITE */
    uint32_t life;
};

/*
 * Entry 0 names the owner, who may do everything, and the rights of every domain not listed after
 * it.
 */
struct perms {
    unsigned refs;
    unsigned count;
    struct perm entry[];
};

/* Who asks: a domain, and the domain it acts for (XS_SET_TARGET) or NO_DOMAIN. */
struct who {
    uint16_t domid, target;
};

/* The present life of a domain id, and the end of it. */
uint32_t perms_life(uint16_t domid);
void perms_set_life(uint16_t domid, uint32_t life);

/* A list of `count` entries to be filled in, with one reference. */
struct perms *perms_new(unsigned count);
struct perms *perms_get(struct perms *p);
void perms_put(struct perms *p);

/* A list with a single entry. */
struct perms *perms_single(uint16_t owner, unsigned bits);

/* The rights that the list gives. Domain 0 has all. */
unsigned perms_allow(const struct perms *p, const struct who *who);

/* The owner; a list whose owner is dead belongs to domain 0. */
uint16_t perms_owner(const struct perms *p);

/* What a node made by `creator` below a parent with this list gets: a reference. */
struct perms *perms_inherit(struct perms *parent, uint16_t creator);

/* Read `count` strings like "n0", "r5". Returns a reference or NULL if one of them is malformed. */
struct perms *perms_parse(const char *strings, unsigned count);

/* Append the strings, each with its NUL; entries of dead domains are left out. */
void perms_format(const struct perms *p, struct buf *out);

#endif
