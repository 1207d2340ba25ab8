/* SPDX-License-Identifier: MIT */
/*
 * console_io(uint32_t cmd, uint32_t count, guest address buffer): the hypervisor's own console.
 */
#ifndef PUBLIC_CONSOLE_H
#define PUBLIC_CONSOLE_H

/* IN count bytes of text. Result 0. EPERM: not dom0, as other domains have a console ring of their
 * own (public/io/console.h). EFAULT: what came before was printed. */
#define CONSOLEIO_write 0

/* OUT up to count bytes typed at the console (VIRQ_CONSOLE announces them). Result: bytes stored, 0
 * none. Dom0 only: else EPERM. EFAULT. */
#define CONSOLEIO_read  1

/* Hardware-assisted guests: each byte written to this I/O port is console output as well. */
#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

#endif /* PUBLIC_CONSOLE_H */
