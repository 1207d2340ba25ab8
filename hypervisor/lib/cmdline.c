/* SPDX-License-Identifier: MIT */
/* Taking a command line of words apart. */
#include "lib/cmdline.h"

#include "lib/string.h"

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool cmdline_next(const char **line, char *buf, size_t size)
{
    const char *p = *line;
    size_t n = 0;
    bool quoted = false;

    while (blank(*p))
        p++;
    if (!*p) {
        *line = p;
        return false;
    }
    for (; *p && (quoted || !blank(*p)); p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (n + 1 < size)
            buf[n++] = *p;
    }
    if (size)
        buf[n] = '\0';
    *line = p;
    return true;
}

const char *cmdline_skip_word(const char *line)
{
    while (blank(*line))
        line++;
    while (*line && !blank(*line))
        line++;
    while (blank(*line))
        line++;
    return line;
}

bool cmdline_find(const char *line, const char *name, char *buf, size_t size)
{
    char word[256];
    size_t len = strlen(name);
    bool found = false;

    while (cmdline_next(&line, word, sizeof(word))) {
        if (strncmp(word, name, len) || (word[len] != '=' && word[len] != '\0'))
            continue;
        strlcpy(buf, word[len] ? word + len + 1 : "", size);
        found = true;
    }
    return found;
}

static int digit(char c, unsigned base)
{
    int d = c >= '0' && c <= '9' ? c - '0'
        : c >= 'a' && c <= 'f'   ? c - 'a' + 10
        : c >= 'A' && c <= 'F'   ? c - 'A' + 10
                                 : 16;

    return d < (int)base ? d : -1;
}

bool cmdline_number(const char *text, uint64_t *v, const char **end)
{
    unsigned base = 10;
    uint64_t n = 0;

    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && digit(text[2], 16) >= 0) {
        base = 16;
        text += 2;
    }
    if (digit(*text, base) < 0)
        return false;
    for (; digit(*text, base) >= 0; text++)
        if (__builtin_mul_overflow(n, base, &n) ||
            __builtin_add_overflow(n, (uint64_t)digit(*text, base), &n))
            return false;
    *v = n;
    *end = text;
    return true;
}

bool cmdline_size(const char *text, uint64_t unit, uint64_t *bytes)
{
    static const char letters[] = "BKMGT";
    const char *end;
    uint64_t n;

    if (!cmdline_number(text, &n, &end))
        return false;
    if (*end) {
        char c = *end >= 'a' ? *end - 'a' + 'A' : *end;
        const char *at = strchr(letters, c);

        if (!at || end[1])
            return false;
        unit = 1ULL << (10 * (at - letters));
    }
    return !__builtin_mul_overflow(n, unit, bytes);
}
