/* SPDX-License-Identifier: MIT */
/* The page of stubs through which a guest makes hypercalls. */
#include "pv/hypercall_page.h"

#include "hw/layout.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/frame.h"
#include "public/hypercall.h"
#include "pv/ptype.h"
#include "pv/pv.h"

#define STUBS (PAGE_SIZE / PARADOR_HYPERCALL_STUB_SIZE)

static void fill_stub(uint8_t *p, uint32_t number)
{
    static const uint8_t code[] = {
        0x51,                         /* push %rcx: SYSCALL clobbers it */
        0x41, 0x53,                   /* push %r11 */
        0xb8, 0, 0, 0, 0,             /* mov $number, %eax */
        0x0f, 0x05,                   /* syscall */
        0x41, 0x5b,                   /* pop %r11 */
        0x59,                         /* pop %rcx */
        0xc3,                         /* ret */
    };

    memcpy(p, code, sizeof(code));
    memcpy(p + 4, &number, sizeof(number));
}

/* iret does not come back: its stub leaves rcx, r11 and rax in the frame (public/trap.h). */
static void fill_iret_stub(uint8_t *p)
{
    static const uint8_t code[] = {
        0x51,                                     /* push %rcx */
        0x41, 0x53,                               /* push %r11 */
        0x50,                                     /* push %rax */
        0xb8, __HYPERVISOR_iret, 0, 0, 0,         /* mov $__HYPERVISOR_iret, %eax */
        0x0f, 0x05,                               /* syscall */
    };

    memcpy(p, code, sizeof(code));
}

void hypercall_page_fill(void *page)
{
    memset(page, 0xcc, PAGE_SIZE); /* int3: nothing falls through into the next stub */
    for (unsigned i = 0; i < STUBS; i++) {
        uint8_t *p = (uint8_t *)page + i * PARADOR_HYPERCALL_STUB_SIZE;

        if (i == __HYPERVISOR_iret)
            fill_iret_stub(p);
        else
            fill_stub(p, i);
    }
}

int hypercall_page_init(struct domain *d, uint64_t mfn)
{
    int ret;

    if (!mfn_is_ram(mfn))
        return -EINVAL;
    ret = page_get_and_type(mfn_to_page(mfn), d, PGT_WRITABLE, false);
    if (ret)
        return ret;
    hypercall_page_fill(mfn_to_virt(mfn));
    page_put_and_type(mfn_to_page(mfn), false);
    return 0;
}

int hypercall_page_write(struct pv_vcpu *v, uint64_t value)
{
    if (value & (PAGE_SIZE - 1))
        return -EINVAL;
    return hypercall_page_init(v->core.domain, value >> PAGE_SHIFT);
}
