/* SPDX-License-Identifier: MIT */
/*
 * Connections: the requests that come in and the answers and events that go out, over sockets and
 * rings.
 *
 * The daemon works in rounds: wait for events; handle a few requests of every connection that has
 * some; write what they changed to the journal; publish, that is, let anybody outside see that a
 * request was consumed or answered. Nothing is published that is not in the journal. A round gives
 * each connection the same small budget, so none can keep the others waiting.
 */
#include "store/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/process.h"
#include "daemon/xenif.h"
#include "store/journal.h"
#include "store/ops.h"
#include "store/quota.h"
#include "store/record.h"
#include "store/txn.h"
#include "store/watch.h"

/* Requests of one connection that one round handles, and the time after which its turn is over. */
#define BUDGET 8
#define TURN_MS 1

/*
 * What a client of dom0 may leave unread before it is no longer read, and before its events are
 * merged.
 */
#define DOM0_OUTSTANDING (1u << 20)
#define DOM0_EVENTS (16u << 20)

/* A guest may break the protocol and reconnect for ever; it is neither noted nor served that often. */
#define FAULTS_NOTED 3
#define FAULT_HOLD_MS 50

#define SOCKET_BUFFER (4 * WIRE_MESSAGE_MAX)

static struct list all = { &all, &all }, ready = { &ready, &ready }, dirty = { &dirty, &dirty };

static struct conn *new_conn(uint16_t domid)
{
    struct conn *c = mem_alloc(sizeof(*c));

    list_init(&c->ready);
    list_init(&c->dirty);
    list_init(&c->watches);
    list_init(&c->transactions);
    list_append(&all, &c->all);
    c->who = (struct who){ .domid = domid, .target = NO_DOMAIN };
    return c;
}

void conn_wake(struct conn *c)
{
    if (list_empty(&c->ready))
        list_append(&ready, &c->ready);
}

static void mark_dirty(struct conn *c)
{
    if (list_empty(&c->dirty))
        list_append(&dirty, &c->dirty);
}

static void on_socket(struct loop_fd *io, uint32_t events)
{
    struct conn *c = container_of(io, struct conn, io);

    if (events & EPOLLOUT)
        mark_dirty(c);
    if (events & EPOLLIN) {
        conn_wake(c);
    } else if (events & (EPOLLHUP | EPOLLERR)) {
        c->eof = true;
        mark_dirty(c);
    }
}

void conn_open_socket(int fd)
{
    struct conn *c = new_conn(0);
    int err;

    c->io.fd = fd;
    c->io.ready = on_socket;
    err = loop_add(&c->io, EPOLLIN);
    if (err) {
        note(LOG_ERR, "cannot watch a new connection: %s", strerror(-err));
        conn_close(c);
    }
}

struct conn *conn_open_ring(uint16_t domid, const struct ring *ring)
{
    struct conn *c = new_conn(domid);

    c->is_ring = true;
    c->ring = *ring;
    c->io.fd = -1;
    return c;
}

void conn_close(struct conn *c)
{
    watch_remove_all(c);
    txn_drop_all(c);
    if (!c->is_ring) {
        loop_remove(&c->io);
        close(c->io.fd);
    }
    list_remove(&c->all);
    list_remove(&c->ready);
    list_remove(&c->dirty);
    buf_free(&c->in);
    buf_free(&c->out);
    free(c);
}

size_t conn_pending(const struct conn *c)
{
    return c->out.len - c->out_sent;
}

void conn_send(struct conn *c, const void *data, size_t len)
{
    if (c->faulted)
        return;
    buf_add(&c->out, data, len);
    record_out(c, data, len);
    mark_dirty(c);
}

static void send_message(struct conn *c, const struct xsd_sockmsg *head, const void *data)
{
    char message[WIRE_MESSAGE_MAX];

    memcpy(message, head, sizeof(*head));
    if (head->len)
        memcpy(message + sizeof(*head), data, head->len);
    conn_send(c, message, sizeof(*head) + head->len);
}

void conn_reply(struct conn *c, const struct request *r, const void *data, size_t len)
{
    struct xsd_sockmsg head = r->head;

    if (len > XENSTORE_PAYLOAD_MAX) {
        conn_reply_error(c, r, E2BIG);
        return;
    }
    head.len = len;
    send_message(c, &head, data);
}

void conn_reply_error(struct conn *c, const struct request *r, int errnum)
{
    const char *name = wire_error(errnum);
    struct xsd_sockmsg head = r->head;

    head.type = XS_ERROR;
    head.len = strlen(name) + 1;
    send_message(c, &head, name);
}

void conn_event(struct conn *c, const char *path, const char *token, bool always)
{
    size_t limit = c->who.domid ? quota_limit(QUOTA_EVENTS) : DOM0_EVENTS;
    size_t plen = strlen(path) + 1, tlen = strlen(token) + 1;
    struct xsd_sockmsg head = { .type = XS_WATCH_EVENT, .len = plen + tlen };
    char data[XENSTORE_PAYLOAD_MAX];

    if (c->overflow && !always)
        return;
    if (!always && conn_pending(c) > limit) {
        c->overflow = true;
        record_overflow(c);
        return;
    }
    memcpy(data, path, plen);
    memcpy(data + plen, token, tlen);
    send_message(c, &head, data);
}

void conn_hold(struct conn *c, unsigned ms)
{
    c->hold_until = loop_now() + ms;
}

static void drop_state(struct conn *c)
{
    watch_remove_all(c);
    txn_drop_all(c);
    buf_free(&c->in);
    buf_free(&c->out);
    c->out_sent = 0;
    c->overflow = false;
    record_reset(c);
}

void conn_reset(struct conn *c)
{
    drop_state(c);
    c->faulted = false;
    if (!c->is_ring)
        return;
    c->ring.in_pos = c->ring.out_pos = 0;
    record_ring(c);
    /* The journal must know the new positions before the guest can use them. */
    journal_commit();
    ring_reset(&c->ring);
    ring_announce(&c->ring);
    c->published_in = 0;
    xenif_notify(c->ring.port);
}

/* The guest broke the protocol: nothing it sends means anything until it reconnects. */
static void fault(struct conn *c, uint32_t error)
{
    if (c->faults++ < FAULTS_NOTED)
        note(LOG_WARNING, "domain %u: %s in its store ring; ignored until it reconnects",
             c->who.domid,
             error == XENSTORE_ERROR_RINGIDX ? "impossible index" : "oversized message");
    conn_hold(c, FAULT_HOLD_MS);
    drop_state(c);
    record_ring(c);
    c->faulted = true;
    ring_set_error(&c->ring, error);
    xenif_notify(c->ring.port);
}

static bool too_far_behind(const struct conn *c)
{
    return conn_pending(c) > (c->who.domid ? quota_limit(QUOTA_OUTSTANDING) : DOM0_OUTSTANDING);
}

/* Handle one message; `data` has room for a NUL after the payload. */
static void handle(struct conn *c, const struct xsd_sockmsg *head, char *data)
{
    struct request r = { .head = *head, .data = data };

    data[head->len] = '\0';
    ops_handle(c, &r);
}

/*
 * Consume what there is of a message that is not complete. It must not be left in the ring: the
 * guest sends no event for bytes that it adds while we have not consumed all before them.
 */
static void take_part(struct conn *c, uint32_t n)
{
    char part[XENSTORE_RING_SIZE];
    struct xsd_sockmsg head;

    ring_peek(&c->ring, 0, part, n);
    c->ring.in_pos += n;
    buf_add(&c->in, part, n);
    record_in_part(c, part, n);
    if (c->in.len < sizeof(head))
        return;
    memcpy(&head, c->in.data, sizeof(head));
    /* The ring was read again since its length was looked at: judge what was copied. */
    if (head.len > XENSTORE_PAYLOAD_MAX || sizeof(head) + head.len < c->in.len) {
        fault(c, XENSTORE_ERROR_PROTO);
        return;
    }
    if (c->in.len < sizeof(head) + head.len)
        return;
    buf_add(&c->in, "", 1);
    handle(c, &head, c->in.data + sizeof(head));
    buf_free(&c->in);
    record_in_pos(c);
}

/* Bytes that the message begun in c->in still lacks: of its header, if that is not there yet. */
static size_t lacking(const struct conn *c)
{
    struct xsd_sockmsg head;

    if (c->in.len < sizeof(head))
        return sizeof(head) - c->in.len;
    memcpy(&head, c->in.data, sizeof(head));
    return sizeof(head) + head.len - c->in.len;
}

/*
 * Handle the next message of a ring, or take what there is of it. Returns false when the ring is
 * empty.
 */
static bool ring_next(struct conn *c)
{
    static char payload[XENSTORE_RING_SIZE + 1];
    int n = ring_waiting(&c->ring);
    struct xsd_sockmsg head;
    size_t waiting = n, total;

    if (n < 0)
        fault(c, XENSTORE_ERROR_RINGIDX);
    if (n <= 0)
        return false;
    if (c->in.len) {
        total = lacking(c);
        take_part(c, waiting < total ? waiting : total);
        return true;
    }
    if (waiting < sizeof(head)) {
        take_part(c, waiting);
        return true;
    }
    ring_peek(&c->ring, 0, &head, sizeof(head));
    if (head.len > XENSTORE_PAYLOAD_MAX) {
        fault(c, XENSTORE_ERROR_PROTO);
        return false;
    }
    total = sizeof(head) + head.len;
    if (waiting < total) {
        take_part(c, waiting);
        return true;
    }
    ring_peek(&c->ring, sizeof(head), payload, head.len);
    c->ring.in_pos += total;
    handle(c, &head, payload);
    record_in_pos(c);
    return true;
}

static void run_ring(struct conn *c)
{
    uint64_t start = loop_now();
    int budget = BUDGET;

    if (!c->ring.page)
        return;
    mark_dirty(c);
    if (c->masked) {
        c->masked = false;
        xenif_unmask(c->ring.port);
    }
    if (ring_wants_reset(&c->ring))
        conn_reset(c);
    while (!c->faulted) {
        c->blocked = too_far_behind(c);
        if (c->blocked)
            return;
        if (!budget-- || loop_now() - start > TURN_MS) {
            conn_wake(c);
            return;
        }
        if (!ring_next(c))
            return;
    }
}

/* Handle the next message in a socket's buffer. Returns false when none is complete. */
static bool socket_next(struct conn *c, size_t *done)
{
    struct xsd_sockmsg head;
    size_t have = c->in.len - *done;
    char *at = c->in.data + *done, saved;

    if (have < sizeof(head))
        return false;
    memcpy(&head, at, sizeof(head));
    if (head.len > XENSTORE_PAYLOAD_MAX) {
        c->eof = true;
        return false;
    }
    if (have < sizeof(head) + head.len)
        return false;
    /* The payload's NUL is written over the next message's first byte for the time being. */
    saved = at[sizeof(head) + head.len];
    handle(c, &head, at + sizeof(head));
    at[sizeof(head) + head.len] = saved;
    *done += sizeof(head) + head.len;
    return true;
}

static void receive(struct conn *c)
{
    ssize_t n;

    if (!c->in.data) {
        c->in.data = mem_resize(NULL, SOCKET_BUFFER + 1);
        c->in.cap = SOCKET_BUFFER;
    }
    if (c->in.len == c->in.cap || c->eof)
        return;
    n = recv(c->io.fd, c->in.data + c->in.len, c->in.cap - c->in.len, MSG_DONTWAIT);
    if (n > 0)
        c->in.len += n;
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        c->eof = true;
}

static void run_socket(struct conn *c)
{
    int budget = BUDGET;
    size_t done = 0;

    mark_dirty(c);
    receive(c);
    while (budget > 0 && !(c->blocked = too_far_behind(c)) && socket_next(c, &done))
        budget--;
    if (done)
        buf_skip(&c->in, done);
    if (!budget)
        conn_wake(c);
}

void conn_run(void)
{
    struct list now = { &now, &now };
    uint64_t time = loop_now();

    while (!list_empty(&ready)) {
        struct list *l = ready.next;

        list_remove(l);
        list_append(&now, l);
    }
    while (!list_empty(&now)) {
        struct conn *c = container_of(now.next, struct conn, ready);

        list_remove(&c->ready);
        if (c->hold_until > time)
            conn_wake(c);
        else if (c->is_ring)
            run_ring(c);
        else
            run_socket(c);
    }
}

/* After output went out: give memory back, and bring up what was put off. */
static void drained(struct conn *c)
{
    if (c->out_sent == c->out.len) {
        c->out_sent = c->out.len = 0;
        if (c->out.cap > WIRE_MESSAGE_MAX)
            buf_free(&c->out);
        if (c->overflow) {
            c->overflow = false;
            record_overflow(c);
            watch_refire(c);
        }
    } else if (c->out_sent > c->out.cap / 2) {
        buf_skip(&c->out, c->out_sent);
        c->out_sent = 0;
    }
    if (c->blocked && !too_far_behind(c)) {
        c->blocked = false;
        conn_wake(c);
    }
}

static void publish_ring(struct conn *c)
{
    int n;

    if (!c->ring.page || c->faulted)
        return;
    n = ring_write(&c->ring, c->out.data + c->out_sent, conn_pending(c));
    if (n < 0) {
        fault(c, XENSTORE_ERROR_RINGIDX);
        return;
    }
    c->out_sent += n;
    ring_publish_in(&c->ring);
    if (n || c->published_in != c->ring.in_pos)
        xenif_notify(c->ring.port);
    c->published_in = c->ring.in_pos;
    drained(c);
    /*
     * The guest stays silent if it saw us not done with what it had sent before: look for newer
     * bytes.
     */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (!c->blocked && ring_waiting(&c->ring))
        conn_wake(c);
}

static void publish_socket(struct conn *c)
{
    while (conn_pending(c)) {
        ssize_t n = send(c->io.fd, c->out.data + c->out_sent, conn_pending(c),
                         MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            c->eof |= errno != EAGAIN;
            break;
        }
        c->out_sent += n;
    }
    if (c->eof && list_empty(&c->ready)) {
        conn_close(c);
        return;
    }
    drained(c);
    loop_want(&c->io, (c->blocked ? 0 : EPOLLIN) | (conn_pending(c) ? EPOLLOUT : 0));
}

void conn_publish(void)
{
    struct list now = { &now, &now };

    while (!list_empty(&dirty)) {
        struct list *l = dirty.next;

        list_remove(l);
        list_append(&now, l);
    }
    while (!list_empty(&now)) {
        struct conn *c = container_of(now.next, struct conn, dirty);

        list_remove(&c->dirty);
        if (c->is_ring)
            publish_ring(c);
        else
            publish_socket(c);
    }
}

int conn_timeout(void)
{
    uint64_t now = loop_now(), first = UINT64_MAX;
    struct list *pos, *tmp;

    if (!list_empty(&dirty))
        return 0;
    list_for_each(pos, tmp, &ready) {
        struct conn *c = container_of(pos, struct conn, ready);

        if (c->hold_until <= now)
            return 0;
        if (c->hold_until < first)
            first = c->hold_until;
    }
    return first == UINT64_MAX ? -1 : (int)(first - now);
}

void conn_each(void (*each)(struct conn *c))
{
    struct list *pos, *tmp;

    list_for_each(pos, tmp, &all)
        each(container_of(pos, struct conn, all));
}
