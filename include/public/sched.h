/* SPDX-License-Identifier: MIT */
/*
 * sched_op(int cmd, guest address arg): giving up the cpu, and ending or suspending a domain.
 *
 * The historical sched_op_compat(int cmd, unsigned long arg) knows only yield, block and shutdown,
 * the last with the reason itself as arg. Common errors: EFAULT, ENOSYS.
 */
#ifndef PUBLIC_SCHED_H
#define PUBLIC_SCHED_H

#include "types.h"

/* Let others run. arg ignored. Result 0. */
#define SCHEDOP_yield               0
/* Unmask upcalls and sleep until an event is pending. arg ignored. Returns 0 after it was woken, at
 * once if something was pending. */
#define SCHEDOP_block               1
/* IN struct sched_shutdown. Stops every vcpu of the domain and tells the toolstack (VIRQ_DOM_EXC).
 * With SHUTDOWN_suspend rdx is the machine address of start_info for the toolstack to find, and the
 * call returns after resumption: 0 in a new host or copy, 1 if the suspension was cancelled. With
 * other reasons it does not return. */
#define SCHEDOP_shutdown            2
/* IN struct sched_poll. Sleep with upcalls masked until one of the ports is pending or the time is
 * reached; returns 0 in either case. EINVAL: nr_ports > 128 or a bad port. */
#define SCHEDOP_poll                3
/* IN struct sched_remote_shutdown. Shut another domain down as if it had asked for it.
 *   EPERM  caller is not privileged over it    ESRCH */
#define SCHEDOP_remote_shutdown     4
/* IN struct sched_shutdown. Only record the reason to be reported at the next shutdown.
 *   EBUSY  a reason is recorded already */
#define SCHEDOP_shutdown_code       5
/* IN struct sched_watchdog. id 0: start a timer after whose timeout the domain is shut down with
 * SHUTDOWN_watchdog; result its id. Else restart that timer, or stop it if timeout is 0.
 *   EINVAL  no such id    EEXIST  that one is not running    ENOSPC  all are in use */
#define SCHEDOP_watchdog            6
/* IN struct sched_pin_override. Dom0 only: bind this vcpu to a physical cpu; negative undoes.
 *   EPERM  not dom0    EINVAL  cpu not available    EBUSY  pinned otherwise */
#define SCHEDOP_pin_override        7

/* sched_shutdown.reason: only the toolstack interprets it. */
#define SHUTDOWN_poweroff           0
#define SHUTDOWN_reboot             1
#define SHUTDOWN_suspend            2
#define SHUTDOWN_crash              3
#define SHUTDOWN_watchdog           4
#define SHUTDOWN_soft_reset         5
#define SHUTDOWN_MAX                5

#ifndef __ASSEMBLER__

struct sched_shutdown {
    uint32_t reason;            /* IN  SHUTDOWN_* */
};

struct sched_poll {
    uint64_t ports;             /* guest address of evtchn_port_t[nr_ports]; IN */
    uint32_t nr_ports;          /* IN */
    uint64_t timeout;           /* IN  system time in ns, 0 none */
};

struct sched_remote_shutdown {
    domid_t domain_id;          /* IN */
    uint32_t reason;            /* IN */
};

struct sched_watchdog {
    uint32_t id;                /* IN */
    uint32_t timeout;           /* IN  seconds */
};

struct sched_pin_override {
    int32_t pcpu;               /* IN */
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_SCHED_H */
