/* SPDX-License-Identifier: MIT */
/* Domains: the table, creation, references, pausing, shutting down and crashing. */
#include "core/domain.h"

#include <stdarg.h>

#include "core/evtchn.h"
#include "core/grant.h"
#include "core/iocap.h"
#include "core/physmem.h"
#include "core/pirq.h"
#include "core/sched.h"
#include "core/sched_pool.h"
#include "core/time.h"
#include "core/usage.h"
#include "core/vcpu.h"
#include "core/vehicle.h"
#include "hw/console.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/softirq.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/kmalloc.h"
#include "public/sched.h"

struct domain *dom0;
struct domain idle_domain_struct = { .domid = DOMID_IDLE };
struct domain dom_xen_struct = { .domid = DOMID_XEN, .refcount = 1 };
struct domain dom_io_struct = { .domid = DOMID_IO, .refcount = 1 };

static struct spinlock table_lock = SPINLOCK_INIT(LOCK_DOMAIN_TABLE);
static struct domain *table[MAX_DOMAINS]; /* written under the lock, read without */
static struct list_head all_domains = LIST_HEAD_INIT(all_domains);
static unsigned next_domid = 1;           /* [table_lock] identifiers are not reused soon */

/* VIRQ_DOM_EXC is sent from a timer: a domain may crash where no event lock can be taken. */
static struct timer exit_notice;

static void send_exit_notice(void *arg)
{
    send_global_virq(VIRQ_DOM_EXC);
}

void domain_notify_toolstack(void)
{
    timer_set(&exit_notice, now_ns());
}

void domain_init_early(void)
{
    timer_init(&exit_notice, send_exit_notice, NULL, smp_cpu_id());
    spin_lock_init(&dom_xen_struct.page_lock, LOCK_PHYSMEM);
    spin_lock_init(&dom_io_struct.page_lock, LOCK_PHYSMEM);
    spin_lock_init(&dom_xen_struct.lock, LOCK_DOMAIN);
    spin_lock_init(&dom_io_struct.lock, LOCK_DOMAIN);
    quiesce_init();
}

struct domain *domain_lookup(domid_t domid)
{
    if (domid == DOMID_SELF)
        return current->domain;
    if (domid >= MAX_DOMAINS)
        return NULL;
    return __atomic_load_n(&table[domid], __ATOMIC_ACQUIRE);
}

bool domain_hold(struct domain *d)
{
    uint32_t n = __atomic_load_n(&d->refcount, __ATOMIC_RELAXED);

    while (n && n != UINT32_MAX)
        if (__atomic_compare_exchange_n(&d->refcount, &n, n + 1, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED))
            return true;
    return false;
}

struct domain *domain_get(domid_t domid)
{
    struct domain *d = domain_lookup(domid);

    return d && domain_hold(d) ? d : NULL;
}

/* Table lock held. */
static void insert_by_domid(struct domain *d)
{
    struct domain *pos;

    list_for_each_entry (pos, &all_domains, all)
        if (pos->domid > d->domid)
            break;
    list_add_tail(&d->all, &pos->all);
    __atomic_store_n(&table[d->domid], d, __ATOMIC_RELEASE);
}

/* Table lock held. The next free identifier, going round; 0: none. */
static unsigned choose_domid(void)
{
    for (unsigned i = 1; i < MAX_DOMAINS; i++) {
        unsigned id = next_domid;

        next_domid = next_domid + 1 < MAX_DOMAINS ? next_domid + 1 : 1;
        if (!table[id])
            return id;
    }
    return 0;
}

/* Finds d its identifier. It stays free until enter_table(): creations are serialised. */
static int assign_domid(struct domain *d, const struct domain_config *cfg)
{
    unsigned id = cfg->domid;
    int rc = 0;

    spin_lock(&table_lock);
    if (!id && !cfg->privileged) {
        id = choose_domid();
        rc = id ? 0 : -ENFILE;
    } else if (id >= MAX_DOMAINS) {
        rc = -EINVAL;
    } else if (table[id]) {
        rc = -EEXIST;
    }
    d->domid = id;
    spin_unlock(&table_lock);
    return rc;
}

/* From here on d can be found. */
static void enter_table(struct domain *d)
{
    spin_lock(&table_lock);
    insert_by_domid(d);
    spin_unlock(&table_lock);
}

static void leave_table(struct domain *d)
{
    spin_lock(&table_lock);
    usage_retire(d);
    table[d->domid] = NULL;
    list_del(&d->all);
    spin_unlock(&table_lock);
}

/* Undoes domain_create() from stage `done` downwards. */
enum create_stage { CREATE_NONE, CREATE_SCHED, CREATE_SHARED, CREATE_EVTCHN, CREATE_GRANT, CREATE_IOCAP,
                    CREATE_PIRQ, CREATE_VEHICLE };

static void destroy_parts(struct domain *d, enum create_stage done)
{
    struct vcpu *v;
    unsigned i;

    if (d->vcpu)
        for_each_vcpu (d, v, i)
            vcpu_destroy(v);
    switch (done) {
    case CREATE_VEHICLE:
        d->vehicle->domain_destroy(d);
        /* fallthrough */
    case CREATE_PIRQ:
        if (d->pirq)
            pirq_domain_destroy(d);
        /* fallthrough */
    case CREATE_IOCAP:
        iocap_domain_destroy(d);
        /* fallthrough */
    case CREATE_GRANT:
        grant_domain_destroy(d);
        /* fallthrough */
    case CREATE_EVTCHN:
        evtchn_domain_destroy(d);
        /* fallthrough */
    case CREATE_SHARED:
        shared_info_destroy(d);
        /* fallthrough */
    case CREATE_SCHED:
        sched_domain_destroy(d);
        /* fallthrough */
    case CREATE_NONE:
        kfree(d->vcpu);
        d->vehicle->domain_free(d);
    }
}

/* Everything but the identifier. *done says how far it came. */
static int create_parts(struct domain *d, const struct domain_config *cfg, enum create_stage *done)
{
    int rc;

    *done = CREATE_NONE;
    d->vcpu = kzalloc_array(cfg->max_vcpus, sizeof(d->vcpu[0]));
    if (!d->vcpu)
        return -ENOMEM;
    d->max_vcpus = cfg->max_vcpus;
    rc = sched_domain_init(d, cfg->cpupool);
    if (rc)
        return rc;
    *done = CREATE_SCHED;
    rc = shared_info_init(d);
    if (rc)
        return rc;
    *done = CREATE_SHARED;
    rc = evtchn_domain_init(d, cfg->max_evtchn_port);
    if (rc)
        return rc;
    *done = CREATE_EVTCHN;
    rc = grant_domain_init(d,
                           cfg->max_grant_frames < 0 ? DEFAULT_GRANT_FRAMES
                                                     : cfg->max_grant_frames,
                           cfg->max_maptrack_frames < 0 ? DEFAULT_MAPTRACK_FRAMES
                                                        : cfg->max_maptrack_frames);
    if (rc)
        return rc;
    *done = CREATE_GRANT;
    rc = iocap_domain_init(d);
    if (rc)
        return rc;
    *done = CREATE_IOCAP;
    if (cfg->privileged) {
        rc = pirq_domain_init(d);
        if (rc)
            return rc;
    }
    *done = CREATE_PIRQ;
    rc = d->vehicle->domain_init(d);
    if (!rc)
        *done = CREATE_VEHICLE;
    return rc;
}

int domain_create(const struct domain_config *cfg, struct domain **out)
{
    enum create_stage done;
    struct domain *d;
    int rc;

    if (!cfg->max_vcpus || cfg->max_vcpus > MAX_VCPUS)
        return -EINVAL;
    d = cfg->vehicle->domain_alloc();
    if (!d)
        return -ENOMEM;
    d->vehicle = cfg->vehicle;
    d->free_fn = cfg->vehicle->domain_free;
    d->privileged = cfg->privileged;
    memcpy(d->handle, cfg->handle, sizeof(d->handle));
    d->refcount = 1;
    d->state = DOM_ALIVE;
    d->created_ns = d->pages_since = now_ns();
    d->max_pages = cfg->privileged ? UINT64_MAX : 0;
    d->shutdown_code = SHUTDOWN_CODE_NONE;
    d->pause_count = 1;
    d->controller_pauses = cfg->privileged ? 0 : 1; /* dom0 is held by the boot code */
    spin_lock_init(&d->lock, LOCK_DOMAIN);
    spin_lock_init(&d->page_lock, LOCK_PHYSMEM);
    list_init(&d->all);
    domain_watchdog_init(d);

    done = CREATE_NONE;
    rc = assign_domid(d, cfg);
    if (!rc)
        rc = create_parts(d, cfg, &done);
    if (rc) {
        destroy_parts(d, done);
        return rc;
    }
    time_update_wallclock(d);
    enter_table(d);
    if (cfg->privileged)
        dom0 = d;
    *out = d;
    return 0;
}

/* Second half of the end: nobody can hold a pointer any more. */
static void free_domain(struct quiesce *q)
{
    destroy_parts(container_of(q, struct domain, grace), CREATE_VEHICLE);
    domain_notify_toolstack();
}

static void retire_domain(struct quiesce *q)
{
    leave_table(container_of(q, struct domain, grace));
    quiesce_call(q, free_domain);
}

/*
 * The last reference goes in all kinds of places, so taking the table's lock is deferred as well:
 * one grace period to leave the table, another one until the memory goes.
 */
void domain_put(struct domain *d)
{
    if (__atomic_sub_fetch(&d->refcount, 1, __ATOMIC_SEQ_CST) == 0)
        quiesce_call(&d->grace, retire_domain);
}

struct domain *domain_get_next(unsigned first)
{
    struct domain *d, *found = NULL;

    spin_lock(&table_lock);
    list_for_each_entry (d, &all_domains, all)
        if (d->domid >= first && domain_hold(d)) {
            found = d;
            break;
        }
    spin_unlock(&table_lock);
    return found;
}

void domain_for_each(domid_t first, bool (*fn)(struct domain *d, void *arg), void *arg)
{
    struct domain *d;

    spin_lock(&table_lock);
    list_for_each_entry (d, &all_domains, all)
        if (d->domid >= first && !fn(d, arg))
            break;
    spin_unlock(&table_lock);
}

void domain_pause_nosync(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    __atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
    for_each_vcpu (d, v, i)
        vcpu_sleep_nosync(v);
}

void domain_pause(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    __atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
    for_each_vcpu (d, v, i)
        vcpu_sleep_sync(v);
}

void domain_unpause(struct domain *d)
{
    struct vcpu *v;
    unsigned i;

    if (__atomic_sub_fetch(&d->pause_count, 1, __ATOMIC_SEQ_CST))
        return;
    for_each_vcpu (d, v, i)
        vcpu_wake(v);
}

/* dom0 is the machine: its end is the machine's. */
static void __attribute__((noreturn)) end_machine(uint8_t code)
{
    if (code == SHUTDOWN_poweroff) {
        printk(LOG_INFO, "dom0 has powered off: halting\n");
        machine_halt();
    }
    if (code == SHUTDOWN_reboot) {
        printk(LOG_INFO, "dom0 has asked for a reboot\n");
        machine_reboot();
    }
    /* Reboots, or with the option noreboot stays, as for a failure of our own. */
    panic("dom0 %s (shutdown reason %u)",
          code == SHUTDOWN_watchdog ? "missed its watchdog" : "crashed", code);
}

void domain_shutdown(struct domain *d, uint8_t code)
{
    uint8_t none = SHUTDOWN_CODE_NONE;
    struct vcpu *v;
    unsigned i;

    /* A reason recorded before (SCHEDOP_shutdown_code) is the one that counts. */
    if (!__atomic_compare_exchange_n(&d->shutdown_code, &none, code, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        code = none;
    if (d == dom0)
        end_machine(code);
    if (__atomic_exchange_n(&d->is_shutting_down, true, __ATOMIC_SEQ_CST))
        return;
    /* This is the pause that domain_resume() takes back. */
    __atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
    for_each_vcpu (d, v, i)
        vcpu_sleep_nosync(v);
    __atomic_store_n(&d->is_shut_down, true, __ATOMIC_SEQ_CST);
    if (code == SHUTDOWN_suspend && d->suspend_port)
        evtchn_send(d, d->suspend_port);
    else
        domain_notify_toolstack();
}

int domain_resume(struct domain *d)
{
    if (!__atomic_load_n(&d->is_shut_down, __ATOMIC_SEQ_CST) || d->state != DOM_ALIVE)
        return -EINVAL;
    /* Hold it while the marks go, so that it cannot shut down again half way. */
    domain_pause(d);
    __atomic_store_n(&d->shutdown_code, SHUTDOWN_CODE_NONE, __ATOMIC_SEQ_CST);
    __atomic_store_n(&d->is_shut_down, false, __ATOMIC_SEQ_CST);
    __atomic_store_n(&d->is_shutting_down, false, __ATOMIC_SEQ_CST);
    domain_unpause(d);
    domain_unpause(d);
    return 0;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
    char text[160];
    va_list ap;

    if (d->is_shutting_down)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    gprintk(LOG_ERR, "d%u crashed: %s\n", d->domid, text);
    if (current->domain == d && d->vehicle)
        d->vehicle->dump(current);
    domain_shutdown(d, SHUTDOWN_crash);
}
