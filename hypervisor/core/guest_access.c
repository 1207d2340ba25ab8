/* SPDX-License-Identifier: MIT */
/* The one door to memory at guest addresses. */
#include "core/guest_access.h"

#include "hw/layout.h"
#include "hw/usercopy.h"
#include "lib/errno.h"

/* Lies in the hypervisor's range for any length, so every access refuses it. */
#define GUEST_PTR_INVALID HV_VIRT_START

struct guest_ptr guest_ptr_at(struct guest_ptr p, uint64_t i, size_t size)
{
    uint64_t offset, va;

    if (__builtin_mul_overflow(i, (uint64_t)size, &offset) ||
        __builtin_add_overflow(p.va, offset, &va))
        return guest_ptr(GUEST_PTR_INVALID);
    return guest_ptr(va);
}

/*
 * Non-canonical addresses pass: touching one faults, and the copy routines survive that. So only
 * our own range has to be kept out, and a length that runs into it or around the end.
 */
bool guest_range_ok(uint64_t va, uint64_t len)
{
    uint64_t end;

    if (__builtin_add_overflow(va, len, &end))
        return false;
    return end <= HV_VIRT_START || va >= HV_VIRT_END;
}

int copy_from_guest(void *dst, struct guest_ptr src, size_t len)
{
    if (!guest_range_ok(src.va, len) || usercopy_from(dst, (const void *)src.va, len))
        return -EFAULT;
    return 0;
}

int copy_to_guest(struct guest_ptr dst, const void *src, size_t len)
{
    if (!guest_range_ok(dst.va, len) || usercopy_to((void *)dst.va, src, len))
        return -EFAULT;
    return 0;
}

int clear_guest(struct guest_ptr dst, size_t len)
{
    if (!guest_range_ok(dst.va, len) || usercopy_clear((void *)dst.va, len))
        return -EFAULT;
    return 0;
}
