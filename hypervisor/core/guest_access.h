/* SPDX-License-Identifier: MIT */
/* The one door to memory at guest addresses. */
#ifndef CORE_GUEST_ACCESS_H
#define CORE_GUEST_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hw/layout.h"
#include "hw/smap.h"
#include "hw/traps.h"

/* An address in the current vcpu's kernel address space: its own type, so it cannot be dereferenced. */
struct guest_ptr {
    uint64_t va;
};

static inline struct guest_ptr guest_ptr(uint64_t va) { return (struct guest_ptr){ va }; }
/* Element i of an array of `size`-byte elements; an overflow gives an address that every access refuses. */
struct guest_ptr guest_ptr_at(struct guest_ptr p, uint64_t i, size_t size);
static inline bool guest_ptr_null(struct guest_ptr p) { return p.va == 0; }

/* [va, va+len) lies wholly outside the hypervisor's range and does not wrap. */
bool guest_range_ok(uint64_t va, uint64_t len);

/* 0 or -EFAULT. Interrupts on. Each byte is read once: validate the copy. */
int copy_from_guest(void *dst, struct guest_ptr src, size_t len);
int copy_to_guest(struct guest_ptr dst, const void *src, size_t len);
int clear_guest(struct guest_ptr dst, size_t len);

/*
 * As copy_to_guest() of one word; false: -EFAULT. Where it begins decides: what lies below our range
 * is not canonical, so that a word which reaches into it faults at its first byte.
 */
static inline bool guest_write_word(uint64_t va, uint64_t value)
{
    if (va - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START)
        return false;
    smap_allow();
    __asm__ goto("1: movq %1, %0\n" EXTABLE("1b", "%l[fault]")
                 :: "m"(*(uint64_t *)va), "r"(value) : "memory" : fault);
    smap_forbid();
    return true;
fault:
    smap_forbid();
    return false;
}

/* Likewise copy_from_guest() of two bytes. */
static inline bool guest_read_half(uint64_t va, uint16_t *out)
{
    if (va - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START)
        return false;
    smap_allow();
    __asm__ goto("1: movw %1, %0\n" EXTABLE("1b", "%l[fault]")
                 : "=r"(*out) : "m"(*(const uint16_t *)va) : "memory" : fault);
    smap_forbid();
    return true;
fault:
    smap_forbid();
    return false;
}

/* And of two words that lie in one page. */
static inline bool guest_read_pair(uint64_t va, uint64_t out[2])
{
    const uint64_t *p = (const uint64_t *)va;

    if (va - HV_VIRT_START < HV_VIRT_END - HV_VIRT_START)
        return false;
    smap_allow();
    __asm__ goto("1: mov %2, %0\n" EXTABLE("1b", "%l[fault]")
                 "2: mov %3, %1\n" EXTABLE("2b", "%l[fault]")
                 : "=&r"(out[0]), "=&r"(out[1]) : "m"(p[0]), "m"(p[1]) : "memory" : fault);
    smap_forbid();
    return true;
fault:
    smap_forbid();
    return false;
}

#endif
