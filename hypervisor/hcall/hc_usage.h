/* SPDX-License-Identifier: MIT */
/* The usage ops of the control hypercall, by the names of public/control.h. */
#ifndef HCALL_HC_USAGE_H
#define HCALL_HC_USAGE_H

struct parador_control;

/* Fill in their part of op and the arrays it names; 0 or -errno. */
long control_usage_host(struct parador_control *op);
long control_usage_domains(struct parador_control *op);
long control_usage_vcpus(struct parador_control *op);
long control_usage_retired(struct parador_control *op);

#endif
