/* SPDX-License-Identifier: MIT */
/* What the debug keys and a panic print. */
#include "debug/dump.h"

#include <stdbool.h>
#include <stddef.h>

#include "core/domain.h"
#include "core/evtchn.h"
#include "core/vcpu.h"
#include "core/vehicle.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/ipi.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/tlb.h"
#include "mm/buddy.h"
#include "mm/frame.h"

static int domid_running(void)
{
    struct vcpu *v = current;

    return v && !is_idle_vcpu(v) ? v->domain->domid : -1;
}

static void say_current(void)
{
    struct vcpu *v = current;

    if (!v || is_idle_vcpu(v)) {
        printk(LOG_ERR, "no guest runs on CPU %u\n", smp_cpu_id());
        return;
    }
    printk(LOG_ERR, "CPU %u runs d%uv%u:\n", smp_cpu_id(), v->domain->domid, v->vcpu_id);
    dump_registers(guest_regs());
}

void dump_init(void)
{
    console_set_domid_hook(domid_running);
    panic_set_hook(say_current);
}

static void dump_this_cpu(void *arg)
{
    say_current();
}

void dump_cpus(void)
{
    struct cpumask one;
    unsigned cpu;

    for_each_online_cpu(cpu) {
        printk(LOG_ERR, "CPU %u: asked %u times to flush its TLB\n", cpu, tlb_times_asked(cpu));
        cpumask_zero(&one);
        cpumask_set(&one, cpu);
        ipi_call(&one, dump_this_cpu, NULL, true);
    }
}

static bool say_domain(struct domain *d, void *arg)
{
    struct vcpu *v;
    unsigned i;

    printk(LOG_ERR, "d%u%s: references %u, pages %lu of %lu (%lu of ours), paused %u%s%s\n",
           d->domid, d->privileged ? " (privileged)" : "", d->refcount, d->tot_pages,
           d->max_pages, d->hv_pages, d->pause_count, d->is_shut_down ? ", shut down" : "",
           d->state == DOM_ALIVE ? "" : ", dying");
    for_each_vcpu(d, v, i) {
        printk(LOG_ERR, "  v%u on CPU %u: %s, pause flags %lx, paused %u, events %s%s\n", i,
               v->cpu, v->is_running ? "runs" : "does not run", v->pause_flags, v->pause_count,
               v->vcpu_info->evtchn_upcall_pending ? "pending" : "none",
               v->vcpu_info->evtchn_upcall_mask ? ", masked" : "");
        if (d->vehicle->dump && v->initialised)
            d->vehicle->dump(v);
    }
    return true;
}

void dump_domains(void)
{
    domain_for_each(0, say_domain, NULL);
}

static bool say_events(struct domain *d, void *arg)
{
    evtchn_dump(d);
    return true;
}

void dump_event_channels(void)
{
    domain_for_each(0, say_events, NULL);
}

void dump_memory(void)
{
    printk(LOG_ERR, "frames up to %lx, %lu MiB free, %lu KiB used by ourselves\n", max_mfn,
           buddy_free_pages() >> 8, hv_pages_in_use() << 2);
    buddy_dump();
}
