/* SPDX-License-Identifier: MIT */
/* UUIDs as text. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/guest.h"

void parador_uuid_text(const uint8_t uuid[16], char text[37])
{
    size_t i, used = 0;

    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[used++] = '-';
        used += (size_t)sprintf(text + used, "%02x", uuid[i]);
    }
}

static int digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

int parador_uuid_parse(const char *text, uint8_t uuid[16])
{
    uint8_t result[16];
    size_t count = 0;

    while (*text) {
        if (*text == '-' && count) {
            text++;
            continue;
        }
        if (count == 16 || !isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1])) {
            errno = EINVAL;
            return -1;
        }
        result[count++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
        text += 2;
    }
    if (count != 16) {
        errno = EINVAL;
        return -1;
    }
    memcpy(uuid, result, 16);
    return 0;
}
