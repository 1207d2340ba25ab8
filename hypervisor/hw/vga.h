/* SPDX-License-Identifier: MIT */
/* The 80x25 text screen, until dom0 takes it. */
#ifndef HW_VGA_H
#define HW_VGA_H

void vga_init(void);
void vga_putc(char c);
/* The row that is written next. */
unsigned vga_row(void);
/* dom0 owns the screen from here on: nothing more is written to it. */
void vga_leave(void);

#endif
