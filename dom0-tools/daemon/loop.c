/* SPDX-License-Identifier: MIT */
/* The epoll loop of a single-threaded daemon: descriptors and deadlines. */
#include "daemon/loop.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/process.h"

static int epfd = -1;
static struct epoll_event batch[64];
static int batch_len, batch_pos;

void loop_init(void)
{
    epfd = epoll_create1(EPOLL_CLOEXEC);
    if (epfd < 0)
        die("cannot create an epoll descriptor: %s", strerror(errno));
}

int loop_add(struct loop_fd *l, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.ptr = l };

    l->events = events;
    return epoll_ctl(epfd, EPOLL_CTL_ADD, l->fd, &ev) ? -errno : 0;
}

void loop_want(struct loop_fd *l, uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.ptr = l };

    if (l->events == events)
        return;
    l->events = events;
    if (epoll_ctl(epfd, EPOLL_CTL_MOD, l->fd, &ev))
        die("epoll_ctl: %s", strerror(errno));
}

void loop_remove(struct loop_fd *l)
{
    epoll_ctl(epfd, EPOLL_CTL_DEL, l->fd, NULL);
    /* What this round still had to say about it must not reach a freed object. */
    for (int i = batch_pos; i < batch_len; i++)
        if (batch[i].data.ptr == l)
            batch[i].data.ptr = NULL;
}

uint64_t loop_now(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void loop_wait(int timeout_ms)
{
    int n = epoll_wait(epfd, batch, sizeof(batch) / sizeof(batch[0]), timeout_ms);

    if (n < 0 && errno != EINTR)
        die("epoll_wait: %s", strerror(errno));
    batch_len = n > 0 ? n : 0;
    for (batch_pos = 0; batch_pos < batch_len;) {
        struct epoll_event ev = batch[batch_pos++];
        struct loop_fd *l = ev.data.ptr;

        if (l)
            l->ready(l, ev.events);
    }
    batch_len = 0;
}
