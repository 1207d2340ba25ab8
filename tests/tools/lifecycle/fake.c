/* SPDX-License-Identifier: MIT */
/* The library below the lifecycle daemon: each effect is a step, before and after which one may die. */
#include "fake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/process.h"
#include "devices/attach.h"
#include "guest/guest.h"
#include "lib/internal.h"

struct fake *fake;

void fake_reset(void)
{
    if (fake == NULL)
        fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(fake, 0, sizeof(*fake));
    fake->next = 10;
}

static void step(void)
{
    if (fake->die_at != 0 && --fake->die_at == 0)
        _exit(99);
}

static struct fake_domain *find(struct parador_handle *h, domid_t domid)
{
    if (domid < FAKE_DOMAINS && fake->domains[domid].there)
        return &fake->domains[domid];
    parador_fail(h, ESRCH, "there is no domain %u", domid);
    return NULL;
}

static void describe(domid_t domid, struct xen_domctl_getdomaininfo *info)
{
    const struct fake_domain *d = &fake->domains[domid];

    memset(info, 0, sizeof(*info));
    info->domain = domid;
    memcpy(info->handle, d->uuid, sizeof(d->uuid));
    if (d->paused)
        info->flags |= XEN_DOMINF_paused;
    if (d->shutdown)
        info->flags |= XEN_DOMINF_shutdown | d->reason << XEN_DOMINF_shutdownshift;
}

int parador_domain_info(struct parador_handle *h, domid_t domid,
                        struct xen_domctl_getdomaininfo *info)
{
    if (find(h, domid) == NULL)
        return -1;
    describe(domid, info);
    return 0;
}

int parador_domain_list(struct parador_handle *h, domid_t first, unsigned max,
                        struct xen_domctl_getdomaininfo *list)
{
    unsigned n = 0;

    (void)h;
    for (unsigned i = first; i < FAKE_DOMAINS && n < max; i++)
        if (fake->domains[i].there)
            describe(i, &list[n++]);
    return n;
}

int parador_reap(struct parador_handle *h, domid_t domid)
{
    (void)h;
    step();
    if (domid < FAKE_DOMAINS)
        memset(&fake->domains[domid], 0, sizeof(fake->domains[domid]));
    step();
    return 0;
}

int parador_destroy(struct parador_handle *h, domid_t domid)
{
    return find(h, domid) == NULL ? -1 : parador_reap(h, domid);
}

int parador_create(struct parador_handle *h, const struct guest_config *config, domid_t *domid)
{
    unsigned n = fake->next != 0 ? fake->next++ : 1;
    struct fake_domain *d;

    step();
    while (fake->domains[n].there)
        n++;
    if (fake->create_fails)
        return parador_fail(h, ENOMEM, "no memory");
    for (unsigned i = 0; i < FAKE_DOMAINS; i++)
        if (fake->domains[i].there && strcmp(fake->domains[i].name, config->name) == 0)
            return parador_fail(h, EEXIST, "the name is taken");
    d = &fake->domains[n];
    *d = (struct fake_domain){ .there = true, .paused = true };
    memcpy(d->uuid, config->uuid, sizeof(d->uuid));
    step(); /* a half: it has no name yet */
    snprintf(d->name, sizeof(d->name), "%s", config->name);
    d->devices = true;
    step();
    *domid = n;
    return 0;
}

int parador_domain_unpause(struct parador_handle *h, domid_t domid)
{
    struct fake_domain *d = find(h, domid);

    step();
    if (d == NULL)
        return -1;
    d->paused = false;
    step();
    return 0;
}

int parador_rename(struct parador_handle *h, domid_t domid, const char *name)
{
    struct fake_domain *d = find(h, domid);

    step();
    if (d == NULL)
        return -1;
    snprintf(d->name, sizeof(d->name), "%s", name);
    step();
    return 0;
}

int parador_name(struct parador_handle *h, domid_t domid, char *buf, size_t size)
{
    const struct fake_domain *d = find(h, domid);

    snprintf(buf, size, "%s", d != NULL ? d->name : "");
    return 0;
}

struct device_ending *device_end_begin(struct parador_handle *h, domid_t domid)
{
    (void)h;
    step();
    fake->domains[domid].devices = false;
    return (struct device_ending *)fake;
}

int device_end_finish(struct parador_handle *h, struct device_ending *ending, int timeout_ms)
{
    (void)h;
    (void)ending;
    (void)timeout_ms;
    step();
    return 0;
}

/* Only the time of start is asked for. */
char *store_readf(struct parador_handle *h, store_tx tx, const char *format, ...)
{
    char text[24];

    (void)h;
    (void)tx;
    if (strstr(format, "console/tty") != NULL)
        return strdup(fake->no_console ? "" : "/dev/pts/1");
    snprintf(text, sizeof(text), "%lld", fake->start_time);
    return strdup(text);
}

void store_disconnect(struct store *s)
{
    (void)s;
}

void hcbuf_release(struct parador_handle *h)
{
    (void)h;
}

void note(int priority, const char *fmt, ...)
{
    (void)priority;
    (void)fmt;
}
