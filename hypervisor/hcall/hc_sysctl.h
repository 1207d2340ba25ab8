/* SPDX-License-Identifier: MIT */
/* What the upper floors plug into sysctl. */
#ifndef HCALL_HC_SYSCTL_H
#define HCALL_HC_SYSCTL_H

/* Handles one debug key; set by the debug floor, NULL until then. */
extern void (*sysctl_debug_key)(unsigned char key);

#endif
