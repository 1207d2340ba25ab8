/* SPDX-License-Identifier: MIT */
/* The instruction decoder: prefixes, opcode maps, ModRM and immediates of what we emulate. */
#include "pv/decode.h"

#include "core/guest_access.h"
#include "hw/layout.h"
#include "hw/regs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "pv/descriptor.h"
#include "pv/pv.h"

/* What follows an opcode (Intel SDM volume 2, appendix A). */
#define D_MODRM 0x01
#define D_IMM8 0x02
#define D_IMMZ 0x04   /* 2 or 4 bytes, sign-extended to the operand size */
#define D_IMMV 0x08   /* as the operand size, 8 included: MOV r64, imm64 */
#define D_MOFFS 0x10  /* an address-sized displacement */
#define D_KNOWN 0x20
#define D_GROUP3 0x40 /* an immediate when ModRM.reg is 0 or 1 (TEST) */

struct cursor {
    const uint8_t *p;
    unsigned pos, n;
};

/* Reads `bytes` little-endian bytes, sign-extended; false: there are not that many. */
static bool fetch(struct cursor *c, unsigned bytes, int64_t *out)
{
    uint64_t v = 0;

    if (c->n - c->pos < bytes)
        return false;
    memcpy(&v, c->p + c->pos, bytes);
    c->pos += bytes;
    *out = bytes == 8 ? (int64_t)v : (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes);
    return true;
}

static unsigned map_1_kind(uint8_t op)
{
    if (op < 0x40) { /* the eight arithmetic operations, six forms each */
        if ((op & 7) < 4)
            return D_KNOWN | D_MODRM;
        if ((op & 7) == 4)
            return D_KNOWN | D_IMM8;
        return (op & 7) == 5 ? D_KNOWN | D_IMMZ : 0;
    }
    if (op >= 0x50 && op < 0x60) /* PUSH, POP */
        return D_KNOWN;
    if (op >= 0xb0 && op < 0xc0)
        return D_KNOWN | (op < 0xb8 ? D_IMM8 : D_IMMV);
    switch (op) {
    case 0x6c ... 0x6f: /* INS, OUTS */
    case 0xa4 ... 0xa7: /* MOVS, CMPS */
    case 0xaa ... 0xaf: /* STOS, LODS, SCAS */
    case 0xec ... 0xef: /* IN, OUT by DX */
    case 0x90:
    case 0xcc: /* INT3 */
    case 0xf4: /* HLT */
    case 0xf5: /* CMC */
    case 0xf8 ... 0xfd: /* CLC .. STD: CLI and STI among them */
        return D_KNOWN;
    case 0x63:
    case 0x84 ... 0x8b: /* TEST, XCHG, MOV */
    case 0x8c:
    case 0x8e: /* MOV Sreg */
    case 0xfe:
    case 0xff:
    case 0xd0 ... 0xd3:
        return D_KNOWN | D_MODRM;
    case 0x80:
    case 0x83:
    case 0xc0:
    case 0xc1:
    case 0xc6:
        return D_KNOWN | D_MODRM | D_IMM8;
    case 0x81:
    case 0xc7:
        return D_KNOWN | D_MODRM | D_IMMZ;
    case 0xf6:
    case 0xf7:
        return D_KNOWN | D_MODRM | D_GROUP3;
    case 0xa0 ... 0xa3:
        return D_KNOWN | D_MOFFS;
    case 0xa8:
    case 0xcd: /* INT n */
    case 0xe4 ... 0xe7: /* IN, OUT by immediate */
        return D_KNOWN | D_IMM8;
    case 0xa9:
        return D_KNOWN | D_IMMZ;
    }
    return 0;
}

static unsigned map_0f_kind(uint8_t op)
{
    switch (op) {
    case 0x05: /* SYSCALL */
    case 0x06: /* CLTS */
    case 0x08: /* INVD */
    case 0x09: /* WBINVD */
    case 0x0b: /* UD2 */
    case 0x30 ... 0x33: /* WRMSR, RDTSC, RDMSR, RDPMC */
    case 0xa2: /* CPUID */
        return D_KNOWN;
    case 0x00:
    case 0x01: /* groups 6 and 7: SLDT, STR, SGDT, SMSW, LMSW, INVLPG, XSETBV, SWAPGS */
    case 0x20 ... 0x23: /* MOV CR, DR */
    case 0xa3: /* BT */
    case 0xab: /* BTS */
    case 0xb0:
    case 0xb1: /* CMPXCHG */
    case 0xb3: /* BTR */
    case 0xb6:
    case 0xb7:
    case 0xbe:
    case 0xbf: /* MOVZX, MOVSX */
    case 0xbb: /* BTC */
    case 0xc0:
    case 0xc1: /* XADD */
    case 0xc3: /* MOVNTI */
    case 0xc7: /* group 9: CMPXCHG8B/16B */
        return D_KNOWN | D_MODRM;
    case 0xba: /* group 8: BT, BTS, BTR, BTC by immediate */
        return D_KNOWN | D_MODRM | D_IMM8;
    }
    return 0;
}

/* Eats prefixes; true with the opcode byte as the next one. */
static bool parse_prefixes(struct insn *i, struct cursor *c, unsigned code_bytes)
{
    bool addr_override = false;

    for (; c->pos < c->n; c->pos++) {
        switch (c->p[c->pos]) {
        case 0x66: i->opsize = true; break;
        case 0x67: addr_override = true; break;
        case 0xf0: i->lock = true; break;
        case 0xf2: i->repne = true; i->rep = false; break;
        case 0xf3: i->rep = true; i->repne = false; break;
        case 0x26: i->seg = SEG_ES; break;
        case 0x2e: i->seg = SEG_CS; break;
        case 0x36: i->seg = SEG_SS; break;
        case 0x3e: i->seg = SEG_DS; break;
        case 0x64: i->seg = SEG_FS; break;
        case 0x65: i->seg = SEG_GS; break;
        case 0x40 ... 0x4f:
            if (code_bytes == 8) {
                /*
                 * REX counts only directly before the opcode; another prefix after it cancels it.
                 */
                i->rex = c->p[c->pos];
                continue;
            }
            goto done;
        default:
            goto done;
        }
        i->rex = 0;
    }
    return false;
done:
    if (code_bytes == 8) {
        i->ad_bytes = addr_override ? 4 : 8;
        i->op_bytes = i->rex & 8 ? 8 : i->opsize ? 2 : 4;
    } else {
        i->ad_bytes = addr_override ? 6 - code_bytes : code_bytes;
        i->op_bytes = i->opsize ? 6 - code_bytes : code_bytes;
    }
    return true;
}

/* 16-bit addressing forms: base and index by r/m (SDM volume 2, table 2-1). */
static bool parse_mem16(struct insn *i, struct cursor *c)
{
    static const uint8_t base[8] = { 3, 3, 5, 5, 6, 7, 5, 3 };
    static const uint8_t index[8] = { 6, 7, 6, 7, REG_NONE, REG_NONE, REG_NONE, REG_NONE };

    i->base = base[i->rm];
    i->index = index[i->rm];
    if (i->mod == 0 && i->rm == 6) {
        i->base = REG_NONE;
        return fetch(c, 2, &i->disp);
    }
    return i->mod == 0 || fetch(c, i->mod == 1 ? 1 : 2, &i->disp);
}

static bool parse_mem(struct insn *i, struct cursor *c)
{
    unsigned rm = i->rm, base;

    i->base = i->rm | (i->rex & 1 ? 8 : 0);
    if (rm == 4) {
        uint8_t sib;

        if (c->pos == c->n)
            return false;
        sib = c->p[c->pos++];
        i->has_sib = true;
        i->scale = sib >> 6;
        i->index = ((sib >> 3) & 7) | (i->rex & 2 ? 8 : 0);
        if (i->index == 4)
            i->index = REG_NONE;
        base = sib & 7;
        i->base = base | (i->rex & 1 ? 8 : 0);
        if (base == 5 && i->mod == 0) {
            i->base = REG_NONE;
            return fetch(c, 4, &i->disp);
        }
    } else if (rm == 5 && i->mod == 0) {
        i->base = i->long_mode ? REG_RIP : REG_NONE;
        return fetch(c, 4, &i->disp);
    }
    return i->mod == 0 || fetch(c, i->mod == 1 ? 1 : 4, &i->disp);
}

static bool parse_modrm(struct insn *i, struct cursor *c)
{
    uint8_t modrm;

    if (c->pos == c->n)
        return false;
    modrm = c->p[c->pos++];
    i->has_modrm = true;
    i->mod = modrm >> 6;
    i->reg = ((modrm >> 3) & 7) | (i->rex & 4 ? 8 : 0);
    i->rm = modrm & 7;
    /* MOV to and from control and debug registers ignores mod: always a register. */
    if (i->mod == 3 || (i->map == INSN_MAP_0F && (i->opcode & 0xfc) == 0x20)) {
        i->mod = 3;
        i->rm |= i->rex & 1 ? 8 : 0;
        return true;
    }
    i->is_mem = true;
    if (i->ad_bytes == 2 ? !parse_mem16(i, c) : !parse_mem(i, c))
        return false;
    if (i->seg == SEG_NONE)
        i->seg = i->base == 4 || (i->base == 5 && !(i->rex & 1)) ? SEG_SS : SEG_DS;
    return true;
}

static bool parse_opcode(struct insn *i, struct cursor *c, unsigned *kind)
{
    i->opcode = c->p[c->pos++];
    if (i->opcode != 0x0f) {
        *kind = map_1_kind(i->opcode);
        return *kind != 0;
    }
    if (c->pos == c->n)
        return false;
    i->map = INSN_MAP_0F;
    i->opcode = c->p[c->pos++];
    if (i->opcode == 0x38) {
        /* Of this map only MOVBE and its like: all have ModRM and no immediate. */
        if (c->pos == c->n)
            return false;
        i->map = INSN_MAP_0F38;
        i->opcode = c->p[c->pos++];
        *kind = (i->opcode & 0xfe) == 0xf0 ? D_KNOWN | D_MODRM : 0;
    } else {
        *kind = map_0f_kind(i->opcode);
    }
    return *kind != 0;
}

int insn_parse(struct insn *i, const uint8_t *bytes, unsigned n, unsigned code_bytes)
{
    struct cursor c = { bytes, 0, n > INSN_MAX ? INSN_MAX : n };
    unsigned kind;

    memset(i, 0, sizeof(*i));
    memcpy(i->bytes, bytes, c.n);
    i->fetched = c.n;
    i->long_mode = code_bytes == 8;
    i->seg = SEG_NONE;
    i->base = i->index = REG_NONE;
    if (!parse_prefixes(i, &c, code_bytes) || !parse_opcode(i, &c, &kind))
        return -EINVAL;
    if ((kind & D_MODRM) && !parse_modrm(i, &c))
        return -EINVAL;
    if ((kind & D_GROUP3) && (i->reg & 7) < 2)
        kind |= i->opcode & 1 ? D_IMMZ : D_IMM8;
    if (kind & D_MOFFS) {
        i->is_mem = true;
        if (!fetch(&c, i->ad_bytes, &i->disp))
            return -EINVAL;
    }
    i->imm_bytes = kind & D_IMM8   ? 1
                   : kind & D_IMMZ ? (i->op_bytes == 2 ? 2 : 4)
                   : kind & D_IMMV ? i->op_bytes
                                   : 0;
    if (i->imm_bytes && !fetch(&c, i->imm_bytes, &i->imm))
        return -EINVAL;
    if (i->seg == SEG_NONE)
        i->seg = SEG_DS;
    i->len = c.pos;
    return 0;
}

int pv_decode(struct pv_vcpu *v, const struct trap_frame *f, struct insn *i)
{
    uint8_t bytes[INSN_MAX];
    struct segment cs;
    uint64_t va;
    unsigned n, in_page;

    if (!pv_segment(v, f->cs, &cs))
        return -EINVAL;
    va = cs.long_mode ? f->rip : (uint32_t)(cs.base + f->rip);
    if (!guest_range_ok(va, INSN_MAX))
        return -EFAULT;
    /* The next page need not be there if the instruction ends before it. */
    in_page = PAGE_SIZE - (va & (PAGE_SIZE - 1));
    n = in_page < INSN_MAX ? in_page : INSN_MAX;
    if (copy_from_guest(bytes, guest_ptr(va), n))
        return -EFAULT;
    if (n < INSN_MAX && !copy_from_guest(bytes + n, guest_ptr(va + n), INSN_MAX - n))
        n = INSN_MAX;
    return insn_parse(i, bytes, n, cs.long_mode ? 8 : cs.big ? 4 : 2);
}

bool insn_address(struct pv_vcpu *v, const struct trap_frame *f, const struct insn *i, unsigned len,
                  uint64_t *va)
{
    struct trap_frame *regs = (struct trap_frame *)f;
    uint64_t ea = i->disp;

    if (i->base == REG_RIP)
        ea += f->rip + i->len;
    else if (i->base != REG_NONE)
        ea += *insn_reg(regs, i->base);
    if (i->index != REG_NONE)
        ea += *insn_reg(regs, i->index) << i->scale;
    return pv_linear(v, i->seg, i->long_mode, ea, i->ad_bytes, len, va);
}

uint64_t *insn_reg(struct trap_frame *f, unsigned n)
{
    switch (n & 15) {
    case 0: return &f->rax;
    case 1: return &f->rcx;
    case 2: return &f->rdx;
    case 3: return &f->rbx;
    case 4: return &f->rsp;
    case 5: return &f->rbp;
    case 6: return &f->rsi;
    case 7: return &f->rdi;
    case 8: return &f->r8;
    case 9: return &f->r9;
    case 10: return &f->r10;
    case 11: return &f->r11;
    case 12: return &f->r12;
    case 13: return &f->r13;
    case 14: return &f->r14;
    default: return &f->r15;
    }
}

/* ah, ch, dh, bh: registers 4 to 7 of a byte operand without REX. */
static bool is_high_byte(const struct insn *i, unsigned n, unsigned bytes)
{
    return bytes == 1 && !i->rex && n >= 4 && n < 8;
}

uint64_t insn_read_reg(struct trap_frame *f, const struct insn *i, unsigned n, unsigned bytes)
{
    if (is_high_byte(i, n, bytes))
        return (*insn_reg(f, n - 4) >> 8) & 0xff;
    return bytes == 8 ? *insn_reg(f, n) : *insn_reg(f, n) & ((1ULL << (8 * bytes)) - 1);
}

void insn_write_reg(struct trap_frame *f, const struct insn *i, unsigned n, unsigned bytes,
                    uint64_t value)
{
    uint64_t *reg = insn_reg(f, is_high_byte(i, n, bytes) ? n - 4 : n);

    if (is_high_byte(i, n, bytes))
        *reg = (*reg & ~0xff00ULL) | ((value & 0xff) << 8);
    else if (bytes == 8)
        *reg = value;
    else if (bytes == 4)
        *reg = (uint32_t)value;
    else
        memcpy(reg, &value, bytes);
}

void insn_done(struct trap_frame *f, const struct insn *i)
{
    f->rip += i->len;
    if (!i->long_mode)
        f->rip = (uint32_t)f->rip;
    f->rflags &= ~(uint64_t)X86_EFLAGS_RF;
}
