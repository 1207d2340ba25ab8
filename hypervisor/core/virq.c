/* SPDX-License-Identifier: MIT */
/* Virtual interrupts: per-vcpu ones and those of the whole machine. */
#include "core/virq.h"

#include "core/evtchn.h"
#include "core/evtchn_port.h"
#include "hw/percpu.h"
#include "lib/errno.h"

#define GLOBAL_VIRQS \
    (1u << VIRQ_CONSOLE | 1u << VIRQ_DOM_EXC | 1u << VIRQ_TBUF | 1u << VIRQ_DEBUGGER | \
     1u << VIRQ_CON_RING | 1u << VIRQ_PCPU_STATE | 1u << VIRQ_MEM_EVENT | 1u << VIRQ_ARGO | \
     1u << VIRQ_ENOMEM)
#define VCPU_VIRQS (1u << VIRQ_TIMER | 1u << VIRQ_DEBUG | 1u << VIRQ_XENOPROF | 1u << VIRQ_XENPMU)

/* Who receives each global virq; NULL: dom0. Holds a reference. Changed under LOCK_DOMCTL only. */
static struct domain *handler[NR_VIRQS];

bool virq_is_global(uint32_t virq)
{
    return virq < NR_VIRQS && (GLOBAL_VIRQS >> virq & 1);
}

static struct domain *global_handler(uint32_t virq)
{
    struct domain *d = __atomic_load_n(&handler[virq], __ATOMIC_ACQUIRE);

    return d != NULL ? d : dom0;
}

int evtchn_bind_virq(struct evtchn_bind_virq *op)
{
    struct domain *d = current->domain;
    struct vcpu *v;
    struct evtchn *e;
    int port;

    if (op->virq >= NR_VIRQS || !((GLOBAL_VIRQS | VCPU_VIRQS) >> op->virq & 1))
        return -EINVAL;
    if (virq_is_global(op->virq)) {
        if (op->vcpu != 0)
            return -EINVAL;
        if (d != global_handler(op->virq))
            return d->privileged ? -EBUSY : -EPERM;
    }
    if (op->vcpu >= d->max_vcpus || (v = d->vcpu[op->vcpu]) == NULL)
        return -ENOENT;

    spin_lock(&d->evtchn->lock);
    if (v->virq_to_evtchn[op->virq] != 0)
        port = -EEXIST;
    else
        port = evtchn_get_free(d, &e);
    if (port > 0) {
        spin_lock(&e->lock);
        e->irq = op->virq;
        e->vcpu = op->vcpu;
        e->state = EVTCHN_VIRQ;
        spin_unlock(&e->lock);
        __atomic_store_n(&v->virq_to_evtchn[op->virq], port, __ATOMIC_RELEASE);
    }
    spin_unlock(&d->evtchn->lock);
    if (port < 0)
        return port;
    op->port = port;
    return 0;
}

void virq_unbind(struct domain *d, struct evtchn *e)
{
    struct vcpu *v;
    unsigned i;

    /* A global virq's port may since have been moved to another vcpu than the one it is recorded at. */
    for_each_vcpu(d, v, i)
        if (v->virq_to_evtchn[e->irq] == e->port)
            __atomic_store_n(&v->virq_to_evtchn[e->irq], 0, __ATOMIC_RELEASE);
}

static void raise_at(struct vcpu *v, uint32_t virq)
{
    uint32_t port = __atomic_load_n(&v->virq_to_evtchn[virq], __ATOMIC_ACQUIRE);
    struct evtchn *e = port != 0 ? evtchn_find(v->domain, port) : NULL;

    if (e != NULL && e->state == EVTCHN_VIRQ)
        evtchn_raise(v->domain, e);
}

void send_vcpu_virq(struct vcpu *v, uint32_t virq)
{
    raise_at(v, virq);
}

void send_global_virq(uint32_t virq)
{
    struct domain *d = global_handler(virq);

    if (d != NULL && d->max_vcpus != 0 && d->vcpu[0] != NULL)
        raise_at(d->vcpu[0], virq);
}

int set_global_virq_handler(struct domain *d, uint32_t virq)
{
    struct domain *old;

    if (!virq_is_global(virq))
        return -EINVAL;
    if (d == dom0)
        d = NULL;
    if (d != NULL && !domain_hold(d))
        return -ESRCH;
    old = __atomic_exchange_n(&handler[virq], d, __ATOMIC_ACQ_REL);
    if (old != NULL)
        domain_put(old);
    return 0;
}

void virq_forget_domain(struct domain *d)
{
    for (uint32_t virq = 0; virq < NR_VIRQS; virq++) {
        struct domain *expected = d;

        if (__atomic_compare_exchange_n(&handler[virq], &expected, NULL, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            domain_put(d);
    }
}
