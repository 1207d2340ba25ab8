/* SPDX-License-Identifier: MIT */
/* Guest time: pvclock records, the wall clock, and the virtual timers. */
#ifndef CORE_TIME_H
#define CORE_TIME_H

#include <stdint.h>

struct vcpu;
struct domain;

/*
 * Refreshes v's pvclock record (and its registered copy) if the scale or stamp changed since. v
 * current or not running.
 */
void time_update_vcpu(struct vcpu *v);
/* The wall clock at system time 0, nanoseconds since 1970, as dom0 set it last. */
uint64_t time_wall_at_boot(void);
/* Boot, before tsc_check_sync(): records follow where the scale changes. */
void time_init(void);
/* Writes the wall clock into shared_info. */
void time_update_wallclock(struct domain *d);
/* XENPF_settime: dom0 sets the clock; every domain's record follows. */
void time_set_wallclock(uint64_t secs, uint32_t nsecs, uint64_t system_time);
void vcpu_timers_init(struct vcpu *v);
void vcpu_timers_destroy(struct vcpu *v);
/* set_timer_op: 0 stops; a past time fires at once. */
void vcpu_set_singleshot(struct vcpu *v, uint64_t expires);
int vcpu_set_periodic(struct vcpu *v, uint64_t period_ns);
/* On leaving and entering a CPU: the periodic timer rests while v is off. */
void vcpu_timers_sleep(struct vcpu *v);
void vcpu_timers_resume(struct vcpu *v);

#endif
