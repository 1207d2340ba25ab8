/* SPDX-License-Identifier: MIT */
/* Inside the event channels: ports, their tables, and what a delivery ABI provides. */
#ifndef CORE_EVTCHN_PORT_H
#define CORE_EVTCHN_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/domain.h"
#include "core/vcpu.h"
#include "hw/layout.h"
#include "hw/spinlock.h"
#include "public/event_channel.h"

enum evtchn_state {
    EVTCHN_FREE,
    EVTCHN_UNBOUND,
    EVTCHN_INTERDOMAIN,
    EVTCHN_PIRQ,
    EVTCHN_VIRQ,
    EVTCHN_IPI,
};

/*
 * One port. Ports are made in pages and stay until the domain's structure is freed, so a pointer to
 * one found without a lock stays good. Changes of state hold the domain's evtchn lock and the port's
 * lock (both ports' for interdomain channels); senders hold the sending port's lock, which keeps
 * the peer in place. Interrupt context (pirqs, virqs) reads state and vcpu without a lock: at
 * worst a port that is being closed and reused gets one spurious event, which the ABI allows.
 */
struct evtchn {
    struct spinlock lock;      /* LOCK_EVTCHN_PORT */
    uint32_t port;             /* (c) */
    uint8_t state;             /* enum evtchn_state */
    uint8_t priority;          /* FIFO queue for the next event */
    uint16_t vcpu;             /* vcpu it notifies */
    domid_t remote_domid;      /* unbound: who may bind */
    uint32_t remote_port;      /* interdomain */
    struct domain *remote;     /* interdomain */
    uint32_t irq;              /* virq or pirq number */
    uint32_t fifo_queue;       /* (a) FIFO_QUEUE() on which it was last put [that queue's lock] */
    bool fifo_pending;         /* raised while it had no event word yet */
};

/* A FIFO queue's name. */
#define FIFO_QUEUE(vcpu, priority) ((uint32_t)(vcpu) << 8 | (priority))

#define EVTCHNS_PER_PAGE (PAGE_SIZE / sizeof(struct evtchn))
#define EVTCHN_PAGES (EVTCHN_FIFO_NR_CHANNELS / EVTCHNS_PER_PAGE + 1)

/* What the 2-level and the FIFO ABI each do. Any context except where noted. */
struct evtchn_abi {
    uint32_t (*max_ports)(const struct domain *d);
    void (*set_pending)(struct domain *d, struct evtchn *e);
    void (*clear_pending)(struct domain *d, struct evtchn *e);
    /* Delivers if pending, after the mask was cleared. 0 or -errno. */
    void (*unmask)(struct domain *d, struct evtchn *e);
    bool (*is_pending)(const struct domain *d, uint32_t port);
    bool (*is_masked)(const struct domain *d, uint32_t port);
};
extern const struct evtchn_abi evtchn_2l, evtchn_fifo;

struct evtchn_domain {
    struct spinlock lock;              /* LOCK_EVTCHN_DOMAIN */
    const struct evtchn_abi *abi;      /* changes once, from 2-level to FIFO, and back at reset */
    uint32_t max_port;                 /* (c) creator's limit */
    uint32_t valid;                    /* (a) ports [0, valid) have a struct evtchn */
    uint32_t free_hint;                /* no port below it is free [lock] */
    uint32_t open;                     /* ports that are not free [lock] */
    uint32_t close_next;               /* progress of reset and relinquish [lock] */
    struct evtchn *page[EVTCHN_PAGES]; /* set once each, before `valid` grows */
    uint8_t used[EVTCHN_PAGES];        /* ports of each page that are not free [lock] */
    struct fifo_domain *fifo;          /* core/evtchn_fifo */
};

/* The port's record, or NULL when out of range. Without a lock. */
static inline struct evtchn *evtchn_find(const struct domain *d, uint32_t port)
{
    const struct evtchn_domain *ed = d->evtchn;

    if (port >= __atomic_load_n(&ed->valid, __ATOMIC_ACQUIRE))
        return NULL;
    return &ed->page[port / EVTCHNS_PER_PAGE][port % EVTCHNS_PER_PAGE];
}

/*
 * Takes a free port; the caller gives it a state, or back by evtchn_free(). Lock held, the port's is
 * not. Its number, or -ENOSPC, -ENOMEM.
 */
int evtchn_get_free(struct domain *d, struct evtchn **out);
/* Marks it free again. Both locks held. */
void evtchn_free(struct domain *d, struct evtchn *e);
static inline void evtchn_raise(struct domain *d, struct evtchn *e)
{
    d->evtchn->abi->set_pending(d, e);
}

/*
 * core/evtchn_fifo.c: gives up control blocks and event array; the domain is back on 2-level.
 * -ERESTART: a port is open, which 2-level might not reach; it has been opened since all were closed.
 */
int evtchn_fifo_stop(struct domain *d);

#endif
