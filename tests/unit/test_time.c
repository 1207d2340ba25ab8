/* SPDX-License-Identifier: MIT */
// sources: core/time.c
/* Guest clocks and virtual timers: what a guest reads, and when it is told. */
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/sched.h"
#include "core/time.h"
#include "core/vcpu.h"
#include "core/vehicle.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "suite.h"

/* Stand-ins: a clock we move, timers that only remember, one guest area in our own memory. */
struct tsc_scale tsc_scale;
uint64_t tsc_khz = 1000000;
void (*tsc_scale_changed)(void);
static bool stable = true;
static struct tsc_scale here; /* while not stable */
bool tsc_stable(void) { return stable; }
struct tsc_scale tsc_scale_here(void) { return stable ? tsc_scale : here; }
struct domain idle_domain_struct;
static uint64_t clock_ns;
static struct cpu_info cpu;
static unsigned virqs, poll_ends;
static struct domain dom;
static struct vcpu v;
static struct shared_info shared;
static const struct vehicle_ops vehicle;

uint64_t now_ns(void) { return clock_ns; }
uint64_t wallclock_boot_ns(void) { return 1700000000ULL * 1000000000 + 5; }
struct cpu_info *get_cpu_info(void) { return &cpu; }
void spin_lock(struct spinlock *l) { }
void spin_unlock(struct spinlock *l) { }
void send_vcpu_virq(struct vcpu *to, uint32_t virq)
{
    ck_assert_ptr_eq(to, &v);
    ck_assert_uint_eq(virq, VIRQ_TIMER);
    virqs++;
}
static bool runs_elsewhere;
bool vcpu_on_a_cpu(const struct vcpu *of) { return runs_elsewhere; }
void sched_poll_end(struct vcpu *to) { poll_ends++; }
int copy_to_guest(struct guest_ptr dst, const void *src, size_t len)
{
    memcpy((void *)dst.va, src, len);
    return 0;
}
void domain_for_each(domid_t first, bool (*fn)(struct domain *d, void *arg), void *arg) { fn(&dom, arg); }

static struct timer *armed;
static uint64_t armed_for;
void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned on)
{
    t->fn = fn;
    t->arg = arg;
    t->cpu = on;
}
void timer_set(struct timer *t, uint64_t expires) { armed = t; armed_for = expires; }
void timer_stop(struct timer *t) { if (armed == t) armed = NULL; }
void timer_kill(struct timer *t) { timer_stop(t); }
void timer_migrate(struct timer *t, unsigned to) { t->cpu = to; }

static void fire(void)
{
    struct timer *t = armed;

    ck_assert_ptr_nonnull(t);
    armed = NULL;
    if (clock_ns < armed_for)
        clock_ns = armed_for;
    t->fn(t->arg);
}

static void set_up(void)
{
    memset(&v, 0, sizeof(v));
    memset(&dom, 0, sizeof(dom));
    memset(&shared, 0, sizeof(shared));
    tsc_scale = (struct tsc_scale){ .tsc_stamp = 1000, .ns_stamp = 7, .mul = 0x80000000, .shift = 1 };
    clock_ns = 1000000;
    virqs = poll_ends = 0;
    armed = NULL;
    dom.shared_info = &shared;
    dom.vehicle = &vehicle;
    v.domain = &dom;
    v.vcpu_info = &shared.vcpu_info[0];
    current = &v;
    cpu.cpu = 3;
    vcpu_timers_init(&v);
}

START_TEST(record_says_what_the_scale_is)
{
    struct vcpu_time_info *t = &v.vcpu_info->time;

    time_update_vcpu(&v);
    ck_assert_uint_eq(t->version, 2);
    ck_assert_uint_eq(t->tsc_timestamp, 1000);
    ck_assert_uint_eq(t->system_time, 7);
    ck_assert_uint_eq(t->tsc_to_system_mul, 0x80000000);
    ck_assert_int_eq(t->tsc_shift, 1);
    ck_assert_uint_eq(t->flags & XEN_PVCLOCK_TSC_STABLE_BIT, XEN_PVCLOCK_TSC_STABLE_BIT);
    /* Nothing changed: readers are not disturbed. */
    time_update_vcpu(&v);
    ck_assert_uint_eq(t->version, 2);
    tsc_scale.ns_stamp = 8;
    time_update_vcpu(&v);
    ck_assert_uint_eq(t->version, 4);
    /* What a guest writes there is its own loss, and repaired at the next change. */
    t->version = 0xffffffff;
    time_update_vcpu(&v);
    ck_assert_uint_eq(t->version & 1, 0);
}
END_TEST

/* Where TSCs disagree a record is its CPU's own, follows it, and does not promise more. */
START_TEST(records_of_cpus_that_disagree)
{
    struct vcpu_time_info *t = &v.vcpu_info->time;
    uint32_t version;

    stable = false;
    here = (struct tsc_scale){ .tsc_stamp = 5000, .ns_stamp = 70, .mul = 0x80000001, .shift = 1 };
    time_update_vcpu(&v);
    ck_assert_uint_eq(t->flags, 0);
    ck_assert_uint_eq(t->tsc_timestamp, 5000);
    ck_assert_uint_eq(t->system_time, 70);
    ck_assert_uint_eq(t->tsc_to_system_mul, 0x80000001);
    version = t->version;
    time_init();
    here.tsc_stamp = 6000;
    here.ns_stamp = 1070;
    tsc_scale_changed();
    ck_assert_uint_eq(t->tsc_timestamp, 6000);
    ck_assert_uint_eq(t->version, version + 2);
    here.tsc_stamp = 7000;
    v.domain = &idle_domain_struct;
    tsc_scale_changed();
    ck_assert_uint_eq(t->tsc_timestamp, 6000);
    stable = true;
}
END_TEST

START_TEST(registered_copy_follows)
{
    static struct vcpu_time_info copy;

    v.time_info_guest = guest_ptr((uint64_t)&copy);
    time_update_vcpu(&v);
    ck_assert_int_eq(memcmp(&copy, &v.vcpu_info->time, sizeof(copy)), 0);
    /* Not while another vcpu is current: the address would mean something else. */
    current = NULL;
    tsc_scale.ns_stamp = 99;
    time_update_vcpu(&v);
    ck_assert_uint_ne(copy.system_time, 99);
    current = &v;
    time_update_vcpu(&v);
    ck_assert_uint_eq(copy.system_time, 99);
    ck_assert_uint_eq(copy.version & 1, 0);
}
END_TEST

START_TEST(wall_clock)
{
    time_update_wallclock(&dom);
    ck_assert_uint_eq(shared.wc_version, 2);
    ck_assert_uint_eq(shared.wc_sec, 1700000000);
    ck_assert_uint_eq(shared.wc_nsec, 5);
    dom.time_offset_seconds = -3600;
    time_update_wallclock(&dom);
    ck_assert_uint_eq(shared.wc_sec, 1700000000 - 3600);
    dom.time_offset_seconds = 0;
    /* Beyond 2106: the high half. */
    time_set_wallclock(0x100000001ULL, 10, 4);
    ck_assert_uint_eq(shared.wc_sec, 1);
    ck_assert_uint_eq(shared.wc_sec_hi, 1);
    ck_assert_uint_eq(shared.wc_nsec, 6);
    ck_assert_uint_eq(shared.wc_version & 1, 0);
}
END_TEST

START_TEST(one_shot)
{
    vcpu_set_singleshot(&v, 2000000);
    ck_assert_ptr_eq(armed, &v.singleshot_timer);
    ck_assert_uint_eq(armed->cpu, 3);
    fire();
    ck_assert_uint_eq(virqs, 1);
    ck_assert_ptr_null(armed);
    vcpu_set_singleshot(&v, 3000000);
    vcpu_set_singleshot(&v, 0);
    ck_assert_ptr_null(armed);
}
END_TEST

START_TEST(periodic_keeps_the_beat)
{
    ck_assert_int_eq(vcpu_set_periodic(&v, 999999), -EINVAL);
    ck_assert_int_eq(vcpu_set_periodic(&v, 10000000), 0);
    ck_assert_uint_eq(armed_for, 11000000);
    fire();
    ck_assert_uint_eq(armed_for, 21000000);
    /* Very late: one tick, and the next one on the beat. */
    clock_ns = 55000000;
    fire();
    ck_assert_uint_eq(virqs, 2);
    ck_assert_uint_eq(armed_for, 61000000);
    /* It rests while the vcpu is off its CPU; a beat that was missed is told at once. */
    vcpu_timers_sleep(&v);
    ck_assert_ptr_null(armed);
    clock_ns = 75000000;
    vcpu_timers_resume(&v);
    ck_assert_uint_eq(virqs, 3);
    ck_assert_uint_eq(armed_for, 81000000);
    ck_assert_int_eq(vcpu_set_periodic(&v, 0), 0);
    ck_assert_ptr_null(armed);
    vcpu_timers_resume(&v);
    ck_assert_ptr_null(armed);
}
END_TEST

START_TEST(periodic_of_a_sibling)
{
    /* One that sleeps gets its ticks when it runs, one that runs gets them where it is. */
    current = NULL;
    ck_assert_int_eq(vcpu_set_periodic(&v, 10000000), 0);
    ck_assert_ptr_null(armed);
    runs_elsewhere = true;
    ck_assert_int_eq(vcpu_set_periodic(&v, 10000000), 0);
    ck_assert_uint_eq(armed_for, clock_ns + 10000000);
    fire();
    ck_assert_uint_eq(virqs, 1);
    ck_assert_uint_eq(armed_for, clock_ns + 10000000);
    ck_assert_int_eq(vcpu_set_periodic(&v, 0), 0);
    ck_assert_ptr_null(armed);
    runs_elsewhere = false;
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("clocks");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, record_says_what_the_scale_is);
    tcase_add_test(tc, records_of_cpus_that_disagree);
    tcase_add_test(tc, registered_copy_follows);
    tcase_add_test(tc, wall_clock);
    tcase_add_test(tc, one_shot);
    tcase_add_test(tc, periodic_keeps_the_beat);
    tcase_add_test(tc, periodic_of_a_sibling);
    return run_suite("time", tc);
}
