/* SPDX-License-Identifier: MIT */
/*
 * The console ring: one page through which a guest's console and its reader in dom0 pass bytes.
 *
 * The page and its event channel are in start_info.console for the first console; both sides raise
 * the channel after moving an index. Indices run freely and are masked on use; prod - cons is the
 * fill, and a difference above the buffer's size is a broken peer.
 */
#ifndef PUBLIC_IO_CONSOLE_H
#define PUBLIC_IO_CONSOLE_H

#define MASK_XENCONS_IDX(idx, ring) ((idx) & (sizeof(ring) - 1))

#ifndef __ASSEMBLER__

#include <stdint.h>

typedef uint32_t XENCONS_RING_IDX;

struct xencons_interface {
    char in[1024];              /* dom0 to guest */
    char out[2048];             /* guest to dom0 */
    XENCONS_RING_IDX in_cons, in_prod;
    XENCONS_RING_IDX out_cons, out_prod;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_IO_CONSOLE_H */
