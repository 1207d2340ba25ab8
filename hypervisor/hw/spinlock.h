/* SPDX-License-Identifier: MIT */
/* Spinlocks with levels: the lock order of the whole hypervisor is the enum below. */
#ifndef HW_SPINLOCK_H
#define HW_SPINLOCK_H

#include <stdbool.h>
#include <stdint.h>

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
    uint16_t holder;   /* CPU number + 1 while held */
};

#define SPINLOCK_INIT(lvl) { .level = (lvl) }
#define SPINLOCK_IRQ_INIT(lvl) { .level = (lvl), .irq_safe = 1 }

/*
 * Around an interrupt handler: what the interrupted code holds does not count for the order. It can
 * only be locks that are not irq-safe, which no handler waits for.
 */
unsigned spin_interrupt_enter(void);
void spin_interrupt_leave(unsigned before);

void spin_lock_init(struct spinlock *l, enum lock_level level);
void spin_lock_init_irq(struct spinlock *l, enum lock_level level);
void spin_lock(struct spinlock *l);
bool spin_trylock(struct spinlock *l);
void spin_unlock(struct spinlock *l);
/* Returns the flags to hand to spin_unlock_irqrestore(). */
unsigned long spin_lock_irqsave(struct spinlock *l);
void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags);
/* Takes two locks of one level in address order; the same lock twice is taken once. */
void spin_lock_pair(struct spinlock *a, struct spinlock *b);
void spin_unlock_pair(struct spinlock *a, struct spinlock *b);

#endif
