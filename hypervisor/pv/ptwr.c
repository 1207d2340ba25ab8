/* SPDX-License-Identifier: MIT */
/* Guest writes to its own page tables: carried out here, as if the tables were writable. */
#include "core/domain.h"
#include "core/guest_access.h"
#include "core/iocap.h"
#include "hw/cpu.h"
#include "hw/desc.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "public/mmu.h"
#include "pv/decode.h"
#include "pv/pt_entry.h"
#include "pv/ptype.h"

/*
 * A kernel that believes it owns its page tables stores into them: with MOV, or with the locked
 * instructions that set, clear and exchange bits of an entry. Those frames are mapped read-only, so
 * the store faults; we decode it, work out what the entry would become, and put that through the
 * same checks as a hypercall's value. Nothing about the instruction needs to be trusted: another
 * vcpu may change its bytes or its registers' meaning at any time, and all it can achieve is
 * another value, which is checked.
 */

#define FLAGS_ARITH (0x8d5) /* OF SF ZF AF PF CF */
#define FLAG_PF 0x004
#define FLAG_AF 0x010
#define FLAG_ZF 0x040
#define FLAG_SF 0x080
#define FLAG_OF 0x800

/* Out of the way of the writes that are done quickly: its stack frame would be theirs. */
#define RARE __attribute__((noinline))

/* One write in the making. */
struct ptwr {
    struct insn insn;
    unsigned bytes;      /* operand size */
    unsigned shift;      /* of the operand within the entry, in bits */
    uint64_t mask;       /* of the operand, unshifted */
    /* Results of compute(), applied when the write has succeeded. */
    uint64_t result;     /* new operand */
    bool no_write;       /* CMPXCHG found something else */
    uint64_t reg_value;
    int reg;             /* register to receive reg_value; -1: none */
    uint64_t rflags;
};

static uint64_t logic_flags(uint64_t rflags, uint64_t result, unsigned bytes)
{
    rflags &= ~FLAGS_ARITH;
    if (result == 0)
        rflags |= FLAG_ZF;
    if (result >> (bytes * 8 - 1) & 1)
        rflags |= FLAG_SF;
    if (!__builtin_parity(result & 0xff))
        rflags |= FLAG_PF;
    return rflags;
}

/* AND, OR, XOR with `operand`; `op` as in the group-1 opcode's reg field. */
static bool compute_logic(struct ptwr *w, unsigned op, uint64_t old, uint64_t operand)
{
    switch (op) {
    case 1: w->result = old | operand; break;
    case 4: w->result = old & operand; break;
    case 6: w->result = old ^ operand; break;
    default: return false;
    }
    w->result &= w->mask;
    w->rflags = logic_flags(w->rflags, w->result, w->bytes);
    return true;
}

/* BTS, BTR, BTC: op 5, 6, 7 as in group 8. Only CF is defined afterwards. */
static bool compute_bit(struct ptwr *w, unsigned op, uint64_t old, uint64_t index)
{
    uint64_t bit = 1ULL << index;

    w->rflags = (w->rflags & ~(uint64_t)X86_EFLAGS_CF) | (old & bit ? X86_EFLAGS_CF : 0);
    switch (op) {
    case 5: w->result = old | bit; return true;
    case 6: w->result = old & ~bit; return true;
    case 7: w->result = old ^ bit; return true;
    default: return false;
    }
}

static void compute_cmpxchg(struct ptwr *w, struct trap_frame *f, uint64_t old)
{
    uint64_t acc = insn_read_reg(f, &w->insn, 0, w->bytes), diff = (acc - old) & w->mask;
    unsigned top = w->bytes * 8 - 1;

    /* As CMP would. */
    w->rflags = logic_flags(w->rflags, diff, w->bytes) | (acc < old ? X86_EFLAGS_CF : 0);
    w->rflags |= ((acc ^ old) & (acc ^ diff)) >> top & 1 ? FLAG_OF : 0;
    w->rflags |= (acc ^ old ^ diff) & FLAG_AF;
    if (diff == 0) {
        w->result = insn_read_reg(f, &w->insn, w->insn.reg, w->bytes);
    } else {
        w->no_write = true;
        w->reg = 0;
        w->reg_value = old;
    }
}

static bool compute_0f(struct ptwr *w, struct trap_frame *f, uint64_t old)
{
    const struct insn *i = &w->insn;
    uint64_t index;

    switch (i->opcode) {
    case 0xb0: case 0xb1:
        compute_cmpxchg(w, f, old);
        return true;
    case 0xc0: case 0xc1: /* XADD: of use to nobody in an entry, but plain */
        return false;
    case 0xba:
        return compute_bit(w, i->reg & 7, old, i->imm & (w->bytes * 8 - 1));
    case 0xab: case 0xb3: case 0xbb:
        /*
         * A register index reaches beyond the operand: then the address is not the one that was
         * decoded.
         */
        index = insn_read_reg(f, i, i->reg, w->bytes);
        return index < w->bytes * 8 && compute_bit(w, (i->opcode >> 3) & 7, old, index);
    default:
        return false;
    }
}

/* What the instruction makes of operand `old`. False: not an instruction for page tables. */
static bool compute(struct ptwr *w, struct trap_frame *f, uint64_t old)
{
    const struct insn *i = &w->insn;

    w->reg = -1;
    w->no_write = false;
    w->rflags = f->rflags;
    if (i->map == INSN_MAP_0F)
        return compute_0f(w, f, old);
    switch (i->opcode) {
    case 0x88: case 0x89:
        w->result = insn_read_reg(f, i, i->reg, w->bytes);
        return true;
    case 0xc6: case 0xc7:
        w->result = (uint64_t)i->imm & w->mask;
        return (i->reg & 7) == 0;
    case 0x86: case 0x87:
        w->result = insn_read_reg(f, i, i->reg, w->bytes);
        w->reg = i->reg;
        w->reg_value = old;
        return true;
    case 0x80: case 0x81: case 0x83:
        return compute_logic(w, i->reg & 7, old, (uint64_t)i->imm & w->mask);
    case 0x08: case 0x09: case 0x20: case 0x21: case 0x30: case 0x31:
        return compute_logic(w, i->opcode >> 3, old, insn_read_reg(f, i, i->reg, w->bytes));
    default:
        return false;
    }
}

/*
 * Operand size: of the instructions above, those with an even opcode work on bytes, but the bit
 * tests never do.
 */
static unsigned operand_bytes(const struct insn *i)
{
    if (i->map == INSN_MAP_0F && (i->opcode == 0xba || (i->opcode & 0xe7) == 0xa3))
        return i->op_bytes;
    return insn_operand_bytes(i);
}

static bool prepare(struct pv_vcpu *v, struct trap_frame *f, uint64_t addr, struct ptwr *w)
{
    uint64_t va;

    if (pv_decode(v, f, &w->insn) || !w->insn.is_mem || w->insn.map > INSN_MAP_0F)
        return false;
    w->bytes = operand_bytes(&w->insn);
    w->shift = (addr & 7) * 8;
    w->mask = w->bytes == 8 ? ~0ULL : (1ULL << (w->bytes * 8)) - 1;
    if ((addr & 7) + w->bytes > 8)
        return false;
    return insn_address(v, f, &w->insn, w->bytes, &va) && va == addr;
}

static void finish(struct ptwr *w, struct trap_frame *f)
{
    if (w->reg >= 0)
        insn_write_reg(f, &w->insn, w->reg, w->bytes, w->reg_value);
    f->rflags = w->rflags;
    insn_done(f, &w->insn);
}

/* The write goes to the entry of a table in frame mfn. */
static bool RARE emulate(struct pv_vcpu *v, struct trap_frame *f, uint64_t addr, uint64_t mfn)
{
    struct domain *d = v->core.domain;
    uint64_t old, new;
    struct pt_table t;
    struct ptwr w;
    int err = -EINVAL;

    if (!prepare(v, f, addr, &w) || pt_table_hold(&t, d, mfn))
        return false;
    old = __atomic_load_n((uint64_t *)page_to_virt(t.pg) + (addr & (PAGE_SIZE - 1)) / 8,
                          __ATOMIC_RELAXED);
    /*
     * Level 0: the frame ceased to be a table since the fault. The guest's mapping of it will be
     * writable soon.
     */
    while (t.level) {
        if (!compute(&w, f, (old >> w.shift) & w.mask))
            break;
        new = (old & ~(w.mask << w.shift)) | (w.result << w.shift);
        err = w.no_write ? 0
                         : pt_entry_write(&t, d, d, (addr & (PAGE_SIZE - 1)) / 8, new, false, &old);
        if (err != -EAGAIN)
            break;
    }
    pt_table_release(&t);
    if (err == 0)
        finish(&w, f);
    /* Preempted: the guest executes the instruction again and comes back. */
    return err == 0 || err == -ERESTART;
}

/*
 * Nearly all of these writes are one of three instructions: the exchange by which a kernel takes an
 * entry away, the plain store, and the locked AND of one byte that write-protects. They are
 * recognised here in a few steps; all else is left to the decoder.
 *
 * A kernel has few places from which it does so. What was found out about their instructions is
 * kept in the vcpu and holds for the same bytes, which are read anew each time.
 */

/* The register at byte `at` of the frame. */
static inline uint64_t *quick_reg(struct trap_frame *f, uint8_t at)
{
    return (uint64_t *)((char *)f + at);
}

static uint8_t register_at(unsigned n)
{
#define AT(field) offsetof(struct trap_frame, field)
    static const uint8_t at[16] = { AT(rax), AT(rcx), AT(rdx), AT(rbx), AT(rsp), AT(rbp),
                                    AT(rsi), AT(rdi), AT(r8),  AT(r9),  AT(r10), AT(r11),
                                    AT(r12), AT(r13), AT(r14), AT(r15) };
#undef AT
    return at[n];
}

/*
 * The address that ModRM at p means, without the rarer forms; returns what follows it, NULL: not
 * here.
 */
static const uint8_t *parse_address(const uint8_t *p, uint8_t rex, struct ptwr_insn *k)
{
    uint8_t modrm = *p++, mod = modrm >> 6, rm = modrm & 7;

    if (mod == 3 || (mod == 0 && rm == 5))
        return NULL;
    k->scale = k->index = k->disp = 0;
    if (rm == 4) {
        uint8_t sib = *p++, index = ((sib >> 3) & 7) | (rex & 2 ? 8 : 0);

        rm = sib & 7;
        if (mod == 0 && rm == 5)
            return NULL;
        if (index != 4) {
            k->index = register_at(index);
            k->scale = 1 << (sib >> 6);
        }
    }
    k->base = register_at(rm | (rex & 1 ? 8 : 0));
    if (mod == 1) {
        k->disp = (int8_t)*p++;
    } else if (mod == 2) {
        memcpy(&k->disp, p, sizeof(k->disp));
        p += sizeof(k->disp);
    }
    return p;
}

/* k->len stays 0 if it is another instruction. The longest of the three has 11 bytes. */
static void RARE parse(const uint64_t bytes[2], struct ptwr_insn *k)
{
    const uint8_t *b = (const uint8_t *)bytes, *p = b;
    bool lock = *p == 0xf0;
    uint8_t rex = 0, modrm;

    k->bytes[0] = bytes[0];
    k->bytes[1] = bytes[1];
    k->len = 0;
    p += lock;
    if ((*p & 0xf0) == 0x40)
        rex = *p++;
    k->opcode = *p++;
    modrm = *p;
    p = parse_address(p, rex, k);
    if (!p)
        return;
    k->reg = register_at(((modrm >> 3) & 7) | (rex & 4 ? 8 : 0));
    k->clear = 0;
    if (k->opcode == 0x80 && (modrm & 0x38) == 0x20)
        k->clear = ~*p++;
    else if (!(rex & 8) || !(k->opcode == 0x87 || (k->opcode == 0x89 && !lock)))
        return;
    k->len = p - b;
}

/* mfn is what addr maps, and nothing more is known of it. False: nothing is done. */
static inline bool quick_emulate(struct pv_vcpu *v, struct trap_frame *f, uint64_t addr,
                                 uint64_t mfn)
{
    struct ptwr_insn *k = &v->ptwr_known[f->rip / 8 % PTWR_KNOWN];
    unsigned slot = (addr & (PAGE_SIZE - 1)) / 8, shift = 0;
    uint64_t bytes[2], keep = 0, set = 0, *reg;
    struct pt_trapped t;

    if (f->cs != GUEST_CS64 || (f->rip & (PAGE_SIZE - 1)) > PAGE_SIZE - sizeof(bytes) ||
        !guest_read_pair(f->rip, bytes))
        return false;
    if (bytes[0] != k->bytes[0] || bytes[1] != k->bytes[1])
        parse(bytes, k);
    if (!k->len ||
        *quick_reg(f, k->base) + *quick_reg(f, k->index) * k->scale + (int64_t)k->disp != addr)
        return false;
    reg = quick_reg(f, k->reg);
    if (k->opcode == 0x80) {
        shift = (addr & 7) * 8;
        keep = ~((uint64_t)k->clear << shift);
    } else if (addr & 7) {
        return false;
    } else {
        set = *reg;
    }
    t = pt_write_trapped(v->core.domain, mfn, slot, keep, set);
    if (!t.done)
        return false;
    if (k->opcode == 0x87)
        *reg = t.old;
    else if (k->opcode == 0x80)
        f->rflags = logic_flags(f->rflags, ((t.old & keep) >> shift) & 0xff, 1);
    f->rip += k->len;
    f->rflags &= ~(uint64_t)X86_EFLAGS_RF;
    return true;
}

/*
 * Device frames that we keep are mapped read-only for dom0 (pt_validate.c): its writes go nowhere.
 */
static bool RARE discard_device_write(struct pv_vcpu *v, struct trap_frame *f, uint64_t addr,
                                 uint64_t mfn)
{
    struct domain *d = v->core.domain;
    struct ptwr w;

    if (!d->privileged || mfn_is_ram(mfn) || iocap_mfn_ok(d, mfn, mfn) || !prepare(v, f, addr, &w))
        return false;
    if (!compute(&w, f, 0))
        return false;
    finish(&w, f);
    return true;
}

bool pt_write_fault(struct pv_vcpu *v, struct trap_frame *f, uint64_t addr)
{
    struct page_info *pg;
    struct pt_walk w;
    uint64_t mfn, type;
    bool writable_tables;

    if (f->error_code & PFEC_RSVD)
        return false;
    pt_walk_inline(v, addr, &w);
    if (!(w.entry & PTE_PRESENT))
        return false;
    if (!(f->error_code & PFEC_WRITE))
        /* Spurious: the entry has become present, or executable, since the TLB last saw it. */
        return !(f->error_code & PFEC_INSN) || !w.nx;
    if (w.writable)
        return true;
    mfn = pte_mfn(w.entry);
    if (w.entry & PTE_RW)
        return false; /* read-only at a higher level: the guest's own wish */
    writable_tables = v->core.domain->vm_assist & (1U << VMASST_TYPE_writable_pagetables);
    if (writable_tables && !v->pt_undo_count && quick_emulate(v, f, addr, mfn))
        return true;
    pg = mfn_to_page(mfn);
    if (mfn >= max_mfn || pg->owner != v->core.domain)
        return discard_device_write(v, f, addr, mfn);
    type = __atomic_load_n(&pg->type, __ATOMIC_RELAXED);
    if (!pgt_is_table(type) || !(type & PGT_COUNT_MASK) || !writable_tables)
        return false;
    /* Preempted: the guest executes the instruction again and comes back. */
    return pt_finish_undo(v) || emulate(v, f, addr, mfn);
}
