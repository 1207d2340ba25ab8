/* SPDX-License-Identifier: MIT */
/* Event channels: allocating one for a guest, and our own ends through /dev/xen/evtchn. */
#include "lib/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xen/evtchn.h>

struct parador_evtchn {
    struct parador_handle *h;
    int fd;
};

long parador_evtchn_alloc_unbound(struct parador_handle *h, domid_t domid, domid_t remote)
{
    struct evtchn_alloc_unbound *op = parador_hcbuf_alloc(h, sizeof(*op));
    long ret;

    if (!op)
        return -1;
    op->dom = domid;
    op->remote_dom = remote;
    ret = parador_hypercall(h, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, (uintptr_t)op,
                            0, 0, 0);
    if (ret >= 0)
        ret = op->port;
    else if (h->privcmd_fd >= 0)
        parador_fail(h, errno, "cannot make an event channel for domain %u: %s", domid,
                     strerror(errno));
    parador_hcbuf_free(h, op, sizeof(*op));
    return ret;
}

struct parador_evtchn *parador_evtchn_open(struct parador_handle *h)
{
    struct parador_evtchn *e = calloc(1, sizeof(*e));

    if (!e) {
        parador_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    e->h = h;
    e->fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (e->fd < 0) {
        parador_fail(h, errno, "cannot open /dev/xen/evtchn (%s): is the xen-evtchn module loaded?",
                     strerror(errno));
        free(e);
        return NULL;
    }
    return e;
}

void parador_evtchn_close(struct parador_evtchn *e)
{
    if (!e)
        return;
    close(e->fd);
    free(e);
}

int parador_evtchn_fd(const struct parador_evtchn *e)
{
    return e->fd;
}

int parador_evtchn_bind(struct parador_evtchn *e, domid_t domid, uint32_t remote_port)
{
    struct ioctl_evtchn_bind_interdomain bind = {
        .remote_domain = domid, .remote_port = remote_port,
    };
    int port = ioctl(e->fd, IOCTL_EVTCHN_BIND_INTERDOMAIN, &bind);

    if (port < 0)
        return parador_fail(e->h, errno, "cannot bind event channel %u of domain %u: %s",
                            remote_port, domid, strerror(errno));
    return port;
}

int parador_evtchn_bind_virq(struct parador_evtchn *e, uint32_t virq)
{
    struct ioctl_evtchn_bind_virq bind = {.virq = virq};
    int port = ioctl(e->fd, IOCTL_EVTCHN_BIND_VIRQ, &bind);

    if (port < 0)
        return parador_fail(e->h, errno, "cannot bind virtual interrupt %u: %s", virq,
                            strerror(errno));
    return port;
}

int parador_evtchn_unbind(struct parador_evtchn *e, uint32_t port)
{
    struct ioctl_evtchn_unbind unbind = {.port = port};

    if (ioctl(e->fd, IOCTL_EVTCHN_UNBIND, &unbind) < 0)
        return parador_fail(e->h, errno, "cannot unbind event channel %u: %s", port,
                            strerror(errno));
    return 0;
}

int parador_evtchn_notify(struct parador_evtchn *e, uint32_t port)
{
    struct ioctl_evtchn_notify notify = {.port = port};

    if (ioctl(e->fd, IOCTL_EVTCHN_NOTIFY, &notify) < 0)
        return parador_fail(e->h, errno, "cannot notify event channel %u: %s", port,
                            strerror(errno));
    return 0;
}

int parador_evtchn_pending(struct parador_evtchn *e)
{
    uint32_t port;
    ssize_t got = read(e->fd, &port, sizeof(port));

    if (got == (ssize_t)sizeof(port))
        return (int)port;
    if (got >= 0)
        errno = EAGAIN;
    return parador_fail(e->h, errno, "no event: %s", strerror(errno));
}

int parador_evtchn_unmask(struct parador_evtchn *e, uint32_t port)
{
    if (write(e->fd, &port, sizeof(port)) == (ssize_t)sizeof(port))
        return 0;
    return parador_fail(e->h, errno, "cannot unmask event channel %u: %s", port, strerror(errno));
}
