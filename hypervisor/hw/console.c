/* SPDX-License-Identifier: MIT */
/* printk, its ring buffer, and the devices behind. Input is hw/console_input.c's. */
#include "hw/console.h"

#include <stdarg.h>

#include "config.h"
#include "hw/console_input.h"
#include "hw/cpu.h"
#include "hw/percpu.h"
#include "hw/spinlock.h"
#include "hw/tsc.h"
#include "hw/uart.h"
#include "hw/vga.h"
#include "lib/cmdline.h"
#include "lib/printf.h"
#include "lib/string.h"

/* As line_domid: the hypervisor's own. */
#define DOMID_OURS 0xffff
#define LINE_SIZE 512
#define PREFIX "(parador) "
/* Messages that guests provoke: this many at once, then this many a second. */
#define GUEST_BURST 20
#define GUEST_PER_SECOND 5

static struct spinlock lock = SPINLOCK_IRQ_INIT(LOCK_CONSOLE);
static bool lock_broken;
static struct uart com1 = { .base = 0x3f8, .irq = 4 };
static bool to_uart, to_vga;
static enum log_level level_shown = LOG_INFO, guest_level_shown = LOG_WARN;

/* The log: `produced` counts every byte ever written. */
static char ring[CONSOLE_RING_SIZE];
static uint32_t produced, cleared;
static bool at_line_start = true;
static uint16_t line_domid = DOMID_OURS; /* whose unfinished line the cursor is in */

static void put(char c)
{
    ring[produced++ % CONSOLE_RING_SIZE] = c;
    if (to_uart) {
        if (c == '\n')
            uart_putc(&com1, '\r');
        uart_putc(&com1, c);
    }
    if (to_vga)
        vga_putc(c);
}

/* Lock held. */
static void put_text(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        put(text[i]);
    if (len)
        at_line_start = text[len - 1] == '\n';
}

static unsigned long console_lock(void)
{
    unsigned long flags = irq_save();

    if (!lock_broken)
        spin_lock(&lock);
    return flags;
}

static void console_unlock(unsigned long flags)
{
    if (!lock_broken)
        spin_unlock(&lock);
    irq_restore(flags);
}

/* Whole lines of ours never begin in the middle of dom0's. */
static void put_message(const char *prefix, const char *text)
{
    unsigned long flags = console_lock();

    if (!at_line_start && line_domid != DOMID_OURS)
        put_text("\n", 1);
    if (at_line_start)
        put_text(prefix, strlen(prefix));
    put_text(text, strlen(text));
    line_domid = DOMID_OURS;
    console_unlock(flags);
}

void printk(enum log_level level, const char *fmt, ...)
{
    char line[LINE_SIZE];
    va_list ap;

    if (level > level_shown)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    put_message(PREFIX, line);
}

/* A bucket of messages, refilled with time; lock-free, as a lost count does no harm. */
static bool guest_may_print(void)
{
    static uint64_t last;
    static uint32_t tokens = GUEST_BURST;
    uint64_t now = now_ns(), gained = (now - last) / (1000000000ULL / GUEST_PER_SECOND);

    if (gained) {
        tokens = gained + tokens > GUEST_BURST ? GUEST_BURST : (uint32_t)gained + tokens;
        last = now;
    }
    if (!tokens)
        return false;
    tokens--;
    return true;
}

static int (*domid_of_current)(void);

void console_set_domid_hook(int (*fn)(void))
{
    domid_of_current = fn;
}

void gprintk(enum log_level level, const char *fmt, ...)
{
    char line[LINE_SIZE], prefix[24];
    int domid = domid_of_current ? domid_of_current() : -1;
    va_list ap;

    if (level > guest_level_shown || !guest_may_print())
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    snprintf(prefix, sizeof(prefix), domid < 0 ? PREFIX : "(d%d) ", domid);
    put_message(prefix, line);
}

void console_guest_write(uint16_t domid, const char *text, size_t len)
{
    unsigned long flags;
    char prefix[24];

    if (domid == 0) {
        flags = console_lock();
        put_text(text, len);
        line_domid = 0;
        console_unlock(flags);
        return;
    }
    if (!guest_may_print())
        return;
    snprintf(prefix, sizeof(prefix), "(d%u) ", domid);
    flags = console_lock();
    if (!at_line_start && line_domid != domid)
        put_text("\n", 1);
    for (size_t i = 0; i < len; i++) {
        /* Nothing that could move the cursor of an administrator's terminal. */
        char c = text[i] == '\n' || (text[i] >= ' ' && text[i] < 0x7f) ? text[i] : '.';

        if (at_line_start)
            put_text(prefix, strlen(prefix));
        put_text(&c, 1);
    }
    line_domid = domid;
    console_unlock(flags);
}

size_t console_ring_read(char *buf, size_t len, uint32_t *idx, bool incremental)
{
    unsigned long flags = console_lock();
    uint32_t from = incremental ? *idx : cleared;
    size_t n;

    if (produced - from > CONSOLE_RING_SIZE)
        from = produced - CONSOLE_RING_SIZE;
    if (incremental && (int32_t)(produced - *idx) < 0)
        from = produced;
    for (n = 0; n < len && from != produced; n++)
        buf[n] = ring[from++ % CONSOLE_RING_SIZE];
    *idx = from;
    console_unlock(flags);
    return n;
}

void console_ring_clear(void)
{
    unsigned long flags = console_lock();

    cleared = produced;
    console_unlock(flags);
}

void console_force_unlock(void)
{
    lock_broken = true;
}

static enum log_level level_of(const char *word, enum log_level otherwise)
{
    static const struct {
        const char *name;
        enum log_level level;
    } names[] = {
        { "none", LOG_ERR },    { "error", LOG_ERR },  { "warning", LOG_WARN },
        { "info", LOG_INFO },   { "debug", LOG_DEBUG }, { "all", LOG_DEBUG },
    };

    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (!strncmp(word, names[i].name, strlen(names[i].name)))
            return names[i].level;
    return otherwise;
}

void console_init_early(const char *cmdline)
{
    char word[64];

    if (cmdline_find(cmdline, "loglvl", word, sizeof(word)))
        level_shown = level_of(word, level_shown);
    if (cmdline_find(cmdline, "guest_loglvl", word, sizeof(word)))
        guest_level_shown = level_of(word, guest_level_shown);
    if (!cmdline_find(cmdline, "console", word, sizeof(word)))
        strlcpy(word, "com1,vga", sizeof(word));
    to_uart = strstr(word, "com1");
    to_vga = strstr(word, "vga");
    if (to_vga)
        vga_init();
    if (to_uart) {
        if (!cmdline_find(cmdline, "com1", word, sizeof(word)))
            strlcpy(word, "115200,8n1", sizeof(word));
        uart_init(&com1, word);
        to_uart = com1.base != 0;
    }
}

void console_init_irq(void)
{
    if (to_uart)
        console_input_init(&com1);
}

bool console_uart_ports(unsigned *first, unsigned *last)
{
    *first = com1.base;
    *last = com1.base + 7;
    return to_uart;
}
