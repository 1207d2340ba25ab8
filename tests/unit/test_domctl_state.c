/* SPDX-License-Identifier: MIT */
/* A vcpu's state beside its context: what is given out can be given back, all else is refused. */
// sources: hcall/hc_domctl_state.c
#include <stdlib.h>

#include "hcall/hc_domctl.h"
#include "lib/errno.h"
#include "public/trap.h"
#include "pv/pv.h"
#include "suite.h"

static struct pv_vcpu vcpu;
static struct domain d;
static struct xen_domctl op;
static int paused;

struct vcpu *domctl_vcpu(struct domain *domain, uint32_t id) { return id ? NULL : &vcpu.core; }
void domain_pause(struct domain *domain) { paused++; }
void domain_unpause(struct domain *domain) { paused--; }
bool pv_entry_ok(uint64_t va) { return va < 1ULL << 47 || va >= 0xffff880000000000; }
struct cpu_info *get_cpu_info(void) { abort(); }

static struct xen_domctl_ext_vcpucontext *ext = &op.u.ext_vcpucontext;

static void setup(void)
{
    vcpu = (struct pv_vcpu){ .syscall32_callback = 0xffffffff81000000,
                             .sysenter_masks_events = true };
    op = (struct xen_domctl){ 0 };
    paused = 0;
    ck_assert_int_eq(domctl_get_ext_vcpucontext(&d, &op), 0);
}

START_TEST(round_trip)
{
    ck_assert_uint_eq(ext->size, sizeof(*ext));
    ck_assert_uint_eq(ext->syscall32_callback_eip, 0xffffffff81000000);
    ck_assert_uint_eq(ext->sysenter_disables_events, 1);
    vcpu = (struct pv_vcpu){ 0 };
    ck_assert_int_eq(domctl_set_ext_vcpucontext(&d, &op), 0);
    ck_assert_uint_eq(vcpu.syscall32_callback, 0xffffffff81000000);
    ck_assert(vcpu.sysenter_masks_events && !vcpu.syscall32_masks_events);
    ck_assert_uint_eq(vcpu.sysenter_callback, 0);
    /* Without machine checks, whatever is in their place. */
    ext->size = offsetof(struct xen_domctl_ext_vcpucontext, vmce);
    ext->mcg_cap = 1;
    ck_assert_int_eq(domctl_set_ext_vcpucontext(&d, &op), 0);
    ck_assert_int_eq(paused, 0);
}
END_TEST

/* Refused, and the vcpu is as it was. */
static void refused(long error)
{
    ck_assert_int_eq(domctl_set_ext_vcpucontext(&d, &op), error);
    ck_assert_uint_eq(vcpu.syscall32_callback, 0xffffffff81000000);
    ck_assert_uint_eq(vcpu.sysenter_callback, 0);
    ck_assert_int_eq(paused, 0);
    setup();
    ext->sysenter_callback_eip = 0x1000;
}

START_TEST(refusals)
{
    ext->sysenter_callback_eip = 0xffff800000000000; /* the hypervisor's */
    refused(-EINVAL);
    ext->syscall32_callback_eip = 0x8000000000000000;
    refused(-EINVAL);
    ext->sysenter_callback_cs = 0x10;
    refused(-EINVAL);
    ext->vmce.mci_ctl2_bank1 = 1;
    refused(-EINVAL);
    ext->sysenter_disables_events = 2;
    refused(-EINVAL);
    ext->size = sizeof(*ext) + 1;
    refused(-EINVAL);
    ext->size = 4;
    refused(-EINVAL);
    ext->vcpu = 1;
    refused(-ESRCH);
    ext->vcpu = 1;
    ck_assert_int_eq(domctl_get_ext_vcpucontext(&d, &op), -ESRCH);
}
END_TEST

START_TEST(no_msrs)
{
    op.u.vcpu_msrs = (struct xen_domctl_vcpu_msrs){ .msr_count = 7 };
    ck_assert_int_eq(domctl_set_vcpu_msrs(&d, &op), -EINVAL);
    ck_assert_int_eq(domctl_get_vcpu_msrs(&d, &op), 0);
    ck_assert_uint_eq(op.u.vcpu_msrs.msr_count, 0);
    ck_assert_int_eq(domctl_set_vcpu_msrs(&d, &op), 0);
    op.u.vcpu_msrs.vcpu = 1;
    ck_assert_int_eq(domctl_get_vcpu_msrs(&d, &op), -ESRCH);
    ck_assert_int_eq(domctl_set_vcpu_msrs(&d, &op), -ESRCH);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("domctl_state");

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, round_trip);
    tcase_add_test(t, refusals);
    tcase_add_test(t, no_msrs);
    return run_suite("domctl_state", t);
}
