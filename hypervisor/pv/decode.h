/* SPDX-License-Identifier: MIT */
/*
 * One instruction decoder for everything we emulate: privileged, port and page-table-writing
 * instructions.
 */
#ifndef PV_DECODE_H
#define PV_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "hw/regs.h"

struct pv_vcpu;

#define INSN_MAX 15 /* the longest instruction the processor accepts */

/* Opcode maps. */
enum insn_map { INSN_MAP_1, INSN_MAP_0F, INSN_MAP_0F38, INSN_MAP_0F3A };

/* Segment numbers as the ModRM reg field of MOV Sreg counts them. */
enum insn_seg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_NONE };

struct insn {
    uint8_t bytes[INSN_MAX]; /* as fetched, once */
    uint8_t fetched;         /* how many of them could be read */
    uint8_t len;             /* of the instruction */
    uint8_t map;             /* enum insn_map */
    uint8_t opcode;
    uint8_t rex;             /* 0: none */
    bool long_mode;          /* 64-bit code */
    bool opsize, lock, rep, repne; /* prefixes 66, F0, F3, F2 */
    uint8_t op_bytes;        /* by prefixes: 2, 4, 8; byte forms are the opcode's bit 0 */
    uint8_t ad_bytes;        /* address size: 2, 4, 8 */
    uint8_t seg;             /* segment of the memory operand, override included (enum insn_seg) */
    bool has_modrm, is_mem;  /* is_mem: the r/m operand is in memory */
    uint8_t mod, reg, rm;    /* reg and rm with their REX bits; rm a register number when !is_mem */
    bool has_sib;
    uint8_t base, index, scale; /* REG_NONE: absent; base REG_RIP: next instruction */
    int64_t disp;
    int64_t imm;             /* sign-extended */
    uint8_t imm_bytes;
};
#define REG_NONE 0xff
#define REG_RIP 0xfe

/*
 * Parses n bytes as one instruction of 64-bit (or 32-, 16-bit: default operand size 4 or 2) code. 0
 * and i complete (bytes included), -EINVAL: unknown to us or longer than n bytes. Pure: no memory
 * is touched.
 */
int insn_parse(struct insn *i, const uint8_t *bytes, unsigned n, unsigned code_bytes);

/*
 * Fetches the bytes at f's rip in the current address space, once, and parses them.
 * 0; -EFAULT: the first byte cannot be read; -EINVAL: not an instruction we know. Interrupts on.
 */
int pv_decode(struct pv_vcpu *v, const struct trap_frame *f, struct insn *i);

/*
 * Linear address of the memory operand (segment base added, cut to the address size). True when it
 * may be accessed at all: canonical, [address, +len) outside our range, inside the segment for
 * 32-bit code.
 */
bool insn_address(struct pv_vcpu *v, const struct trap_frame *f, const struct insn *i,
                  unsigned len, uint64_t *va);

/* General register `n` (0 rax … 15 r15) of f. */
uint64_t *insn_reg(struct trap_frame *f, unsigned n);
/*
 * Value of register n as an operand of `bytes` (1: al..bl, with or without REX: spl.. or ah..,
 * zero-extended).
 */
uint64_t insn_read_reg(struct trap_frame *f, const struct insn *i, unsigned n, unsigned bytes);
/* Writes it as the processor would: 4 bytes clear the upper half, 1 and 2 leave the rest. */
void insn_write_reg(struct trap_frame *f, const struct insn *i, unsigned n, unsigned bytes,
                    uint64_t value);
/* Steps over the instruction: rip + len (cut to 32 bits for 32-bit code), RF cleared. */
void insn_done(struct trap_frame *f, const struct insn *i);
/* Operand size of a byte-or-full opcode (bit 0 of the opcode clear: 1). */
static inline unsigned insn_operand_bytes(const struct insn *i)
{
    return i->opcode & 1 ? i->op_bytes : 1;
}

#endif
