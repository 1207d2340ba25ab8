/* SPDX-License-Identifier: MIT */
/* printk, its ring buffer, and console input. */
#ifndef HW_CONSOLE_H
#define HW_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_ERR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Prints one message at a level; filtered by loglvl=. Any context. */
void printk(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* For messages that a guest can provoke: filtered by guest_loglvl=, rate-limited, prefixed "(d<id>)". */
void gprintk(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Raw output of a guest (dom0's console_io writes, other domains' debug lines). */
void console_guest_write(uint16_t domid, const char *text, size_t len);
/* Up to len bytes typed on the console; 0 when none. */
size_t console_read(char *buf, size_t len);
/* Called (softirq context) when input for dom0 arrives. */
void console_set_input_handler(void (*fn)(void));
/*
 * readconsole: copies up to len bytes of the log from index *idx (incremental) or its start;
 * returns bytes copied and advances *idx.
 */
size_t console_ring_read(char *buf, size_t len, uint32_t *idx, bool incremental);
void console_ring_clear(void);
/* Tells gprintk which domain runs here (the floor above knows); negative: none. */
void console_set_domid_hook(int (*fn)(void));
/* The I/O ports of the serial line we use, which dom0 must not touch; false: none. */
bool console_uart_ports(unsigned *first, unsigned *last);
/* Panic path: no locks from here on. */
void console_force_unlock(void);
void console_init_early(const char *cmdline);
void console_init_irq(void);

#endif
