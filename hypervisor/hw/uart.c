/* SPDX-License-Identifier: MIT */
/* A 16550 serial port, polled for output. */
#include "hw/uart.h"

#include "hw/cpu.h"
#include "lib/cmdline.h"

/* National Semiconductor PC16550D data sheet, table 2. */
#define UART_DATA 0
#define UART_IER 1
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define IER_RX 0x01
#define FCR_ENABLE_CLEAR 0x07
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR_RTS_OUT2 0x0b /* OUT2 gates the interrupt line on PCs */
#define LSR_RX_READY 0x01
#define LSR_TX_EMPTY 0x20
#define BASE_BAUD 115200

/* Bounds the wait for a line that takes nothing: about a character's time at 300 baud. */
#define TX_SPINS 100000

static uint8_t line_control(const char *format)
{
    uint8_t lcr = LCR_8N1;

    if (format[0] >= '5' && format[0] <= '8') {
        lcr = format[0] - '5';
        if (format[1] == 'o')
            lcr |= 0x08;
        else if (format[1] == 'e')
            lcr |= 0x18;
        if (format[1] && format[2] == '2')
            lcr |= 0x04;
    }
    return lcr;
}

/* Up to the comma; *text moves behind it. */
static bool next_number(const char **text, uint64_t *v)
{
    const char *end;

    if (**text != ',')
        return false;
    ++*text;
    if (!cmdline_number(*text, v, &end))
        return false;
    *text = end;
    return true;
}

void uart_init(struct uart *u, const char *settings)
{
    uint64_t baud = BASE_BAUD, v;
    uint8_t lcr = LCR_8N1;
    const char *p = settings, *end;

    if (cmdline_number(p, &v, &end)) {
        if (v >= 50 && v <= BASE_BAUD)
            baud = v;
        p = end;
    }
    if (*p == ',') {
        lcr = line_control(p + 1);
        for (p++; *p && *p != ','; p++)
            ;
    }
    if (next_number(&p, &v))
        u->base = v;
    if (next_number(&p, &v))
        u->irq = v;

    outb(u->base + UART_LCR, lcr | LCR_DLAB);
    outb(u->base + UART_DATA, BASE_BAUD / baud);
    outb(u->base + UART_IER, (BASE_BAUD / baud) >> 8);
    outb(u->base + UART_LCR, lcr);
    outb(u->base + UART_IER, 0);
    outb(u->base + UART_FCR, FCR_ENABLE_CLEAR);
    outb(u->base + UART_MCR, MCR_DTR_RTS_OUT2);
    if (inb(u->base + UART_LSR) == 0xff && inb(u->base + UART_LCR) == 0xff)
        u->base = 0;
}

void uart_putc(const struct uart *u, char c)
{
    for (unsigned i = 0; i < TX_SPINS && !(inb(u->base + UART_LSR) & LSR_TX_EMPTY); i++)
        cpu_relax();
    outb(u->base + UART_DATA, c);
}

int uart_getc(const struct uart *u)
{
    return inb(u->base + UART_LSR) & LSR_RX_READY ? inb(u->base + UART_DATA) : -1;
}

void uart_enable_rx_irq(const struct uart *u)
{
    outb(u->base + UART_IER, IER_RX);
}
