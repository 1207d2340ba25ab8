/* SPDX-License-Identifier: MIT */
/* A test guest's life: set-up, the cases its command line asks for, verdicts, the end. */
#include "guest.h"

struct start_info *start_info;
struct shared_info *shared_info;

enum verdict { SUCCESS, SKIP, ERROR, FAILURE };
static const char *const verdict_names[] = { "success", "skip", "error", "failure" };
static enum verdict verdict;
static const char *case_name = "start";

long hypercall(unsigned nr, unsigned long a1, unsigned long a2, unsigned long a3, unsigned long a4)
{
    register unsigned long r10 __asm__("r10") = a4;
    long result;

    __asm__ volatile("syscall"
                     : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10)
                     : "0"((unsigned long)nr)
                     : "rcx", "r11", "r8", "r9", "memory");
    return result;
}

void guest_shutdown(unsigned reason)
{
    struct sched_shutdown op = { .reason = reason };

    for (;;)
        HC2(__HYPERVISOR_sched_op, SCHEDOP_shutdown, &op);
}

bool check_at(bool ok, const char *what, long got, int line)
{
    if (!ok) {
        say("  line %d: not so: %s (got %ld)\n", line, what, got);
        verdict = FAILURE;
    }
    return ok;
}

void skip(const char *why)
{
    say("  skipped: %s\n", why);
    if (verdict == SUCCESS)
        verdict = SKIP;
}

static void report(void)
{
    say("VERDICT %s %s\n", verdict_names[verdict], case_name);
}

void broken(const char *why)
{
    say("  the test is broken: %s\n", why);
    verdict = ERROR;
    report();
    guest_shutdown(SHUTDOWN_poweroff);
}

/* The rest of the word after "case=" in the command line; empty: all that survive. */
static const char *wanted(void)
{
    static char name[64];
    const char *p = (const char *)start_info->cmd_line;

    for (; *p; p++) {
        unsigned n = 0;

        if (p[0] != 'c' || p[1] != 'a' || p[2] != 's' || p[3] != 'e' || p[4] != '=')
            continue;
        for (p += 5; *p && *p != ' ' && n < sizeof(name) - 1; p++)
            name[n++] = *p;
        break;
    }
    return name;
}

static void run_case(const struct guest_case *c)
{
    case_name = c->name;
    verdict = SUCCESS;
    if (c->crash)
        say("RUNNING %s\n", c->name);
    c->run();
    if (c->crash)
        check_at(false, "the domain was crashed", 0, 0);
    report();
}

static void map_shared_info(void)
{
    static char page[PAGE_SIZE] __attribute__((aligned(4096)));

    if (HC3(__HYPERVISOR_update_va_mapping, page, start_info->shared_info | PTE_BITS,
            UVMF_INVLPG) != 0)
        broken("shared_info cannot be mapped");
    shared_info = (struct shared_info *)page;
}

void guest_main(struct start_info *si);

void guest_main(struct start_info *si)
{
    const char *only;

    start_info = si;
    map_shared_info();
    traps_init();
    only = wanted();
    for (unsigned i = 0; i < nr_cases; i++) {
        if (!*only && cases[i].crash)
            say("CRASHCASE %s\n", cases[i].name);
        else if (!*only || strcmp(only, cases[i].name) == 0)
            run_case(&cases[i]);
    }
    say("DONE\n");
    guest_shutdown(SHUTDOWN_poweroff);
}
