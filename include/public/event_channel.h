/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op(int cmd, guest address arg): one-bit signals between domains, vcpus and devices.
 *
 * A channel is one bit with state pending and masked at a port of a domain. Its source is a peer
 * domain's port, a virtual IRQ, a physical IRQ or an IPI. Port 0 is never allocated. Domains
 * start with the two-level ABI (public/shared_info.h); EVTCHNOP_init_control switches to FIFO.
 * Common errors: EFAULT, ENOSYS; EINVAL a port that is out of range or not in the needed state;
 * ENOSPC no free port (or the domain's limit is reached); ENOMEM; ESRCH, EPERM about a domid;
 * ENOENT a vcpu that does not exist.
 */
#ifndef PUBLIC_EVENT_CHANNEL_H
#define PUBLIC_EVENT_CHANNEL_H

#include "types.h"

/* Connect to a port that the peer left unbound for us. The local port is bound to vcpu 0 and set
 * pending at once, so that nothing is lost. EINVAL: the remote port is not unbound for us. */
#define EVTCHNOP_bind_interdomain   0
/* Bind a VIRQ_*. EINVAL: no such virq, or a global one with vcpu != 0; EEXIST: bound already;
 * EBUSY: a global virq that another domain receives. */
#define EVTCHNOP_bind_virq          1
/* Bind a physical IRQ the domain was given. EINVAL: no such pirq; EEXIST: bound already; EPERM: no
 * right to it; EBUSY: somebody uses it and does not share. */
#define EVTCHNOP_bind_pirq          2
/* Free a port; an interdomain peer becomes unbound. */
#define EVTCHNOP_close              3
/* Raise the remote end of an interdomain port, or an IPI port. EINVAL: another state. An unbound
 * port succeeds without effect. */
#define EVTCHNOP_send               4
/* Describe a port. A privileged caller may name another domain. */
#define EVTCHNOP_status             5
/* Allocate a port for remote_dom to bind to. A privileged caller may act for another `dom`. */
#define EVTCHNOP_alloc_unbound      6
/* Allocate a port by which vcpus of the domain can signal one of them. */
#define EVTCHNOP_bind_ipi           7
/* Move delivery of an interdomain, unbound, pirq or global virq port to a vcpu. EINVAL: per-vcpu
 * virq or IPI. */
#define EVTCHNOP_bind_vcpu          8
/* Clear a port's mask and deliver if it is pending. */
#define EVTCHNOP_unmask             9
/* Close every port and return to the two-level ABI. */
#define EVTCHNOP_reset              10
/* Give a vcpu its FIFO control block; the first call switches the domain to FIFO.
 *   EINVAL  offset misaligned or block crosses its page, or the frame is not the caller's
 *   ENOENT  no such vcpu    EEXIST as EINVAL: the vcpu has one already */
#define EVTCHNOP_init_control       11
/* Add a page of event words (1024 ports). ENOSYS: not FIFO; EINVAL: bad frame; ENOSPC: full. */
#define EVTCHNOP_expand_array       12
/* Set a FIFO port's queue. ENOSYS: not FIFO; EINVAL: bad priority or port. */
#define EVTCHNOP_set_priority       13

/* evtchn_bind_pirq.flags */
#define BIND_PIRQ__WILL_SHARE       1

/* evtchn_status.status */
#define EVTCHNSTAT_closed           0
#define EVTCHNSTAT_unbound          1
#define EVTCHNSTAT_interdomain      2
#define EVTCHNSTAT_pirq             3
#define EVTCHNSTAT_virq             4
#define EVTCHNSTAT_ipi              5

/* Ports of the two-level ABI. */
#define EVTCHN_2L_NR_CHANNELS       4096

/*
 * FIFO ABI. One 32-bit word per port, in pages of EVTCHNOP_expand_array. Each vcpu has 16 queues, 0
 * the most urgent. To raise port p: set PENDING; unless MASKED or LINKED, set LINKED and append p
 * to its queue by writing the tail word's LINK, or the head in the control block if the queue is
 * empty (then set the queue's bit of `ready` and request an upcall). The guest takes p from head:
 * reads its LINK for the next head, clears LINKED and LINK, then handles it if PENDING and not
 * MASKED. BUSY is set by the guest while it masks, so that we do not link at that moment.
 */
#define EVTCHN_FIFO_PRIORITY_MAX     0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN     15
#define EVTCHN_FIFO_MAX_QUEUES       (EVTCHN_FIFO_PRIORITY_MIN + 1)

/* Bits of an event word. */
#define EVTCHN_FIFO_PENDING     31
#define EVTCHN_FIFO_MASKED      30
#define EVTCHN_FIFO_LINKED      29
#define EVTCHN_FIFO_BUSY        28
#define EVTCHN_FIFO_LINK_BITS   17
#define EVTCHN_FIFO_LINK_MASK   ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

#ifndef __ASSEMBLER__

typedef uint32_t event_word_t;

struct evtchn_alloc_unbound {
    domid_t dom;                /* IN  owner of the new port */
    domid_t remote_dom;         /* IN  who may bind to it */
    evtchn_port_t port;         /* OUT */
};

struct evtchn_bind_interdomain {
    domid_t remote_dom;         /* IN */
    evtchn_port_t remote_port;  /* IN */
    evtchn_port_t local_port;   /* OUT */
};

struct evtchn_bind_virq {
    uint32_t virq;              /* IN */
    uint32_t vcpu;              /* IN */
    evtchn_port_t port;         /* OUT */
};

struct evtchn_bind_pirq {
    uint32_t pirq;              /* IN */
    uint32_t flags;             /* IN  BIND_PIRQ__* */
    evtchn_port_t port;         /* OUT */
};

struct evtchn_bind_ipi {
    uint32_t vcpu;              /* IN */
    evtchn_port_t port;         /* OUT */
};

struct evtchn_close {
    evtchn_port_t port;         /* IN */
};

struct evtchn_send {
    evtchn_port_t port;         /* IN */
};

struct evtchn_status {
    domid_t dom;                /* IN */
    evtchn_port_t port;         /* IN */
    uint32_t status;            /* OUT EVTCHNSTAT_* */
    uint32_t vcpu;              /* OUT vcpu it notifies */
    union {
        struct {
            domid_t dom;        /* who may bind */
        } unbound;
        struct {
            domid_t dom;
            evtchn_port_t port;
        } interdomain;
        uint32_t pirq;
        uint32_t virq;
    } u;                        /* OUT by status */
};

struct evtchn_bind_vcpu {
    evtchn_port_t port;         /* IN */
    uint32_t vcpu;              /* IN */
};

struct evtchn_unmask {
    evtchn_port_t port;         /* IN */
};

struct evtchn_reset {
    domid_t dom;                /* IN  DOMID_SELF, or any for a privileged caller */
};

struct evtchn_init_control {
    uint64_t control_gfn;       /* IN  frame of the control block */
    uint32_t offset;            /* IN  byte offset in it, multiple of 8 */
    uint32_t vcpu;              /* IN */
    uint8_t link_bits;          /* OUT bits of LINK that we use */
    uint8_t _pad[7];
};

struct evtchn_expand_array {
    uint64_t array_gfn;         /* IN */
};

struct evtchn_set_priority {
    evtchn_port_t port;         /* IN */
    uint32_t priority;          /* IN */
};

/* Argument of the historical event_channel_op_compat(guest address). */
struct evtchn_op {
    uint32_t cmd;
    union {
        struct evtchn_alloc_unbound alloc_unbound;
        struct evtchn_bind_interdomain bind_interdomain;
        struct evtchn_bind_virq bind_virq;
        struct evtchn_bind_pirq bind_pirq;
        struct evtchn_bind_ipi bind_ipi;
        struct evtchn_close close;
        struct evtchn_send send;
        struct evtchn_status status;
        struct evtchn_bind_vcpu bind_vcpu;
        struct evtchn_unmask unmask;
    } u;
};

struct evtchn_fifo_control_block {
    uint32_t ready;             /* bit n: queue n is not empty */
    uint32_t _rsvd;
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES]; /* port at the head, 0 empty */
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_EVENT_CHANNEL_H */
