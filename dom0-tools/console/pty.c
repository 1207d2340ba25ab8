/* SPDX-License-Identifier: MIT */
/* The terminal that a guest's console appears as, with what its reader has not taken yet. */
#include "console/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static void want(struct pty *p)
{
    loop_want(&p->io, (p->want_input ? EPOLLIN : 0) | (p->pending.len > p->sent ? EPOLLOUT : 0));
}

static int open_both(struct pty *p)
{
    struct termios t;

    p->io.fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (p->io.fd < 0 || grantpt(p->io.fd) || unlockpt(p->io.fd))
        return -errno;
    if (ptsname_r(p->io.fd, p->name, sizeof(p->name)))
        return -errno;
    p->slave = open(p->name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (p->slave < 0 || fchmod(p->slave, 0600) || tcgetattr(p->slave, &t))
        return -errno;
    /* The guest's own terminal echoes and edits; this one passes bytes. */
    cfmakeraw(&t);
    return tcsetattr(p->slave, TCSANOW, &t) ? -errno : 0;
}

int pty_open(struct pty *p, size_t limit)
{
    int err;

    p->slave = -1;
    p->limit = limit;
    p->sent = 0;
    p->want_input = true;
    err = open_both(p);
    if (!err)
        err = loop_add(&p->io, EPOLLIN);
    if (!err)
        return 0;
    if (p->slave >= 0)
        close(p->slave);
    if (p->io.fd >= 0)
        close(p->io.fd);
    p->io.fd = -1;
    return err;
}

void pty_close(struct pty *p)
{
    if (p->io.fd < 0)
        return;
    loop_remove(&p->io);
    close(p->slave);
    close(p->io.fd);
    p->io.fd = -1;
    buf_free(&p->pending);
}

void pty_flush(struct pty *p)
{
    while (p->sent < p->pending.len) {
        ssize_t n = write(p->io.fd, p->pending.data + p->sent, p->pending.len - p->sent);

        if (n <= 0)
            break;
        p->sent += n;
    }
    if (p->sent == p->pending.len) {
        buf_free(&p->pending);
        p->sent = 0;
    }
    want(p);
}

void pty_write(struct pty *p, const char *data, size_t len)
{
    if (p->io.fd < 0)
        return;
    buf_add(&p->pending, data, len);
    if (p->pending.len - p->sent > p->limit)
        p->sent = p->pending.len - p->limit;
    if (p->sent > p->limit) {
        buf_skip(&p->pending, p->sent);
        p->sent = 0;
    }
    pty_flush(p);
}

size_t pty_read(struct pty *p, char *data, size_t size)
{
    ssize_t n = read(p->io.fd, data, size);

    return n > 0 ? n : 0;
}

void pty_want_input(struct pty *p, bool on)
{
    p->want_input = on;
    want(p);
}

bool pty_drained(const struct pty *p)
{
    int left = 0;

    return p->sent == p->pending.len && (ioctl(p->slave, FIONREAD, &left) || !left);
}
