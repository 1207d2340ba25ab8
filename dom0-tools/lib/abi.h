/* SPDX-License-Identifier: MIT */
/* The public headers that the tools speak, in one place. */
#ifndef PARADOR_LIB_ABI_H
#define PARADOR_LIB_ABI_H

#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif

#include "public/types.h"
#include "public/hypercall.h"
#include "public/start_info.h"
#include "public/shared_info.h"
#include "public/trap.h"
#include "public/mmu.h"
#include "public/memory.h"
#include "public/event_channel.h"
#include "public/grant_table.h"
#include "public/sched.h"
#include "public/vcpu.h"
#include "public/version.h"
#include "public/domctl.h"
#include "public/sysctl.h"
#include "public/control.h"

#endif
