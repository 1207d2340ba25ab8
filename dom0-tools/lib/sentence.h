/* SPDX-License-Identifier: MIT */
/* Messages that stay one line whatever names they quote. */
#ifndef PARADOR_LIB_SENTENCE_H
#define PARADOR_LIB_SENTENCE_H

#include <stdarg.h>
#include <stddef.h>

/**
 * Formats into out, size bytes, of at least 16. Files and guests may have any name: control characters
 * become '?', and of what is too long the middle is left out, since the reason stands at the end.
 */
void sentence_vprint(char *out, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
void sentence_print(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
