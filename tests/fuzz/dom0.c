/* SPDX-License-Identifier: MIT */
/*
 * In dom0: control calls with random arguments about one domain, which may suffer; and maps of its
 * frames meanwhile. usage: fuzz-dom0 DOMID SEED CALLS; fuzz-dom0 DOMID:
 * where its vcpus are; fuzz-dom0 free: how many frames are.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/parador.h"

#define ARGUMENT_BYTES 4096

static uint64_t state;
static struct parador_handle *handle;
static uint16_t target;
static char *memory; /* two pages, the second not there */

static uint64_t draw(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dULL;
}

static uint64_t below(uint64_t n)
{
    return (draw() >> 11) % n;
}

static uint64_t a_value(void)
{
    static const uint64_t edges[] = {
        0x7fffffff, 0x80000000, 0xffffffff, 1ULL << 32, 1ULL << 63, ~0ULL, 0x0000800000000000ULL,
        0xffff830000000000ULL, 0xffff800000000000ULL, 8, 0xfff, 0x1000, 0x8000, 0x7ff0, 0x7ff1,
    };

    switch (below(8)) {
    case 0: return edges[below(sizeof(edges) / sizeof(edges[0]))];
    case 1: return draw();
    case 2: return (uint64_t)memory + below(ARGUMENT_BYTES);
    case 3: return (uint64_t)memory + ARGUMENT_BYTES - 8;
    case 4: return below(1 << 17);
    default: return below(5);
    }
}

/* Random words at once, so that narrow fields get something as well. */
static void fill(char *at, size_t size)
{
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t value = a_value();

        if (below(3) == 0)
            value = (uint32_t)value | a_value() << 32;
        memcpy(at + i, &value, sizeof(value));
    }
}

/* Ours, one that is not there, or a number that is none; never dom0 or a bystander. */
static uint16_t a_domain(void)
{
    static const uint16_t others[] = { 0x7fef, 0x7ff1, 0x7ff2, 0x7ff4, 0x7fff, 0x8000, 0xffff };

    return below(8) ? target : others[below(sizeof(others) / sizeof(others[0]))];
}

/* What it does to the target is its right; those left out change the machine or another domain. */
static void control(void)
{
    struct xen_domctl *op = (struct xen_domctl *)memory;

    fill(memory, sizeof(*op));
    op->interface_version = below(32) ? XEN_DOMCTL_INTERFACE_VERSION : draw();
    op->cmd = below(32) ? 1 + below(87) : draw();
    op->domain = a_domain();
    switch (op->cmd) {
    case XEN_DOMCTL_createdomain:      /* it would have to be found and destroyed */
    case XEN_DOMCTL_destroydomain:     /* the caller's, in the end */
    case XEN_DOMCTL_set_virq_handler:  /* takes dom0's */
    case XEN_DOMCTL_ioport_permission: /* dom0's own devices, in the guest's hands */
    case XEN_DOMCTL_iomem_permission:
    case XEN_DOMCTL_irq_permission:
        return;
    case XEN_DOMCTL_pausedomain: /* or there would be nothing to watch */
        op->cmd = XEN_DOMCTL_unpausedomain;
        break;
    }
    parador_hypercall(handle, __HYPERVISOR_domctl, (uint64_t)op, 0, 0, 0, 0);
}

static void system_wide(void)
{
    struct xen_sysctl *op = (struct xen_sysctl *)memory;

    fill(memory, sizeof(*op));
    op->interface_version = below(32) ? XEN_SYSCTL_INTERFACE_VERSION : draw();
    op->cmd = below(32) ? below(32) : draw();
    if (op->cmd == XEN_SYSCTL_debug_keys || op->cmd == XEN_SYSCTL_cpu_hotplug ||
        op->cmd == XEN_SYSCTL_readconsole)
        return;
    parador_hypercall(handle, __HYPERVISOR_sysctl, (uint64_t)op, 0, 0, 0, 0);
}

static void about_memory(void)
{
    static const uint8_t commands[] = { 0, 1, 3, 4, 5, 6, 9, 10, 11, 12, 14, 24, 25, 26, 27, 28 };
    struct xen_memory_reservation *op = (struct xen_memory_reservation *)memory;

    fill(memory, 256);
    if (below(2)) {
        op->extent_start = (uint64_t)memory + 1024;
        op->nr_extents = below(5);
        op->extent_order = below(3);
        op->mem_flags = 0;
        op->domid = target;
        fill(memory + 1024, 64);
    } else {
        memcpy(memory, &target, sizeof(target));
    }
    /* A reservation of dom0's own must not be meant. */
    if (op->domid != target && op->domid < 0x7ff4)
        op->domid = target;
    parador_hypercall(handle, __HYPERVISOR_memory_op, commands[below(sizeof(commands))],
                      (uint64_t)memory, 0, 0, 0);
}

static void map_some(void)
{
    uint64_t frames[4];
    size_t count = 1 + below(4);
    void *at;

    for (size_t i = 0; i < count; i++)
        frames[i] = below(8) ? below(1 << 19) : draw();
    at = parador_foreign_map(handle, target, below(2) ? PROT_READ : PROT_READ | PROT_WRITE, count,
                             frames);
    parador_foreign_unmap(handle, at, count);
}

/* Where the target's vcpus are: for a guest that does not end. */
static int print_where(void)
{
    struct xen_domctl *op = (struct xen_domctl *)memory;
    struct vcpu_guest_context *context = parador_hcbuf_alloc(handle, sizeof(*context));

    for (unsigned vcpu = 0; context && vcpu < 2; vcpu++) {
        memset(op, 0, sizeof(*op));
        op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        op->cmd = XEN_DOMCTL_getvcpucontext;
        op->domain = target;
        op->u.vcpucontext.vcpu = vcpu;
        op->u.vcpucontext.ctxt = (uint64_t)context;
        if (parador_hypercall(handle, __HYPERVISOR_domctl, (uint64_t)op, 0, 0, 0, 0) == 0)
            printf("  vcpu %u: rip %llx rax %llx rdi %llx rsi %llx rsp %llx\n", vcpu,
                   (unsigned long long)context->user_regs.rip,
                   (unsigned long long)context->user_regs.rax,
                   (unsigned long long)context->user_regs.rdi,
                   (unsigned long long)context->user_regs.rsi,
                   (unsigned long long)context->user_regs.rsp);
    }
    return 0;
}

static int print_free(void)
{
    struct xen_sysctl op = {
        .cmd = XEN_SYSCTL_physinfo, .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
    };

    memcpy(memory, &op, sizeof(op));
    if (parador_hypercall(handle, __HYPERVISOR_sysctl, (uint64_t)memory, 0, 0, 0, 0) != 0) {
        perror("fuzz-dom0: physinfo");
        return 1;
    }
    printf("%llu\n", (unsigned long long)((struct xen_sysctl *)memory)->u.physinfo.free_pages);
    return 0;
}

int main(int argc, char **argv)
{
    handle = parador_open();
    memory = mmap(NULL, 2 * ARGUMENT_BYTES, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (!handle || memory == MAP_FAILED || munmap(memory + ARGUMENT_BYTES, ARGUMENT_BYTES) != 0 ||
        mlock(memory, ARGUMENT_BYTES) != 0) {
        perror("fuzz-dom0");
        return 1;
    }
    if (argc == 2 && strcmp(argv[1], "free") == 0)
        return print_free();
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: fuzz-dom0 DOMID SEED CALLS | fuzz-dom0 DOMID | fuzz-dom0 free\n");
        return 2;
    }
    target = strtoul(argv[1], NULL, 10);
    if (argc == 2)
        return print_where();
    state = strtoul(argv[2], NULL, 10) * 0x9e3779b97f4a7c15ULL + 1;
    for (unsigned long n = strtoul(argv[3], NULL, 10); n > 0; n--) {
        switch (below(8)) {
        case 0: system_wide(); break;
        case 1: about_memory(); break;
        case 2: map_some(); break;
        default: control(); break;
        }
    }
    return 0;
}
