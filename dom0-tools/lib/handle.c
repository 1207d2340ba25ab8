/* SPDX-License-Identifier: MIT */
/* The handle: opened devices, the sentence of the last failure, log lines. */
#include "lib/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/sentence.h"

struct parador_handle *parador_open(void)
{
    struct parador_handle *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->privcmd_fd = -1;
    h->hcbuf_fd = -1;
    h->log_level = PARADOR_LOG_WARN;
    return h;
}

void parador_close(struct parador_handle *h)
{
    if (!h)
        return;
    store_disconnect(h->store);
    hcbuf_release(h);
    if (h->hcbuf_fd >= 0)
        close(h->hcbuf_fd);
    if (h->privcmd_fd >= 0)
        close(h->privcmd_fd);
    free(h);
}

const char *parador_error(const struct parador_handle *h)
{
    return h->error;
}

int parador_fail(struct parador_handle *h, int err, const char *format, ...)
{
    char text[sizeof(h->error)];
    va_list args;

    /* Through a copy: an argument may be the old sentence itself. */
    va_start(args, format);
    sentence_vprint(text, sizeof(text), format, args);
    va_end(args);
    memcpy(h->error, text, sizeof(text));
    errno = err;
    return -1;
}

int parador_fail_in(struct parador_handle *h, const char *format, ...)
{
    int err = errno;
    char text[sizeof(h->error)];
    va_list args;

    va_start(args, format);
    sentence_vprint(text, sizeof(text), format, args);
    va_end(args);
    return parador_fail(h, err, "%s: %s", text, h->error);
}

int handle_fail_errno(struct parador_handle *h, const char *what)
{
    int err = errno;

    return parador_fail(h, err, "%s: %s", what, strerror(err));
}

int handle_privcmd(struct parador_handle *h)
{
    if (h->privcmd_fd >= 0)
        return h->privcmd_fd;
    h->privcmd_fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if (h->privcmd_fd < 0)
        return parador_fail(h, errno,
                            "cannot open /dev/xen/privcmd (%s): run this as root in dom0, with the "
                            "xen-privcmd module loaded", strerror(errno));
    return h->privcmd_fd;
}
