/* SPDX-License-Identifier: MIT */
/* What the decompression libraries expect of a C library while they run at boot. */
#ifndef BOOT_LIBC_SHIM_H
#define BOOT_LIBC_SHIM_H

/*
 * The libraries are built for user space: their stack protector reads its canary at FS:0x28 and
 * they use SSE. Between begin and end FS points at a block of ours and CR0.TS is clear.
 */
void libc_shim_begin(void);
void libc_shim_end(void);

#endif
