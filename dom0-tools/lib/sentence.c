/* SPDX-License-Identifier: MIT */
/* Messages that stay one line whatever names they quote. */
#include "lib/sentence.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GAP " ... "
#define GAP_LENGTH (sizeof(GAP) - 1)

/* The second and later bytes of a character in UTF-8. */
static bool goes_on(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Both ends of a text that does not fit, cut between characters. */
static void shorten(char *out, size_t size, const char *text, size_t length)
{
    size_t room = size - 1 - GAP_LENGTH, head = room / 2;
    const char *tail = text + length - (room - head);

    while (head > 0 && goes_on(text[head]))
        head--;
    while (goes_on(*tail))
        tail++;
    memcpy(out, text, head);
    memcpy(out + head, GAP, GAP_LENGTH);
    strcpy(out + head + GAP_LENGTH, tail);
}

void sentence_vprint(char *out, size_t size, const char *format, va_list args)
{
    char *text;
    int length = vasprintf(&text, format, args);

    if (length < 0) {
        snprintf(out, size, "out of memory");
        return;
    }
    if ((size_t)length < size)
        memcpy(out, text, (size_t)length + 1);
    else
        shorten(out, size, text, (size_t)length);
    free(text);
    for (; *out; out++) {
        if (iscntrl((unsigned char)*out))
            *out = '?';
    }
}

void sentence_print(char *out, size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sentence_vprint(out, size, format, args);
    va_end(args);
}
