/* SPDX-License-Identifier: MIT */
/* event_channel_op: one row per sub-operation. */
#include "core/access.h"
#include "core/evtchn.h"
#include "core/vcpu.h"
#include "hcall/continuation.h"
#include "hcall/handlers.h"
#include "hcall/subop.h"
#include "hw/percpu.h"
#include "lib/errno.h"

static int op_close(const struct evtchn_close *op)
{
    return evtchn_close(current->domain, op->port);
}

static int op_send(const struct evtchn_send *op)
{
    return evtchn_send(current->domain, op->port);
}

static int op_bind_vcpu(const struct evtchn_bind_vcpu *op)
{
    return evtchn_bind_vcpu(op->port, op->vcpu);
}

static int op_unmask(const struct evtchn_unmask *op)
{
    return evtchn_unmask(op->port);
}

static int op_reset(const struct evtchn_reset *op)
{
    struct domain *d = domain_lookup(op->dom);

    if (d == NULL)
        return -ESRCH;
    if (!access_act_as(current->domain, d))
        return -EPERM;
    return evtchn_reset(d);
}

static const struct subop ops[] = {
    SUBOP(EVTCHNOP_send, struct evtchn_send, false, false, op_send),
    SUBOP(EVTCHNOP_unmask, struct evtchn_unmask, false, false, op_unmask),
    SUBOP(EVTCHNOP_alloc_unbound, struct evtchn_alloc_unbound, true, false, evtchn_alloc_unbound),
    SUBOP(EVTCHNOP_bind_interdomain, struct evtchn_bind_interdomain, true, false,
          evtchn_bind_interdomain),
    SUBOP(EVTCHNOP_bind_virq, struct evtchn_bind_virq, true, false, evtchn_bind_virq),
    SUBOP(EVTCHNOP_bind_ipi, struct evtchn_bind_ipi, true, false, evtchn_bind_ipi),
    SUBOP(EVTCHNOP_bind_pirq, struct evtchn_bind_pirq, true, false, evtchn_bind_pirq),
    SUBOP(EVTCHNOP_close, struct evtchn_close, false, false, op_close),
    SUBOP(EVTCHNOP_status, struct evtchn_status, true, false, evtchn_status),
    SUBOP(EVTCHNOP_bind_vcpu, struct evtchn_bind_vcpu, false, false, op_bind_vcpu),
    SUBOP(EVTCHNOP_reset, struct evtchn_reset, false, false, op_reset),
    SUBOP(EVTCHNOP_init_control, struct evtchn_init_control, true, false,
          evtchn_fifo_init_control),
    SUBOP(EVTCHNOP_expand_array, struct evtchn_expand_array, false, false,
          evtchn_fifo_expand_array),
    SUBOP(EVTCHNOP_set_priority, struct evtchn_set_priority, false, false, evtchn_set_priority),
};

long hc_event_channel_op(unsigned long cmd, unsigned long arg)
{
    long result = subop_dispatch(ops, sizeof(ops) / sizeof(ops[0]), (unsigned)cmd, arg);

    /* reset closes ports in batches; its progress is in the domain, so the arguments stay. */
    return result == -ERESTART ? hcall_restart(0, 0, 0, 0, 0) : result;
}
