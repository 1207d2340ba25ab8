/* SPDX-License-Identifier: MIT */
/* A domain's watchdogs: timers that shut it down unless it keeps postponing them. */
#include "core/domain.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/errno.h"
#include "public/sched.h"

#define NS_PER_SECOND 1000000000ULL

static void watchdog_expired(void *arg)
{
    domain_shutdown(arg, SHUTDOWN_watchdog);
}

void domain_watchdog_init(struct domain *d)
{
    for (unsigned i = 0; i < DOMAIN_WATCHDOGS; i++)
        timer_init(&d->watchdog[i], watchdog_expired, d, smp_cpu_id());
}

/* The domain is dying and paused: nobody starts another one. */
void domain_watchdog_kill(struct domain *d)
{
    for (unsigned i = 0; i < DOMAIN_WATCHDOGS; i++)
        timer_kill(&d->watchdog[i]);
    d->watchdog_running = 0;
}

/* Domain lock held. */
static int start_watchdog(struct domain *d, uint32_t seconds)
{
    for (unsigned i = 0; i < DOMAIN_WATCHDOGS; i++) {
        if (d->watchdog_running & (1u << i))
            continue;
        d->watchdog_running |= 1u << i;
        timer_set(&d->watchdog[i], now_ns() + seconds * NS_PER_SECOND);
        return i + 1;
    }
    return -ENOSPC;
}

int domain_watchdog(struct domain *d, uint32_t id, uint32_t seconds)
{
    uint32_t i = id - 1;
    int rc = 0;

    if (id > DOMAIN_WATCHDOGS)
        return -EINVAL;
    spin_lock(&d->lock);
    if (id == 0) {
        rc = seconds ? start_watchdog(d, seconds) : -EINVAL;
    } else if (!(d->watchdog_running & (1u << i))) {
        rc = -EEXIST;
    } else if (seconds) {
        timer_set(&d->watchdog[i], now_ns() + seconds * NS_PER_SECOND);
    } else {
        timer_stop(&d->watchdog[i]);
        d->watchdog_running &= ~(1u << i);
    }
    spin_unlock(&d->lock);
    return rc;
}
