/* SPDX-License-Identifier: MIT */
/* Words: a little printf, and the console ring it goes to. */
#include "guest.h"
#include "public/io/console.h"

void *memset(void *d, int c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((volatile char *)d)[i] = c;
    return d;
}

void *memcpy(void *d, const void *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ((volatile char *)d)[i] = ((const char *)s)[i];
    return d;
}

int strcmp(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

struct out {
    char *p, *end;
};

static void put(struct out *o, char c)
{
    if (o->p < o->end)
        *o->p++ = c;
}

static void put_number(struct out *o, unsigned long v, unsigned base, bool negative)
{
    char digits[24];
    unsigned n = 0;

    do
        digits[n++] = "0123456789abcdef"[v % base];
    while ((v /= base) != 0);
    if (negative)
        put(o, '-');
    while (n > 0)
        put(o, digits[--n]);
}

/* %s %c %d %u %x with l. */
int text_format(char *buf, size_t size, const char *fmt, __builtin_va_list ap)
{
    struct out o = { buf, buf + size - 1 };

    for (; *fmt; fmt++) {
        bool wide = false;

        if (*fmt != '%') {
            put(&o, *fmt);
            continue;
        }
        fmt++;
        while (*fmt == 'l') {
            wide = true;
            fmt++;
        }
        if (*fmt == 's') {
            for (const char *s = __builtin_va_arg(ap, const char *); *s; s++)
                put(&o, *s);
        } else if (*fmt == 'c') {
            put(&o, __builtin_va_arg(ap, int));
        } else if (*fmt == 'd') {
            long v = wide ? __builtin_va_arg(ap, long) : __builtin_va_arg(ap, int);

            put_number(&o, v < 0 ? -(unsigned long)v : (unsigned long)v, 10, v < 0);
        } else if (*fmt == 'u' || *fmt == 'x') {
            unsigned long v = wide ? __builtin_va_arg(ap, unsigned long)
                                   : __builtin_va_arg(ap, unsigned);

            put_number(&o, v, *fmt == 'u' ? 10 : 16, false);
        } else {
            put(&o, *fmt);
        }
    }
    *o.p = '\0';
    return o.p - buf;
}

static void console_write(const char *s, size_t n)
{
    static struct xencons_interface *ring;
    struct evtchn_send op = { .port = start_info->console.domU.evtchn };

    if (!ring)
        ring = mfn_to_virt(start_info->console.domU.mfn);
    while (n > 0) {
        uint32_t prod = ring->out_prod;

        while (n > 0 && prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) < sizeof(ring->out)) {
            ring->out[prod++ & (sizeof(ring->out) - 1)] = *s++;
            n--;
        }
        __atomic_store_n(&ring->out_prod, prod, __ATOMIC_RELEASE);
        HC2(__HYPERVISOR_event_channel_op, EVTCHNOP_send, &op);
        if (n > 0)
            HC2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
    }
}

void say(const char *fmt, ...)
{
    __builtin_va_list ap;
    char line[256];

    __builtin_va_start(ap, fmt);
    console_write(line, text_format(line, sizeof(line), fmt, ap));
    __builtin_va_end(ap);
}
