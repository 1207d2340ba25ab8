/* SPDX-License-Identifier: MIT */
/* The hypervisor's own console, copied to a log file. */
#include "console/hvlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "console/logfile.h"
#include "daemon/loop.h"
#include "daemon/process.h"
#include "daemon/xenif.h"

/* How often to look without an event, and how long to gather after one. */
#define POLL_MS 5000
#define GATHER_MS 200

static struct logfile log_file = { .fd = -1 };
static int port = -1, state_fd = -1;
static uint32_t position;
static uint64_t next;           /* when to read; 0: never */
static bool event_came;

void hvlog_start(const char *state)
{
    state_fd = open(state, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (state_fd < 0)
        note(LOG_WARNING, "cannot open %s: %s; after a restart the hypervisor's log repeats itself",
             state, strerror(errno));
    else if (pread(state_fd, &position, sizeof(position), 0) != sizeof(position))
        position = 0;
    logfile_open(&log_file, "", "hypervisor");
    port = xenif_bind_console_event();
    next = loop_now();
}

int hvlog_port(void)
{
    return port;
}

void hvlog_event(void)
{
    uint64_t soon = loop_now() + GATHER_MS;

    /* The port stays masked until we have read. */
    event_came = true;
    if (next > soon)
        next = soon;
}

void hvlog_tick(void)
{
    char data[16384];
    int n;

    if (!next || loop_now() < next)
        return;
    if (event_came) {
        event_came = false;
        xenif_unmask(port);
    }
    next = loop_now() + POLL_MS;
    while ((n = xenif_read_console(data, sizeof(data), &position)) > 0) {
        logfile_write(&log_file, data, n);
        if (state_fd >= 0 && pwrite(state_fd, &position, sizeof(position), 0) < 0)
            note(LOG_WARNING, "cannot save the position in the hypervisor's log: %s",
                 strerror(errno));
    }
    if (n < 0) {
        note(LOG_NOTICE, "the hypervisor's log cannot be read: %s", strerror(-n));
        next = 0;
    }
}

int hvlog_timeout(void)
{
    uint64_t now = loop_now();

    if (!next)
        return -1;
    return next > now ? (int)(next - now) : 0;
}
