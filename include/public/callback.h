/* SPDX-License-Identifier: MIT */
/*
 * callback_op(int cmd, guest address arg): where the hypervisor enters a guest kernel.
 *
 * set_callbacks(event, failsafe, syscall), three addresses, is the historical form of registering
 * the first three. Registrations hold for the calling vcpu. Errors: EFAULT, ENOSYS,
 * EINVAL (unknown type, or an address that is not the guest's).
 */
#ifndef PUBLIC_CALLBACK_H
#define PUBLIC_CALLBACK_H

#include "types.h"

#define CALLBACKOP_register             0 /* IN struct callback_register */
#define CALLBACKOP_unregister           1 /* IN struct callback_unregister; only sysenter, syscall32
                                           * and nmi can be: else EINVAL */

#define CALLBACKTYPE_event              0 /* upcall: an event is pending; upcalls masked on entry */
#define CALLBACKTYPE_failsafe           1 /* returning to the guest failed on its selectors; above
                                           * the usual frame lie ds, es, fs, gs */
#define CALLBACKTYPE_syscall            2 /* SYSCALL from 64-bit user mode */
#define CALLBACKTYPE_sysenter_deprecated 3 /* 32-bit hypervisors */
#define CALLBACKTYPE_nmi                4 /* as XENNMI_register_callback */
#define CALLBACKTYPE_sysenter           5 /* SYSENTER from user mode */
#define CALLBACKTYPE_syscall32          7 /* SYSCALL from 32-bit user mode */

/* callback_register.flags: enter with upcalls masked (event and nmi always do). */
#define _CALLBACKF_mask_events          0
#define CALLBACKF_mask_events           (xen_mk_uint(1) << _CALLBACKF_mask_events)

#ifndef __ASSEMBLER__

struct callback_register {
    uint16_t type;              /* IN  CALLBACKTYPE_* */
    uint16_t flags;             /* IN  CALLBACKF_* */
    xen_callback_t address;     /* IN */
};

struct callback_unregister {
    uint16_t type;              /* IN */
    uint16_t _unused;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_CALLBACK_H */
