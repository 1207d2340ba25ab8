/* SPDX-License-Identifier: MIT */
/* A 16550 serial port. */
#ifndef HW_UART_H
#define HW_UART_H

#include <stdbool.h>
#include <stdint.h>

struct uart {
    uint16_t base;  /* I/O port; 0: none */
    uint8_t irq;    /* ISA interrupt, 0: none */
};

/* Sets the line up by "baud[,DPS[,port[,irq]]]" as in com1=115200,8n1; a missing port makes base 0. */
void uart_init(struct uart *u, const char *settings);
void uart_putc(const struct uart *u, char c);
/* Next received character, or -1. */
int uart_getc(const struct uart *u);
/* Interrupt on received data. */
void uart_enable_rx_irq(const struct uart *u);

#endif
