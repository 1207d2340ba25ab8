/* SPDX-License-Identifier: MIT */
/*
 * States of a paravirtual device's two ends, as both publish them in xenstore's "state" nodes.
 *
 * Normal life: frontend Initialising -> Initialised or Connected -> Closing -> Closed; backend
 * Initialising -> InitWait (for the frontend's ring details) -> Connected -> Closing -> Closed.
 */
#ifndef PUBLIC_IO_XENBUS_H
#define PUBLIC_IO_XENBUS_H

#ifndef __ASSEMBLER__

enum xenbus_state {
    XenbusStateUnknown = 0,
    XenbusStateInitialising = 1,
    XenbusStateInitWait = 2,
    XenbusStateInitialised = 3,
    XenbusStateConnected = 4,
    XenbusStateClosing = 5,
    XenbusStateClosed = 6,
    XenbusStateReconfiguring = 7,
    XenbusStateReconfigured = 8,
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_IO_XENBUS_H */
