/* SPDX-License-Identifier: MIT */
/* Given to every compilation by -include: all symbols are our own, so no address is looked up in a GOT. */
#pragma GCC visibility push(hidden)
