/* SPDX-License-Identifier: MIT */
/* By -include in every compilation: all symbols are our own, no address comes from a GOT. */
#pragma GCC visibility push(hidden)
