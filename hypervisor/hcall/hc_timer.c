/* SPDX-License-Identifier: MIT */
/* set_timer_op: the one-shot timer of the calling vcpu. */
#include "core/time.h"
#include "core/vcpu.h"
#include "hcall/handlers.h"
#include "hw/percpu.h"

long hc_set_timer_op(unsigned long timeout)
{
    vcpu_set_singleshot(current, timeout);
    return 0;
}
