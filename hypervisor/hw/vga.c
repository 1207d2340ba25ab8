/* SPDX-License-Identifier: MIT */
/* The 80x25 text screen. */
#include "hw/vga.h"

#include <stdbool.h>
#include <stdint.h>

#include "hw/cpu.h"
#include "hw/layout.h"

#define COLUMNS 80
#define ROWS 25
#define ATTRIBUTE 0x0700 /* grey on black */

/* Both maps we ever run on have the first MiB of the direct map. */
#define screen ((volatile uint16_t *)(DIRECT_VIRT + 0xb8000))

static unsigned row, column;
static bool active;

void vga_init(void)
{
    active = true;
    for (unsigned i = 0; i < COLUMNS * ROWS; i++)
        screen[i] = ATTRIBUTE | ' ';
}

static void new_line(void)
{
    column = 0;
    if (++row < ROWS)
        return;
    row = ROWS - 1;
    for (unsigned i = 0; i < COLUMNS * (ROWS - 1); i++)
        screen[i] = screen[i + COLUMNS];
    for (unsigned i = 0; i < COLUMNS; i++)
        screen[COLUMNS * (ROWS - 1) + i] = ATTRIBUTE | ' ';
}

void vga_putc(char c)
{
    if (!active)
        return;
    if (c == '\n') {
        new_line();
    } else if (c == '\r') {
        column = 0;
    } else {
        screen[row * COLUMNS + column] = ATTRIBUTE | (uint8_t)c;
        if (++column == COLUMNS)
            new_line();
    }
}

unsigned vga_row(void)
{
    return row;
}

void vga_leave(void)
{
    active = false;
}
