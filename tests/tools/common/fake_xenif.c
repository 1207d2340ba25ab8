/* SPDX-License-Identifier: MIT */
/*
 * A machine made of files in place of a hypervisor, so that the daemons' rings can be tested
 * anywhere.
 *
 * In the directory $FAKE_XEN: state-D says how domain D is ("r", "s" shut down, "d" dying; no file:
 * no domain), ring-D-G is its page with grant G, to-D-P and from-D-P are FIFOs that carry the
 * events of its port P to the daemon and from it, domain-event is the FIFO that stands for
 * VIRQ_DOM_EXC, console is the hypervisor's log.
 */
#include "daemon/xenif.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#define PORTS 4096

static const char *dir;
static int epfd;
static struct {
    int to, from;
} ports[PORTS];

int xenif_open(void)
{
    dir = getenv("FAKE_XEN");
    if (!dir)
        return -ENODEV;
    epfd = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < PORTS; i++)
        ports[i].to = ports[i].from = -1;
    return epfd < 0 ? -errno : 0;
}

int xenif_event_fd(void)
{
    return epfd;
}

int xenif_next_event(void)
{
    struct epoll_event ev;
    char drain[256];

    if (epoll_wait(epfd, &ev, 1, 0) <= 0)
        return -1;
    while (read(ports[ev.data.u32].to, drain, sizeof(drain)) > 0)
        ;
    return ev.data.u32;
}

void xenif_unmask(int port)
{
    struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT, .data.u32 = port };

    epoll_ctl(epfd, EPOLL_CTL_MOD, ports[port].to, &ev);
}

static int bind_files(const char *to, const char *from)
{
    /* A port that was read is masked until it is unmasked, as on the real machine. */
    struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
    int port = 1, err;

    while (port < PORTS && ports[port].to >= 0)
        port++;
    if (port == PORTS)
        return -ENOSPC;
    ports[port].to = open(to, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (ports[port].to < 0)
        return -errno;
    /* As on the real machine, only one end can be bound to a port at a time. */
    if (flock(ports[port].to, LOCK_EX | LOCK_NB)) {
        close(ports[port].to);
        ports[port].to = -1;
        return -EINVAL;
    }
    if (from)
        ports[port].from = open(from, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    ev.data.u32 = port;
    if (!epoll_ctl(epfd, EPOLL_CTL_ADD, ports[port].to, &ev))
        return port;
    err = -errno;
    xenif_unbind(port);
    return err;
}

int xenif_bind(uint16_t domid, uint32_t remote_port)
{
    char to[512], from[512];

    snprintf(to, sizeof(to), "%s/to-%u-%u", dir, domid, remote_port);
    snprintf(from, sizeof(from), "%s/from-%u-%u", dir, domid, remote_port);
    return bind_files(to, from);
}

int xenif_bind_domain_event(void)
{
    char to[512];

    snprintf(to, sizeof(to), "%s/domain-event", dir);
    return bind_files(to, NULL);
}

int xenif_bind_console_event(void)
{
    return -ENOSYS;
}

void xenif_unbind(int port)
{
    close(ports[port].to);
    if (ports[port].from >= 0)
        close(ports[port].from);
    ports[port].to = ports[port].from = -1;
}

void xenif_notify(int port)
{
    /* Events do not count: a full FIFO says the same. */
    if (write(ports[port].from, "!", 1) != 1)
        return;
}

void *xenif_map(uint16_t domid, uint32_t gref, uint64_t gfn)
{
    char name[512];
    void *page;
    int fd;

    (void)gfn;
    snprintf(name, sizeof(name), "%s/ring-%u-%u", dir, domid, gref);
    fd = open(name, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    page = mmap(NULL, XENIF_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

void xenif_unmap(void *page)
{
    munmap(page, XENIF_PAGE_SIZE);
}

int xenif_map_own_store(void **page, uint32_t *remote_port)
{
    *page = xenif_map(0, 1, 0);
    *remote_port = 1;
    return *page ? 0 : -errno;
}

static int by_domid(const void *a, const void *b)
{
    return ((const struct xenif_domain *)a)->domid - ((const struct xenif_domain *)b)->domid;
}

int xenif_domains(uint16_t first, struct xenif_domain *list, unsigned max)
{
    struct xenif_domain found[PORTS];
    unsigned n = 0, domid, out = 0;
    struct dirent *e;
    DIR *d = opendir(dir);

    if (!d)
        return -errno;
    while ((e = readdir(d)) && n < PORTS) {
        char name[512], c = 'r';
        FILE *f;

        if (sscanf(e->d_name, "state-%u", &domid) != 1)
            continue;
        snprintf(name, sizeof(name), "%s/%s", dir, e->d_name);
        f = fopen(name, "re");
        if (f && fread(&c, 1, 1, f) != 1)
            c = 'r';
        if (f)
            fclose(f);
        found[n++] = (struct xenif_domain){
            .domid = domid, .shutdown = c == 's', .dying = c == 'd',
        };
    }
    closedir(d);
    qsort(found, n, sizeof(found[0]), by_domid);
    for (unsigned i = 0; i < n && out < max; i++)
        if (found[i].domid >= first)
            list[out++] = found[i];
    return out;
}

int xenif_read_console(char *data, size_t size, uint32_t *index)
{
    char name[512];
    ssize_t n;
    int fd;

    snprintf(name, sizeof(name), "%s/console", dir);
    fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    n = pread(fd, data, size, *index);
    close(fd);
    if (n > 0)
        *index += n;
    return n < 0 ? -errno : n;
}
