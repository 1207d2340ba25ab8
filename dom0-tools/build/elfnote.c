/* SPDX-License-Identifier: MIT */
/* Walking ELF notes. Everything comes from the guest's file, so every length is checked. */
#include "build/elfnote.h"

#include <string.h>

/* The ELF specification's note header: three words, then name and descriptor, padded to 4 bytes. */
struct note_header {
    uint32_t name_size, desc_size, type;
};

static size_t padded(uint32_t size)
{
    return ((size_t)size + 3) & ~(size_t)3;
}

bool elfnotes_scan(struct elfnotes *notes, const uint8_t *data, size_t size)
{
    while (size >= sizeof(struct note_header)) {
        struct note_header header;
        const uint8_t *name, *desc;
        size_t body;

        memcpy(&header, data, sizeof(header));
        data += sizeof(header);
        size -= sizeof(header);
        /* Two 32-bit sizes, each rounded up, cannot overflow size_t. */
        body = padded(header.name_size) + header.desc_size;
        if (body > size)
            return false;
        name = data;
        desc = data + padded(header.name_size);
        if (header.name_size == 4 && memcmp(name, "Xen", 4) == 0 && header.type < ELFNOTE_COUNT) {
            notes->note[header.type].data = desc;
            notes->note[header.type].size = header.desc_size;
        }
        body = padded(header.name_size) + padded(header.desc_size);
        if (body > size)
            break; /* the last note may lack its padding */
        data += body;
        size -= body;
    }
    return true;
}

uint64_t elfnotes_number(const struct elfnotes *notes, unsigned type, uint64_t fallback, bool *ok)
{
    const struct elfnote *note = &notes->note[type];
    uint64_t wide;
    uint32_t narrow;

    if (!note->data)
        return fallback;
    if (note->size == sizeof(wide)) {
        memcpy(&wide, note->data, sizeof(wide));
        return wide;
    }
    if (note->size == sizeof(narrow)) {
        memcpy(&narrow, note->data, sizeof(narrow));
        return narrow;
    }
    *ok = false;
    return fallback;
}

/* Length of a text note without its NUL, which a careless kernel may leave out. */
static size_t text_length(const struct elfnote *note)
{
    return note->data ? strnlen((const char *)note->data, note->size) : 0;
}

bool elfnotes_equals(const struct elfnotes *notes, unsigned type, const char *text)
{
    const struct elfnote *note = &notes->note[type];

    return note->data && text_length(note) == strlen(text) &&
           memcmp(note->data, text, strlen(text)) == 0;
}

void elfnotes_text(const struct elfnotes *notes, unsigned type, char *out, size_t size)
{
    const struct elfnote *note = &notes->note[type];
    size_t length = text_length(note);

    if (length > size - 1)
        length = size - 1;
    if (length)
        memcpy(out, note->data, length);
    out[length] = '\0';
}

bool elfnotes_has_word(const struct elfnotes *notes, unsigned type, const char *word)
{
    const struct elfnote *note = &notes->note[type];
    size_t length = text_length(note), want = strlen(word), start, i;

    for (start = i = 0; i <= length; i++) {
        if (i < length && note->data[i] != '|')
            continue;
        if (i - start == want && memcmp(note->data + start, word, want) == 0)
            return true;
        start = i + 1;
    }
    return false;
}
