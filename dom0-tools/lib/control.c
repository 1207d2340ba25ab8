/* SPDX-License-Identifier: MIT */
/* Shares of CPU time, and accounts of CPU time and memory: the control hypercall. */
#include "lib/internal.h"

#include <errno.h>
#include <string.h>

int parador_control(struct parador_handle *h, struct parador_control *op)
{
    struct parador_control *buf = parador_hcbuf_alloc(h, sizeof(*buf));
    long ret;

    if (!buf)
        return -1;
    *buf = *op;
    buf->interface_version = PARADOR_CONTROL_INTERFACE_VERSION;
    ret = parador_hypercall(h, PARADOR_HYPERCALL_control, (uintptr_t)buf, 0, 0, 0, 0);
    *op = *buf;
    parador_hcbuf_free(h, buf, sizeof(*buf));
    if (ret >= 0)
        return 0;
    if (h->privcmd_fd < 0)
        return -1;
    if (errno == EACCES)
        return parador_fail(h, EACCES, "the hypervisor does not speak control version 0x%x",
                            PARADOR_CONTROL_INTERFACE_VERSION);
    if (errno == ENOSYS)
        return parador_fail(h, ENOSYS, "the hypervisor has no control hypercall");
    return parador_fail(h, errno, "control %u: %s", op->cmd, strerror(errno));
}

int parador_control_sched_get(struct parador_handle *h, domid_t domid,
                              struct parador_sched_params *params)
{
    struct parador_control op = {.cmd = PARADOR_CONTROL_sched_get, .domain = domid};

    if (parador_control(h, &op) < 0)
        return parador_fail_in(h, "cannot read the shares of domain %u", domid);
    *params = op.u.sched;
    return 0;
}

int parador_control_sched_set(struct parador_handle *h, domid_t domid,
                              struct parador_sched_params *params)
{
    struct parador_control op = {
        .cmd = PARADOR_CONTROL_sched_set, .domain = domid, .u.sched = *params,
    };
    int ret = parador_control(h, &op);

    *params = op.u.sched;
    return ret < 0 ? parador_fail_in(h, "cannot set the shares of domain %u", domid) : 0;
}

/*
 * Asks for up to max records of `size` bytes: *address is the field of *op that says where, *nr
 * the one with the room, in which the hypervisor answers how many it filled. It stops early when
 * its CPU has other work: go_on then changes *op to continue behind the record `last`. NULL: it
 * never does. Returns how many there are.
 */
static int get_records(struct parador_handle *h, struct parador_control *op, uint64_t *address,
                       uint32_t *nr, void *list, unsigned max, size_t size,
                       void (*go_on)(struct parador_control *op, const void *last))
{
    char *buf = max ? parador_hcbuf_alloc(h, max * size) : NULL;
    unsigned done = 0, filled;

    if (max && !buf)
        return -1;
    do {
        *address = (uintptr_t)buf + done * size;
        *nr = max - done;
        if (parador_control(h, op) < 0) {
            parador_hcbuf_free(h, buf, max * size);
            return -1;
        }
        filled = *nr < max - done ? *nr : max - done;
        done += filled;
        if (filled && go_on)
            go_on(op, buf + (done - 1) * size);
    } while (go_on && filled && done < max);
    if (done)
        memcpy(list, buf, done * size);
    parador_hcbuf_free(h, buf, max * size);
    return (int)done;
}

static void next_domain(struct parador_control *op, const void *last)
{
    op->u.usage_domains.first = ((const struct parador_domain_usage *)last)->domid + 1;
}

static void next_retired(struct parador_control *op, const void *last)
{
    op->u.usage_retired.first = ((const struct parador_domain_usage *)last)->sequence + 1;
}

int parador_control_usage_host(struct parador_handle *h, struct parador_usage_host *host,
                               struct parador_cpu_usage *cpus, unsigned max)
{
    struct parador_control op = {.cmd = PARADOR_CONTROL_usage_host};
    int ret = get_records(h, &op, &op.u.usage_host.cpus, &op.u.usage_host.nr_cpus, cpus, max,
                          sizeof(*cpus), NULL);

    if (ret < 0)
        return parador_fail_in(h, "cannot read the accounts of the machine");
    *host = op.u.usage_host;
    host->cpus = (uintptr_t)cpus;
    return ret;
}

int parador_control_usage_domains(struct parador_handle *h, domid_t first,
                                  struct parador_domain_usage *list, unsigned max)
{
    struct parador_control op = {
        .cmd = PARADOR_CONTROL_usage_domains, .u.usage_domains.first = first,
    };
    int ret = get_records(h, &op, &op.u.usage_domains.domains, &op.u.usage_domains.nr, list, max,
                          sizeof(*list), next_domain);

    return ret < 0 ? parador_fail_in(h, "cannot read the accounts of the domains") : ret;
}

int parador_control_usage_vcpus(struct parador_handle *h, domid_t domid, unsigned first,
                                struct parador_vcpu_usage *list, unsigned max, uint64_t *now_ns)
{
    struct parador_control op = {
        .cmd = PARADOR_CONTROL_usage_vcpus,
        .u.usage_vcpus = {.domain = domid, .first = first},
    };
    int ret = get_records(h, &op, &op.u.usage_vcpus.vcpus, &op.u.usage_vcpus.nr, list, max,
                          sizeof(*list), NULL);

    if (ret < 0)
        return parador_fail_in(h, "cannot read the accounts of domain %u's vcpus", domid);
    *now_ns = op.u.usage_vcpus.now_ns;
    return ret;
}

int parador_control_usage_retired(struct parador_handle *h, uint64_t first,
                                  struct parador_domain_usage *list, unsigned max)
{
    struct parador_control op = {
        .cmd = PARADOR_CONTROL_usage_retired, .u.usage_retired.first = first,
    };
    int ret = get_records(h, &op, &op.u.usage_retired.domains, &op.u.usage_retired.nr, list, max,
                          sizeof(*list), next_retired);

    return ret < 0 ? parador_fail_in(h, "cannot read the accounts of gone domains") : ret;
}
