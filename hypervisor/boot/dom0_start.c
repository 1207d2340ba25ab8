/* SPDX-License-Identifier: MIT */
/* What the control domain's first vcpu finds: start info, mfn list, registers. */
#include "boot/dom0_start.h"

#include "boot/init.h"
#include "boot/multiboot.h"
#include "core/vcpu.h"
#include "core/vehicle.h"
#include "hw/regs.h"
#include "hw/vga.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "public/start_info.h"
#include "public/trap.h"

/*
 * Firmware without a root pointer in low memory (UEFI) leaves dom0 unable to find its ACPI
 * tables: Linux takes the address from its command line (acpi_rsdp=).
 */
INIT_TEXT static void write_cmdline(char *out, size_t size, const char *cmdline, uint64_t rsdp)
{
    if (rsdp != 0)
        snprintf(out, size, "%s acpi_rsdp=0x%lx", cmdline, (unsigned long)rsdp);
    else
        strlcpy(out, cmdline, size);
}

/* The screen as it was left to us, right behind the start info. */
INIT_TEXT static void write_screen(struct start_info *si)
{
    struct dom0_vga_console_info *screen = (struct dom0_vga_console_info *)(si + 1);
    const struct boot_framebuffer *fb = &boot_info.fb;

    if (!fb->addr && boot_info.efi)
        return;
    si->console.dom0.info_off = sizeof(*si);
    si->console.dom0.info_size = sizeof(*screen);
    if (!fb->addr) {
        screen->video_type = XEN_VGATYPE_TEXT_MODE_3;
        screen->u.text_mode_3.font_height = 16;
        screen->u.text_mode_3.rows = 25;
        screen->u.text_mode_3.columns = 80;
        screen->u.text_mode_3.cursor_y = vga_row();
        return;
    }
    screen->video_type = boot_info.efi ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB;
    screen->u.vesa_lfb = (__typeof__(screen->u.vesa_lfb)){
        .width = fb->width, .height = fb->height, .bytes_per_line = fb->pitch,
        .bits_per_pixel = fb->bpp, .lfb_base = (uint32_t)fb->addr,
        .ext_lfb_base = fb->addr >> 32, .lfb_size = ((uint64_t)fb->pitch * fb->height + 65535) >> 16,
        .red_pos = fb->red[0], .red_size = fb->red[1], .green_pos = fb->green[0],
        .green_size = fb->green[1], .blue_pos = fb->blue[0], .blue_size = fb->blue[1],
    };
}

INIT_TEXT void dom0_write_start_info(const struct dom0_layout *l, const uint64_t *p2m,
                                     const struct domain *d, size_t initrd_size,
                                     const char *cmdline, uint64_t rsdp)
{
    struct start_info *si = mfn_to_virt(p2m[dom0_pfn(l, l->start_info_va)]);

    snprintf(si->magic, sizeof(si->magic), "xen-3.0-x86_64");
    si->nr_pages = l->nr_pages;
    si->shared_info = d->shared_info_mfn << PAGE_SHIFT;
    si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
    si->pt_base = l->pt_va;
    si->nr_pt_frames = l->pt_pages;
    si->mfn_list = l->p2m_va;
    if (l->p2m_tables != 0) {
        si->first_p2m_pfn = l->p2m_pfn;
        si->nr_p2m_frames = l->p2m_pages + l->p2m_tables;
    }
    if (initrd_size != 0) {
        si->mod_len = initrd_size;
        si->mod_start = l->initrd_va;
        if (l->initrd_va == 0) {
            si->mod_start = l->initrd_pfn;
            si->flags |= SIF_MOD_START_PFN;
        }
    }
    write_screen(si);
    write_cmdline((char *)si->cmd_line, sizeof(si->cmd_line), cmdline, rsdp);
}

INIT_TEXT void dom0_write_p2m(const struct dom0_layout *l, const uint64_t *p2m)
{
    const uint64_t per_page = PAGE_SIZE / sizeof(*p2m);

    for (uint64_t pfn = 0; pfn < l->nr_pages; pfn += per_page) {
        uint64_t n = l->nr_pages - pfn < per_page ? l->nr_pages - pfn : per_page;

        memcpy(mfn_to_virt(p2m[l->p2m_pfn + pfn / per_page]), p2m + pfn, n * sizeof(*p2m));
    }
}

INIT_TEXT int dom0_set_context(const struct dom0_layout *l, struct vcpu *v, uint64_t root_mfn)
{
    static struct vcpu_guest_context c INIT_DATA; /* 5 KiB: too much for the stack */

    c.flags = VGCF_IN_KERNEL | VGCF_online;
    c.user_regs.rip = l->entry;
    c.user_regs.rsp = l->stack_va + PAGE_SIZE;
    c.user_regs.rsi = l->start_info_va;
    c.user_regs.rflags = X86_EFLAGS_IF;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = FLAT_KERNEL_SS;
    c.user_regs.ds = c.user_regs.es = c.user_regs.fs = c.user_regs.gs = FLAT_KERNEL_DS;
    c.kernel_ss = FLAT_KERNEL_SS;
    c.kernel_sp = l->stack_va + PAGE_SIZE;
    c.ctrlreg[3] = root_mfn << PAGE_SHIFT;
    return vcpu_set_context(v, &c);
}
