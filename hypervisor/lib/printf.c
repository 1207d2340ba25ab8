/* SPDX-License-Identifier: MIT */
/* Formatting of text into a bounded buffer. */
#include "lib/printf.h"

#include <stdbool.h>
#include <stdint.h>

#include "lib/string.h"

int (*printf_symbol)(char *buf, size_t size, unsigned long addr);

/* Text goes to [pos, end); what does not fit is counted and dropped. */
struct out {
    char *buf;
    size_t size, pos;
};

struct spec {
    bool left, zero, plus, space, alt, upper;
    int width, precision; /* precision <0: none given */
    unsigned size;        /* bytes of an integer argument */
};

static void put(struct out *o, char c)
{
    if (o->pos < o->size)
        o->buf[o->pos] = c;
    o->pos++;
}

static void pad(struct out *o, char c, int n)
{
    while (n-- > 0)
        put(o, c);
}

static void put_text(struct out *o, const struct spec *s, const char *text, size_t len)
{
    int fill = s->width - (int)len;

    if (!s->left)
        pad(o, ' ', fill);
    for (size_t i = 0; i < len; i++)
        put(o, text[i]);
    if (s->left)
        pad(o, ' ', fill);
}

static void put_number(struct out *o, const struct spec *s, uint64_t v, unsigned base, char sign)
{
    const char *digits = s->upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char tmp[24];
    int n = 0;

    for (; v; v /= base)
        tmp[n++] = digits[v % base];
    int want = s->precision < 0 ? 1 : s->precision;
    int zeros = n < want ? want - n : 0;
    bool prefix = s->alt && base == 16 && n;
    int len = n + zeros + (sign ? 1 : 0) + (prefix ? 2 : 0);

    if (s->zero && !s->left && s->precision < 0 && len < s->width) {
        zeros += s->width - len;
        len = s->width;
    }
    if (!s->left)
        pad(o, ' ', s->width - len);
    if (sign)
        put(o, sign);
    if (prefix) {
        put(o, '0');
        put(o, s->upper ? 'X' : 'x');
    }
    pad(o, '0', zeros);
    while (n > 0)
        put(o, tmp[--n]);
    if (s->left)
        pad(o, ' ', s->width - len);
}

static const char *parse_flags(const char *f, struct spec *s)
{
    for (;; f++) {
        if (*f == '-')
            s->left = true;
        else if (*f == '0')
            s->zero = true;
        else if (*f == '+')
            s->plus = true;
        else if (*f == ' ')
            s->space = true;
        else if (*f == '#')
            s->alt = true;
        else
            return f;
    }
}

static const char *parse_size(const char *f, struct spec *s)
{
    s->size = 4;
    if (*f == 'l') {
        s->size = 8;
        return f[1] == 'l' ? f + 2 : f + 1;
    }
    if (*f == 'z' || *f == 'j' || *f == 't') {
        s->size = 8;
        return f + 1;
    }
    if (*f == 'h') {
        s->size = f[1] == 'h' ? 1 : 2;
        return f[1] == 'h' ? f + 2 : f + 1;
    }
    return f;
}

static int parse_count(const char **f, va_list *ap)
{
    int n = 0;

    if (**f == '*') {
        (*f)++;
        return va_arg(*ap, int);
    }
    while (**f >= '0' && **f <= '9' && n < 10000)
        n = n * 10 + *(*f)++ - '0';
    return n;
}

static void put_signed(struct out *o, const struct spec *s, va_list *ap)
{
    int64_t v = s->size == 8 ? va_arg(*ap, int64_t) : va_arg(*ap, int);

    if (s->size == 1)
        v = (int8_t)v;
    else if (s->size == 2)
        v = (int16_t)v;
    char sign = v < 0 ? '-' : s->plus ? '+' : s->space ? ' ' : 0;

    put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, sign);
}

static void put_unsigned(struct out *o, const struct spec *s, va_list *ap, unsigned base)
{
    uint64_t v = s->size == 8 ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned);

    if (s->size == 1)
        v = (uint8_t)v;
    else if (s->size == 2)
        v = (uint16_t)v;
    put_number(o, s, v, base, 0);
}

static void put_pointer(struct out *o, struct spec *s, unsigned long v, bool symbol)
{
    char name[80];

    if (symbol && printf_symbol && printf_symbol(name, sizeof(name), v) > 0) {
        put_text(o, s, name, strnlen(name, sizeof(name)));
        return;
    }
    s->precision = 16;
    put_number(o, s, v, 16, 0);
}

/* One conversion; f points at its letter. Returns the place after it. */
static const char *convert(struct out *o, struct spec *s, const char *f, va_list *ap)
{
    char c;

    switch (*f) {
    case 'd':
    case 'i':
        put_signed(o, s, ap);
        break;
    case 'u':
        put_unsigned(o, s, ap, 10);
        break;
    case 'o':
        put_unsigned(o, s, ap, 8);
        break;
    case 'X':
        s->upper = true;
        put_unsigned(o, s, ap, 16);
        break;
    case 'x':
        put_unsigned(o, s, ap, 16);
        break;
    case 'c':
        c = va_arg(*ap, int);
        put_text(o, s, &c, 1);
        break;
    case 's': {
        const char *text = va_arg(*ap, const char *);

        if (!text)
            text = "(null)";
        put_text(o, s, text, s->precision < 0 ? strlen(text) : strnlen(text, s->precision));
        break;
    }
    case 'p':
        put_pointer(o, s, (unsigned long)va_arg(*ap, void *), f[1] == 'S');
        return f[1] == 'S' ? f + 2 : f + 1;
    case '%':
        put(o, '%');
        break;
    case '\0':
        return f;
    default:
        put(o, '%');
        put(o, *f);
    }
    return f + 1;
}

int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap)
{
    struct out o = { buf, size, 0 };
    va_list args;

    va_copy(args, ap);
    while (*fmt) {
        if (*fmt != '%') {
            put(&o, *fmt++);
            continue;
        }
        struct spec s = { .precision = -1 };

        fmt = parse_flags(fmt + 1, &s);
        s.width = parse_count(&fmt, &args);
        if (s.width < 0) {
            s.left = true;
            s.width = -s.width;
        }
        if (*fmt == '.') {
            fmt++;
            s.precision = parse_count(&fmt, &args);
        }
        fmt = parse_size(fmt, &s);
        fmt = convert(&o, &s, fmt, &args);
    }
    va_end(args);
    if (size)
        buf[o.pos < size ? o.pos : size - 1] = '\0';
    return (int)o.pos;
}

int snprintf(char *buf, size_t size, const char *fmt, ...)
{
    va_list ap;
    int n;

    va_start(ap, fmt);
    n = vsnprintf(buf, size, fmt, ap);
    va_end(ap);
    return n;
}
