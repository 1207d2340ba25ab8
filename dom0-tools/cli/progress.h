/* SPDX-License-Identifier: MIT */
/* A sign of life on the terminal while something takes long. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

/**
 * From now on standard error shows what is being made, and for how long, if it is the user's
 * terminal and this takes longer than a moment: a kernel that is not in the cache takes seconds to unpack.
 */
void progress_begin(const char *what);

/** Removes what progress_begin() has shown. */
void progress_end(void);

#endif
