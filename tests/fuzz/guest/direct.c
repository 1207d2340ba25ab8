/* SPDX-License-Identifier: MIT */
/* What a guest does to the hypervisor without calling it: instructions, page tables, shared pages. */
#include "fuzz.h"

static char code[2][64] __attribute__((aligned(64)));

/* Instructions that ring 0 may execute, as text of machine code; their operands are random. */
static const char *const instructions[] = {
    "\x0f\x32", "\x0f\x30", "\x0f\x31", "\x0f\x33", "\x0f\xa2", "\x0f\x06", "\x0f\x08", "\x0f\x09",
    "\x0f\x20\xc0", "\x0f\x20\xd0", "\x0f\x20\xd8", "\x0f\x20\xe0", "\x0f\x22\xc0", "\x0f\x22\xd0",
    "\x0f\x22\xe0", "\x0f\x21\xf8", "\x0f\x23\xf8", "\x0f\x23\xc0", "\x44\x0f\x20\xc0",
    "\x0f\x01\xd0", "\x0f\x01\xd1", "\x0f\x01\xf8", "\x0f\x01\xf9", "\x0f\x01\xca", "\x0f\x01\xcb",
    "\x0f\x01\xe0", "\x0f\x01\xf0", "\x0f\x01\x07", "\x0f\x01\x17", "\x0f\x01\x3f", "\x0f\x00\xd0",
    "\x0f\x00\xd8", "\x0f\x00\xc0", "\x0f\x00\xc8", "\xe4\x60", "\xe5\x60", "\xe6\x80", "\xe7\x80",
    "\xec", "\xed", "\xee", "\xef", "\x6c", "\x6d", "\x6e", "\x6f", "\xfa", "\xfb", "\x9c\x58",
    "\x0f\x0b\x78\x65\x6e\x0f\xa2", "\xcd\x03", "\xcd\x80", "\xcd\x82", "\xcc", "\xf1", "\xcf",
    "\x48\xcf", "\x0f\x07", "\x48\x0f\x07", "\x0f\x35", "\x0f\x34", "\x8e\xd8", "\x8e\xc0",
    "\x8e\xe0", "\x8e\xe8", "\x0f\xae\x38", "\x0f\xc7\x37", "\x0f\xa1", "\x0f\xa9", "\x0f\x0b",
};

static void run_code(void *arg)
{
    struct fuzzer *f = arg;
    /* rdi and rsi point to memory of ours, also where rex or a prefix changes what they mean. */
    uint64_t a = a_number(f), c = one_in(f, 2) ? 0xc0000080 + below(f, 8) : a_number(f),
             d = one_in(f, 2) ? below(f, 0x10000) : a_number(f);
    char *text = code[this_vcpu()], *at = take(f, 256);

    __asm__ volatile("push %%rbp; push %%rbx; pushf; call *%6; popf; pop %%rbx; pop %%rbp; cld"
                     : "+a"(a), "+c"(c), "+d"(d), "=D"(at), "=S"(at)
                     : "3"(at), "r"(text), "4"(at)
                     : "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
}

static void execute(struct fuzzer *f)
{
    static const char prefixes[] = "\x66\x67\xf2\xf3\x2e\x3e\x64\x65\xf0\x48\x41\x4f\x44\x40";
    char *text = code[this_vcpu()];
    const char *wanted =
        instructions[below(f, sizeof(instructions) / sizeof(instructions[0]))];
    unsigned n = 0;

    for (unsigned more = one_in(f, 32) ? 16 : below(f, 3); more > 0; more--)
        text[n++] = prefixes[below(f, sizeof(prefixes) - 1)];
    for (; *wanted; wanted++)
        text[n++] = *wanted;
    /* One byte of the instruction may be another. */
    if (one_in(f, 8))
        text[n - 1] ^= 1 << below(f, 6);
    text[n] = (char)0xc3;
    faults(run_code, f, NULL);
}

/* An entry of the playground's table, written as if it were writable: whole, in part, across two. */
static void write_entry(void *arg)
{
    struct fuzzer *f = arg;
    char *at = (char *)&play_table[below(f, PLAY_PAGES)];
    uint64_t value = an_entry(f);

    switch (below(f, 8)) {
    case 0: *(volatile uint32_t *)at = value; break;
    case 1: *(volatile uint32_t *)(at + 4) = value >> 32; break;
    case 2: *(volatile uint8_t *)(at + below(f, 8)) = value; break;
    case 3: *(volatile uint64_t *)(at + below(f, 8)) = value; break;
    case 4: __atomic_exchange_n((uint64_t *)at, value, __ATOMIC_SEQ_CST); break;
    case 5: __atomic_fetch_and((uint64_t *)at, ~(1UL << below(f, 64)), __ATOMIC_SEQ_CST); break;
    case 6: {
        uint64_t old = one_in(f, 8) ? value : *(volatile uint64_t *)at;

        __atomic_compare_exchange_n((uint64_t *)at, &old, value, false, __ATOMIC_SEQ_CST,
                                    __ATOMIC_SEQ_CST);
        break;
    }
    default: *(volatile uint64_t *)at = value; break;
    }
}

static void write_play(void *arg)
{
    struct fuzzer *f = arg;
    uint64_t *page = (uint64_t *)playground[one_in(f, 2) ? below(f, PLAY_PAGES) : below(f, 12)];

    if (one_in(f, 8))
        for (unsigned i = 0; i < 512; i++)
            page[i] = one_in(f, 64) ? an_entry(f) : 0;
    else
        page[below(f, 512)] = one_in(f, 2) ? an_entry(f) : a_number(f);
}

static void write_grant(void *arg)
{
    struct fuzzer *f = arg;
    struct grant_entry_v1 *g = &grants[below(f, 16)];

    g->flags = one_in(f, 8) ? draw(f) : GTF_permit_access | (one_in(f, 3) ? GTF_readonly : 0);
    g->domid = a_domain(f);
    g->frame = a_frame(f);
}

/* All of the upcall's state is the guest's to spoil; its own page, where the others' is too. */
static void write_shared(void *arg)
{
    struct fuzzer *f = arg;
    unsigned vcpu = below(f, 4);

    switch (below(f, 4)) {
    case 0: shared_info->vcpu_info[vcpu].evtchn_upcall_mask = below(f, 3); break;
    case 1: shared_info->vcpu_info[vcpu].evtchn_upcall_pending = below(f, 3); break;
    case 2: shared_info->evtchn_pending[below(f, 64)] = draw(f); break;
    default: shared_info->evtchn_mask[below(f, 64)] = draw(f); break;
    }
}

/* To where we are, in a frame that is right but for one thing at most; user mode ends in a trap. */
static void leave(void *arg)
{
    struct fuzzer *f = arg;
    bool user = one_in(f, 2);
    uint64_t spoilt = one_in(f, 4) ? below(f, 7) : 7;
    /* The kernel's privilege is 0 in a frame, though it runs in ring 3. */
    uint64_t frame[9] = { 0, 0, 0, user && one_in(f, 2) ? VGCF_in_syscall : 0, 0,
                          user ? FLAT_USER_CS : FLAT_KERNEL_CS & ~3, 0x202,
                          (uint64_t)__builtin_frame_address(0) - 1024, FLAT_KERNEL_SS };
    static const char stop[] = "\xcc";

    frame[4] = (uint64_t)stop;
    if (spoilt < 5)
        frame[4 + spoilt] = spoilt == 1 || spoilt == 4 ? draw(f) & 0xffff : a_number(f);
    else if (spoilt == 5)
        frame[6] ^= 1UL << below(f, 22);
    else if (spoilt == 6)
        frame[4] = an_address(f);
    /* The frame is where the stack pointer is. */
    __asm__ volatile("mov %0, %%rsp; syscall" ::"r"(frame), "a"((uint64_t)__HYPERVISOR_iret)
                     : "memory");
    __builtin_unreachable();
}

void act(struct fuzzer *f)
{
    unsigned kind = below(f, 100);

    if (kind < 30)
        execute(f);
    else if (kind < 60)
        faults(write_entry, f, NULL);
    else if (kind < 85)
        faults(write_play, f, NULL);
    else if (kind < 92)
        write_grant(f);
    else if (kind < 99)
        write_shared(f);
    else
        faults(leave, f, NULL);
}
