/* SPDX-License-Identifier: MIT */
/* Taking a command line of words apart: "name", "name=value". */
#ifndef LIB_CMDLINE_H
#define LIB_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Takes the next word off *line (words are separated by blanks; double quotes protect blanks and
 * are dropped) into buf, cut to size-1 bytes. False when none is left.
 */
bool cmdline_next(const char **line, char *buf, size_t size);
/* The line without its first word and the blanks after it. */
const char *cmdline_skip_word(const char *line);
/* The value of the last "name=value" (or "" for a bare "name"); false when it does not occur. */
bool cmdline_find(const char *line, const char *name, char *buf, size_t size);
/*
 * "512M", "1G", "0x1000", "1024k"; a bare number counts units of `unit` bytes. False: not a size.
 */
bool cmdline_size(const char *text, uint64_t unit, uint64_t *bytes);
/* Decimal or 0x hexadecimal; stops at the first other character, which *end points at. */
bool cmdline_number(const char *text, uint64_t *v, const char **end);

#endif
