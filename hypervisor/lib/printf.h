/* SPDX-License-Identifier: MIT */
/* Formatting: the usual conversions, widths and flags; %pS prints a symbol. */
#ifndef LIB_PRINTF_H
#define LIB_PRINTF_H

#include <stdarg.h>
#include <stddef.h>

int snprintf(char *buf, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
/* Hook for %pS: writes "name+0xoff" (set by the debug floor); NULL prints the bare address. */
extern int (*printf_symbol)(char *buf, size_t size, unsigned long addr);

#endif
