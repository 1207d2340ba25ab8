/* SPDX-License-Identifier: MIT */
// sources: core/iocap.c lib/rangeset.c lib/bitmap.c
/* Rights to ports, frames and interrupts: dom0's everything-but, others' nothing-unless. */
#include <stdlib.h>

#include "core/domain.h"
#include "core/iocap.h"
#include "hw/cpu.h"
#include "suite.h"

struct cpu_features cpu_features = { .phys_bits = 40 };
struct domain *dom0;

unsigned long spin_lock_irqsave(struct spinlock *l)
{
    return 0;
}

void spin_unlock_irqrestore(struct spinlock *l, unsigned long flags)
{
}

void panic(const char *fmt, ...)
{
    abort();
}

static unsigned allocations_left = ~0u;

void *kzalloc(size_t size)
{
    if (!allocations_left)
        return NULL;
    allocations_left--;
    return calloc(1, size);
}

void kfree(void *p)
{
    free(p);
}

static struct domain control = { .privileged = true }, guest;

static void set_up(void)
{
    allocations_left = ~0u;
    dom0 = NULL;
    ck_assert_int_eq(iocap_domain_init(&control), 0);
    ck_assert_int_eq(iocap_domain_init(&guest), 0);
    dom0 = &control;
}

static void tear_down(void)
{
    iocap_domain_destroy(&control);
    iocap_domain_destroy(&guest);
}

START_TEST(control_has_everything)
{
    ck_assert(iocap_port_ok(&control, 0x3f8, 8));
    ck_assert(iocap_port_ok(&control, 0xffff, 1));
    ck_assert(iocap_mfn_ok(&control, 0, (1ULL << 28) - 1));
    ck_assert(!iocap_mfn_ok(&control, 0, 1ULL << 28));
    ck_assert(iocap_irq_ok(&control, 5));
}
END_TEST

START_TEST(guest_has_nothing)
{
    ck_assert(!iocap_port_ok(&guest, 0, 1));
    ck_assert(!iocap_mfn_ok(&guest, 0xfee00, 0xfee00));
    ck_assert(!iocap_irq_ok(&guest, 5));
}
END_TEST

START_TEST(what_is_given_can_be_taken)
{
    ck_assert_int_eq(iocap_ports(&guest, 0x3f8, 0x3ff, true), 0);
    ck_assert(iocap_port_ok(&guest, 0x3fc, 4));
    ck_assert(!iocap_port_ok(&guest, 0x3fd, 4));
    ck_assert_int_eq(iocap_ports(&guest, 0x3fa, 0x3fa, false), 0);
    ck_assert(!iocap_port_ok(&guest, 0x3f8, 4));
    ck_assert(iocap_port_ok(&guest, 0x3f8, 2));

    ck_assert_int_eq(iocap_mfns(&guest, 0xfebf0, 0xfebff, true), 0);
    ck_assert(iocap_mfn_ok(&guest, 0xfebf0, 0xfebff));
    ck_assert_int_eq(iocap_mfns(&guest, 0xfebff, 0xfebff, false), 0);
    ck_assert(!iocap_mfn_ok(&guest, 0xfebf0, 0xfebff));
    ck_assert_int_eq(iocap_irq(&guest, 9, true), 0);
    ck_assert(iocap_irq_ok(&guest, 9));
    ck_assert(!iocap_irq_ok(&guest, 10));
}
END_TEST

START_TEST(ranges_are_checked)
{
    ck_assert_int_lt(iocap_ports(&guest, 2, 1, true), 0);
    ck_assert_int_lt(iocap_ports(&guest, 0, 0x10000, true), 0);
    ck_assert_int_lt(iocap_mfns(&guest, 0, 1ULL << 28, true), 0);
    ck_assert_int_lt(iocap_irq(&guest, 0x10000, true), 0);
    /* A last byte beyond the last port, and none at all. */
    ck_assert(!iocap_port_ok(&control, 0xffff, 2));
    ck_assert(!iocap_port_ok(&control, 0xffffffff, 4));
    ck_assert(!iocap_port_ok(&control, 0x60, 0));
    ck_assert(!iocap_mfn_ok(&control, 5, 4));
}
END_TEST

START_TEST(reserving_takes_it_from_control_now_and_later)
{
    struct domain again = { .privileged = true };

    iocap_reserve_mfn(0xfee00);
    iocap_reserve_ports(0x3f8, 0x3ff);
    ck_assert(!iocap_mfn_ok(&control, 0xfee00, 0xfee00));
    ck_assert(iocap_mfn_ok(&control, 0xfee01, 0xfee01));
    ck_assert(!iocap_port_ok(&control, 0x3f4, 8));
    ck_assert_int_eq(iocap_domain_init(&again), 0);
    ck_assert(!iocap_mfn_ok(&again, 0xfee00, 0xfee00));
    ck_assert(!iocap_port_ok(&again, 0x3ff, 1));
    ck_assert(iocap_port_ok(&again, 0x400, 1));
    iocap_domain_destroy(&again);
}
END_TEST

START_TEST(no_memory_leaves_nothing)
{
    struct domain d = { .privileged = true };
    int rc;

    for (unsigned n = 0;; n++) {
        allocations_left = n;
        rc = iocap_domain_init(&d);
        if (!rc)
            break;
        ck_assert_ptr_null(d.ioports);
        ck_assert_ptr_null(d.iomem);
        ck_assert_ptr_null(d.irqs);
        ck_assert(!iocap_port_ok(&d, 0, 1));
    }
    iocap_domain_destroy(&d);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("rights");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, control_has_everything);
    tcase_add_test(tc, guest_has_nothing);
    tcase_add_test(tc, what_is_given_can_be_taken);
    tcase_add_test(tc, ranges_are_checked);
    tcase_add_test(tc, reserving_takes_it_from_control_now_and_later);
    tcase_add_test(tc, no_memory_leaves_nothing);
    return run_suite("iocap", tc);
}
