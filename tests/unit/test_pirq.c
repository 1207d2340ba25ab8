/* SPDX-License-Identifier: MIT */
// sources: core/pirq.c
/* dom0's physical interrupts: mapping, binding, ends of interrupt. */
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/evtchn.h"
#include "core/iocap.h"
#include "core/pirq.h"
#include "core/vehicle.h"
#include "hw/irq.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "mm/frame.h"
#include "public/physdev.h"
#include "suite.h"

/* Stand-ins: 24 GSIs of which 16 and up are level-triggered, MSIs from 100 upwards. */
unsigned nr_gsis = 24;
uint64_t max_mfn = 0;
static irq_handler_t *handlers[MAX_IRQS];
static void *args[MAX_IRQS];
static struct cpu_info cpu_info;
static int notified_cpu;
static unsigned routed[MAX_IRQS];
static unsigned eois[MAX_IRQS], sent_port, unmasked_port, unmapped;
static int msi_result, next_msi;
static struct msi_target msi_seen;
static unsigned msi_count;
static struct domain dom0_domain, guest;
static const struct vehicle_ops vehicle;

void spin_lock_init(struct spinlock *l, enum lock_level level) { }
void spin_lock(struct spinlock *l)
{
    ck_assert_uint_eq(l->holder, 0);
    l->holder = 1;
}
void spin_unlock(struct spinlock *l) { l->holder = 0; }
void *kzalloc(size_t size) { return calloc(1, size); }
void kfree(void *p) { free(p); }
bool mfn_is_ram(uint64_t mfn) { return false; }
bool page_get(struct page_info *pg, const struct domain *d) { return false; }
void page_put(struct page_info *pg) { }
bool irq_exists(unsigned irq) { return irq < nr_gsis && irq != 13; }
bool irq_is_level(unsigned irq) { return irq >= 16 && irq < nr_gsis; }
bool iocap_irq_ok(const struct domain *d, unsigned irq) { return irq != 4; }
int irq_request_guest(unsigned irq, irq_handler_t *fn, void *arg)
{
    if (handlers[irq])
        return -EBUSY;
    handlers[irq] = fn;
    args[irq] = arg;
    return 0;
}
struct cpu_info *get_cpu_info(void) { return &cpu_info; }
int irq_set_affinity(unsigned irq, unsigned cpu)
{
    routed[irq] = cpu + 1;
    return 0;
}
void irq_free(unsigned irq) { handlers[irq] = NULL; }
void irq_guest_eoi(unsigned irq) { eois[irq]++; }
int msi_map_multi(const struct msi_target *t, unsigned count)
{
    msi_seen = *t;
    msi_count = count;
    if (msi_result)
        return msi_result;
    next_msi += (int)count;
    return next_msi - (int)count;
}
void msi_unmap(unsigned irq) { unmapped++; }
int evtchn_send_pirq(struct domain *d, uint32_t port)
{
    ck_assert_ptr_eq(d, &dom0_domain);
    sent_port = port;
    return notified_cpu;
}
int evtchn_unmask(uint32_t port) { unmasked_port = port; return 0; }

static void set_up(void)
{
    dom0_domain = (struct domain){ .privileged = true, .vehicle = &vehicle };
    guest = (struct domain){ .domid = 1 };
    memset(handlers, 0, sizeof(handlers));
    memset(eois, 0, sizeof(eois));
    notified_cpu = 0;
    memset(routed, 0, sizeof(routed));
    sent_port = unmasked_port = unmapped = 0;
    msi_result = 0;
    next_msi = 100;
    ck_assert_int_eq(pirq_domain_init(&dom0_domain), 0);
    ck_assert_int_eq(pirq_domain_init(&guest), 0);
    ck_assert_ptr_null(guest.pirq);
}

static void tear_down(void) { pirq_domain_destroy(&dom0_domain); }

static struct physdev_map_pirq gsi(int index, int pirq)
{
    return (struct physdev_map_pirq){ .type = MAP_PIRQ_TYPE_GSI, .index = index, .pirq = pirq };
}

START_TEST(a_gsi_has_its_own_number)
{
    struct physdev_map_pirq op = gsi(17, -1);

    ck_assert_int_eq(pirq_map(&dom0_domain, &op), 0);
    ck_assert_int_eq(op.pirq, 17);
    op = gsi(17, 17);
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), 0);
    op = gsi(18, 17);
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EBUSY);
    ck_assert(pirq_needs_eoi(&dom0_domain, 17));
    ck_assert_int_eq(pirq_irq(&dom0_domain, 17), 17);

    ck_assert_int_eq(pirq_bind(&dom0_domain, 17, 5, true), 0);
    ck_assert_int_eq(pirq_bind(&dom0_domain, 17, 6, true), -EBUSY);
    handlers[17](17, args[17]);
    ck_assert_uint_eq(sent_port, 5);
    ck_assert_int_eq(pirq_eoi(&dom0_domain, 17), 0);
    ck_assert_uint_eq(eois[17], 1);
    ck_assert_uint_eq(unmasked_port, 0);
    pirq_eoi_unmasks(&dom0_domain);
    ck_assert_int_eq(pirq_eoi(&dom0_domain, 17), 0);
    ck_assert_uint_eq(unmasked_port, 5);
    ck_assert_int_eq(pirq_unmap(&dom0_domain, 17), -EBUSY);
    pirq_unbind(&dom0_domain, 17);
    ck_assert_ptr_null(handlers[17]);
    pirq_unbind(&dom0_domain, 17);
    ck_assert_int_eq(pirq_unmap(&dom0_domain, 17), 0);
    ck_assert_int_eq(pirq_unmap(&dom0_domain, 17), -EINVAL);
    ck_assert_uint_eq(unmapped, 0);
}
END_TEST

START_TEST(numbers_out_of_range)
{
    static const int bad[] = { -2, -1000000, 24, 1024, 0x7fffffff, (int)0x80000000 };
    struct physdev_map_pirq op;

    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        op = gsi(bad[i], -1);
        ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EINVAL);
        ck_assert_int_eq(pirq_unmap(&dom0_domain, bad[i]), -EINVAL);
        ck_assert_int_eq(pirq_bind(&dom0_domain, (uint32_t)bad[i], 1, false), -EINVAL);
        ck_assert_int_eq(pirq_eoi(&dom0_domain, (uint32_t)bad[i]), -EINVAL);
        ck_assert(!pirq_needs_eoi(&dom0_domain, (uint32_t)bad[i]));
        ck_assert(!pirq_exists(&dom0_domain, (uint32_t)bad[i]));
        pirq_unbind(&dom0_domain, (uint32_t)bad[i]);
    }
    op = gsi(17, 0x7fffffff);
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EINVAL);
    op = gsi(13, -1);
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EINVAL);
    op = gsi(4, -1);
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EPERM);
    op.type = MAP_PIRQ_TYPE_UNKNOWN;
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EINVAL);
    op = gsi(17, -1);
    ck_assert_int_eq(pirq_map(&guest, &op), -EPERM);
    ck_assert_int_eq(pirq_eoi(&guest, 17), -EINVAL);
    ck_assert_int_eq(pirq_get_free(&guest), -EPERM);
    ck_assert_int_eq(pirq_set_eoi_page(&guest, 0), -EPERM);
    ck_assert_int_eq(pirq_set_eoi_page(&dom0_domain, ~0ULL), -EINVAL);
}
END_TEST

START_TEST(msi_numbers_lie_above_the_gsis)
{
    struct physdev_map_pirq op = {
        .type = MAP_PIRQ_TYPE_MSI_SEG, .index = -1, .pirq = -1, .bus = 2 << 16 | 3, .devfn = 0x18,
        .entry_nr = 7, .table_base = 0xfeb00000,
    };

    ck_assert_int_eq(pirq_map(&dom0_domain, &op), 0);
    ck_assert_int_ge(op.pirq, 24);
    ck_assert_uint_eq(msi_seen.seg, 2);
    ck_assert_uint_eq(msi_seen.bus, 3);
    ck_assert_uint_eq(msi_seen.devfn, 0x18);
    ck_assert_uint_eq(msi_seen.entry, 7);
    ck_assert(!pirq_needs_eoi(&dom0_domain, (uint32_t)op.pirq));
    ck_assert_int_eq(pirq_irq(&dom0_domain, (uint32_t)op.pirq), 100);
    ck_assert_int_eq(pirq_unmap(&dom0_domain, op.pirq), 0);
    ck_assert_uint_eq(unmapped, 1);

    /* What the device refuses leaves nothing reserved. */
    msi_result = -ENODEV;
    for (unsigned i = 0; i < 2 * MAX_IRQS; i++) {
        op.pirq = -1;
        ck_assert_int_eq(pirq_map(&dom0_domain, &op), -ENODEV);
    }
    op.entry_nr = -1;
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EINVAL);
    op.entry_nr = 0x800;
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EINVAL);
    op.entry_nr = 0;
    op.devfn = 256;
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EINVAL);
}
END_TEST

START_TEST(several_messages_are_a_row)
{
    struct physdev_map_pirq op = {
        .type = MAP_PIRQ_TYPE_MULTI_MSI, .pirq = -1, .bus = 1, .entry_nr = 4,
    };

    ck_assert_int_eq(pirq_map(&dom0_domain, &op), 0);
    ck_assert_uint_eq(msi_count, 4);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pirq_irq(&dom0_domain, (uint32_t)(op.pirq + i)), 100 + i);
    ck_assert(!pirq_exists(&dom0_domain, (uint32_t)(op.pirq + 4)));
    op.pirq = -1;
    op.entry_nr = 0;
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EINVAL);
}
END_TEST

START_TEST(reserved_numbers)
{
    struct physdev_map_pirq op = { .type = MAP_PIRQ_TYPE_MSI, .bus = 1 };
    int pirq = pirq_get_free(&dom0_domain), n = 1;

    ck_assert_int_ge(pirq, 24);
    ck_assert(!pirq_exists(&dom0_domain, (uint32_t)pirq));
    ck_assert_int_eq(pirq_bind(&dom0_domain, (uint32_t)pirq, 1, false), -EINVAL);
    op.pirq = pirq;
    msi_result = -EBUSY;
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EBUSY);
    msi_result = 0;
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), 0);
    ck_assert_int_eq(op.pirq, pirq);
    ck_assert_int_eq(pirq_map(&dom0_domain, &op), -EINVAL);
    while (pirq_get_free(&dom0_domain) > 0)
        n++;
    ck_assert_int_eq(n, MAX_IRQS - 24);
    ck_assert_int_eq(pirq_get_free(&dom0_domain), -ENOSPC);
    ck_assert_int_eq(pirq_unmap(&dom0_domain, 500), 0);
    ck_assert_int_eq(pirq_get_free(&dom0_domain), 500);
}
END_TEST

START_TEST(an_interrupt_follows_its_vcpu)
{
    struct physdev_map_pirq op = { .type = MAP_PIRQ_TYPE_GSI, .index = 5, .pirq = -1 };

    ck_assert_int_eq(pirq_map(&dom0_domain, &op), 0);
    ck_assert_int_eq(pirq_bind(&dom0_domain, 5, 9, false), 0);
    handlers[5](5, args[5]);
    ck_assert_uint_eq(routed[5], 0);
    notified_cpu = 3;
    handlers[5](5, args[5]);
    ck_assert_uint_eq(routed[5], 4);
    routed[5] = 0;
    notified_cpu = -EINVAL;
    handlers[5](5, args[5]);
    ck_assert_uint_eq(routed[5], 0);
    pirq_unbind(&dom0_domain, 5);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("pirqs");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_gsi_has_its_own_number);
    tcase_add_test(tc, an_interrupt_follows_its_vcpu);
    tcase_add_test(tc, numbers_out_of_range);
    tcase_add_test(tc, msi_numbers_lie_above_the_gsis);
    tcase_add_test(tc, several_messages_are_a_row);
    tcase_add_test(tc, reserved_numbers);
    return run_suite("pirq", tc);
}
