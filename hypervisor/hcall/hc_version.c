/* SPDX-License-Identifier: MIT */
/* xen_version: what the hypervisor is and what it can do. */
#include "hcall/hc_version.h"

#include "core/access.h"
#include "core/guest_access.h"
#include "core/vcpu.h"
#include "hcall/handlers.h"
#include "hw/layout.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "public/version.h"

/* The interface we implement is Xen 4.17's; the extra version says who implements it. */
#define INTERFACE_MAJOR 4
#define INTERFACE_MINOR 17
#define STR(x) #x
#define VERSION_STRING(major, minor) STR(major) "." STR(minor)
#define EXTRAVERSION ".p-" VERSION_STRING(PARADOR_VERSION_MAJOR, PARADOR_VERSION_MINOR) "-parador"
_Static_assert(sizeof(EXTRAVERSION) <= XEN_EXTRAVERSION_LEN, "the ABI gives it 16 bytes");

#define FEATURE(name) (1u << XENFEAT_##name)
#define GUEST_FEATURES                                                                   \
    (FEATURE(pae_pgdir_above_4gb) | FEATURE(mmu_pt_update_preserve_ad) |                 \
     FEATURE(highmem_assist) | FEATURE(gnttab_map_avail_bits) | FEATURE(not_direct_mapped))

static xen_commandline_t saved_cmdline;

void version_set_cmdline(const char *cmdline)
{
    strlcpy(saved_cmdline, cmdline, sizeof(saved_cmdline));
}

static long give(struct guest_ptr out, const void *data, size_t size)
{
    return copy_to_guest(out, data, size);
}

/* A string in the fixed-size, zero-padded array that the ABI wants. */
static long give_string(struct guest_ptr out, const char *s, size_t size)
{
    char buf[128] = "";

    strlcpy(buf, s, sizeof(buf));
    return copy_to_guest(out, buf, size < sizeof(buf) ? size : sizeof(buf));
}

static long give_compile_info(struct guest_ptr out)
{
    struct xen_compile_info info = { .compile_by = "parador", .compile_domain = "parador" };

    snprintf(info.compiler, sizeof(info.compiler), "gcc %s", __VERSION__);
    return give(out, &info, sizeof(info));
}

static long give_capabilities(struct guest_ptr out)
{
    xen_capabilities_info_t caps = "xen-3.0-x86_64";

    return give(out, caps, sizeof(caps));
}

static long give_platform_parameters(struct guest_ptr out)
{
    struct xen_platform_parameters p = { .virt_start = HV_VIRT_START };

    return give(out, &p, sizeof(p));
}

static long give_features(struct guest_ptr arg)
{
    struct xen_feature_info info;

    if (copy_from_guest(&info, arg, sizeof(info)) != 0)
        return -EFAULT;
    if (info.submap_idx >= XENFEAT_NR_SUBMAPS)
        return -EINVAL;
    info.submap = GUEST_FEATURES;
    if (access_platform(current->domain))
        info.submap |= FEATURE(dom0);
    return give(arg, &info, sizeof(info));
}

long hc_xen_version(unsigned long cmd, unsigned long arg)
{
    struct guest_ptr out = guest_ptr(arg);

    switch ((unsigned)cmd) {
    case XENVER_version:
        return INTERFACE_MAJOR << 16 | INTERFACE_MINOR;
    case XENVER_extraversion:
        return give_string(out, EXTRAVERSION, XEN_EXTRAVERSION_LEN);
    case XENVER_compile_info:
        return give_compile_info(out);
    case XENVER_capabilities:
        return give_capabilities(out);
    case XENVER_changeset:
        return give_string(out, "parador " VERSION_STRING(PARADOR_VERSION_MAJOR,
                                                          PARADOR_VERSION_MINOR),
                           XEN_CHANGESET_INFO_LEN);
    case XENVER_platform_parameters:
        return give_platform_parameters(out);
    case XENVER_get_features:
        return give_features(out);
    case XENVER_pagesize:
        return PAGE_SIZE;
    case XENVER_guest_handle:
        return give(out, current->domain->handle, sizeof(current->domain->handle));
    case XENVER_commandline:
        if (!access_platform(current->domain))
            return -EPERM;
        return give(out, saved_cmdline, sizeof(saved_cmdline));
    case XENVER_build_id:
        return access_platform(current->domain) ? -ENODATA : -EPERM;
    default:
        return -ENOSYS;
    }
}
