/* SPDX-License-Identifier: MIT */
/*
 * The connection to the store: requests and replies of public/io/xs_wire.h over the daemon's
 * socket, or over /dev/xen/xenbus when there is none. Watch events that arrive while a reply is
 * awaited queue up.
 */
#include "lib/storeconn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_SOCKET "/run/xenstored/socket"
#define DEFAULT_DEVICE "/dev/xen/xenbus"

/* Requests sent without waiting for their answers; more are sent once these are answered. */
#define BATCH_REQUESTS 128u
#define BATCH_BYTES 32768u
/* Answers are short: one read takes a batch's. */
#define INPUT_BYTES 4096u

struct batch {
    unsigned depth;            /* how often store_batch_begin() was called */
    unsigned pending;          /* requests in bytes[], ids first_id … first_id + pending - 1 */
    uint32_t first_id;
    size_t used;
    size_t at[BATCH_REQUESTS]; /* where in bytes[] each begins */
    int failed;                /* errno of the first request that failed, 0: none */
    char why[256];
    char bytes[BATCH_BYTES];
};

struct store {
    int fd;
    bool is_socket;
    uint32_t last_id;
    struct store_message *events, **events_end;
    struct batch batch;
    size_t in_used, in_at;     /* in[in_at … in_used) is received and not looked at yet */
    char in[INPUT_BYTES];
};

/* The names that an XS_ERROR carries (public/io/xs_wire.h lists them). */
static const struct {
    const char *name;
    int number;
} error_names[] = {
    {"EINVAL", EINVAL}, {"EACCES", EACCES}, {"EEXIST", EEXIST}, {"EISDIR", EISDIR},
    {"ENOENT", ENOENT}, {"ENOMEM", ENOMEM}, {"ENOSPC", ENOSPC}, {"EIO", EIO},
    {"ENOTEMPTY", ENOTEMPTY}, {"ENOSYS", ENOSYS}, {"EROFS", EROFS}, {"EBUSY", EBUSY},
    {"EAGAIN", EAGAIN}, {"EISCONN", EISCONN}, {"E2BIG", E2BIG}, {"EPERM", EPERM},
};

static int error_number(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(error_names) / sizeof(error_names[0]); i++) {
        if (strcmp(name, error_names[i].name) == 0)
            return error_names[i].number;
    }
    return EIO;
}

static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, err;

    if (strlen(path) >= sizeof(address.sun_path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    err = errno;
    close(fd);
    errno = err;
    return -1;
}

int store_connect(struct parador_handle *h)
{
    const char *path = getenv("XENSTORED_PATH");
    struct store *s;
    int err;

    if (h->store)
        return 0;
    s = calloc(1, sizeof(*s));
    if (!s)
        return parador_fail(h, ENOMEM, "out of memory");
    s->events_end = &s->events;
    if (!path)
        path = DEFAULT_SOCKET;
    s->fd = open_socket(path);
    err = errno;
    s->is_socket = s->fd >= 0;
    /* A socket that refuses means a dead daemon: through the kernel we would wait for ever. */
    if (s->fd < 0 && err == ENOENT)
        s->fd = open(DEFAULT_DEVICE, O_RDWR | O_CLOEXEC);
    if (s->fd < 0) {
        free(s);
        return parador_fail(h, err, "cannot reach the store at %s (%s): is its daemon running?", path,
                            strerror(err));
    }
    h->store = s;
    return 0;
}

void store_disconnect(struct store *s)
{
    struct store_message *event;

    if (!s)
        return;
    while ((event = s->events)) {
        s->events = event->next;
        free(event);
    }
    close(s->fd);
    free(s);
}

/* A broken connection is dropped, so that the next operation starts afresh. */
static int connection_lost(struct parador_handle *h, int err)
{
    store_disconnect(h->store);
    h->store = NULL;
    return parador_fail(h, err, "the connection to the store broke: %s", strerror(err));
}

static int send_all(struct parador_handle *h, const char *data, size_t size)
{
    while (size) {
        ssize_t sent = write(h->store->fd, data, size);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return connection_lost(h, sent < 0 ? errno : EPIPE);
        data += sent;
        size -= (size_t)sent;
    }
    return 0;
}

static int receive_all(struct parador_handle *h, void *data, size_t size)
{
    struct store *s = h->store;
    char *p = data;

    while (size) {
        size_t have = s->in_used - s->in_at, take = have < size ? have : size;
        ssize_t got;

        memcpy(p, s->in + s->in_at, take);
        p += take;
        size -= take;
        s->in_at += take;
        if (!size)
            break;
        got = read(s->fd, s->in, sizeof(s->in));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return connection_lost(h, got < 0 ? errno : ECONNRESET);
        s->in_at = 0;
        s->in_used = (size_t)got;
    }
    return 0;
}

/* Reads one message; NULL when the connection broke. */
static struct store_message *receive(struct parador_handle *h, struct xsd_sockmsg *header)
{
    struct store_message *message;

    if (receive_all(h, header, sizeof(*header)) < 0)
        return NULL;
    if (header->len > XENSTORE_PAYLOAD_MAX) {
        connection_lost(h, EPROTO);
        return NULL;
    }
    message = malloc(sizeof(*message) + header->len + 1);
    if (!message) {
        connection_lost(h, ENOMEM);
        return NULL;
    }
    message->next = NULL;
    message->length = header->len;
    message->body[header->len] = '\0';
    if (receive_all(h, message->body, header->len) < 0) {
        free(message);
        return NULL;
    }
    return message;
}

static void queue_event(struct store *s, struct store_message *event)
{
    *s->events_end = event;
    s->events_end = &event->next;
}

/* Puts header and parts of one message into buffer; its size, or 0 if it is too long. */
static size_t compose(struct parador_handle *h, char *buffer, uint32_t type, store_tx tx,
                      const struct part *parts, size_t count)
{
    struct xsd_sockmsg header = {.type = type, .tx_id = tx};
    size_t i, used = sizeof(header);

    for (i = 0; i < count; i++) {
        if (parts[i].size > sizeof(header) + XENSTORE_PAYLOAD_MAX - used) {
            parador_fail(h, E2BIG, "a store request is longer than %d bytes", XENSTORE_PAYLOAD_MAX);
            return 0;
        }
        memcpy(buffer + used, parts[i].data, parts[i].size);
        used += parts[i].size;
    }
    header.len = (uint32_t)(used - sizeof(header));
    header.req_id = ++h->store->last_id;
    memcpy(buffer, &header, sizeof(header));
    return used;
}

/* The answer to request id; events queue up, stale answers are dropped. NULL: connection broke. */
static struct store_message *await(struct parador_handle *h, uint32_t id, uint32_t *type)
{
    for (;;) {
        struct xsd_sockmsg header;
        struct store_message *reply = receive(h, &header);

        if (!reply)
            return NULL;
        if (header.type == XS_WATCH_EVENT) {
            queue_event(h->store, reply);
        } else if (header.req_id == id) {
            *type = header.type;
            return reply;
        } else {
            free(reply);
        }
    }
}

/* Notes a batched request's failure. Removing what is not there is none. */
static void batch_failed(struct batch *b, unsigned index, int err)
{
    const char *message = b->bytes + b->at[index];
    struct xsd_sockmsg header;

    memcpy(&header, message, sizeof(header));
    if (b->failed || (header.type == XS_RM && err == ENOENT))
        return;
    b->failed = err;
    snprintf(b->why, sizeof(b->why), "the store refused a request on %.150s: %s",
             message + sizeof(header), strerror(err));
}

/* Sends what is batched and takes all answers. -1: the connection broke. */
static int batch_flush(struct parador_handle *h)
{
    struct batch *b = &h->store->batch;
    unsigned i, pending = b->pending;

    if (!pending)
        return 0;
    if (send_all(h, b->bytes, b->used) < 0)
        return -1;
    for (i = 0; i < pending; i++) {
        uint32_t type;
        struct store_message *reply = await(h, b->first_id + i, &type);

        if (!reply)
            return -1;
        if (type == XS_ERROR)
            batch_failed(b, i, error_number(reply->body));
        free(reply);
    }
    b->pending = 0;
    b->used = 0;
    return 0;
}

struct store_message *store_request(struct parador_handle *h, uint32_t type, store_tx tx,
                                     const struct part *parts, size_t count)
{
    char buffer[sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX];
    struct store_message *reply;
    uint32_t answer;
    size_t size;

    if (store_connect(h) < 0 || batch_flush(h) < 0)
        return NULL;
    size = compose(h, buffer, type, tx, parts, count);
    if (!size || send_all(h, buffer, size) < 0)
        return NULL;
    reply = await(h, h->store->last_id, &answer);
    if (!reply)
        return NULL;
    if (answer == XS_ERROR) {
        int err = error_number(reply->body);

        free(reply);
        parador_fail(h, err, "the store says: %s", strerror(err));
        return NULL;
    }
    if (answer != type) {
        free(reply);
        connection_lost(h, EPROTO);
        return NULL;
    }
    return reply;
}

/* Puts a request into the batch. */
static int batch_add(struct parador_handle *h, uint32_t type, store_tx tx, const struct part *parts,
                     size_t count)
{
    struct batch *b = &h->store->batch;
    size_t size;

    if ((b->pending == BATCH_REQUESTS ||
         BATCH_BYTES - b->used < sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX) &&
        batch_flush(h) < 0)
        return -1;
    size = compose(h, b->bytes + b->used, type, tx, parts, count);
    if (!size)
        return -1;
    if (!b->pending)
        b->first_id = h->store->last_id;
    b->at[b->pending++] = b->used;
    b->used += size;
    return 0;
}

int store_batch_begin(struct parador_handle *h)
{
    if (store_connect(h) < 0)
        return -1;
    if (h->store->batch.depth++ == 0)
        h->store->batch.failed = 0;
    return 0;
}

int store_batch_end(struct parador_handle *h)
{
    struct batch *b;

    if (!h->store) /* broke meanwhile; whoever saw that has reported it */
        return -1;
    b = &h->store->batch;
    if (batch_flush(h) < 0)
        return -1;
    if (b->depth)
        b->depth--;
    return b->failed ? parador_fail(h, b->failed, "%s", b->why) : 0;
}

int store_command(struct parador_handle *h, uint32_t type, store_tx tx, const struct part *parts,
                   size_t count, const char *verb, const char *path)
{
    struct store_message *reply;

    /* Over the kernel's device not every daemon keeps its head with many requests at once. */
    if (h->store && h->store->batch.depth && h->store->is_socket)
        return batch_add(h, type, tx, parts, count);
    reply = store_request(h, type, tx, parts, count);
    if (!reply)
        return parador_fail_in(h, "cannot %s %s", verb, path);
    free(reply);
    return 0;
}

int store_command_now(struct parador_handle *h, uint32_t type, store_tx tx,
                      const struct part *parts, size_t count, const char *verb, const char *path)
{
    struct store_message *reply = store_request(h, type, tx, parts, count);

    if (!reply)
        return parador_fail_in(h, "cannot %s %s", verb, path);
    free(reply);
    return 0;
}

void store_drop_events(struct parador_handle *h, const char *token)
{
    struct store_message **link;

    for (link = &h->store->events; *link;) {
        struct store_message *event = *link;
        size_t skip = strlen(event->body) + 1;

        if (skip < event->length && strcmp(event->body + skip, token) == 0) {
            *link = event->next;
            free(event);
        } else {
            link = &event->next;
        }
    }
    h->store->events_end = link;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Takes the first queued event apart. */
static int take_event(struct parador_handle *h, char **path, char **token)
{
    struct store *s = h->store;
    struct store_message *event = s->events;
    size_t skip = strlen(event->body) + 1;

    s->events = event->next;
    if (!s->events)
        s->events_end = &s->events;
    *path = strdup(event->body);
    *token = strdup(skip < event->length ? event->body + skip : "");
    free(event);
    if (*path && *token)
        return 1;
    free(*path);
    free(*token);
    return parador_fail(h, ENOMEM, "out of memory");
}

int store_event(struct parador_handle *h, int timeout_ms, char **path, char **token)
{
    int64_t end = now_ms() + timeout_ms;

    if (store_connect(h) < 0)
        return -1;
    while (!h->store->events) {
        struct pollfd poller = {.fd = h->store->fd, .events = POLLIN};
        int64_t left = timeout_ms < 0 ? -1 : end - now_ms();
        struct xsd_sockmsg header;
        struct store_message *message;
        int ready = h->store->in_at < h->store->in_used
                        ? 1 : poll(&poller, 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);

        if (ready < 0 && errno != EINTR)
            return handle_fail_errno(h, "cannot wait for the store");
        if (ready == 0)
            return 0;
        if (ready < 0)
            continue;
        message = receive(h, &header);
        if (!message)
            return -1;
        if (header.type == XS_WATCH_EVENT)
            queue_event(h->store, message);
        else
            free(message);
    }
    return take_event(h, path, token);
}

int store_fd(struct parador_handle *h)
{
    return store_connect(h) < 0 ? -1 : h->store->fd;
}
