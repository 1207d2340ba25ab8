/* SPDX-License-Identifier: MIT */
/* Bridges and interfaces by ioctl; new interfaces are announced by the kernel over rtnetlink. */
#include "devices/network.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int network_check_bridge(struct parador_handle *h, const char *name)
{
    char path[64];

    if (strlen(name) >= IFNAMSIZ || strchr(name, '/'))
        return parador_fail(h, EINVAL, "\"%s\" cannot be a bridge's name", name);
    if (!if_nametoindex(name))
        return parador_fail(h, ENODEV,
                            "there is no bridge %s: make it (ip link add %s type bridge; "
                            "ip link set %s up) or name another with bridge=", name, name, name);
    snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", name);
    if (access("/sys/class/net", F_OK) == 0 && access(path, F_OK) < 0)
        return parador_fail(h, ENODEV, "%s is an interface, but not a bridge", name);
    return 0;
}

int network_listen(struct parador_handle *h)
{
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    parador_fail(h, errno, "cannot listen for new network interfaces: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int network_wait(struct parador_handle *h, int listener, const char *name, int timeout_ms)
{
    int64_t end = now_ms() + timeout_ms, left;
    char ignored[8192];

    /*
     * The message only wakes us: whether the interface exists is asked anew, so none can be missed.
     */
    while (!if_nametoindex(name)) {
        struct pollfd poller = {.fd = listener, .events = POLLIN};

        left = end - now_ms();
        if (left <= 0)
            return parador_fail(h, ETIMEDOUT, "interface %s did not appear: is the network "
                                              "back-end (xen-netback) working?", name);
        if (poll(&poller, 1, (int)left) < 0 && errno != EINTR)
            return parador_fail(h, errno, "cannot wait for %s: %s", name, strerror(errno));
        while (recv(listener, ignored, sizeof(ignored), 0) > 0)
            continue;
    }
    return 0;
}

/* One ioctl on an interface; -1 with a sentence. */
static int interface_ioctl(struct parador_handle *h, int fd, unsigned long request,
                           struct ifreq *ifr, const char *what)
{
    if (ioctl(fd, request, ifr) == 0)
        return 0;
    return parador_fail(h, errno, "cannot %s %s: %s", what, ifr->ifr_name, strerror(errno));
}

static void set_name(char *field, const char *name)
{
    snprintf(field, IFNAMSIZ, "%s", name);
}

int network_join(struct parador_handle *h, const char *name, const char *new_name,
                 const char *bridge)
{
    struct ifreq ifr = {0};
    int ret, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return parador_fail(h, errno, "cannot open a socket: %s", strerror(errno));
    ret = 0;
    if (new_name && strcmp(new_name, name) != 0) {
        set_name(ifr.ifr_name, name);
        set_name(ifr.ifr_newname, new_name);
        ret = interface_ioctl(h, fd, SIOCSIFNAME, &ifr, "rename");
        name = new_name;
    }
    if (ret == 0) {
        memset(&ifr, 0, sizeof(ifr));
        set_name(ifr.ifr_name, bridge);
        ifr.ifr_ifindex = (int)if_nametoindex(name);
        ret = interface_ioctl(h, fd, SIOCBRADDIF, &ifr, "add an interface to bridge");
    }
    if (ret == 0) {
        memset(&ifr, 0, sizeof(ifr));
        set_name(ifr.ifr_name, name);
        ret = interface_ioctl(h, fd, SIOCGIFFLAGS, &ifr, "look at");
        ifr.ifr_flags |= IFF_UP;
        if (ret == 0)
            ret = interface_ioctl(h, fd, SIOCSIFFLAGS, &ifr, "bring up");
    }
    close(fd);
    return ret;
}
