/* SPDX-License-Identifier: MIT */
// sources: lib/bitmap.c
/* Interrupt descriptors: vectors, level lines of guests, MSI messages. */
#include <stdlib.h>
#include <string.h>

#include "suite.h"

/* Included for its descriptors. */
#include "hw/irq.c"

struct acpi_isa_irq acpi_isa_irqs[16];
struct cpumask cpu_online_mask;
static struct cpu_info cpu;

/* Stand-ins: one IO-APIC of 24 pins, devices that remember what was programmed. */
static struct ioapic_route routes[24];
struct msi_source {
    bool open, enabled, masked[32];
    uint32_t apic_id;
    uint8_t vector;
    unsigned count;
};
static struct msi_source devices[300];
static unsigned nr_devices, eois, handled;
static int open_result;
static bool eoi_before_handler;

struct cpu_info *get_cpu_info(void) { return &cpu; }
void printk(enum log_level level, const char *fmt, ...) { }
void spin_lock_init_irq(struct spinlock *l, enum lock_level level) { l->level = (uint8_t)level; }
void spin_lock(struct spinlock *l)
{
    ck_assert_uint_eq(l->holder, 0);
    l->holder = 1;
}
void spin_unlock(struct spinlock *l) { l->holder = 0; }
unsigned long spin_lock_irqsave(struct spinlock *l) { spin_lock(l); return 0; }
void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags) { spin_unlock(l); }
unsigned spin_interrupt_enter(void) { return 0; }
void spin_interrupt_leave(unsigned before) { }
void lapic_init_cpu(void) { }
uint32_t lapic_cpu_id(unsigned n) { return 10 + n; }
void lapic_eoi(void) { eois++; }
bool lapic_in_service(uint8_t vector) { return false; }
void ioapic_init(void) { }
bool ioapic_has_gsi(unsigned gsi) { return gsi < 24; }
void ioapic_route(unsigned gsi, const struct ioapic_route *r) { routes[gsi] = *r; }
void ioapic_mask(unsigned gsi, bool masked) { routes[gsi].masked = masked; }
void timer_interrupt(void) { }
void ipi_call_interrupt(void) { }
void tlb_interrupt(void) { }

int msi_open(const struct msi_target *t, unsigned count, struct msi_source **out)
{
    if (open_result)
        return open_result;
    *out = &devices[nr_devices++];
    **out = (struct msi_source){ .open = true, .count = count };
    return 0;
}
void msi_program(struct msi_source *s, uint32_t apic_id, uint8_t vector)
{
    s->apic_id = apic_id;
    s->vector = vector;
}
void msi_enable(struct msi_source *s) { s->enabled = true; }
void msi_mask(struct msi_source *s, unsigned i, bool masked) { s->masked[i] = masked; }
void msi_close(struct msi_source *s) { s->open = false; }

static void handler(unsigned irq, void *arg)
{
    ck_assert_ptr_eq(arg, &irqs[irq]);
    ck_assert_uint_eq(irqs[irq].lock.holder, 0);
    eoi_before_handler = eois != 0;
    handled++;
}

static void arrive(uint8_t vector)
{
    struct trap_frame f = { .vector = vector };

    eois = 0;
    irq_entry(&f);
    ck_assert_uint_eq(eois, 1);
}

static void set_up(void)
{
    memset(irqs, 0, sizeof(irqs));
    memset(vector_irq, 0, sizeof(vector_irq));
    memset(routes, 0, sizeof(routes));
    nr_gsis = 24;
    nr_devices = handled = 0;
    open_result = 0;
    cpumask_set(&cpu_online_mask, 0);
    cpumask_set(&cpu_online_mask, 1);
    for (unsigned i = 16; i < 24; i++)
        irqs[i].level = irqs[i].active_low = true;
}

START_TEST(guest_level_line_is_masked_until_eoi)
{
    ck_assert_int_eq(irq_request_guest(17, handler, &irqs[17]), 0);
    ck_assert_int_eq(irq_request_guest(17, handler, &irqs[17]), -EBUSY);
    ck_assert(!routes[17].masked && routes[17].level && routes[17].active_low);
    ck_assert_uint_eq(routes[17].apic_id, 10);
    arrive(routes[17].vector);
    ck_assert_uint_eq(handled, 1);
    ck_assert(eoi_before_handler);
    ck_assert(routes[17].masked);
    /* A second one that was under way is not the guest's. */
    arrive(routes[17].vector);
    ck_assert_uint_eq(handled, 1);
    irq_guest_eoi(17);
    ck_assert(!routes[17].masked);
    irq_guest_eoi(17);
    ck_assert(!routes[17].masked);
    /* A masked line stays so through an end of interrupt. */
    arrive(routes[17].vector);
    irq_mask(17);
    irq_guest_eoi(17);
    ck_assert(routes[17].masked);
    irq_unmask(17);
    ck_assert(!routes[17].masked);
    irq_free(17);
    ck_assert(routes[17].masked);
    arrive(routes[17].vector);
    ck_assert_uint_eq(handled, 2);
}
END_TEST

START_TEST(edge_is_acknowledged_at_once)
{
    ck_assert_int_eq(irq_request_guest(4, handler, &irqs[4]), 0);
    for (unsigned i = 0; i < 3; i++)
        arrive(routes[4].vector);
    ck_assert_uint_eq(handled, 3);
    ck_assert(!routes[4].masked);
}
END_TEST

START_TEST(our_level_line_is_served_before_its_eoi)
{
    ck_assert_int_eq(irq_request(18, handler, &irqs[18]), 0);
    arrive(routes[18].vector);
    ck_assert(!eoi_before_handler);
    ck_assert(!routes[18].masked);
}
END_TEST

START_TEST(trigger_is_first_come)
{
    ck_assert_int_eq(gsi_setup(5, true, false), 0);
    ck_assert(irq_is_level(5));
    ck_assert_int_eq(gsi_setup(5, true, false), 0);
    ck_assert_int_eq(gsi_setup(5, false, false), -EBUSY);
    ck_assert_int_eq(irq_request_guest(6, handler, &irqs[6]), 0);
    ck_assert_int_eq(gsi_setup(6, true, true), -EBUSY);
    ck_assert_int_eq(gsi_setup(24, true, true), -EINVAL);
    ck_assert_int_eq(gsi_setup(~0u, true, true), -EINVAL);
}
END_TEST

START_TEST(affinity)
{
    struct msi_target t = { .bus = 1 };
    int irq = msi_map(&t);

    ck_assert_int_eq(irq_request_guest(17, handler, &irqs[17]), 0);
    ck_assert_int_eq(irq_set_affinity(17, 1), 0);
    ck_assert_uint_eq(routes[17].apic_id, 11);
    ck_assert_int_eq(irq_set_affinity(17, 2), -EINVAL);
    ck_assert_int_eq(irq_set_affinity(500, 0), -EINVAL);
    ck_assert_int_eq(irq_request_guest(irq, handler, &irqs[irq]), 0);
    ck_assert_int_eq(irq_set_affinity(irq, 1), 0);
    ck_assert_uint_eq(devices[0].apic_id, 11);
}
END_TEST

START_TEST(msi_messages)
{
    struct msi_target t = { .bus = 1 };
    int irq = msi_map_multi(&t, 4);

    ck_assert_int_ge(irq, 24);
    ck_assert_uint_eq(devices[0].vector % 4, 0);
    for (int i = 0; i < 4; i++) {
        ck_assert(devices[0].masked[i]);
        ck_assert_int_eq(irq_request_guest(irq + i, handler, &irqs[irq + i]), 0);
        ck_assert(!devices[0].masked[i]);
        arrive((uint8_t)(devices[0].vector + i));
        ck_assert_uint_eq(handled, i + 1);
    }
    ck_assert_int_eq(msi_restore(0, 1, 0), 0);
    ck_assert(devices[0].enabled);
    ck_assert_int_eq(msi_restore(0, 2, 0), -ENODEV);
    /* The first one goes first: the others work on. */
    msi_unmap(irq);
    ck_assert(devices[0].open);
    arrive((uint8_t)(devices[0].vector + 2));
    ck_assert_uint_eq(handled, 5);
    for (int i = 3; i > 0; i--)
        msi_unmap(irq + i);
    ck_assert(!devices[0].open);
    for (int i = 0; i < 4; i++)
        ck_assert(!irq_exists(irq + i));
    open_result = -ENODEV;
    ck_assert_int_eq(msi_map(&t), -ENODEV);
}
END_TEST

START_TEST(vectors_run_out_and_come_back)
{
    struct msi_target t = { .bus = 1 };
    int irq = 0, last = 0, n = 0;

    while ((irq = msi_map(&t)) > 0) {
        ck_assert_uint_ne(irqs[irq].vector, 0x80);
        ck_assert_uint_ne(irqs[irq].vector, 0x82);
        ck_assert_uint_ge(irqs[irq].vector, VECTOR_FIRST_DEVICE);
        ck_assert_uint_le(irqs[irq].vector, VECTOR_LAST_DEVICE);
        last = irq;
        n++;
    }
    ck_assert_int_eq(irq, -ENOSPC);
    ck_assert_int_eq(n, VECTOR_LAST_DEVICE - VECTOR_FIRST_DEVICE + 1 - 2);
    ck_assert(!devices[nr_devices - 1].open);
    ck_assert_int_eq(irq_request_guest(3, handler, &irqs[3]), -ENOSPC);
    msi_unmap(last);
    ck_assert_int_eq(irq_request_guest(3, handler, &irqs[3]), 0);
}
END_TEST

START_TEST(unknown_irqs)
{
    ck_assert_int_eq(irq_request_guest(24, handler, NULL), -EINVAL);
    ck_assert_int_eq(irq_request_guest(~0u, handler, NULL), -EINVAL);
    ck_assert(!irq_exists(MAX_IRQS));
    arrive(0x55);
    ck_assert_uint_eq(handled, 0);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("descriptors");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, guest_level_line_is_masked_until_eoi);
    tcase_add_test(tc, edge_is_acknowledged_at_once);
    tcase_add_test(tc, our_level_line_is_served_before_its_eoi);
    tcase_add_test(tc, trigger_is_first_come);
    tcase_add_test(tc, affinity);
    tcase_add_test(tc, msi_messages);
    tcase_add_test(tc, vectors_run_out_and_come_back);
    tcase_add_test(tc, unknown_irqs);
    return run_suite("irq", tc);
}
