/* SPDX-License-Identifier: MIT */
/* From an address in the text to the name of the function there. */
#ifndef DEBUG_SYMBOLS_H
#define DEBUG_SYMBOLS_H

/* Makes %pS print names. */
void symbols_init(void);

#endif
