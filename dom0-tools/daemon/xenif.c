/* SPDX-License-Identifier: MIT */
/* What the daemons need of the machine below, through the tools library and dom0's kernel. */
#include "daemon/xenif.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "daemon/mem.h"
#include "lib/parador.h"

/* Linux, include/xen/xenbus_dev.h: the port dom0's kernel keeps for a store daemon. */
#define XENBUS_BACKEND "/dev/xen/xenbus_backend"
#define XENBUS_BACKEND_EVTCHN _IOC(_IOC_NONE, 'B', 0, 0)

/* How a page was mapped, for unmapping it. */
enum how { BY_GRANT, BY_FRAME, BY_KERNEL };

struct mapping {
    void *page;
    enum how how;
};

static struct parador_handle *handle;
static struct parador_evtchn *evtchn;
static struct parador_gnttab *gnttab;
static struct mapping *mappings;
static size_t nmappings;

int xenif_open(void)
{
    handle = parador_open();
    if (!handle)
        return -ENOMEM;
    evtchn = parador_evtchn_open(handle);
    if (!evtchn)
        return -errno;
    /* Without it pages are mapped by their frame. */
    gnttab = parador_gnttab_open(handle);
    return 0;
}

int xenif_event_fd(void)
{
    return parador_evtchn_fd(evtchn);
}

int xenif_next_event(void)
{
    return parador_evtchn_pending(evtchn);
}

void xenif_unmask(int port)
{
    parador_evtchn_unmask(evtchn, port);
}

int xenif_bind(uint16_t domid, uint32_t remote_port)
{
    int port = parador_evtchn_bind(evtchn, domid, remote_port);

    return port < 0 ? -errno : port;
}

int xenif_bind_domain_event(void)
{
    int port = parador_evtchn_bind_virq(evtchn, VIRQ_DOM_EXC);

    return port < 0 ? -errno : port;
}

int xenif_bind_console_event(void)
{
    int port = parador_evtchn_bind_virq(evtchn, VIRQ_CON_RING);

    return port < 0 ? -errno : port;
}

void xenif_unbind(int port)
{
    parador_evtchn_unbind(evtchn, port);
}

void xenif_notify(int port)
{
    parador_evtchn_notify(evtchn, port);
}

static void *remember(void *page, enum how how)
{
    mappings = mem_resize(mappings, (nmappings + 1) * sizeof(*mappings));
    mappings[nmappings++] = (struct mapping){ page, how };
    return page;
}

void *xenif_map(uint16_t domid, uint32_t gref, uint64_t gfn)
{
    void *page = NULL;

    if (gnttab)
        page = parador_gnttab_map(gnttab, domid, gref, PROT_READ | PROT_WRITE);
    if (page)
        return remember(page, BY_GRANT);
    page = parador_foreign_map_one(handle, domid, PROT_READ | PROT_WRITE, gfn);
    return page ? remember(page, BY_FRAME) : NULL;
}

void xenif_unmap(void *page)
{
    size_t i = 0;

    while (mappings[i].page != page)
        i++;
    switch (mappings[i].how) {
    case BY_GRANT:
        parador_gnttab_unmap(gnttab, page);
        break;
    case BY_FRAME:
        parador_foreign_unmap(handle, page, 1);
        break;
    case BY_KERNEL:
        munmap(page, XENIF_PAGE_SIZE);
        break;
    }
    mappings[i] = mappings[--nmappings];
}

/* The port through the older interface, xenfs; -1 if that is not mounted. */
static long port_from_xenfs(void)
{
    FILE *f = fopen("/proc/xen/xsd_port", "re");
    long port = -1;

    if (!f)
        return -1;
    if (fscanf(f, "%ld", &port) != 1)
        port = -1;
    fclose(f);
    return port;
}

int xenif_map_own_store(void **page, uint32_t *remote_port)
{
    int fd = open(XENBUS_BACKEND, O_RDWR | O_CLOEXEC), err;
    long port;

    if (fd >= 0) {
        port = ioctl(fd, XENBUS_BACKEND_EVTCHN);
    } else {
        port = port_from_xenfs();
        fd = open("/proc/xen/xsd_kva", O_RDWR | O_CLOEXEC);
    }
    if (fd < 0)
        return -errno;
    *page = mmap(NULL, XENIF_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    err = *page == MAP_FAILED ? -errno : port < 0 ? -ENODEV : 0;
    close(fd);
    if (err) {
        if (*page != MAP_FAILED)
            munmap(*page, XENIF_PAGE_SIZE);
        return err;
    }
    *remote_port = port;
    remember(*page, BY_KERNEL);
    return 0;
}

int xenif_domains(uint16_t first, struct xenif_domain *list, unsigned max)
{
    struct xen_domctl_getdomaininfo *info = mem_alloc(max * sizeof(*info));
    int n = parador_domain_list(handle, first, max, info);

    if (n < 0)
        n = -errno;
    for (int i = 0; i < n; i++) {
        list[i].domid = info[i].domain;
        list[i].shutdown = info[i].flags & XEN_DOMINF_shutdown;
        list[i].dying = info[i].flags & XEN_DOMINF_dying;
    }
    free(info);
    return n;
}

int xenif_read_console(char *data, size_t size, uint32_t *index)
{
    int n = parador_console_ring(handle, data, size, index, false);

    return n < 0 ? -errno : n;
}
