/* SPDX-License-Identifier: MIT */
/*
 * Who may do what with a node: lists of domains and rights, and the identity they are checked
 * against.
 */
#include "store/perms.h"

#include <stdlib.h>

#include "store/wire.h"

static uint32_t lives[WIRE_DOMID_END];

uint32_t perms_life(uint16_t domid)
{
    return domid < WIRE_DOMID_END ? lives[domid] : 0;
}

void perms_set_life(uint16_t domid, uint32_t life)
{
    if (domid < WIRE_DOMID_END)
        lives[domid] = life;
}

struct perms *perms_new(unsigned count)
{
    struct perms *p = mem_alloc(sizeof(*p) + count * sizeof(p->entry[0]));

    p->refs = 1;
    p->count = count;
    return p;
}

struct perms *perms_get(struct perms *p)
{
    p->refs++;
    return p;
}

void perms_put(struct perms *p)
{
    if (p && !--p->refs)
        free(p);
}

struct perms *perms_single(uint16_t owner, unsigned bits)
{
    struct perms *p = perms_new(1);

    p->entry[0] = (struct perm){ .domid = owner, .bits = bits, .life = perms_life(owner) };
    return p;
}

static bool alive(const struct perm *e)
{
    return e->life == perms_life(e->domid);
}

uint16_t perms_owner(const struct perms *p)
{
    return alive(&p->entry[0]) ? p->entry[0].domid : 0;
}

static unsigned allow_one(const struct perms *p, uint16_t domid)
{
    if (domid == perms_owner(p))
        return PERM_READ | PERM_WRITE | PERM_OWNER;
    for (unsigned i = 1; i < p->count; i++)
        if (p->entry[i].domid == domid && alive(&p->entry[i]))
            return p->entry[i].bits;
    return p->entry[0].bits;
}

unsigned perms_allow(const struct perms *p, const struct who *who)
{
    unsigned bits = allow_one(p, who->domid);

    if (who->domid == 0)
        return PERM_READ | PERM_WRITE | PERM_OWNER;
    if (who->target != NO_DOMAIN)
        bits |= allow_one(p, who->target);
    return bits;
}

struct perms *perms_inherit(struct perms *parent, uint16_t creator)
{
    struct perms *p;

    /*
     * What dom0 makes for a guest below the guest's node is the guest's; a guest owns what it
     * makes.
     */
    if (creator == 0 || creator == perms_owner(parent))
        return perms_get(parent);
    p = perms_new(parent->count);
    for (unsigned i = 0; i < parent->count; i++)
        p->entry[i] = parent->entry[i];
    p->entry[0].domid = creator;
    p->entry[0].life = perms_life(creator);
    return p;
}

static bool parse_one(const char *s, struct perm *e)
{
    uint64_t domid;

    switch (s[0]) {
    case 'n':
        e->bits = 0;
        break;
    case 'r':
        e->bits = PERM_READ;
        break;
    case 'w':
        e->bits = PERM_WRITE;
        break;
    case 'b':
        e->bits = PERM_READ | PERM_WRITE;
        break;
    default:
        return false;
    }
    if (!wire_number(s + 1, WIRE_DOMID_END - 1, &domid))
        return false;
    e->domid = domid;
    e->life = perms_life(domid);
    return true;
}

struct perms *perms_parse(const char *strings, unsigned count)
{
    struct perms *p;

    if (!count)
        return NULL;
    p = perms_new(count);
    for (unsigned i = 0; i < count; i++, strings = wire_next(strings)) {
        if (!parse_one(strings, &p->entry[i])) {
            perms_put(p);
            return NULL;
        }
    }
    return p;
}

void perms_format(const struct perms *p, struct buf *out)
{
    static const char letter[] = { 'n', 'r', 'w', 'b' };

    buf_printf(out, "%c%u", letter[p->entry[0].bits], perms_owner(p));
    buf_add(out, "", 1);
    for (unsigned i = 1; i < p->count; i++) {
        if (!alive(&p->entry[i]))
            continue;
        buf_printf(out, "%c%u", letter[p->entry[i].bits], p->entry[i].domid);
        buf_add(out, "", 1);
    }
}
