/* SPDX-License-Identifier: MIT */
/* What xen_version reports that only boot knows. */
#ifndef HCALL_HC_VERSION_H
#define HCALL_HC_VERSION_H

/* Keeps a copy of the hypervisor's command line for XENVER_commandline. */
void version_set_cmdline(const char *cmdline);

#endif
