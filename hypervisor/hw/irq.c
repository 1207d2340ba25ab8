/* SPDX-License-Identifier: MIT */
/* Interrupt descriptors: from vectors to handlers. */
#include "hw/irq.h"

#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/ioapic.h"
#include "hw/ipi.h"
#include "hw/lapic.h"
#include "hw/msi.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/timer.h"
#include "hw/tlb.h"
#include "lib/errno.h"

/*
 * A vector means the same irq on every CPU, so an irq moves to another CPU by its destination
 * alone. An irq gets its vector when it is first bound and keeps it until it is unmapped.
 *
 * A level-triggered line bound for a guest is masked when it arrives and acknowledged at the local
 * APIC at once; the guest's end of interrupt unmasks it, and the IO-APIC then looks at the line
 * again. So a guest that never answers blocks its own line and no priority of ours. Edges and MSIs
 * are acknowledged at once: another one while the guest works is its next event.
 */
struct irq {
    struct spinlock lock;
    irq_handler_t *fn;      /* [lock] */
    void *arg;
    uint8_t vector;         /* 0: none */
    uint8_t cpu;            /* its destination */
    bool guest;             /* the handler's owner acknowledges */
    bool level, active_low;
    bool configured;        /* gsi_setup has been called */
    bool masked;            /* by irq_mask */
    bool awaiting_eoi;      /* masked until irq_guest_eoi */
    uint32_t running;       /* (a) handlers being run */
    struct msi_source *msi; /* irqs above the GSIs; NULL: free */
    uint16_t msi_index;     /* of the message */
    uint16_t msi_first;     /* irq of message 0, which owns the source */
    uint16_t msi_left;      /* message 0: messages still mapped */
    struct msi_target target;
};

unsigned nr_gsis;

static struct irq irqs[MAX_IRQS];
/* Allocation of vectors and of MSI irqs. */
static struct spinlock alloc_lock = SPINLOCK_IRQ_INIT(LOCK_IRQ);
static uint16_t vector_irq[256]; /* irq + 1; 0: none */

bool irq_exists(unsigned irq)
{
    if (irq < nr_gsis)
        return ioapic_has_gsi(irq);
    return irq < MAX_IRQS && irqs[irq].msi != NULL;
}

bool irq_is_level(unsigned irq)
{
    return irq < MAX_IRQS && irqs[irq].level;
}

uint8_t irq_vector(unsigned irq)
{
    return irq < MAX_IRQS ? irqs[irq].vector : 0;
}

/* INT 0x80 and INT 0x82 have gates that guests may use. */
static bool vector_usable(unsigned v)
{
    return v != 0x80 && v != 0x82 && !vector_irq[v];
}

/* `count` vectors in a row, aligned to it (plain MSI needs that), for irqs from `irq`. 0: none. */
static uint8_t vectors_take(unsigned irq, unsigned count)
{
    unsigned long flags = spin_lock_irqsave(&alloc_lock);
    unsigned first = 0;

    for (unsigned v = (VECTOR_FIRST_DEVICE + count - 1) & -count;
         !first && v + count - 1 <= VECTOR_LAST_DEVICE; v += count) {
        first = v;
        for (unsigned i = 0; i < count; i++)
            if (!vector_usable(v + i))
                first = 0;
    }
    for (unsigned i = 0; first && i < count; i++)
        vector_irq[first + i] = (uint16_t)(irq + i + 1);
    spin_unlock_irqrestore(&alloc_lock, flags);
    return (uint8_t)first;
}

static void vector_put(uint8_t vector)
{
    unsigned long flags = spin_lock_irqsave(&alloc_lock);

    vector_irq[vector] = 0;
    spin_unlock_irqrestore(&alloc_lock, flags);
}

/* Writes hardware as the descriptor says. Lock held. */
static void apply(unsigned irq, struct irq *d)
{
    bool masked = d->masked || d->awaiting_eoi || !d->fn;
    uint32_t apic_id = lapic_cpu_id(d->cpu);

    if (irq < nr_gsis) {
        ioapic_route(irq, &(struct ioapic_route){ .vector = d->vector, .apic_id = apic_id,
                     .level = d->level, .active_low = d->active_low, .masked = masked });
    } else if (d->msi) {
        if (d->msi_index == 0)
            msi_program(d->msi, apic_id, d->vector);
        msi_mask(d->msi, d->msi_index, masked);
    }
}

static void apply_mask(unsigned irq, struct irq *d)
{
    bool masked = d->masked || d->awaiting_eoi || !d->fn;

    if (irq < nr_gsis)
        ioapic_mask(irq, masked);
    else if (d->msi)
        msi_mask(d->msi, d->msi_index, masked);
}

static int request(unsigned irq, irq_handler_t *fn, void *arg, bool guest)
{
    struct irq *d;
    unsigned long flags;
    int rc = 0;

    if (!irq_exists(irq))
        return -EINVAL;
    d = &irqs[irq];
    flags = spin_lock_irqsave(&d->lock);
    if (d->fn) {
        rc = -EBUSY;
        goto out;
    }
    spin_unlock_irqrestore(&d->lock, flags);
    if (!d->vector) {
        uint8_t vector = vectors_take(irq, 1);

        if (!vector)
            return -ENOSPC;
        flags = spin_lock_irqsave(&d->lock);
        if (d->vector) {
            spin_unlock_irqrestore(&d->lock, flags);
            vector_put(vector);
        } else {
            d->vector = vector;
            spin_unlock_irqrestore(&d->lock, flags);
        }
    }
    flags = spin_lock_irqsave(&d->lock);
    if (d->fn) {
        rc = -EBUSY;
        goto out;
    }
    d->fn = fn;
    d->arg = arg;
    d->guest = guest;
    d->masked = d->awaiting_eoi = false;
    apply(irq, d);
out:
    spin_unlock_irqrestore(&d->lock, flags);
    return rc;
}

int irq_request(unsigned irq, irq_handler_t *fn, void *arg)
{
    return request(irq, fn, arg, false);
}

int irq_request_guest(unsigned irq, irq_handler_t *fn, void *arg)
{
    return request(irq, fn, arg, true);
}

void irq_free(unsigned irq)
{
    struct irq *d = &irqs[irq];
    unsigned long flags = spin_lock_irqsave(&d->lock);

    d->fn = NULL;
    d->awaiting_eoi = false;
    apply_mask(irq, d);
    spin_unlock_irqrestore(&d->lock, flags);
    while (__atomic_load_n(&d->running, __ATOMIC_ACQUIRE))
        cpu_relax();
}

void irq_guest_eoi(unsigned irq)
{
    struct irq *d = &irqs[irq];
    unsigned long flags = spin_lock_irqsave(&d->lock);

    if (d->awaiting_eoi) {
        d->awaiting_eoi = false;
        apply_mask(irq, d);
    }
    spin_unlock_irqrestore(&d->lock, flags);
}

static void set_masked(unsigned irq, bool masked)
{
    struct irq *d = &irqs[irq];
    unsigned long flags = spin_lock_irqsave(&d->lock);

    d->masked = masked;
    apply_mask(irq, d);
    spin_unlock_irqrestore(&d->lock, flags);
}

void irq_mask(unsigned irq)
{
    set_masked(irq, true);
}

void irq_unmask(unsigned irq)
{
    set_masked(irq, false);
}

int gsi_setup(unsigned gsi, bool level, bool active_low)
{
    struct irq *d;
    unsigned long flags;
    int rc = 0;

    if (gsi >= nr_gsis || !ioapic_has_gsi(gsi))
        return -EINVAL;
    d = &irqs[gsi];
    flags = spin_lock_irqsave(&d->lock);
    if (d->level == level && d->active_low == active_low) {
        d->configured = true;
    } else if (d->fn || d->configured) {
        rc = -EBUSY;
    } else {
        d->level = level;
        d->active_low = active_low;
        d->configured = true;
    }
    spin_unlock_irqrestore(&d->lock, flags);
    return rc;
}

int irq_set_affinity(unsigned irq, unsigned cpu)
{
    struct irq *d;
    unsigned long flags;

    if (!irq_exists(irq) || cpu >= MAX_CPUS || !cpumask_test(&cpu_online_mask, cpu))
        return -EINVAL;
    d = &irqs[irq];
    flags = spin_lock_irqsave(&d->lock);
    if (d->cpu != cpu) {
        d->cpu = (uint8_t)cpu;
        if (d->fn)
            apply(irq, d);
    }
    spin_unlock_irqrestore(&d->lock, flags);
    return 0;
}

/* `count` free irqs in a row, marked by `source`. 0: none (irq 0 is a GSI). */
static unsigned msi_irqs_take(struct msi_source *source, unsigned count)
{
    unsigned long flags = spin_lock_irqsave(&alloc_lock);
    unsigned first = 0;

    for (unsigned at = nr_gsis, run = 0; at < MAX_IRQS && !first; at++) {
        run = irqs[at].msi ? 0 : run + 1;
        if (run == count)
            first = at + 1 - count;
    }
    for (unsigned i = 0; first && i < count; i++)
        irqs[first + i].msi = source;
    spin_unlock_irqrestore(&alloc_lock, flags);
    return first;
}

static void msi_irq_put(unsigned irq)
{
    unsigned long flags = spin_lock_irqsave(&alloc_lock);

    irqs[irq].msi = NULL;
    spin_unlock_irqrestore(&alloc_lock, flags);
}

int msi_map_multi(const struct msi_target *t, unsigned count)
{
    struct msi_source *source;
    unsigned first;
    uint8_t vector;
    int rc;

    rc = msi_open(t, count, &source);
    if (rc)
        return rc;
    rc = -ENOSPC;
    first = msi_irqs_take(source, count);
    if (!first)
        goto no_irq;
    vector = vectors_take(first, count);
    if (!vector)
        goto no_vector;
    for (unsigned i = 0; i < count; i++) {
        struct irq *d = &irqs[first + i];

        d->vector = (uint8_t)(vector + i);
        d->level = d->active_low = d->awaiting_eoi = false;
        d->masked = false;
        d->cpu = 0;
        d->msi_index = (uint16_t)i;
        d->msi_first = (uint16_t)first;
        d->msi_left = (uint16_t)count;
        d->target = *t;
    }
    /* Now already: dom0 turns plain MSI on before it binds; without mask bits it is live then. */
    for (unsigned i = 0; i < count; i++) {
        unsigned long flags = spin_lock_irqsave(&irqs[first + i].lock);

        apply(first + i, &irqs[first + i]);
        spin_unlock_irqrestore(&irqs[first + i].lock, flags);
    }
    return (int)first;
no_vector:
    while (count--)
        msi_irq_put(first + count);
no_irq:
    msi_close(source);
    return rc;
}

int msi_map(const struct msi_target *t)
{
    return msi_map_multi(t, 1);
}

void msi_unmap(unsigned irq)
{
    struct irq *d = &irqs[irq];
    struct irq *first = &irqs[d->msi_first];
    struct msi_source *source = d->msi;
    unsigned long flags;
    bool last;

    irq_free(irq);
    flags = spin_lock_irqsave(&first->lock);
    last = --first->msi_left == 0;
    spin_unlock_irqrestore(&first->lock, flags);
    /* Message 0's place stays taken until the last of them is gone: it holds the count. */
    if (last)
        msi_close(source);
    vector_put(d->vector);
    d->vector = 0;
    if (d != first)
        msi_irq_put(irq);
    if (last)
        msi_irq_put(d->msi_first);
}

int msi_restore(uint16_t seg, uint8_t bus, uint8_t devfn)
{
    int rc = -ENODEV;

    for (unsigned irq = nr_gsis; irq < MAX_IRQS; irq++) {
        struct irq *d = &irqs[irq];
        unsigned long flags = spin_lock_irqsave(&d->lock);

        if (d->msi && d->vector && d->target.seg == seg && d->target.bus == bus &&
            d->target.devfn == devfn) {
            apply(irq, d);
            msi_enable(d->msi);
            rc = 0;
        }
        spin_unlock_irqrestore(&d->lock, flags);
    }
    return rc;
}

static void device_interrupt(uint8_t vector)
{
    unsigned irq = vector_irq[vector];
    irq_handler_t *fn = NULL;
    struct irq *d;
    void *arg = NULL;

    if (!irq--) {
        lapic_eoi(); /* was unbound while under way */
        return;
    }
    d = &irqs[irq];
    spin_lock(&d->lock);
    if (d->fn && !d->awaiting_eoi) {
        fn = d->fn;
        arg = d->arg;
        __atomic_fetch_add(&d->running, 1, __ATOMIC_ACQUIRE);
        if (d->guest && d->level) {
            d->awaiting_eoi = true;
            apply_mask(irq, d);
        }
    }
    spin_unlock(&d->lock);
    /* A level line of ours is served before the EOI, or it would come again. */
    if (fn && d->level && !d->guest) {
        fn(irq, arg);
        lapic_eoi();
    } else {
        lapic_eoi();
        if (fn)
            fn(irq, arg);
    }
    if (fn)
        __atomic_fetch_sub(&d->running, 1, __ATOMIC_RELEASE);
}

static void dispatch(uint8_t vector)
{
    switch (vector) {
    case VECTOR_EVENT_CHECK: /* the way back to the guest does it */
        lapic_eoi();
        break;
    case VECTOR_TIMER:
        lapic_eoi();
        timer_interrupt();
        break;
    case VECTOR_CALL:
        lapic_eoi();
        ipi_call_interrupt();
        break;
    case VECTOR_TLB:
        lapic_eoi();
        tlb_interrupt();
        break;
    case VECTOR_ERROR:
        lapic_eoi();
        printk(LOG_WARN, "CPU%u: local APIC error\n", smp_cpu_id());
        break;
    case VECTOR_SPURIOUS: /* not in service: no EOI (SDM vol. 3, 11.9) */
        break;
    default:
        if (vector >= VECTOR_FIRST_DEVICE && vector <= VECTOR_LAST_DEVICE)
            device_interrupt(vector);
        else if (lapic_in_service(vector))
            lapic_eoi();
        break;
    }
}

void irq_entry(struct trap_frame *f)
{
    unsigned before = spin_interrupt_enter();

    dispatch((uint8_t)f->vector);
    spin_interrupt_leave(before);
}

/* Moved out of the exceptions' way and masked for good (8259A data sheet). */
static void pic_silence(void)
{
    outb(0x20, 0x11);
    outb(0xa0, 0x11);
    outb(0x21, VECTOR_PIC);
    outb(0xa1, VECTOR_PIC + 8);
    outb(0x21, 4);
    outb(0xa1, 2);
    outb(0x21, 1);
    outb(0xa1, 1);
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

void irq_init(void)
{
    pic_silence();
    for (unsigned i = 0; i < MAX_IRQS; i++)
        spin_lock_init_irq(&irqs[i].lock, LOCK_IRQ);
    lapic_init_cpu();
    ioapic_init();
    /* PCI lines are level-triggered, active low, until dom0 says what its tables say. */
    for (unsigned gsi = 16; gsi < nr_gsis; gsi++)
        irqs[gsi].level = irqs[gsi].active_low = true;
    for (unsigned i = 0; i < 16; i++) {
        const struct acpi_isa_irq *isa = &acpi_isa_irqs[i];

        if (isa->gsi < nr_gsis) {
            irqs[isa->gsi].level = isa->level;
            irqs[isa->gsi].active_low = isa->active_low;
        }
    }
}
