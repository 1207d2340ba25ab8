/* SPDX-License-Identifier: MIT */
/* Marks what only runs or is read while booting: its memory is given to the allocator afterwards. */
#ifndef BOOT_INIT_H
#define BOOT_INIT_H

#define INIT_TEXT __attribute__((section(".init.text"), cold))
#define INIT_DATA __attribute__((section(".init.data")))

#endif
