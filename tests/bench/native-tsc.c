/* SPDX-License-Identifier: MIT */
/*
 * native-tsc DOMID: lets a domain read the time stamp counter itself. Xen emulates it where the
 * processor does not promise a constant rate, as QEMU's does not; that would be measured instead
 * of the scheduler.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "public/domctl.h"
#include "public/hypercall.h"

struct privcmd_hypercall {
    uint64_t op, arg[5];
};

int main(int argc, char **argv)
{
    struct xen_domctl *op;
    struct privcmd_hypercall call = { .op = __HYPERVISOR_domctl };
    int fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);

    op = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
    if (argc != 2 || fd < 0 || op == MAP_FAILED) {
        fprintf(stderr, "native-tsc: one domid, in dom0\n");
        return 2;
    }
    memset(op, 0, sizeof(*op));
    op->cmd = XEN_DOMCTL_settscinfo;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = (domid_t)atoi(argv[1]);
    op->u.tsc_info.tsc_mode = 2;
    call.arg[0] = (uintptr_t)op;
    if (ioctl(fd, _IOC(_IOC_NONE, 'P', 0, sizeof(call)), &call) != 0) {
        perror("native-tsc");
        return 1;
    }
    return 0;
}
