/* SPDX-License-Identifier: MIT */
/* How a guest runs: the const operations that a vehicle (pv) gives to the core. */
#ifndef CORE_VEHICLE_H
#define CORE_VEHICLE_H

#include <stdbool.h>
#include <stdint.h>

struct domain;
struct vcpu;
struct vcpu_guest_context;
struct trap_frame;

struct vehicle_ops {
    const char *name;
    /* Allocate zeroed objects that embed ours as first member; NULL: no memory. */
    struct domain *(*domain_alloc)(void);
    struct vcpu *(*vcpu_alloc)(void);
    void (*domain_free)(struct domain *d);
    void (*vcpu_free)(struct vcpu *v);
    /* After the core has initialised its part. 0 or -errno, with nothing left behind. */
    int (*domain_init)(struct domain *d);
    int (*vcpu_init)(struct vcpu *v);
    void (*vcpu_destroy)(struct vcpu *v);
    void (*domain_destroy)(struct domain *d);
    /* Gives up page tables, pins, descriptor tables; resumable: -ERESTART asks to be called again. */
    int (*domain_relinquish)(struct domain *d);
    /* Boot state of a vcpu, fully checked (domctl setvcpucontext, VCPUOP_initialise). */
    int (*vcpu_set_context)(struct vcpu *v, const struct vcpu_guest_context *c);
    void (*vcpu_get_context)(struct vcpu *v, struct vcpu_guest_context *c);
    /*
     * Leave and enter a vcpu on this CPU, interrupts off. switch_to also loads CR3 and descriptors; the core
     * replaces CR3 after switch_from and keeps the domain's dirty_cpumask.
     */
    void (*switch_from)(struct vcpu *v);
    void (*switch_to)(struct vcpu *v);
    /*
     * The current vcpu's registers may belong to its user half, where kernel addresses are not mapped:
     * makes its kernel half's address space the loaded one (on), and puts the right one back. Interrupts off.
     * NULL when kernel addresses are always mapped.
     */
    void (*kernel_view)(struct vcpu *v, bool on);
    /* Runs the vcpu that switch_to has loaded; the stack below is given up. */
    void (*enter)(void) __attribute__((noreturn));
    /*
     * Grant mappings at guest addresses. host_addr is a linear address, or with GNTMAP_contains_pte
     * a machine address of a PTE. The caller holds references for the grant handle; the entry written
     * takes its own (a guest may drop its page tables without unmapping), so neither can leak the other's.
     */
    int (*grant_map)(struct vcpu *v, uint64_t host_addr, uint64_t mfn, uint32_t gnt_flags);
    /* new_addr 0: clear; else gnttab_unmap_and_replace. -errno when the entry does not map mfn. The caller flushes. */
    int (*grant_unmap)(struct vcpu *v, uint64_t host_addr, uint64_t mfn, uint32_t gnt_flags,
                       uint64_t new_addr);
    /* Stops holding a typed reference taken by page_get_type below. */
    int (*page_get_type)(void *page_info, uint64_t type);
    void (*page_put_type)(void *page_info);
    /* Registers and stack of a vcpu, for the debug keys and crash reports. */
    void (*dump)(struct vcpu *v);
};

#endif
