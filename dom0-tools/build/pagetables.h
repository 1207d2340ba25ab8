/* SPDX-License-Identifier: MIT */
/* The page tables that a new guest starts on. */
#ifndef PARADOR_BUILD_PAGETABLES_H
#define PARADOR_BUILD_PAGETABLES_H

#include "build/p2m.h"

/**
 * Writes the tables of both maps of layout. Every page is mapped writable but the page tables
 * themselves. The caller pins the L4 when nothing of the guest is mapped writable here any more.
 */
int pagetables_write(const struct p2m *p2m, const struct layout *layout);

#endif
