/* SPDX-License-Identifier: MIT */
/*
 * nmi_op(uint32_t cmd, guest address arg): non-maskable interrupts for dom0.
 *
 * Errors: EFAULT, ENOSYS, EINVAL (the caller is not vcpu 0 of dom0).
 */
#ifndef PUBLIC_NMI_H
#define PUBLIC_NMI_H

#include "types.h"

#define XENNMI_register_callback    0 /* IN struct xennmi_callback */
#define XENNMI_unregister_callback  1 /* arg ignored */

/* arch_shared_info.nmi_reason, valid in the handler */
#define _XEN_NMIREASON_io_error     0
#define XEN_NMIREASON_io_error      (xen_mk_ulong(1) << _XEN_NMIREASON_io_error)
#define _XEN_NMIREASON_pci_serr     1
#define XEN_NMIREASON_pci_serr      (xen_mk_ulong(1) << _XEN_NMIREASON_pci_serr)
#define _XEN_NMIREASON_unknown      2
#define XEN_NMIREASON_unknown       (xen_mk_ulong(1) << _XEN_NMIREASON_unknown)

#ifndef __ASSEMBLER__

struct xennmi_callback {
    uint64_t handler_address;   /* IN */
    uint64_t pad;
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_NMI_H */
