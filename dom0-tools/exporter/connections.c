/* SPDX-License-Identifier: MIT */
/*
 * The connections that are open, none of them for long. The library's own time limit is one of
 * silence: whoever sends a byte now and then would keep a connection, and with all of them the others
 * out, for ever.
 */
#include "exporter/connections.h"

#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define AGE_MAX_S 5

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct connection {
    bool open;
    int fd;
    time_t since;              /* CLOCK_MONOTONIC */
} table[CONNECTIONS_MAX];
static bool armed;             /* SIGALRM will come */

static time_t clock_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void add(struct MHD_Connection *c, void **context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);

    for (unsigned i = 0; info != NULL && i < CONNECTIONS_MAX; i++) {
        if (table[i].open)
            continue;
        table[i] = (struct connection){ .open = true, .fd = info->connect_fd, .since = clock_s() };
        *context = &table[i];
        break;
    }
    if (!armed)
        alarm(AGE_MAX_S);
    armed = true;
}

void connections_notify(void *arg, struct MHD_Connection *c, void **context,
                        enum MHD_ConnectionNotificationCode what)
{
    struct connection *known = *context;

    (void)arg;
    pthread_mutex_lock(&lock);
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        add(c, context);
    else if (known != NULL)
        known->open = false; /* the library closes the socket after this, so no other has its number */
    pthread_mutex_unlock(&lock);
}

void connections_check(void)
{
    time_t now = clock_s();

    pthread_mutex_lock(&lock);
    armed = false;
    for (unsigned i = 0; i < CONNECTIONS_MAX; i++) {
        if (!table[i].open)
            continue;
        /* The library notices, and closes it. */
        if (now - table[i].since >= AGE_MAX_S)
            shutdown(table[i].fd, SHUT_RDWR);
        armed = true;
    }
    if (armed)
        alarm(1);
    pthread_mutex_unlock(&lock);
}
