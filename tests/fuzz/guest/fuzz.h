/* SPDX-License-Identifier: MIT */
/* The fuzzing guest: values that are nearly right, calls made of them, and what needs no call. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "guest.h"

#define PLAY_PAGES 512
#define ARENA_BYTES 16384

/* What a vcpu has for itself. */
struct fuzzer {
    uint64_t state;             /* of the random numbers */
    unsigned used;              /* bytes of the arena that the current call has taken */
    char *arena;                /* arguments; an unmapped page follows */
    char *trap_stack;           /* top of the stack for traps out of user mode */
    unsigned long calls, good;  /* hypercalls made, and those that returned >= 0 */
};

/* One hypercall to be made. */
struct call {
    unsigned long nr, arg[4];
};

/* 2 MiB with a page table of its own: whatever is done to it, the guest's code lives on. */
extern char playground[PLAY_PAGES][PAGE_SIZE];
/* Frames that calls are about: at first the playground's. */
extern uint64_t frames[PLAY_PAGES];
extern uint64_t *play_table; /* the table that maps it */
extern struct grant_entry_v1 *grants;

/* ---- values (values.c) ---- */

uint64_t draw(struct fuzzer *f);
/* Less than n. */
uint64_t below(struct fuzzer *f, uint64_t n);
/* True once in n times. */
bool one_in(struct fuzzer *f, unsigned n);
uint64_t a_number(struct fuzzer *f);
uint64_t a_count(struct fuzzer *f);
uint64_t a_frame(struct fuzzer *f);
uint64_t an_entry(struct fuzzer *f);
/* The machine address of a page-table entry, or what could be taken for one. */
uint64_t an_entry_address(struct fuzzer *f);
/* A virtual address, mostly in the playground. */
uint64_t an_address(struct fuzzer *f);
domid_t a_domain(struct fuzzer *f);
uint64_t a_time(struct fuzzer *f);
/* Takes bytes of the arena, which are not cleared. */
void *take(struct fuzzer *f, unsigned size);
/* Where an argument is, mostly at `it`. */
uint64_t maybe_at(struct fuzzer *f, const void *it);

/* ---- calls (calls.c) ---- */

void make_call(struct fuzzer *f, struct call *c, unsigned depth);

/* ---- without calls (direct.c) ---- */

/* Executes an instruction that traps, writes a page-table entry, or spoils shared memory. */
void act(struct fuzzer *f);

#endif
