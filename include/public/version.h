/* SPDX-License-Identifier: MIT */
/*
 * xen_version(int cmd, guest address arg): what the hypervisor is and what it can do.
 *
 * Every op may be called by every guest. An op that describes the build to an unprivileged guest
 * may answer with a harmless placeholder instead. Common errors: EFAULT, ENOSYS.
 */
#ifndef PUBLIC_VERSION_H
#define PUBLIC_VERSION_H

#include "types.h"
#include "features.h"

/* Result: major << 16 | minor of the interface. arg ignored. Never fails. */
#define XENVER_version              0

/* OUT arg: xen_extraversion_t, a string that follows "major.minor" and tells what we are. */
#define XENVER_extraversion         1

/* OUT arg: struct xen_compile_info. */
#define XENVER_compile_info         2

/* OUT arg: xen_capabilities_info_t, a blank-separated list such as "xen-3.0-x86_64". */
#define XENVER_capabilities         3

/* OUT arg: xen_changeset_info_t, a string naming the source revision. */
#define XENVER_changeset            4

/* OUT arg: struct xen_platform_parameters. */
#define XENVER_platform_parameters  5

/* IN+OUT arg: struct xen_feature_info. EINVAL: submap_idx >= XENFEAT_NR_SUBMAPS. */
#define XENVER_get_features         6

/* Result: bytes per page, 4096. */
#define XENVER_pagesize             7

/* OUT arg: xen_domain_handle_t, the caller's own UUID. */
#define XENVER_guest_handle         8

/* OUT arg: xen_commandline_t, the hypervisor's command line. EPERM: caller is not privileged. */
#define XENVER_commandline          9

/*
 * IN+OUT arg: struct xen_build_id, or 0 to ask only for the length. Result: the id's length.
 *   ENOBUFS  len too small    ENODATA  the build has no id    EPERM  caller is not privileged
 */
#define XENVER_build_id             10

#define XEN_EXTRAVERSION_LEN        16
#define XEN_CAPABILITIES_INFO_LEN   1024
#define XEN_CHANGESET_INFO_LEN      64

#ifndef __ASSEMBLER__

typedef char xen_extraversion_t[XEN_EXTRAVERSION_LEN];
typedef char xen_capabilities_info_t[XEN_CAPABILITIES_INFO_LEN];
typedef char xen_changeset_info_t[XEN_CHANGESET_INFO_LEN];
typedef char xen_commandline_t[1024];

/* NUL-terminated strings. */
struct xen_compile_info {
    char compiler[64];
    char compile_by[16];
    char compile_domain[32];
    char compile_date[32];
};

struct xen_platform_parameters {
    xen_ulong_t virt_start; /* OUT lowest virtual address that belongs to the hypervisor */
};

struct xen_feature_info {
    uint32_t submap_idx;    /* IN  which word of feature bits */
    uint32_t submap;        /* OUT bit n: feature 32 * submap_idx + n */
};

struct xen_build_id {
    uint32_t len;           /* IN  bytes in buf */
    unsigned char buf[];    /* OUT */
};

#endif /* !__ASSEMBLER__ */

#endif /* PUBLIC_VERSION_H */
