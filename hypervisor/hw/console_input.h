/* SPDX-License-Identifier: MIT */
/* What is typed on the console: for dom0, or after Ctrl-A three times for the debug keys. */
#ifndef HW_CONSOLE_INPUT_H
#define HW_CONSOLE_INPUT_H

#include "hw/uart.h"

/* Starts receiving from u, which stays valid. */
void console_input_init(struct uart *u);
/* Called (softirq context) with each character typed while the input is ours. */
void console_set_key_handler(void (*fn)(char c));

#endif
