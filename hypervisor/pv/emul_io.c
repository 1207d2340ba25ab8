/* SPDX-License-Identifier: MIT */
/* Port accesses of guests: who may, and how they are carried out. */
#include "core/domain.h"
#include "core/guest_access.h"
#include "core/iocap.h"
#include "hw/cpu.h"
#include "hw/layout.h"
#include "hw/pci.h"
#include "hw/softirq.h"
#include "pv/descriptor.h"
#include "pv/emulate.h"
#include "pv/switch.h"

#define PCI_ADDRESS_PORT 0xcf8
#define PCI_DATA_PORT 0xcfc

/* The guest's own say about its programs: IOPL, or a clear bit for each port in its I/O bitmap. */
static bool guest_allows(struct pv_vcpu *v, unsigned port, unsigned bytes)
{
    unsigned long flags;
    uint16_t bits;
    int ret;

    if (pv_iopl(v) >= (v->kernel_mode ? 1 : 3))
        return true;
    if (v->iobmp_limit < port + bytes)
        return false;
    /* The bitmap lies in the kernel's address space, of which a program's tables know nothing. */
    flags = irq_save();
    pv_kernel_view(&v->core, true);
    ret = copy_from_guest(&bits, guest_ptr(v->iobmp + port / 8), sizeof(bits));
    pv_kernel_view(&v->core, false);
    irq_restore(flags);
    if (ret)
        return false;
    return !((bits >> (port & 7)) & ((1u << bytes) - 1));
}

/* Ours to refuse: what the domain has not been given does not exist for it. */
static bool port_exists(struct pv_vcpu *v, unsigned port, unsigned bytes)
{
    return iocap_port_ok(v->core.domain, port, bytes);
}

static bool is_pci_port(struct pv_vcpu *v, unsigned port, unsigned bytes)
{
    return v->core.domain->privileged && port >= PCI_DATA_PORT && port + bytes <= PCI_DATA_PORT + 4;
}

static uint32_t port_read(struct pv_vcpu *v, unsigned port, unsigned bytes)
{
    struct pv_domain *d = to_pv_domain(v->core.domain);

    if (v->core.domain->privileged && port == PCI_ADDRESS_PORT && bytes == 4)
        return d->pci_cf8;
    if (is_pci_port(v, port, bytes))
        return pci_port_read(d->pci_cf8, port - PCI_DATA_PORT, bytes);
    if (!port_exists(v, port, bytes))
        return ~0U;
    return bytes == 1 ? inb(port) : bytes == 2 ? inw(port) : inl(port);
}

static void port_write(struct pv_vcpu *v, unsigned port, unsigned bytes, uint32_t value)
{
    struct pv_domain *d = to_pv_domain(v->core.domain);

    if (v->core.domain->privileged && port == PCI_ADDRESS_PORT && bytes == 4) {
        d->pci_cf8 = value;
        return;
    }
    if (is_pci_port(v, port, bytes)) {
        pci_port_write(d->pci_cf8, port - PCI_DATA_PORT, bytes, value);
        return;
    }
    if (!port_exists(v, port, bytes))
        return;
    if (bytes == 1)
        outb(port, value);
    else if (bytes == 2)
        outw(port, value);
    else
        outl(port, value);
}

/* One unit of INS or OUTS. */
static enum emulated string_step(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i,
                                 bool in, unsigned port, unsigned bytes, struct fault *fault)
{
    uint64_t *reg = in ? &f->rdi : &f->rsi;
    int64_t step = f->rflags & X86_EFLAGS_DF ? -(int64_t)bytes : (int64_t)bytes;
    uint32_t value = 0;
    uint64_t va;

    /* INS always writes to ES; OUTS reads from DS or what a prefix says. */
    if (!pv_linear(v, in ? SEG_ES : i->seg, i->long_mode, *reg, i->ad_bytes, bytes, &va))
        return EMUL_NOT_OURS;
    if (in) {
        /* Nothing is taken from the device before it is certain that there is a place for it. */
        if (copy_from_guest(&value, guest_ptr(va), bytes) ||
            copy_to_guest(guest_ptr(va), &value, bytes))
            return pv_access_fault(v, fault, va, true);
        value = port_read(v, port, bytes);
        if (copy_to_guest(guest_ptr(va), &value, bytes))
            return pv_access_fault(v, fault, va, true);
    } else {
        if (copy_from_guest(&value, guest_ptr(va), bytes))
            return pv_access_fault(v, fault, va, false);
        port_write(v, port, bytes, value);
    }
    insn_write_reg(f, i, in ? 7 : 6, i->ad_bytes, *reg + step);
    return EMUL_DONE;
}

static enum emulated string_io(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i,
                               bool in, unsigned bytes, struct fault *fault)
{
    unsigned port = (uint16_t)f->rdx;
    bool rep = i->rep || i->repne;

    for (;;) {
        uint64_t count = insn_read_reg(f, i, 1, i->ad_bytes);
        enum emulated r;

        if (rep && count == 0)
            break;
        r = string_step(v, f, i, in, port, bytes, fault);
        if (r != EMUL_DONE)
            return r;
        if (!rep)
            break;
        insn_write_reg(f, i, 1, i->ad_bytes, count - 1);
        /* The registers say how far we are: the guest simply executes the rest again. */
        if (softirq_any_pending())
            return EMUL_DONE;
    }
    insn_done(f, i);
    return EMUL_DONE;
}

enum emulated pv_emulate_io(struct pv_vcpu *v, struct trap_frame *f, const struct insn *i,
                            struct fault *fault)
{
    unsigned bytes = i->opcode & 1 ? (i->op_bytes == 2 ? 2 : 4) : 1;
    bool immediate = (i->opcode & 0xfc) == 0xe4;
    bool string = (i->opcode & 0xfc) == 0x6c;
    bool in = !(i->opcode & 2); /* 6c-6d, e4-e5, ec-ed */
    unsigned port = immediate ? (uint8_t)i->imm : (uint16_t)f->rdx;

    if (port + bytes > 0x10000 || !guest_allows(v, port, bytes))
        return EMUL_NOT_OURS;
    if (string)
        return string_io(v, f, i, in, bytes, fault);
    if (in)
        insn_write_reg(f, i, 0, bytes, port_read(v, port, bytes));
    else
        port_write(v, port, bytes, insn_read_reg(f, i, 0, bytes));
    insn_done(f, i);
    return EMUL_DONE;
}
