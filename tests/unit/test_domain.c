/* SPDX-License-Identifier: MIT */
// sources: core/domain.c core/domain_kill.c core/watchdog.c lib/bitmap.c
/* Domains from creation to death: identifiers, failures half way, references, pauses, shutdowns. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/domain.h"
#include "core/evtchn.h"
#include "core/grant.h"
#include "core/iocap.h"
#include "core/physmem.h"
#include "core/pirq.h"
#include "core/sched.h"
#include "core/time.h"
#include "core/vcpu.h"
#include "core/vehicle.h"
#include "hw/console.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "public/sched.h"
#include "suite.h"

/* Every facility counts what it has made and not yet unmade, and can be told to fail. */
static int live[9];
enum { SHARED, SCHED, EVTCHN, GRANT, IOCAP, PIRQ, VEHICLE, STRUCTURE, ARRAY };
static int fail_at = -1, restarts;

static int make(int what)
{
    if (fail_at == what)
        return -ENOMEM;
    live[what]++;
    return 0;
}

static int slowly(void)
{
    return restarts-- > 0 ? -ERESTART : (restarts = 0);
}

static struct cpu_info cpu;
struct cpumask cpu_online_mask;
struct cpu_info *get_cpu_info(void) { return &cpu; }
uint64_t now_ns(void) { return 1000; }
void spin_lock(struct spinlock *l) { ck_assert(!l->ticket++); }
void spin_unlock(struct spinlock *l) { ck_assert(!--l->ticket); }
void spin_lock_init(struct spinlock *l, enum lock_level level) { l->ticket = 0; }
void softirq_raise(int nr) { }

static unsigned notices, suspends;
void send_global_virq(uint32_t virq) { notices += virq == VIRQ_DOM_EXC; }
int evtchn_send(struct domain *d, uint32_t port) { suspends++; return 0; }

/* Timers expire at once, unless they are far away. */
static struct timer *far;
void timer_init(struct timer *t, void (*fn)(void *), void *arg, unsigned on) { t->fn = fn; t->arg = arg; }
void timer_set(struct timer *t, uint64_t when) { if (when <= now_ns()) t->fn(t->arg); else far = t; }
void timer_stop(struct timer *t) { far = far == t ? NULL : far; }
void timer_kill(struct timer *t) { timer_stop(t); }

/* Grace periods end when the test says so. */
static struct quiesce *waiting;
void quiesce_init(void) { }
void quiesce_call(struct quiesce *q, void (*fn)(struct quiesce *))
{
    q->fn = fn;
    q->next = waiting;
    waiting = q;
}
static void grace(void)
{
    struct quiesce *q = waiting;

    waiting = NULL;
    while (q) {
        struct quiesce *next = q->next;

        q->fn(q);
        q = next;
    }
}

int shared_info_init(struct domain *d) { return make(SHARED); }
void shared_info_destroy(struct domain *d) { live[SHARED]--; }
int evtchn_domain_init(struct domain *d, unsigned max) { return make(EVTCHN); }
int evtchn_domain_relinquish(struct domain *d) { return slowly(); }
void evtchn_domain_destroy(struct domain *d) { live[EVTCHN]--; }
int grant_domain_init(struct domain *d, unsigned f, unsigned m) { return make(GRANT); }
int grant_domain_relinquish(struct domain *d) { return slowly(); }
void grant_domain_destroy(struct domain *d) { live[GRANT]--; }
int sched_domain_init(struct domain *d, unsigned pool) { return make(SCHED); }
void sched_domain_retire(struct domain *d) { }
void sched_domain_destroy(struct domain *d) { live[SCHED]--; }
int iocap_domain_init(struct domain *d) { return make(IOCAP); }
void iocap_domain_destroy(struct domain *d) { live[IOCAP]--; }
int pirq_domain_init(struct domain *d)
{
    int rc = make(PIRQ);

    if (!rc)
        d->pirq = (struct pirq_table *)d;
    return rc;
}
void pirq_domain_destroy(struct domain *d) { live[PIRQ]--; }
int physmem_relinquish(struct domain *d) { return slowly(); }
void physmem_drain(void) { }
void time_update_wallclock(struct domain *d) { }
void vcpu_timers_destroy(struct vcpu *v) { }
void vcpu_unmap_info(struct vcpu *v) { }
void vcpu_destroy(struct vcpu *v) { }
static unsigned retired;
void usage_retire(struct domain *d) { retired++; }
static unsigned slept, woken;
void vcpu_sleep_nosync(struct vcpu *v) { slept++; }
void vcpu_sleep_sync(struct vcpu *v) { slept++; }
void vcpu_wake(struct vcpu *v) { woken++; }

void *kzalloc_array(size_t n, size_t size)
{
    return make(ARRAY) ? NULL : calloc(n, size);
}
void kfree(void *p)
{
    live[ARRAY] -= p != NULL;
    free(p);
}

static struct domain *alloc(void) { return make(STRUCTURE) ? NULL : calloc(1, sizeof(struct domain)); }
static void release(struct domain *d) { live[STRUCTURE]--; free(d); }
static int init(struct domain *d) { return make(VEHICLE); }
static void destroy(struct domain *d) { live[VEHICLE]--; }
static int relinquish(struct domain *d) { return slowly(); }
static const struct vehicle_ops pv_vehicle = {
    .domain_alloc = alloc, .domain_free = release, .domain_init = init, .domain_destroy = destroy,
    .domain_relinquish = relinquish,
};

void printk(enum log_level level, const char *fmt, ...) { }
void gprintk(enum log_level level, const char *fmt, ...) { }
void machine_reboot(void) { exit(41); }
void machine_halt(void) { exit(42); }
void panic(const char *fmt, ...) { exit(43); }

static struct domain *create(const char *why_not)
{
    struct domain_config cfg = { .vehicle = &pv_vehicle, .max_vcpus = 2, .max_grant_frames = -1,
                                 .max_maptrack_frames = -1 };
    struct domain *d = NULL;
    int rc = domain_create(&cfg, &d);

    ck_assert_msg(why_not ? rc < 0 : rc == 0, "create: %d", rc);
    return d;
}

static void kill_all_the_way(struct domain *d)
{
    int rc;

    ck_assert(domain_hold(d));
    while ((rc = domain_kill(d)) == -ERESTART)
        grace();
    ck_assert_int_eq(rc, 0);
    domain_put(d);
}

static void nothing_lives(void)
{
    for (unsigned i = 0; i < 8; i++)
        ck_assert_msg(!live[i], "%d of facility %u left", live[i], i);
}

static void set_up(void)
{
    static struct vcpu nobody = { .domain = &idle_domain_struct };

    current = &nobody;
    domain_init_early();
}

START_TEST(create_and_kill_leave_nothing)
{
    struct domain *d = create(NULL);

    ck_assert_ptr_eq(domain_lookup(d->domid), d);
    ck_assert_uint_eq(d->pause_count, 1);
    restarts = 3;
    kill_all_the_way(d);
    ck_assert_uint_eq(notices, 0);
    ck_assert_uint_eq(retired, 0);
    grace(); /* leaves the table */
    ck_assert_uint_eq(retired, 1);
    grace(); /* is freed */
    ck_assert_uint_eq(retired, 1);
    nothing_lives();
    ck_assert_uint_ge(notices, 1);
}
END_TEST

START_TEST(failure_at_every_stage_leaves_nothing)
{
    fail_at = _i;
    if (_i == PIRQ) { /* only dom0 has interrupts */
        struct domain_config cfg = { .vehicle = &pv_vehicle, .privileged = true, .max_vcpus = 1 };
        struct domain *d;

        ck_assert_int_eq(domain_create(&cfg, &d), -ENOMEM);
        ck_assert_ptr_null(dom0);
    } else {
        create("fails");
    }
    nothing_lives();
    fail_at = -1;
    kill_all_the_way(create(NULL));
    grace();
    grace();
    nothing_lives();
}
END_TEST

START_TEST(domids_go_round)
{
    struct domain *a = create(NULL), *b = create(NULL), *c;
    unsigned id = a->domid;
    struct domain_config cfg = { .vehicle = &pv_vehicle, .max_vcpus = 1, .domid = b->domid };

    ck_assert_uint_eq(b->domid, id + 1);
    kill_all_the_way(a);
    grace();
    grace();
    c = create(NULL); /* not a's old one: somebody may still mean a by it */
    ck_assert_uint_eq(c->domid, id + 2);
    ck_assert_ptr_null(domain_lookup(id));
    ck_assert_int_eq(domain_create(&cfg, &a), -EEXIST);
    cfg.domid = MAX_DOMAINS;
    ck_assert_int_eq(domain_create(&cfg, &a), -EINVAL);
    cfg.domid = 1000;
    ck_assert_int_eq(domain_create(&cfg, &a), 0);
    ck_assert_ptr_eq(domain_get_next(id + 3), a);
    ck_assert_ptr_null(domain_get_next(1001));
}
END_TEST

START_TEST(limits)
{
    struct domain_config cfg = { .vehicle = &pv_vehicle, .max_vcpus = 0 };
    struct domain *d;

    ck_assert_int_eq(domain_create(&cfg, &d), -EINVAL);
    cfg.max_vcpus = MAX_VCPUS + 1;
    ck_assert_int_eq(domain_create(&cfg, &d), -EINVAL);
    nothing_lives();
}
END_TEST

START_TEST(dies_with_the_last_reference)
{
    struct domain *d = create(NULL);
    domid_t id = d->domid;

    ck_assert_ptr_eq(domain_get(id), d); /* somebody maps one of its frames */
    d->tot_pages = 1;
    kill_all_the_way(d);
    ck_assert_uint_eq(notices, 1);       /* and hears that it is to let go */
    grace();
    grace();
    ck_assert_ptr_eq(domain_lookup(id), d);
    ck_assert_int_eq(d->state, DOM_DEAD);
    domain_put(d);
    ck_assert_ptr_null(domain_get(id)); /* on its way out */
    grace();
    ck_assert_ptr_null(domain_lookup(id));
    ck_assert_int_eq(live[STRUCTURE], 1); /* a reader may still hold the pointer */
    grace();
    nothing_lives();
}
END_TEST

START_TEST(kill_waits_for_the_grace_period)
{
    struct domain *d = create(NULL);

    ck_assert(domain_hold(d));
    ck_assert_int_eq(domain_kill(d), -ERESTART);
    ck_assert_int_eq(domain_kill(d), -ERESTART);
    ck_assert_int_eq(d->state, DOM_DYING);
    grace();
    ck_assert_int_eq(domain_kill(d), 0);
    ck_assert_int_eq(domain_kill(d), 0); /* again: nothing to do */
    domain_put(d);
    grace();
    grace();
    nothing_lives();
}
END_TEST

START_TEST(pauses_add_up)
{
    struct vcpu v = { 0 };
    struct domain *d = create(NULL);

    d->vcpu[0] = &v;
    domain_unpause(d);
    ck_assert_uint_eq(woken, 1);
    domain_pause(d);
    domain_pause_nosync(d);
    ck_assert_uint_eq(slept, 2);
    domain_unpause(d);
    ck_assert_uint_eq(woken, 1);
    domain_unpause(d);
    ck_assert_uint_eq(woken, 2);
}
END_TEST

START_TEST(shutdown_and_resume)
{
    struct domain *d = create(NULL);

    domain_unpause(d);
    ck_assert_int_eq(domain_resume(d), -EINVAL);
    domain_shutdown(d, SHUTDOWN_poweroff);
    domain_crash(d, "too late");
    ck_assert_uint_eq(d->shutdown_code, SHUTDOWN_poweroff);
    ck_assert_uint_eq(d->pause_count, 1);
    ck_assert_uint_eq(notices, 1);
    ck_assert_int_eq(domain_resume(d), 0);
    ck_assert_uint_eq(d->pause_count, 0);
    ck_assert_uint_eq(d->shutdown_code, SHUTDOWN_CODE_NONE);
    d->suspend_port = 7;
    domain_shutdown(d, SHUTDOWN_suspend);
    ck_assert_uint_eq(suspends, 1);
    ck_assert_uint_eq(notices, 1);
    ck_assert_int_eq(domain_resume(d), 0);
    /* A recorded reason wins. */
    d->shutdown_code = SHUTDOWN_watchdog;
    domain_shutdown(d, SHUTDOWN_reboot);
    ck_assert_uint_eq(d->shutdown_code, SHUTDOWN_watchdog);
}
END_TEST

static void end_dom0(uint8_t reason)
{
    struct domain_config cfg = { .vehicle = &pv_vehicle, .privileged = true, .max_vcpus = 1 };
    struct domain *d;

    ck_assert_int_eq(domain_create(&cfg, &d), 0);
    ck_assert_uint_eq(d->domid, 0);
    ck_assert_ptr_eq(dom0, d);
    domain_shutdown(d, reason);
}

START_TEST(dom0_reboots_the_machine)
{
    end_dom0(SHUTDOWN_reboot);
}
END_TEST

START_TEST(dom0_halts_the_machine)
{
    end_dom0(SHUTDOWN_poweroff);
}
END_TEST

START_TEST(dom0_crashes_the_machine)
{
    end_dom0(SHUTDOWN_crash);
}
END_TEST

START_TEST(watchdogs)
{
    struct domain *d = create(NULL);

    domain_unpause(d);
    ck_assert_int_eq(domain_watchdog(d, 3, 1), -EINVAL);
    ck_assert_int_eq(domain_watchdog(d, 1, 1), -EEXIST);
    ck_assert_int_eq(domain_watchdog(d, 0, 10), 1);
    ck_assert_int_eq(domain_watchdog(d, 0, 10), 2);
    ck_assert_int_eq(domain_watchdog(d, 0, 10), -ENOSPC);
    ck_assert_int_eq(domain_watchdog(d, 1, 20), 0);
    ck_assert_ptr_eq(far, &d->watchdog[0]);
    ck_assert_int_eq(domain_watchdog(d, 1, 0), 0);
    ck_assert_ptr_null(far);
    ck_assert_int_eq(domain_watchdog(d, 1, 5), -EEXIST);
    ck_assert_int_eq(domain_watchdog(d, 2, 5), 0);
    far->fn(far->arg);
    ck_assert_uint_eq(d->shutdown_code, SHUTDOWN_watchdog);
    ck_assert(d->is_shut_down);
}
END_TEST

int main(void)
{
    TCase *tc = tcase_create("life cycle");

    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, create_and_kill_leave_nothing);
    tcase_add_loop_test(tc, failure_at_every_stage_leaves_nothing, 0, 9);
    tcase_add_test(tc, domids_go_round);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, dies_with_the_last_reference);
    tcase_add_test(tc, kill_waits_for_the_grace_period);
    tcase_add_test(tc, pauses_add_up);
    tcase_add_test(tc, shutdown_and_resume);
    tcase_add_exit_test(tc, dom0_reboots_the_machine, 41);
    tcase_add_exit_test(tc, dom0_halts_the_machine, 42);
    tcase_add_exit_test(tc, dom0_crashes_the_machine, 43);
    tcase_add_test(tc, watchdogs);
    return run_suite("domain", tc);
}
