/* SPDX-License-Identifier: MIT */
/* Where a vcpu's time goes: running, runnable, blocked, offline; and the guest's copy of it. */
#include "core/sched.h"
#include "core/time.h"
#include "core/vehicle.h"
#include "hw/panic.h"
#include "hw/tsc.h"
#include "public/mmu.h"

/* Queue lock of v->cpu held (or v not yet known to anybody). */
void runstate_change(struct vcpu *v, int new_state, uint64_t now)
{
    struct vcpu_runstate_info *r = &v->runstate;

    /* Clocks of two CPUs may differ by less than we care for, but a sum must not go backwards. */
    if (now > r->state_entry_time) {
        r->time[r->state] += now - r->state_entry_time;
        r->state_entry_time = now;
    }
    r->state = new_state;
}

void runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
    uint64_t now = now_ns();

    sched_runstate_snapshot(v, out);
    if (now > out->state_entry_time)
        out->time[out->state] += now - out->state_entry_time;
}

static bool write_area(struct vcpu *v)
{
    struct guest_ptr area = v->runstate_guest;
    struct guest_ptr entry =
        guest_ptr(area.va + offsetof(struct vcpu_runstate_info, state_entry_time));
    struct vcpu_runstate_info r = v->runstate;
    bool marked = v->domain->vm_assist & (1u << VMASST_TYPE_runstate_update_flag);

    if (!marked)
        return !copy_to_guest(area, &r, sizeof(r));

    r.state_entry_time |= XEN_RUNSTATE_UPDATE;
    if (copy_to_guest(entry, &r.state_entry_time, sizeof(r.state_entry_time)))
        return false;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (copy_to_guest(area, &r, sizeof(r)))
        return false;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    r.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
    return !copy_to_guest(entry, &r.state_entry_time, sizeof(r.state_entry_time));
}

bool runstate_update_area(struct vcpu *v)
{
    void (*view)(struct vcpu *, bool) = v->domain->vehicle->kernel_view;
    bool done;

    if (guest_ptr_null(v->runstate_guest))
        return true;
    if (view)
        view(v, true);
    done = write_area(v);
    if (view)
        view(v, false);
    return done;
}
