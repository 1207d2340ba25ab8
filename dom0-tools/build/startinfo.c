/* SPDX-License-Identifier: MIT */
/* What a PV guest finds when it starts: the start info page, and registers that lead to it. */
#include "build/startinfo.h"

#include <stdio.h>
#include <string.h>

#define RFLAGS_ALWAYS 0x002u
#define RFLAGS_INTERRUPTS 0x200u

int startinfo_write(const struct p2m *p2m, const struct layout *layout,
                    const struct startinfo *info)
{
    struct start_info *si = p2m_map(p2m, layout->start_info_pfn, 1);

    if (!si)
        return -1;
    memset(si, 0, LAYOUT_FRAME_SIZE);
    snprintf(si->magic, sizeof(si->magic), "xen-3.0-x86_64");
    si->nr_pages = layout->nr_pages;
    si->shared_info = info->shared_info_frame * LAYOUT_FRAME_SIZE;
    si->store_mfn = p2m->mfn[layout->store_pfn];
    si->store_evtchn = info->store_port;
    si->console.domU.mfn = p2m->mfn[layout->console_pfn];
    si->console.domU.evtchn = info->console_port;
    si->pt_base = layout_virt(layout, layout->l4_pfn);
    si->nr_pt_frames = layout->nr_pt_frames;
    si->mfn_list = layout->p2m_virt;
    if (layout->p2m_tables) {
        si->first_p2m_pfn = layout->p2m_pfn;
        si->nr_p2m_frames = layout->p2m_pages + layout->p2m_tables;
    }
    if (layout->initrd_size) {
        si->mod_len = layout->initrd_size;
        if (layout->initrd_mapped) {
            si->mod_start = layout_virt(layout, layout->initrd_pfn);
        } else {
            si->mod_start = layout->initrd_pfn;
            si->flags |= SIF_MOD_START_PFN;
        }
    }
    memcpy(si->cmd_line, info->command_line, strlen(info->command_line) + 1);
    p2m_unmap(p2m, si, 1);
    return 0;
}

void startinfo_context(const struct p2m *p2m, const struct layout *layout, uint64_t entry,
                       struct vcpu_guest_context *context)
{
    memset(context, 0, sizeof(*context));
    context->flags = VGCF_in_kernel | VGCF_online;
    context->user_regs.rip = entry;
    context->user_regs.rsi = layout_virt(layout, layout->start_info_pfn);
    context->user_regs.rsp = layout_virt(layout, layout->stack_pfn + 1);
    context->user_regs.rflags = RFLAGS_ALWAYS | RFLAGS_INTERRUPTS;
    context->user_regs.cs = FLAT_KERNEL_CS;
    context->user_regs.ss = FLAT_KERNEL_SS;
    context->user_regs.ds = FLAT_KERNEL_DS;
    context->user_regs.es = FLAT_KERNEL_DS;
    context->user_regs.fs = FLAT_KERNEL_DS;
    context->user_regs.gs = FLAT_KERNEL_DS;
    context->kernel_ss = FLAT_KERNEL_SS;
    context->kernel_sp = context->user_regs.rsp;
    context->ctrlreg[3] = xen_pfn_to_cr3(p2m->mfn[layout->l4_pfn]);
}
