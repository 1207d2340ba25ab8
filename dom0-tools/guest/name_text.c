/* SPDX-License-Identifier: MIT */
/* What names may have in them, and what of those that other tools have chosen may go to a terminal. */
#include "guest/names.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool name_is_plain(const char *name)
{
    while (*name != '\0' && *name != '/' && !iscntrl((unsigned char)*name))
        name++;
    return *name == '\0';
}

/* The bytes of the letter at p; 0: it is a control character, or no UTF-8. */
static size_t letter(const char *p)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *b = (const unsigned char *)p;
    size_t len = *b < 0x80 ? 1 : *b < 0xc0 ? 0 : *b < 0xe0 ? 2 : *b < 0xf0 ? 3 : *b < 0xf8 ? 4 : 0;
    uint32_t c = len == 1 ? *b : *b & (0x7fu >> len);

    for (size_t i = 1; i < len; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (b[i] & 0x3f);
    }
    if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) || c < ' ' ||
        (c >= 0x7f && c < 0xa0))
        return 0;
    return len;
}

const char *name_for_terminal(const char *name, int width, unsigned most, char text[NAME_TEXT])
{
    unsigned letters = 0, columns = (unsigned)abs(width);
    size_t used = 0, blanks;

    if (*name == '\0')
        name = "(unnamed)";
    while (*name != '\0' && (most == 0 || letters < most)) {
        size_t len = letter(name), taken = len != 0 ? len : 1;

        if (used + taken > GUEST_NAME_MAX)
            break;
        if (len != 0)
            memcpy(text + used, name, len);
        else
            text[used] = '?';
        used += taken;
        name += taken;
        letters++;
    }
    columns = columns < NAME_COLUMNS_MAX ? columns : NAME_COLUMNS_MAX;
    blanks = columns > letters ? columns - letters : 0;
    if (width > 0)
        memmove(text + blanks, text, used);
    memset(width > 0 ? text : text + used, ' ', blanks);
    text[used + blanks] = '\0';
    return text;
}
