/* SPDX-License-Identifier: MIT */
/* parador-exporter: serves the accounts to Prometheus by HTTP; `parador metrics --listen` runs it. */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "exporter/accept.h"
#include "exporter/connections.h"
#include "meter/metrics.h"

static const char index_page[] =
    "<!DOCTYPE html><title>Parador</title><a href=\"/metrics\">metrics</a>\n";

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* "9120", "127.0.0.1:9120" or "[::1]:9120". False: it is none of these. */
static bool parse_address(const char *text, union address *a)
{
    const char *colon = strrchr(text, ':'), *port = colon != NULL ? colon + 1 : text;
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    unsigned long number;
    char host[64], *end;

    number = strtoul(port, &end, 10);
    if (*port < '0' || *port > '9' || *end != '\0' || number > 65535 || len >= sizeof(host))
        return false;
    snprintf(host, sizeof(host), "%.*s", (int)len, text);
    memset(a, 0, sizeof(*a));
    if (len > 2 && host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        a->v6.sin6_family = AF_INET6;
        a->v6.sin6_port = htons((uint16_t)number);
        return inet_pton(AF_INET6, host + 1, &a->v6.sin6_addr) == 1;
    }
    a->v4.sin_family = AF_INET;
    a->v4.sin_port = htons((uint16_t)number);
    /* Unless told otherwise, for this machine alone: the figures tell who runs what. */
    return inet_pton(AF_INET, colon != NULL ? host : "127.0.0.1", &a->v4.sin_addr) == 1;
}

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *type,
                              const char *text, size_t size, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(size, (void *)(uintptr_t)text, mode);
    enum MHD_Result result;

    if (r == NULL) {
        if (mode == MHD_RESPMEM_MUST_FREE)
            free((void *)(uintptr_t)text);
        return MHD_NO;
    }
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    /* Else the next request might come just when the connection has lasted long enough. */
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONNECTION, "close");
    result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, const char *type,
                                   const char *text)
{
    return answer(c, status, type, text, strlen(text), MHD_RESPMEM_MUST_COPY);
}

/* One thread serves all, so the handle has one user at a time. */
static enum MHD_Result serve(void *arg, struct MHD_Connection *c, const char *url,
                             const char *method, const char *version, const char *data,
                             size_t *data_size, void **seen)
{
    static int once;
    struct parador_handle *h = arg;
    enum metrics_format format;
    size_t size;
    char *text;

    (void)version;
    (void)data;
    /* The first call for a request comes before its body. */
    if (*seen == NULL) {
        *seen = &once;
        return MHD_YES;
    }
    if (*data_size != 0) {
        *data_size = 0;
        return MHD_YES;
    }
    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        return answer_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", "only GET and HEAD\n");
    if (strcmp(url, "/") == 0)
        return answer_text(c, MHD_HTTP_OK, "text/html", index_page);
    if (strcmp(url, "/metrics") != 0)
        return answer_text(c, MHD_HTTP_NOT_FOUND, "text/plain", "there is only /metrics\n");
    format = accept_format(MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT));
    if (metrics_make(h, format, &text, &size) != 0)
        return answer_text(c, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain", parador_error(h));
    return answer(c, MHD_HTTP_OK, metrics_content_type(format), text, size, MHD_RESPMEM_MUST_FREE);
}

/* The socket, so that what is wrong with the address can be told; -1 after a message. */
static int listen_at(const char *text, union address *a)
{
    socklen_t size = text[0] == '[' ? sizeof(a->v6) : sizeof(a->v4);
    int on = 1, fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd >= 0 && bind(fd, &a->any, size) == 0 && listen(fd, CONNECTIONS_MAX) == 0 &&
        getsockname(fd, &a->any, &size) == 0)
        return fd;
    fprintf(stderr, "parador: cannot listen on %s: %s\n", text, strerror(errno));
    return -1;
}

static void tell(const union address *a)
{
    char host[INET6_ADDRSTRLEN];

    if (a->any.sa_family == AF_INET6)
        printf("http://[%s]:%u/metrics\n",
               inet_ntop(AF_INET6, &a->v6.sin6_addr, host, sizeof(host)), ntohs(a->v6.sin6_port));
    else
        printf("http://%s:%u/metrics\n", inet_ntop(AF_INET, &a->v4.sin_addr, host, sizeof(host)),
               ntohs(a->v4.sin_port));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct parador_handle *h;
    struct MHD_Daemon *daemon;
    union address address;
    sigset_t signals;
    int fd, sig;

    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "usage: parador-exporter [ADDRESS:]PORT\n");
        return 2;
    }
    if (!parse_address(argv[1], &address)) {
        fprintf(stderr, "parador: %s is no [ADDRESS:]PORT: numbers only, a port up to 65535, an "
                "IPv6 address in brackets\n", argv[1]);
        return 2;
    }
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGALRM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    h = parador_open();
    fd = h != NULL ? listen_at(argv[1], &address) : -1;
    if (fd < 0)
        return 1;
    /* Without the channel, a client that comes while all connections are in use would be turned away. */
    daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ITC, 0, NULL, NULL, serve, h,
                              MHD_OPTION_LISTEN_SOCKET, fd,
                              MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                              MHD_OPTION_NOTIFY_CONNECTION, connections_notify, NULL,
                              MHD_OPTION_END);
    if (daemon == NULL) {
        fprintf(stderr, "parador: cannot start to serve\n");
        return 1;
    }
    tell(&address);
    while (sigwait(&signals, &sig) == 0 && sig == SIGALRM)
        connections_check();
    MHD_stop_daemon(daemon);
    parador_close(h);
    return 0;
}
