/* SPDX-License-Identifier: MIT */
/* The Xen notes of a kernel, as found; elf.c judges them. */
#ifndef PARADOR_BUILD_ELFNOTE_H
#define PARADOR_BUILD_ELFNOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "public/elfnote.h"

/** Highest note number looked at. */
#define ELFNOTE_COUNT (XEN_ELFNOTE_MAX + 1)

/** One note of owner "Xen": its descriptor inside the image. */
struct elfnote {
    const uint8_t *data;       /* NULL: the kernel has no such note */
    size_t size;
};

struct elfnotes {
    struct elfnote note[ELFNOTE_COUNT];
};

/**
 * Adds the Xen notes of one note segment. false: a note does not fit in the segment (those before
 * it were added).
 */
bool elfnotes_scan(struct elfnotes *notes, const uint8_t *data, size_t size);

/**
 * A number note (4 or 8 bytes), or fallback if it is not there; *ok becomes false on a bad size.
 */
uint64_t elfnotes_number(const struct elfnotes *notes, unsigned type, uint64_t fallback, bool *ok);

/** Whether a text note is there and equals text. */
bool elfnotes_equals(const struct elfnotes *notes, unsigned type, const char *text);

/** Copies a text note, cut to size and always terminated; "" if it is not there. */
void elfnotes_text(const struct elfnotes *notes, unsigned type, char *out, size_t size);

/** Whether a text note contains word between '|' signs. */
bool elfnotes_has_word(const struct elfnotes *notes, unsigned type, const char *word);

#endif
