/* SPDX-License-Identifier: MIT */
/* Console input: from the serial interrupt to dom0 or to the debug keys. */
#include "hw/console_input.h"

#include <stdbool.h>

#include "hw/console.h"
#include "hw/irq.h"
#include "hw/softirq.h"
#include "hw/spinlock.h"

#define BUFFER_SIZE 256
#define SWITCH_CHAR 1 /* Ctrl-A */
#define SWITCH_TIMES 3

struct buffer {
    char data[BUFFER_SIZE];
    unsigned head, tail; /* produced and consumed, modulo nothing */
};

static struct uart *uart;
static struct spinlock lock = SPINLOCK_IRQ_INIT(LOCK_HW);
static struct buffer for_dom0, for_us;
static bool ours;
static unsigned switch_seen;
static void (*dom0_handler)(void);
static void (*key_handler)(char c);

static void append(struct buffer *b, char c)
{
    if (b->head - b->tail < BUFFER_SIZE)
        b->data[b->head++ % BUFFER_SIZE] = c;
}

static bool take(struct buffer *b, char *c)
{
    if (b->head == b->tail)
        return false;
    *c = b->data[b->tail++ % BUFFER_SIZE];
    return true;
}

/* Lock held. Returns true when the input has changed sides. */
static bool receive(char c)
{
    switch_seen = c == SWITCH_CHAR ? switch_seen + 1 : 0;
    if (switch_seen == SWITCH_TIMES) {
        switch_seen = 0;
        ours = !ours;
        return true;
    }
    append(ours ? &for_us : &for_dom0, c);
    return false;
}

static void uart_interrupt(unsigned irq, void *arg)
{
    bool switched = false;
    int c;

    spin_lock(&lock);
    while ((c = uart_getc(uart)) >= 0)
        switched |= receive(c);
    spin_unlock(&lock);
    if (switched)
        printk(LOG_ERR, "input goes to %s (Ctrl-A three times changes)\n",
               ours ? "Parador; h lists the keys" : "dom0");
    softirq_raise(SOFTIRQ_TASKLET);
}

static void deliver(void)
{
    bool dom0_has;
    char c;

    for (;;) {
        unsigned long flags = spin_lock_irqsave(&lock);
        bool got = take(&for_us, &c);

        dom0_has = for_dom0.head != for_dom0.tail;
        spin_unlock_irqrestore(&lock, flags);
        if (!got)
            break;
        if (key_handler)
            key_handler(c);
    }
    if (dom0_has && dom0_handler)
        dom0_handler();
}

size_t console_read(char *buf, size_t len)
{
    unsigned long flags = spin_lock_irqsave(&lock);
    size_t n = 0;

    while (n < len && take(&for_dom0, &buf[n]))
        n++;
    spin_unlock_irqrestore(&lock, flags);
    return n;
}

void console_set_input_handler(void (*fn)(void))
{
    dom0_handler = fn;
}

void console_set_key_handler(void (*fn)(char c))
{
    key_handler = fn;
}

void console_input_init(struct uart *u)
{
    uart = u;
    softirq_register(SOFTIRQ_TASKLET, deliver);
    if (!u->irq || irq_request(u->irq, uart_interrupt, NULL)) {
        printk(LOG_WARN, "serial input: interrupt %u is not to be had\n", u->irq);
        return;
    }
    uart_enable_rx_irq(u);
}
