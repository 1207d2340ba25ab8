/* SPDX-License-Identifier: MIT */
/* The FIFO event channel ABI: event words in guest pages, linked into sixteen queues per vcpu. */
#include <stddef.h>

#include "core/evtchn.h"
#include "core/evtchn_port.h"
#include "core/quiesce.h"
#include "core/sched.h"
#include "core/vehicle.h"
#include "hw/cpu.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "lib/list.h"
#include "mm/frame.h"
#include "mm/kmalloc.h"

/*
 * The guest owns the pages: it takes events off the queues by itself and may scribble anywhere. All
 * we rely on is our own record of each queue's tail; a word is only ever changed by compare and
 * exchange, and what we read from it is used for nothing but the next compare. A guest that breaks
 * its queues loses its own events.
 *
 * Linking races with the guest consuming the tail: the tail's LINK may be set only while the
 * guest has not cleared its LINKED bit. If it has, the queue is empty and the new port becomes
 * the head. BUSY (the guest is masking) makes us wait a bounded while.
 */
#define WORD(bit) (1u << EVTCHN_FIFO_##bit)
#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define ARRAY_PAGES (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)
#define BUSY_SPINS 256

struct fifo_queue {
    struct spinlock lock;      /* LOCK_EVTCHN_QUEUE, irq-safe */
    uint32_t tail;             /* our belief; 0: never used */
};

struct fifo_vcpu {
    struct quiesce grace;
    struct domain *domain;     /* whose reference is held while waiting to be freed */
    struct evtchn_fifo_control_block *control; /* in the guest's frame */
    struct page_info *page;
    struct fifo_queue queue[EVTCHN_FIFO_MAX_QUEUES];
};

struct fifo_domain {
    struct quiesce grace;
    struct domain *domain;
    event_word_t *array[ARRAY_PAGES];
    uint32_t words;            /* (a) grows a page at a time, after its pointer is set */
};

static event_word_t *word_of(const struct domain *d, uint32_t port)
{
    const struct fifo_domain *f = __atomic_load_n(&d->evtchn->fifo, __ATOMIC_ACQUIRE);

    if (f == NULL || port >= __atomic_load_n(&f->words, __ATOMIC_ACQUIRE))
        return NULL;
    return f->array[port / WORDS_PER_PAGE] + port % WORDS_PER_PAGE;
}

static event_word_t word_or(event_word_t *w, uint32_t bits)
{
    return __atomic_fetch_or(w, bits, __ATOMIC_SEQ_CST);
}

static event_word_t word_and(event_word_t *w, uint32_t bits)
{
    return __atomic_fetch_and(w, bits, __ATOMIC_SEQ_CST);
}

static uint32_t max_ports(const struct domain *d)
{
    return EVTCHN_FIFO_NR_CHANNELS;
}

/* Makes `port` follow the tail word. False: the guest has consumed the tail, the queue is empty. */
static bool link_behind(event_word_t *tail, uint32_t port)
{
    for (unsigned spin = 0;; spin++) {
        event_word_t w = __atomic_load_n(tail, __ATOMIC_RELAXED);

        if (!(w & WORD(LINKED)))
            return false;
        if ((w & WORD(BUSY)) && spin < BUSY_SPINS) {
            cpu_relax();
            continue;
        }
        /* A guest that stays busy has its bit overruled: it can only confuse itself. */
        if (__atomic_compare_exchange_n(tail, &w,
                                        (w & ~(WORD(BUSY) | EVTCHN_FIFO_LINK_MASK)) | port, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
            return true;
        if (spin > 4 * BUSY_SPINS)
            return false;
    }
}

/* The queue of that name; NULL: its vcpu has no control block. */
static struct fifo_queue *queue_of(struct domain *d, uint32_t name, struct fifo_vcpu **fv)
{
    *fv = __atomic_load_n((struct fifo_vcpu **)&d->vcpu[name >> 8]->fifo, __ATOMIC_ACQUIRE);
    return *fv != NULL ? &(*fv)->queue[name & 0xff] : NULL;
}

/* The queue that a port goes to, and the one where it was last; both are locked. */
struct fifo_place {
    struct fifo_queue *old, *new;
    struct fifo_vcpu *fv;              /* new's vcpu */
    uint32_t name;                     /* new's */
};

/*
 * An interrupt may raise the port without its lock while its owner unmasks it; both see the same
 * tail, for e->fifo_queue changes only under the lock of the queue it names. Interrupts are off.
 * False: no control block.
 */
static bool lock_place(struct domain *d, struct evtchn *e, struct fifo_place *at)
{
    for (;;) {
        uint32_t last = __atomic_load_n(&e->fifo_queue, __ATOMIC_ACQUIRE);
        struct fifo_vcpu *old_fv;

        at->old = queue_of(d, last, &old_fv);
        at->name = FIFO_QUEUE(e->vcpu, e->priority);
        at->fv = old_fv;
        at->new = at->name == last ? at->old : queue_of(d, at->name, &at->fv);
        if (at->new == NULL)
            return false;
        if (at->old == NULL)
            at->old = at->new;
        spin_lock_pair(&at->old->lock, &at->new->lock);
        if (__atomic_load_n(&e->fifo_queue, __ATOMIC_RELAXED) == last)
            return true;
        spin_unlock_pair(&at->old->lock, &at->new->lock);
    }
}

/* True: the event that had no place is the caller's to deliver. */
static bool take_deferred(struct evtchn *e)
{
    return __atomic_exchange_n(&e->fifo_pending, false, __ATOMIC_SEQ_CST);
}

/* Puts e's word at the end of its queue and asks for an upcall if the queue was empty. */
static void enqueue(struct domain *d, struct evtchn *e, event_word_t *word)
{
    unsigned long flags = irq_save();
    struct fifo_place at;
    event_word_t *tail;
    bool first = false;
    uint32_t ready;

    while (!lock_place(d, e, &at)) {
        /* init_control goes over the ports and delivers, unless it has just been there. */
        irq_restore(flags);
        __atomic_store_n(&e->fifo_pending, true, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&d->vcpu[e->vcpu]->fifo, __ATOMIC_SEQ_CST) || !take_deferred(e))
            return;
        flags = irq_save();
    }
    if (!(word_or(word, WORD(LINKED)) & WORD(LINKED))) {
        /*
         * Moved to another vcpu or priority, it may be the tail of its old queue still, though not
         * linked: all of that has been taken. Nothing may be linked behind it there any more.
         */
        if (at.old != at.new && at.old->tail == e->port)
            at.old->tail = 0;
        __atomic_store_n(&e->fifo_queue, at.name, __ATOMIC_RELEASE);
        tail = at.new->tail != 0 && at.new->tail != e->port ? word_of(d, at.new->tail) : NULL;
        first = tail == NULL || !link_behind(tail, e->port);
        if (first)
            __atomic_store_n(&at.fv->control->head[at.name & 0xff], e->port, __ATOMIC_SEQ_CST);
        at.new->tail = e->port;
    }
    spin_unlock_pair(&at.old->lock, &at.new->lock);
    irq_restore(flags);

    ready = 1u << (at.name & 0xff);
    if (first && !(__atomic_fetch_or(&at.fv->control->ready, ready, __ATOMIC_SEQ_CST) & ready))
        vcpu_mark_events_pending(d->vcpu[at.name >> 8]);
}

static void set_pending(struct domain *d, struct evtchn *e)
{
    event_word_t *word = word_of(d, e->port), old;

    if (word == NULL) {
        /* The guest has bound a port beyond its array: it gets the event when it adds the page. */
        __atomic_store_n(&e->fifo_pending, true, __ATOMIC_SEQ_CST);
        word = word_of(d, e->port);
        if (word == NULL || !take_deferred(e))
            return;
    }
    old = word_or(word, WORD(PENDING));
    if (!(old & (WORD(MASKED) | WORD(LINKED))))
        enqueue(d, e, word);
    if (!(old & WORD(PENDING)) && d->poll_count != 0)
        sched_poll_wake(d, e->port);
}

static void clear_pending(struct domain *d, struct evtchn *e)
{
    event_word_t *word = word_of(d, e->port);

    e->fifo_pending = false;
    if (word != NULL)
        word_and(word, ~WORD(PENDING));
}

static void unmask(struct domain *d, struct evtchn *e)
{
    event_word_t *word = word_of(d, e->port);

    if (word == NULL)
        return;
    word_and(word, ~WORD(MASKED));
    if ((__atomic_load_n(word, __ATOMIC_SEQ_CST) & (WORD(PENDING) | WORD(LINKED))) == WORD(PENDING))
        enqueue(d, e, word);
}

static bool is_pending(const struct domain *d, uint32_t port)
{
    const event_word_t *word = word_of(d, port);

    return word != NULL && (__atomic_load_n(word, __ATOMIC_RELAXED) & WORD(PENDING));
}

static bool is_masked(const struct domain *d, uint32_t port)
{
    const event_word_t *word = word_of(d, port);

    return word == NULL || (__atomic_load_n(word, __ATOMIC_RELAXED) & WORD(MASKED));
}

const struct evtchn_abi evtchn_fifo = {
    .max_ports = max_ports,
    .set_pending = set_pending,
    .clear_pending = clear_pending,
    .unmask = unmask,
    .is_pending = is_pending,
    .is_masked = is_masked,
};

/* Holds a frame of d as writable data: it cannot become a page table while we write it. */
static struct page_info *hold_frame(struct domain *d, uint64_t mfn)
{
    struct page_info *pg;

    if (!mfn_is_ram(mfn))
        return NULL;
    pg = mfn_to_page(mfn);
    if (!page_get(pg, d))
        return NULL;
    if (d->vehicle->page_get_type(pg, PGT_WRITABLE) != 0) {
        page_put(pg);
        return NULL;
    }
    return pg;
}

static void release_frame(struct domain *d, struct page_info *pg)
{
    d->vehicle->page_put_type(pg);
    page_put(pg);
}

/* Raises again what arrived before there was a place for it. Lock held. */
static void deliver_deferred(struct domain *d, uint32_t first, uint32_t end)
{
    for (uint32_t port = first; port < end && port < d->evtchn->valid; port++) {
        struct evtchn *e = evtchn_find(d, port);

        if (take_deferred(e))
            set_pending(d, e);
    }
}

/* From 2-level to FIFO: events pending there move over when the array has their words. Lock held. */
static int switch_abi(struct domain *d)
{
    struct evtchn_domain *ed = d->evtchn;
    struct fifo_domain *f = kzalloc(sizeof(*f));

    if (f == NULL)
        return -ENOMEM;
    for (uint32_t port = 1; port < ed->valid; port++) {
        struct evtchn *e = evtchn_find(d, port);

        if (e->state != EVTCHN_FREE && evtchn_2l.is_pending(d, port))
            e->fifo_pending = true;
    }
    __atomic_store_n(&ed->fifo, f, __ATOMIC_RELEASE);
    ed->abi = &evtchn_fifo;
    return 0;
}

int evtchn_fifo_init_control(struct evtchn_init_control *op)
{
    struct domain *d = current->domain;
    struct fifo_vcpu *fv;
    struct vcpu *v;
    int err = 0;

    if (op->vcpu >= d->max_vcpus || (v = d->vcpu[op->vcpu]) == NULL)
        return -ENOENT;
    if (op->offset % sizeof(uint64_t) != 0 ||
        op->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block))
        return -EINVAL;
    fv = kzalloc(sizeof(*fv));
    if (fv == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < EVTCHN_FIFO_MAX_QUEUES; i++)
        spin_lock_init_irq(&fv->queue[i].lock, LOCK_EVTCHN_QUEUE);
    fv->page = hold_frame(d, op->control_gfn);
    if (fv->page == NULL) {
        kfree(fv);
        return -EINVAL;
    }
    fv->control = page_to_virt(fv->page) + op->offset;

    spin_lock(&d->evtchn->lock);
    if (v->fifo != NULL)
        err = -EINVAL;
    else if (d->evtchn->fifo == NULL)
        err = switch_abi(d);
    if (err == 0) {
        __atomic_store_n((struct fifo_vcpu **)&v->fifo, fv, __ATOMIC_SEQ_CST);
        deliver_deferred(d, 1, d->evtchn->fifo->words);
    }
    spin_unlock(&d->evtchn->lock);
    if (err != 0) {
        release_frame(d, fv->page);
        kfree(fv);
        return err;
    }
    op->link_bits = EVTCHN_FIFO_LINK_BITS;
    return 0;
}

int evtchn_fifo_expand_array(const struct evtchn_expand_array *op)
{
    struct domain *d = current->domain;
    struct page_info *pg = hold_frame(d, op->array_gfn);
    struct fifo_domain *f;
    int err = 0;

    if (pg == NULL)
        return -EINVAL;
    spin_lock(&d->evtchn->lock);
    f = d->evtchn->fifo;
    if (f == NULL)
        err = -ENOSYS;
    else if (f->words == EVTCHN_FIFO_NR_CHANNELS)
        err = -ENOSPC;
    if (err == 0) {
        uint32_t first = f->words;

        f->array[first / WORDS_PER_PAGE] = page_to_virt(pg);
        __atomic_store_n(&f->words, first + WORDS_PER_PAGE, __ATOMIC_SEQ_CST);
        deliver_deferred(d, first, first + WORDS_PER_PAGE);
    }
    spin_unlock(&d->evtchn->lock);
    if (err != 0)
        release_frame(d, pg);
    return err;
}

static void free_vcpu(struct quiesce *q)
{
    struct fifo_vcpu *fv = list_entry(q, struct fifo_vcpu, grace);
    struct domain *d = fv->domain;

    release_frame(d, fv->page);
    kfree(fv);
    domain_put(d);
}

static void free_array(struct quiesce *q)
{
    struct fifo_domain *f = list_entry(q, struct fifo_domain, grace);
    struct domain *d = f->domain;

    for (uint32_t w = 0; w < f->words; w += WORDS_PER_PAGE)
        release_frame(d, virt_to_page(f->array[w / WORDS_PER_PAGE]));
    kfree(f);
    domain_put(d);
}

/*
 * The caller has closed every port, but an interrupt on another CPU may be about to raise one: what
 * it may still write to is let go of only after every CPU has passed a quiescent point.
 */
int evtchn_fifo_stop(struct domain *d)
{
    struct evtchn_domain *ed = d->evtchn;
    struct fifo_domain *f;
    struct vcpu *v;
    unsigned i;

    spin_lock(&ed->lock);
    if (ed->open != 0) {
        spin_unlock(&ed->lock);
        return -ERESTART;
    }
    f = ed->fifo;
    ed->abi = &evtchn_2l;
    __atomic_store_n(&ed->fifo, NULL, __ATOMIC_RELEASE);
    for_each_vcpu(d, v, i) {
        struct fifo_vcpu *fv = __atomic_exchange_n((struct fifo_vcpu **)&v->fifo, NULL,
                                                   __ATOMIC_ACQ_REL);

        if (fv != NULL) {
            fv->domain = d;
            domain_hold(d);
            quiesce_call(&fv->grace, free_vcpu);
        }
    }
    if (f != NULL) {
        f->domain = d;
        domain_hold(d);
        quiesce_call(&f->grace, free_array);
    }
    spin_unlock(&ed->lock);
    return 0;
}

void evtchn_fifo_frames(struct domain *d, void (*fn)(uint64_t mfn))
{
    const struct fifo_domain *f = d->evtchn->fifo;
    struct vcpu *v;
    unsigned i;

    for (uint32_t w = 0; f && w < f->words; w += WORDS_PER_PAGE)
        fn(virt_to_mfn(f->array[w / WORDS_PER_PAGE]));
    for_each_vcpu(d, v, i)
        if (v->fifo)
            fn(page_to_mfn(((struct fifo_vcpu *)v->fifo)->page));
}

int evtchn_vcpu_init(struct vcpu *v)
{
    v->fifo = NULL;
    return 0;
}

/* The control block goes in evtchn_fifo_stop(), with the domain's other ones. */
void evtchn_vcpu_destroy(struct vcpu *v)
{
}
