/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's side of CPUs, made of paper: CPUs 0-3; pool 0 with 0 and 1, pool 1 with 2, and 3
 * is free. FAKE_SCHED is the number of pool 1's scheduler, FAKE_XEN=1 takes the control hypercall
 * away, FAKE_BUSY_CPU is a CPU that cannot change its pool, FAKE_PINNED_CPU one that a vcpu needs,
 * FAKE_BUSY_VCPU a vcpu that cannot be pinned, FAKE_RESERVED the reservation of domain 1, and
 * FAKE_MOVE the errno of moving a domain. FAKE_EMPTY=1 takes the domain out of pool 1, FAKE_LATE=1
 * brings another one when the pool is to end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest.h"
#include "lib/internal.h"

#define CAPACITY 200
#define RESERVED 150

static uint64_t pools[4] = { 0x3, 0x4 };
static bool made[4] = { true, true };

static long environment(const char *name, long otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtol(text, NULL, 0) : otherwise;
}

static uint32_t scheduler_of(uint32_t pool)
{
    return pool == 1 ? (uint32_t)environment("FAKE_SCHED", XEN_SCHEDULER_CREDIT2)
                     : XEN_SCHEDULER_CREDIT2;
}

void *parador_hcbuf_alloc(struct parador_handle *h, size_t size)
{
    (void)h;
    return calloc(1, size);
}

void parador_hcbuf_free(struct parador_handle *h, void *buf, size_t size)
{
    (void)h;
    (void)size;
    free(buf);
}

int parador_topology(struct parador_handle *h, struct parador_topology *topo)
{
    (void)h;
    memset(topo, 0, sizeof(*topo));
    topo->cpus.words[0] = 0xf;
    return 0;
}

int parador_debug_keys(struct parador_handle *h, const char *keys)
{
    (void)h;
    printf("call: keys %s\n", keys);
    return 0;
}

static int failed(struct parador_handle *h, int err)
{
    return parador_fail(h, err, "%s", strerror(err));
}

static int affinity(struct parador_handle *h, struct xen_domctl *op)
{
    struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    uint64_t *hard = (uint64_t *)(uintptr_t)a->cpumap_hard.bitmap;
    uint64_t *soft = (uint64_t *)(uintptr_t)a->cpumap_soft.bitmap;

    if (op->cmd == XEN_DOMCTL_getvcpuaffinity) {
        *hard = a->vcpu == 1 ? 0x3 : 0xf;
        *soft = a->vcpu == 1 ? 0x1 : 0xf;
        return 0;
    }
    if ((long)a->vcpu == environment("FAKE_BUSY_VCPU", -1) && !(a->flags & XEN_VCPUAFFINITY_FORCE))
        return failed(h, EBUSY);
    printf("call: pin %u.%u hard=%s%llx soft=%s%llx%s\n", op->domain, a->vcpu,
           a->flags & XEN_VCPUAFFINITY_HARD ? "" : "-", (unsigned long long)*hard,
           a->flags & XEN_VCPUAFFINITY_SOFT ? "" : "-", (unsigned long long)*soft,
           a->flags & XEN_VCPUAFFINITY_FORCE ? " force" : "");
    return 0;
}

static int shares(struct parador_handle *h, struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

    if (environment("FAKE_XEN", 0) == 0)
        return failed(h, ENOSYS);
    if (s->cmd == XEN_DOMCTL_SCHEDOP_getinfo) {
        s->u.credit2.weight = 300 + op->domain;
        s->u.credit2.cap = 0;
        return 0;
    }
    printf("call: domctl shares %u weight=%u cap=%u\n", op->domain, s->u.credit2.weight,
           s->u.credit2.cap);
    return 0;
}

int parador_domctl(struct parador_handle *h, struct xen_domctl *op)
{
    switch (op->cmd) {
    case XEN_DOMCTL_getvcpuinfo:
        op->u.getvcpuinfo.online = op->u.getvcpuinfo.vcpu == 0;
        op->u.getvcpuinfo.blocked = 1;
        op->u.getvcpuinfo.cpu_time = 1500000000;
        return 0;
    case XEN_DOMCTL_getvcpuaffinity:
    case XEN_DOMCTL_setvcpuaffinity:
        return affinity(h, op);
    case XEN_DOMCTL_scheduler_op:
        return shares(h, op);
    default:
        return failed(h, ENOSYS);
    }
}

int parador_control_sched_get(struct parador_handle *h, domid_t domid,
                              struct parador_sched_params *p)
{
    struct xen_domctl_getdomaininfo info;

    if (environment("FAKE_XEN", 0) != 0)
        return failed(h, ENOSYS);
    if (parador_domain_info(h, domid, &info) != 0)
        return -1;
    *p = (struct parador_sched_params){
        .weight = 256u + domid, .cap = domid == 1 ? 150 : 0,
        .reservation = domid == 1 ? (uint32_t)environment("FAKE_RESERVED", 25) : 0,
        .pool = info.cpupool, .capacity = CAPACITY, .reserved = RESERVED,
        .sched_id = scheduler_of(info.cpupool),
    };
    return 0;
}

int parador_control_sched_set(struct parador_handle *h, domid_t domid,
                              struct parador_sched_params *p)
{
    if (environment("FAKE_XEN", 0) != 0)
        return failed(h, ENOSYS);
    p->capacity = CAPACITY;
    p->reserved = RESERVED;
    if (scheduler_of(domid == 5) == XEN_SCHEDULER_CREDIT && (p->flags & ~PARADOR_SCHED_WEIGHT))
        return failed(h, EOPNOTSUPP);
    if ((p->flags & PARADOR_SCHED_RESERVATION) && p->reservation + RESERVED > CAPACITY)
        return failed(h, ENOSPC);
    printf("call: shares %u flags=%u weight=%u cap=%u reservation=%u\n", domid, p->flags, p->weight,
           p->cap, p->reservation);
    return 0;
}

static int pool_info(struct parador_handle *h, struct xen_sysctl_cpupool_op *p, uint64_t *map)
{
    if (environment("FAKE_ALONE", 0) != 0)
        made[1] = false;
    while (p->cpupool_id < 4 && !made[p->cpupool_id])
        p->cpupool_id++;
    if (p->cpupool_id >= 4)
        return failed(h, ENOENT);
    p->sched_id = scheduler_of(p->cpupool_id);
    p->n_dom = p->cpupool_id == 0 ? 3 : environment("FAKE_EMPTY", 0) ? 0 : p->cpupool_id == 1;
    *map = pools[p->cpupool_id];
    return 0;
}

static int pool_make(struct parador_handle *h, struct xen_sysctl_cpupool_op *p)
{
    if (p->sched_id == XEN_SCHEDULER_RTDS)
        return failed(h, EINVAL);
    p->cpupool_id = 2;
    made[2] = true;
    printf("call: pool 2 sched=%u\n", p->sched_id);
    return 0;
}

int parador_sysctl(struct parador_handle *h, struct xen_sysctl *op)
{
    struct xen_sysctl_cpupool_op *p = &op->u.cpupool_op;
    uint64_t *map = (uint64_t *)(uintptr_t)p->cpumap.bitmap;

    if (op->cmd == XEN_SYSCTL_sched_id) {
        op->u.sched_id.sched_id = XEN_SCHEDULER_CREDIT2;
        return 0;
    }
    if (op->cmd == XEN_SYSCTL_scheduler_op) {
        if (op->u.scheduler_op.cmd == XEN_SYSCTL_SCHEDOP_getinfo)
            op->u.scheduler_op.u.sched_credit2.ratelimit_us = 1000;
        else
            printf("call: ratelimit %u %u\n", op->u.scheduler_op.cpupool_id,
                   op->u.scheduler_op.u.sched_credit2.ratelimit_us);
        return 0;
    }
    if (op->cmd != XEN_SYSCTL_cpupool_op)
        return failed(h, ENOSYS);
    switch (p->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return pool_info(h, p, map);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        *map = 0x8;
        return 0;
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return pool_make(h, p);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        if (environment("FAKE_LATE", 0) != 0)
            return failed(h, EBUSY);
        printf("call: end pool %u\n", p->cpupool_id);
        return 0;
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        if (environment("FAKE_MOVE", 0) != 0)
            return failed(h, (int)environment("FAKE_MOVE", 0));
        printf("call: move %u to %u\n", p->domid, p->cpupool_id);
        return 0;
    default:
        if ((long)p->cpu == environment("FAKE_BUSY_CPU", -1))
            return failed(h, EBUSY);
        if ((long)p->cpu == environment("FAKE_PINNED_CPU", -1))
            return failed(h, EADDRINUSE);
        printf("call: %s CPU %u pool %u\n",
               p->op == XEN_SYSCTL_CPUPOOL_OP_ADDCPU ? "add" : "remove", p->cpu, p->cpupool_id);
        return 0;
    }
}
