/* SPDX-License-Identifier: MIT */
/* Ticket spinlocks; in debug builds with a check of their order. */
#include "hw/spinlock.h"

#include "hw/cpu.h"
#include "hw/panic.h"
#include "hw/percpu.h"

#ifdef DEBUG
#define MAX_HELD 16

struct held {
    unsigned count;
    unsigned base; /* of those taken in the present interrupt */
    const struct spinlock *lock[MAX_HELD];
};
static DEFINE_PER_CPU(struct held, held);

/* `pair`: a second lock of the level already held is in order, at a higher address. */
static void check_order(const struct spinlock *l, bool pair)
{
    struct held *h = &this_cpu(held);

    BUG_ON(l->irq_safe && irq_enabled());
    BUG_ON(h->count == MAX_HELD);
    for (unsigned i = h->base; i < h->count; i++)
        if (h->lock[i]->level > l->level || (h->lock[i]->level == l->level && !pair))
            panic("lock %p of level %u taken while %p of level %u is held", (void *)l, l->level,
                  (void *)h->lock[i], h->lock[i]->level);
}

static void note_taken(const struct spinlock *l)
{
    struct held *h = &this_cpu(held);

    h->lock[h->count++] = l;
}

static void note_released(const struct spinlock *l)
{
    struct held *h = &this_cpu(held);

    BUG_ON(l->holder != smp_cpu_id() + 1);
    for (unsigned i = h->count; i-- > 0;) {
        if (h->lock[i] != l)
            continue;
        h->count--;
        for (; i < h->count; i++)
            h->lock[i] = h->lock[i + 1];
        return;
    }
    panic("lock %p released that is not held", (void *)l);
}

unsigned spin_interrupt_enter(void)
{
    struct held *h = &this_cpu(held);
    unsigned before = h->base;

    h->base = h->count;
    return before;
}

void spin_interrupt_leave(unsigned before)
{
    struct held *h = &this_cpu(held);

    BUG_ON(h->count != h->base);
    h->base = before;
}

static void own(struct spinlock *l)
{
    l->holder = smp_cpu_id() + 1;
    note_taken(l);
}
#else
static inline void check_order(const struct spinlock *l, bool pair) { }
static inline void own(struct spinlock *l) { }
#endif

void spin_lock_init(struct spinlock *l, enum lock_level level)
{
    *l = (struct spinlock)SPINLOCK_INIT(level);
}

void spin_lock_init_irq(struct spinlock *l, enum lock_level level)
{
    *l = (struct spinlock)SPINLOCK_IRQ_INIT(level);
}

void spin_wait(struct spinlock *l, uint16_t mine)
{
    while ((uint16_t)__atomic_load_n(&l->ticket, __ATOMIC_ACQUIRE) != mine)
        cpu_relax();
}

static void take(struct spinlock *l)
{
    spin_wait(l, __atomic_fetch_add(&l->ticket, SPINLOCK_TICKET, __ATOMIC_ACQUIRE) >> 16);
    own(l);
}

/* Cannot deadlock, so its order is not checked. */
bool spin_trylock(struct spinlock *l)
{
    uint32_t t = __atomic_load_n(&l->ticket, __ATOMIC_RELAXED);

    if ((uint16_t)t != t >> 16 ||
        !__atomic_compare_exchange_n(&l->ticket, &t, t + SPINLOCK_TICKET, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return false;
    own(l);
    return true;
}

#ifdef DEBUG
void spin_lock(struct spinlock *l)
{
    check_order(l, false);
    take(l);
}

void spin_unlock(struct spinlock *l)
{
    uint16_t *serving = (uint16_t *)&l->ticket;

    note_released(l);
    l->holder = 0;
    __atomic_store_n(serving, (uint16_t)(*serving + 1), __ATOMIC_RELEASE);
}

unsigned long spin_lock_irqsave(struct spinlock *l)
{
    unsigned long flags = irq_save();

    spin_lock(l);
    return flags;
}

void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags)
{
    spin_unlock(l);
    irq_restore(flags);
}
#endif

void spin_lock_pair(struct spinlock *a, struct spinlock *b)
{
    struct spinlock *low = a < b ? a : b, *high = a < b ? b : a;

    spin_lock(low);
    if (low != high) {
        check_order(high, true);
        take(high);
    }
}

void spin_unlock_pair(struct spinlock *a, struct spinlock *b)
{
    if (a != b)
        spin_unlock(b);
    spin_unlock(a);
}
