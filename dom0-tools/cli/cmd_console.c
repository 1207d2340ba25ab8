/* SPDX-License-Identifier: MIT */
/* console: the terminal here becomes a guest's console. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/command.h"

#define ESCAPE 0x1d /* Ctrl-] */
#define TTY_WAIT_MS 5000

/* The path of the guest's pty; the console daemon writes it once it serves the guest. NULL after a message. */
static char *find_tty(struct parador_handle *h, domid_t domid)
{
    char path[64];

    snprintf(path, sizeof(path), "/local/domain/%u/console/tty", domid);
    if (store_watch(h, path, "tty") != 0) {
        command_failed(h);
        return NULL;
    }
    for (;;) {
        char *tty = store_read(h, 0, path, NULL), *event = NULL, *token = NULL;
        int got;

        if (tty != NULL && *tty != '\0') {
            store_unwatch(h, path, "tty");
            return tty;
        }
        free(tty);
        got = store_event(h, TTY_WAIT_MS, &event, &token);
        if (got <= 0) {
            fprintf(stderr, "parador: domain %u has no console: is paradorconsoled running?\n",
                    domid);
            store_unwatch(h, path, "tty");
            return NULL;
        }
        free(event);
        free(token);
    }
}

static bool write_all(int fd, const char *buf, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, buf, n);

        if (w < 0 && errno == EAGAIN) {
            struct pollfd p = { .fd = fd, .events = POLLOUT };

            poll(&p, 1, -1);
            continue;
        }
        if (w < 0 && errno != EINTR)
            return false;
        if (w > 0) {
            buf += w;
            n -= w;
        }
    }
    return true;
}

/* What was typed, up to the escape. False: leave. */
static bool forward_input(int tty, bool *input_open)
{
    char buf[512];
    ssize_t n = read(STDIN_FILENO, buf, sizeof(buf));
    char *escape;

    if (n <= 0) {
        *input_open = n < 0 && (errno == EINTR || errno == EAGAIN);
        return true;
    }
    escape = memchr(buf, ESCAPE, n);
    return write_all(tty, buf, escape != NULL ? escape - buf : n) && escape == NULL;
}

/* Copies both ways until the escape, or until the guest's side ends. True: its side ended. */
static bool copy(int tty)
{
    bool input_open = true;

    for (;;) {
        struct pollfd p[2] = {
            { .fd = tty, .events = POLLIN },
            { .fd = input_open ? STDIN_FILENO : -1, .events = POLLIN },
        };
        char buf[4096];
        ssize_t n;

        if (poll(p, 2, -1) < 0 && errno != EINTR)
            return false;
        if (p[0].revents & (POLLIN | POLLHUP | POLLERR)) {
            n = read(tty, buf, sizeof(buf));
            /* A pty whose other side was closed reads as EIO, after all that was written to it. */
            if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
                return true;
            if (n > 0 && !write_all(STDOUT_FILENO, buf, n))
                return false;
        }
        if ((p[1].revents & (POLLIN | POLLHUP)) && !forward_input(tty, &input_open))
            return false;
    }
}

static struct termios saved;

/* Who is ended by a signal must not leave a terminal behind that echoes nothing. */
static void on_signal(int number)
{
    tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    raise(number); /* by now with its usual effect: SA_RESETHAND */
}

static void make_raw(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND | SA_NODEFER };
    struct termios raw = saved;

    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    cfmakeraw(&raw);
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static int attach_once(struct parador_handle *h, domid_t domid, bool *ended)
{
    bool is_terminal = tcgetattr(STDIN_FILENO, &saved) == 0;
    char *path = find_tty(h, domid);
    int tty;

    if (path == NULL)
        return 1;
    tty = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (tty < 0) {
        fprintf(stderr, "parador: cannot open the console %s: %s\n", path, strerror(errno));
        free(path);
        return 1;
    }
    free(path);
    if (is_terminal)
        make_raw();
    *ended = copy(tty);
    if (is_terminal)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    close(tty);
    return 0;
}

/* The console daemon was restarted while the guest lives on: there is a new pty. */
static bool lives(struct parador_handle *h, domid_t domid)
{
    struct xen_domctl_getdomaininfo info;

    return parador_domain_info(h, domid, &info) == 0 &&
           !(info.flags & (XEN_DOMINF_dying | XEN_DOMINF_shutdown));
}

int console_attach(struct parador_handle *h, domid_t domid, bool *ended)
{
    for (;;) {
        int status = attach_once(h, domid, ended);

        if (status != 0)
            return status;
        if (!*ended || !lives(h, domid))
            return 0;
        usleep(200000);
    }
}

int cmd_console(struct parador_handle *h, int argc, char **argv)
{
    domid_t domid;
    bool ended;
    int o;

    while ((o = command_option(argc, argv, "t:n:e:")) != -1) {
        if (o == 't' && strcmp(optarg, "pv") != 0)
            return command_misused(argv, "paravirtual guests have consoles of type pv only");
        if (o == 'n' && strcmp(optarg, "0") != 0)
            return command_misused(argv, "there is only console 0");
        if (o == '?')
            return 2;
    }
    if (optind + 1 != argc)
        return command_misused(argv, "name one domain");
    if (!command_domain(h, argv[optind], &domid))
        return 1;
    return console_attach(h, domid, &ended);
}
