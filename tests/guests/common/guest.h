/* SPDX-License-Identifier: MIT */
/* What a test guest stands on: hypercalls, memory, traps that are expected, and verdicts. */
#ifndef GUESTS_GUEST_H
#define GUESTS_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "public/errno.h"
#include "public/event_channel.h"
#include "public/grant_table.h"
#include "public/hypercall.h"
#include "public/memory.h"
#include "public/mmu.h"
#include "public/sched.h"
#include "public/shared_info.h"
#include "public/start_info.h"
#include "public/trap.h"
#include "public/vcpu.h"
#include "public/version.h"

#define VIRT_BASE 0xffffffff80000000UL
#define PAGE_SIZE 4096UL
#define NON_CANONICAL 0x0000800000000000UL
#define HV_ADDRESS 0xffff830000000000UL /* inside the hypervisor's range */

#define PTE_PRESENT 0x1UL
#define PTE_RW 0x2UL
#define PTE_USER 0x4UL
#define PTE_PSE 0x80UL
#define PTE_BITS 0x67UL                 /* present, writable, user, accessed, dirty */
#define PTE_MFN(e) (((e) & 0x000ffffffffff000UL) >> 12)

extern struct start_info *start_info;
extern struct shared_info *shared_info;

/* Raw hypercall with up to five arguments. */
long hypercall(unsigned nr, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4);
#define HC1(nr, a) hypercall(nr, (unsigned long)(a), 0, 0, 0)
#define HC2(nr, a, b) hypercall(nr, (unsigned long)(a), (unsigned long)(b), 0, 0)
#define HC3(nr, a, b, c) hypercall(nr, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c), 0)
#define HC4(nr, a, b, c, d) \
    hypercall(nr, (unsigned long)(a), (unsigned long)(b), (unsigned long)(c), (unsigned long)(d))

/* ---- memory ---- */

/* A page of the guest's own, zeroed, mapped writable; never given back. */
void *page_alloc(void);
uint64_t virt_to_mfn(const void *v);
void *mfn_to_virt(uint64_t mfn);
/* The level-1 entry that maps v, its machine address, and its value. */
uint64_t *pte_of(const void *v, uint64_t *maddr);
/* Writes one entry by mmu_update; 0 or -errno. */
long pte_write(uint64_t maddr, uint64_t value);
/* Changes how v is mapped, by update_va_mapping with a flush; 0 or -errno. */
long map_readonly(void *v);
long map_writable(void *v);
long map_none(void *v);
/* One mmuext operation. */
long mmuext(unsigned cmd, uint64_t arg1, uint64_t arg2);

/* ---- traps ---- */

struct trap_regs {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};
struct fault {
    unsigned vector;
    uint64_t error, address;
};
/* Runs fn(arg); true when it ended in an exception, which *f then describes. */
bool faults(void (*fn)(void *), void *arg, struct fault *f);
/* Called for each event upcall while not NULL. */
extern void (*event_handler)(void);
/* Called first for each exception while not NULL; true: it has been dealt with. */
extern bool (*trap_handler)(struct trap_regs *r);
void traps_init(void);

/* ---- the second vcpu ---- */

/* The first state of vcpu 1: entry(), on a stack of its own. */
void second_context(struct vcpu_guest_context *c, void (*entry)(void));
/* 0 or 1, known by the stack we are on. */
unsigned this_vcpu(void);

/* ---- siblings ---- */

#define MAX_SIBLINGS 128u
long vcpu_call(unsigned cmd, unsigned vcpu, const void *arg);
/* Brings all other vcpus up, once; how many vcpus there are. They are down while they have no job. */
unsigned siblings_bring_up(void);
/* Vcpus 1 to n - 1 run fn(id); a sibling that is taken down meanwhile is brought up by _end. */
void siblings_begin(unsigned n, void (*fn)(unsigned id));
void siblings_end(void);
/* The number after `name` (with its "=") in the command line. */
unsigned long option_number(const char *name, unsigned long otherwise);

/* ---- text ---- */

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int text_format(char *buf, size_t size, const char *fmt, __builtin_va_list ap);
void *memset(void *d, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);
int strcmp(const char *a, const char *b);

/* ---- cases ---- */

/*
 * A case returns normally; check() records what it finds. CRASH cases are run alone in a guest of
 * their own (command line "case=NAME") and must not return: the domain is to be crashed for them.
 */
struct guest_case {
    const char *name;
    void (*run)(void);
    bool crash;
};
/* Each guest defines its table. */
extern const struct guest_case cases[];
extern const unsigned nr_cases;
#define CASES(...)                                          \
    const struct guest_case cases[] = { __VA_ARGS__ };      \
    const unsigned nr_cases = sizeof(cases) / sizeof(cases[0])

/* Records a failure of the case that runs, with the text, unless ok. Returns ok. */
bool check_at(bool ok, const char *what, long got, int line);
#define check(condition) check_at((condition), #condition, 0, __LINE__)
/* value must be want; says both if not. */
#define check_is(value, want) \
    ({ long v_ = (value); check_at(v_ == (want), #value " == " #want, v_, __LINE__); })
/* The case cannot be run here, for this reason. */
void skip(const char *why);
/* The test itself, not its subject, is broken: says so and ends the guest. */
void broken(const char *why) __attribute__((noreturn));

void guest_shutdown(unsigned reason) __attribute__((noreturn));

#endif
