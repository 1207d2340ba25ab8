/* SPDX-License-Identifier: MIT */
/* Spinlocks with levels: the lock order of the whole hypervisor is the enum below. */
#ifndef HW_SPINLOCK_H
#define HW_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/cpu.h"

/*
 * Lock order: a CPU that holds a lock may only take locks of a higher level (debug builds check
 * at every acquisition and panic with both lock names). Two locks of one level may be held
 * together only through the *_pair helpers of their owner, which order them by address or domid.
 */
enum lock_level {
    LOCK_DOMCTL = 1,   /* serialises slow administrative operations */
    LOCK_POOL,         /* CPU pools: their CPUs and domains, entitlements, affinities */
    LOCK_DOMAIN_TABLE, /* the table of domains: insertion and removal */
    LOCK_DOMAIN,       /* struct domain: administrative state */
    LOCK_PV,           /* a pv domain's page-table updates that need exclusion */
    LOCK_PAGE,         /* one frame's type transition */
    LOCK_GRANT,        /* one domain's grant table */
    LOCK_MAPTRACK,
    LOCK_EVTCHN_DOMAIN, /* one domain's port table: bind, close */
    LOCK_EVTCHN_PORT,  /* one port's state while an event is sent */
    LOCK_EVTCHN_QUEUE, /* one FIFO queue */
    LOCK_PIRQ,
    LOCK_PHYSMEM,      /* a domain's page lists and totals: a frame may be freed under any lock above */
    LOCK_IRQ,          /* one interrupt descriptor; taken in interrupt context */
    LOCK_SCHED,        /* one CPU's run queue; taken in interrupt context */
    LOCK_TIMER,        /* one CPU's timer heap; taken in interrupt context */
    LOCK_HW,           /* IO-APIC, PCI configuration */
    LOCK_MAP,          /* the page tables of our own half */
    LOCK_HEAP,         /* buddy zones, kmalloc */
    LOCK_TLB,          /* the shoot-down in flight */
    LOCK_CONSOLE,      /* always last: anything may print */
};

struct spinlock {
    uint32_t ticket;   /* next ticket << 16 | now serving */
    uint8_t level;     /* enum lock_level */
    uint8_t irq_safe;  /* taken in interrupt context: must be held with interrupts off */
    uint16_t holder;   /* debug builds: CPU number + 1 while held */
};

#define SPINLOCK_INIT(lvl) { .level = (lvl) }
#define SPINLOCK_IRQ_INIT(lvl) { .level = (lvl), .irq_safe = 1 }

#define SPINLOCK_TICKET 0x10000u

void spin_lock_init(struct spinlock *l, enum lock_level level);
void spin_lock_init_irq(struct spinlock *l, enum lock_level level);
bool spin_trylock(struct spinlock *l);
/* Waits for its turn: `mine` is the ticket drawn. */
void spin_wait(struct spinlock *l, uint16_t mine);

#ifdef DEBUG
void spin_lock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
/* Returns the flags to hand to spin_unlock_irqrestore(). */
unsigned long spin_lock_irqsave(struct spinlock *l);
void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags);
/*
 * Around an interrupt handler: what the interrupted code holds does not count for the order. It can
 * only be locks that are not irq-safe, which no handler waits for.
 */
unsigned spin_interrupt_enter(void);
void spin_interrupt_leave(unsigned before);
#else
/* Each hot path takes several that are free: then it is these few instructions. */
static inline void spin_lock(struct spinlock *l)
{
    uint32_t t = __atomic_fetch_add(&l->ticket, SPINLOCK_TICKET, __ATOMIC_ACQUIRE);

    if (__builtin_expect((uint16_t)t != t >> 16, 0))
        spin_wait(l, t >> 16);
}

/* Only the holder writes the low half: a store, without carry into the tickets. */
static inline void spin_unlock(struct spinlock *l)
{
    uint16_t *serving = (uint16_t *)&l->ticket;

    __atomic_store_n(serving, (uint16_t)(*serving + 1), __ATOMIC_RELEASE);
}

static inline unsigned long spin_lock_irqsave(struct spinlock *l)
{
    unsigned long flags = irq_save();

    spin_lock(l);
    return flags;
}

static inline void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags)
{
    spin_unlock(l);
    irq_restore(flags);
}

static inline unsigned spin_interrupt_enter(void) { return 0; }
static inline void spin_interrupt_leave(unsigned before) { }
#endif
/* Takes two locks of one level in address order; the same lock twice is taken once. */
void spin_lock_pair(struct spinlock *a, struct spinlock *b);
void spin_unlock_pair(struct spinlock *a, struct spinlock *b);

#endif
