/* SPDX-License-Identifier: MIT */
/*
 * console_io(uint32_t cmd, uint32_t count, guest address buffer): the hypervisor's own console.
 */
#ifndef PUBLIC_CONSOLE_H
#define PUBLIC_CONSOLE_H

/* IN count bytes of text. Result 0. Dom0 always; other domains only in a debug build, else EPERM.
 * A domU's text is printed line by line with its domid and may be rate-limited. EFAULT. */
#define CONSOLEIO_write 0

/* OUT up to count bytes typed at the console (VIRQ_CONSOLE announces them). Result: bytes stored, 0
 * none. Dom0 only: else EPERM. EFAULT. */
#define CONSOLEIO_read  1

/* Each byte a guest kernel writes to this I/O port is console output as well, where offered. */
#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

#endif /* PUBLIC_CONSOLE_H */
