/* SPDX-License-Identifier: MIT */
/*
 * The neighbour: it only wakes up once in a while and looks whether its memory is as it left it. A
 * test that harms it, or stops it, has broken isolation.
 */
#include "guest.h"

#define PERIOD_NS 100000000UL
#define WORDS (PAGE_SIZE / sizeof(uint64_t))

static uint64_t now(void)
{
    volatile struct vcpu_time_info *t = &shared_info->vcpu_info[0].time;
    uint32_t version, lo, hi;
    uint64_t delta, ns;

    do {
        version = t->version & ~1u;
        __asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi)::"memory");
        delta = ((uint64_t)hi << 32 | lo) - t->tsc_timestamp;
        delta = t->tsc_shift >= 0 ? delta << t->tsc_shift : delta >> -t->tsc_shift;
        ns = (uint64_t)(((unsigned __int128)delta * t->tsc_to_system_mul) >> 32) + t->system_time;
    } while (t->version != version);
    return ns;
}

static void beat(void)
{
    uint64_t *page = page_alloc();
    struct sched_poll poll = { .nr_ports = 0 };

    for (uint64_t round = 1;; round++) {
        for (unsigned i = 0; i < WORDS; i++)
            page[i] = round * 0x9e3779b97f4a7c15UL + i;
        poll.timeout = now() + PERIOD_NS;
        HC2(__HYPERVISOR_sched_op, SCHEDOP_poll, &poll);
        for (unsigned i = 0; i < WORDS; i++)
            if (page[i] != round * 0x9e3779b97f4a7c15UL + i)
                guest_shutdown(SHUTDOWN_crash);
        if (round % 100 == 0)
            say("beat %lu\n", round);
    }
}

CASES({ "beat", beat, false });
