/* SPDX-License-Identifier: MIT */
/* The audit of every frame's owner, references and types. */
#ifndef DEBUG_AUDIT_H
#define DEBUG_AUDIT_H

/*
 * Stops all vcpus but the current one, compares every frame's counts with what tables, vcpus, grants
 * and shared pages hold of it, and prints what differs and one line with the verdict. Interrupts on,
 * no lock held. Of two callers at once the second does nothing.
 */
void audit_frames(void);

#endif
