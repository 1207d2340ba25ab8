/* SPDX-License-Identifier: MIT */
/* Hypercalls through privcmd, and what the hypervisor says of itself. */
#include "lib/internal.h"

#include <errno.h>
#include <string.h>

#include "lib/linux_privcmd.h"

long parador_hypercall(struct parador_handle *h, unsigned op, uint64_t a1, uint64_t a2, uint64_t a3,
                       uint64_t a4, uint64_t a5)
{
    struct linux_privcmd_hypercall call = {.op = op, .arg = {a1, a2, a3, a4, a5}};
    int fd = handle_privcmd(h);

    if (fd < 0)
        return -1;
    return ioctl(fd, LINUX_PRIVCMD_HYPERCALL, &call);
}

int control_call(struct parador_handle *h, unsigned call, const char *name, void *op, size_t size)
{
    uint32_t head[2]; /* both structures begin with command and interface version */
    void *buf = parador_hcbuf_alloc(h, size);
    long ret;

    if (!buf)
        return -1;
    memcpy(head, op, sizeof(head));
    memcpy(buf, op, size);
    ret = parador_hypercall(h, call, (uintptr_t)buf, 0, 0, 0, 0);
    memcpy(op, buf, size);
    parador_hcbuf_free(h, buf, size);
    if (ret >= 0)
        return 0;
    if (h->privcmd_fd < 0)
        return -1;
    if (errno == EACCES)
        return parador_fail(h, EACCES, "the hypervisor does not speak %s version 0x%x", name,
                            head[1]);
    return parador_fail(h, errno, "%s %u: %s", name, head[0], strerror(errno));
}

/* One XENVER_ string into a field; an operation that is refused leaves it empty. */
static void version_string(struct parador_handle *h, unsigned cmd, char *buf, size_t buf_size,
                           char *out, size_t size)
{
    memset(buf, 0, buf_size);
    if (parador_hypercall(h, __HYPERVISOR_xen_version, cmd, (uintptr_t)buf, 0, 0, 0) < 0)
        return;
    memcpy(out, buf, size);
    out[size - 1] = '\0';
}

int parador_version(struct parador_handle *h, struct parador_version *version)
{
    struct xen_compile_info *compile;
    struct xen_platform_parameters *platform;
    long value;
    char *buf = parador_hcbuf_alloc(h, FRAME_SIZE);

    if (!buf)
        return -1;
    memset(version, 0, sizeof(*version));
    value = parador_hypercall(h, __HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0);
    if (value < 0) {
        if (h->privcmd_fd >= 0)
            handle_fail_errno(h, "the hypervisor does not tell its version");
        parador_hcbuf_free(h, buf, FRAME_SIZE);
        return -1;
    }
    version->major = (unsigned)value >> 16;
    version->minor = (unsigned)value & 0xffff;

    version_string(h, XENVER_extraversion, buf, FRAME_SIZE, version->extra, sizeof(version->extra));
    version_string(h, XENVER_capabilities, buf, FRAME_SIZE, version->capabilities,
                   sizeof(version->capabilities));
    version_string(h, XENVER_changeset, buf, FRAME_SIZE, version->changeset,
                   sizeof(version->changeset));
    version_string(h, XENVER_commandline, buf, FRAME_SIZE, version->command_line,
                   sizeof(version->command_line));

    memset(buf, 0, FRAME_SIZE);
    compile = (struct xen_compile_info *)buf;
    if (parador_hypercall(h, __HYPERVISOR_xen_version, XENVER_compile_info, (uintptr_t)buf, 0, 0,
                          0) >= 0) {
        memcpy(version->compiler, compile->compiler, sizeof(version->compiler) - 1);
        memcpy(version->compile_by, compile->compile_by, sizeof(version->compile_by) - 1);
        memcpy(version->compile_domain, compile->compile_domain,
               sizeof(version->compile_domain) - 1);
        memcpy(version->compile_date, compile->compile_date, sizeof(version->compile_date) - 1);
    }

    memset(buf, 0, FRAME_SIZE);
    platform = (struct xen_platform_parameters *)buf;
    if (parador_hypercall(h, __HYPERVISOR_xen_version, XENVER_platform_parameters, (uintptr_t)buf,
                          0, 0, 0) >= 0)
        version->virt_start = platform->virt_start;
    value = parador_hypercall(h, __HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0, 0);
    version->page_size = value > 0 ? (unsigned)value : (unsigned)FRAME_SIZE;
    parador_hcbuf_free(h, buf, FRAME_SIZE);
    return 0;
}
