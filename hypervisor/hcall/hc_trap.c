/* SPDX-License-Identifier: MIT */
/* Hypercalls by which a guest says where it wants to be entered: traps, callbacks, stack. */
#include "core/domain.h"
#include "core/guest_access.h"
#include "hcall/handlers.h"
#include "hcall/subop.h"
#include "hw/cpu.h"
#include "hw/desc.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "public/callback.h"
#include "public/nmi.h"
#include "public/trap.h"
#include "pv/pv.h"

/* A code selector that the guest may name: in its own tables, or one of the two flat ones. */
static bool code_selector_ok(uint16_t sel)
{
    return (sel & 4) || sel < FIRST_RESERVED_GDT_BYTE || (sel | 3) == GUEST_CS64 ||
           (sel | 3) == GUEST_CS32;
}

long hc_set_trap_table(unsigned long traps)
{
    struct pv_vcpu *v = current_pv;
    struct guest_ptr p = guest_ptr(traps);
    struct trap_info ti;

    if (guest_ptr_null(p)) {
        memset(v->traps, 0, sizeof(v->traps));
        return 0;
    }
    /* At most one entry per vector, and the one that ends the list. */
    for (unsigned i = 0; i <= 256; i++) {
        if (copy_from_guest(&ti, guest_ptr_at(p, i, sizeof(ti)), sizeof(ti)))
            return -EFAULT;
        if (ti.address == 0)
            return 0;
        if (!pv_entry_ok(ti.address))
            return -EFAULT;
        if (!code_selector_ok(ti.cs))
            return -EPERM;
        ti.cs = pv_fixup_selector(ti.cs);
        v->traps[ti.vector] = ti;
    }
    return 0;
}

long hc_stack_switch(unsigned long ss, unsigned long sp)
{
    struct pv_vcpu *v = current_pv;

    sp &= ~15UL;
    if (!pv_stack_ok(sp))
        return -EPERM;
    v->kernel_sp = sp;
    v->kernel_ss = pv_fixup_selector(ss);
    return 0;
}

long hc_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
{
    struct pv_vcpu *v = current_pv;

    if (!pv_entry_ok(event) || !pv_entry_ok(failsafe) || !pv_entry_ok(syscall))
        return -EINVAL;
    v->event_callback = event;
    v->failsafe_callback = failsafe;
    v->syscall_callback = syscall;
    return 0;
}

static void set_nmi_handler(struct pv_vcpu *v, uint64_t address)
{
    v->traps[TRAP_NMI] = (struct trap_info){ .vector = TRAP_NMI, .flags = 4, .cs = GUEST_CS64,
                                             .address = address };
}

static int callback_register(void *arg)
{
    const struct callback_register *r = arg;
    struct pv_vcpu *v = current_pv;
    bool masks = r->flags & CALLBACKF_mask_events;

    if (!pv_entry_ok(r->address))
        return -EINVAL;
    switch (r->type) {
    case CALLBACKTYPE_event:
        v->event_callback = r->address;
        return 0;
    case CALLBACKTYPE_failsafe:
        v->failsafe_callback = r->address;
        v->failsafe_masks_events = masks;
        return 0;
    case CALLBACKTYPE_syscall:
        v->syscall_callback = r->address;
        v->syscall_masks_events = masks;
        return 0;
    case CALLBACKTYPE_syscall32:
        v->syscall32_callback = r->address;
        v->syscall32_masks_events = masks;
        return 0;
    case CALLBACKTYPE_sysenter:
        v->sysenter_callback = r->address;
        v->sysenter_masks_events = masks;
        return 0;
    case CALLBACKTYPE_nmi:
        set_nmi_handler(v, r->address);
        return 0;
    }
    return -EINVAL;
}

static int callback_unregister(void *arg)
{
    const struct callback_unregister *u = arg;
    struct pv_vcpu *v = current_pv;

    switch (u->type) {
    case CALLBACKTYPE_syscall32:
        v->syscall32_callback = 0;
        return 0;
    case CALLBACKTYPE_sysenter:
        v->sysenter_callback = 0;
        return 0;
    case CALLBACKTYPE_nmi:
        set_nmi_handler(v, 0);
        return 0;
    }
    return -EINVAL;
}

static const struct subop callback_ops[] = {
    SUBOP(CALLBACKOP_register, struct callback_register, false, false, callback_register),
    SUBOP(CALLBACKOP_unregister, struct callback_unregister, false, false, callback_unregister),
};

long hc_callback_op(unsigned long cmd, unsigned long arg)
{
    return subop_dispatch(callback_ops, sizeof(callback_ops) / sizeof(*callback_ops), cmd, arg);
}

long hc_nmi_op(unsigned long cmd, unsigned long arg)
{
    struct pv_vcpu *v = current_pv;
    struct xennmi_callback cb;

    /* Only the vcpu that the machine's NMIs go to. */
    if (!v->core.domain->privileged || v->core.vcpu_id != 0)
        return -EINVAL;
    switch ((uint32_t)cmd) {
    case XENNMI_register_callback:
        if (copy_from_guest(&cb, guest_ptr(arg), sizeof(cb)))
            return -EFAULT;
        if (!pv_entry_ok(cb.handler_address))
            return -EINVAL;
        set_nmi_handler(v, cb.handler_address);
        return 0;
    case XENNMI_unregister_callback:
        set_nmi_handler(v, 0);
        return 0;
    }
    return -ENOSYS;
}

/* pv/entry.S carries iret out before it gets here: what does come has been put into a multicall. */
long hc_iret(void)
{
    return -EINVAL;
}
