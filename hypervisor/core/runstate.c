/* SPDX-License-Identifier: MIT */
/* Where a vcpu's time goes: running, runnable, blocked, offline; and the guest's copy of it. */
#include "core/sched.h"
#include "core/time.h"
#include "core/vehicle.h"
#include "hw/cpu.h"
#include "hw/tsc.h"
#include "public/mmu.h"

/*
 * The idle vcpu's record is its CPU's: it is runnable while a guest's vcpu runs, running while the
 * hypervisor is awake without one, blocked while the CPU is halted. One writer at a time: whoever
 * holds the queue lock of v->cpu, or for an idle vcpu its CPU with interrupts off. Readers take no
 * lock: the sequence number is odd during a change.
 */
void runstate_change(struct vcpu *v, int new_state, uint64_t now)
{
    struct vcpu_runstate_info *r = &v->runstate;
    /* Clocks of two CPUs may differ by less than we care for, but a sum must not go backwards. */
    uint64_t stay = now > r->state_entry_time ? now - r->state_entry_time : 0;

    __atomic_store_n(&v->runstate_seq, v->runstate_seq + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
    v->runstate_before = r->state;
    v->runstate_stay = stay;
    r->time[r->state] += stay;
    r->state_entry_time += stay;
    r->state = new_state;
    __atomic_store_n(&v->runstate_seq, v->runstate_seq + 1, __ATOMIC_RELEASE);
}

/* A consistent copy; before and stay: the state before the present one, and how long it lasted. */
static void snapshot(const struct vcpu *v, struct vcpu_runstate_info *r, int *before,
                     uint64_t *stay)
{
    uint32_t seq;

    do {
        while ((seq = __atomic_load_n(&v->runstate_seq, __ATOMIC_ACQUIRE)) & 1)
            cpu_relax();
        *r = v->runstate;
        *before = v->runstate_before;
        *stay = v->runstate_stay;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while (__atomic_load_n(&v->runstate_seq, __ATOMIC_RELAXED) != seq);
}

void runstate_get_at(const struct vcpu *v, uint64_t now, struct vcpu_runstate_info *out)
{
    uint64_t stay, late;
    int before;

    snapshot(v, out, &before, &stay);
    if (now >= out->state_entry_time) {
        out->time[out->state] += now - out->state_entry_time;
        return;
    }
    /*
     * It changed after the instant asked for: what was counted since then is taken back. Only from
     * that one stay, so that no sum falls below one told before, should there have been two.
     */
    late = out->state_entry_time - now;
    out->time[before] -= late < stay ? late : stay;
}

void runstate_get(struct vcpu *v, struct vcpu_runstate_info *out)
{
    runstate_get_at(v, now_ns(), out);
}

static bool write_area(struct vcpu *v)
{
    struct guest_ptr area = v->runstate_guest;
    uint64_t entry = area.va + offsetof(struct vcpu_runstate_info, state_entry_time);
    bool marked = v->domain->vm_assist & (1u << VMASST_TYPE_runstate_update_flag);
    struct vcpu_runstate_info r;
    uint64_t stay;
    int before;

    /* v may be on its way out, and be woken meanwhile. */
    snapshot(v, &r, &before, &stay);
    if (!marked)
        return !copy_to_guest(area, &r, sizeof(r));

    r.state_entry_time |= XEN_RUNSTATE_UPDATE;
    if (!guest_write_word(entry, r.state_entry_time))
        return false;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (copy_to_guest(area, &r, sizeof(r)))
        return false;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    r.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
    return guest_write_word(entry, r.state_entry_time);
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
