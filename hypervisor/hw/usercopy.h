/* SPDX-License-Identifier: MIT */
/* Copies between our memory and addresses that may fault. Only core/guest_access calls these. */
#ifndef HW_USERCOPY_H
#define HW_USERCOPY_H

#include <stddef.h>

/*
 * Return the number of bytes NOT copied (0: all). The caller has checked that the guest range
 * lies outside the hypervisor's. Faults, non-canonical addresses included, end the copy.
 */
size_t usercopy_from(void *dst, const void *guest_src, size_t n);
size_t usercopy_to(void *guest_dst, const void *src, size_t n);
size_t usercopy_clear(void *guest_dst, size_t n);

#endif
