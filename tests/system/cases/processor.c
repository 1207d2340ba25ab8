/* SPDX-License-Identifier: MIT */
/*
 * A program that takes every exception it can, touches what it must not, and uses the registers
 * that a hypervisor has to switch. Each check says what happened; exit status 1 if one failed.
 *
 * Stack faults at non-canonical addresses are left out: QEMU raises #GP for them.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/ucontext.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT 0x61 /* system control port B: reading it does nothing */
#define NONCANONICAL 0x8000000000000000UL
#define HOLE 0x0000800000000000UL /* just above the lower half */
#define HYPERVISOR 0xffff830000000000UL
#define M2P 0xffff800000000000UL /* readable by dom0's kernel only where the ABI says so */

static sigjmp_buf escape;
static volatile int caught;
static int failures;

static void verdict(const char *what, long got, long wanted)
{
    printf("%-32s %ld%s\n", what, got, got == wanted ? "" : "   WRONG");
    failures += got != wanted;
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
    caught = sig;
    siglongjmp(escape, 1);
}

static void catch_signals(void)
{
    static const int signals[] = { SIGSEGV, SIGILL, SIGBUS, SIGTRAP, SIGFPE };
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    stack_t stack = { .ss_sp = malloc(65536), .ss_size = 65536 };

    sigaltstack(&stack, NULL);
    for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        sigaction(signals[i], &action, NULL);
}

/* `wanted` is the signal that the code raises; 0 none. */
#define RAISES(wanted, code)            \
    do {                                \
        caught = 0;                     \
        if (!sigsetjmp(escape, 1)) {    \
            code;                       \
        }                               \
        verdict(#code, caught, wanted); \
    } while (0)

#define READ(address) ((void)*(volatile int *)(address))
#define WRITE(address) (*(volatile int *)(address) = 1)
#define CALL(address) ((void (*)(void))(address))()
#define INSN(text) __asm__ volatile(text ::: "rax", "rbx", "rcx", "rdx", "memory", "cc")

static void exceptions(void)
{
    RAISES(SIGSEGV, WRITE(0));
    RAISES(SIGSEGV, READ(HYPERVISOR));
    RAISES(SIGSEGV, WRITE(M2P));
    RAISES(SIGSEGV, READ(0xffffffff81000000UL));
    RAISES(SIGSEGV, READ(NONCANONICAL));
    RAISES(SIGSEGV, CALL(NONCANONICAL));
    RAISES(SIGSEGV, CALL(HOLE));
    RAISES(SIGFPE, INSN("xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx"));
    RAISES(SIGILL, INSN("ud2"));
    RAISES(SIGTRAP, INSN("int3"));
    RAISES(SIGSEGV, INSN("int $0x30"));
    RAISES(SIGSEGV, INSN("int $14"));
    RAISES(SIGTRAP, INSN("pushf; orl $0x100, (%%rsp); popf; nop; nop"));
}

static void privileged(void)
{
    RAISES(SIGSEGV, INSN("hlt"));
    RAISES(SIGSEGV, INSN("cli"));
    RAISES(SIGSEGV, INSN("rdmsr"));
    RAISES(SIGSEGV, INSN("mov %%cr3, %%rax"));
    RAISES(SIGSEGV, INSN("swapgs"));
    RAISES(SIGSEGV, INSN("mov $0x1233, %%eax; mov %%eax, %%ds"));
    RAISES(SIGSEGV, INSN("pushq $0xe008; pushq $0; lretq"));
}

static void ports(void)
{
    RAISES(SIGSEGV, inb(PORT));
    verdict("iopl(3)", iopl(3), 0);
    RAISES(0, inb(PORT));
    RAISES(0, INSN("cli; sti"));
    iopl(0);
    RAISES(SIGSEGV, inb(PORT));
    verdict("ioperm(PORT, 1, 1)", ioperm(PORT, 1, 1), 0);
    RAISES(0, inb(PORT));
    RAISES(SIGSEGV, inb(PORT + 1));
    ioperm(PORT, 1, 0);
    RAISES(SIGSEGV, inb(PORT));
}

static void segments(void)
{
    struct user_desc d = { .entry_number = 3, .limit = 0xfffff, .seg_32bit = 1,
                           .limit_in_pages = 1, .useable = 1 };
    unsigned long base = 0;

    verdict("modify_ldt", syscall(SYS_modify_ldt, 1, &d, sizeof(d)), 0);
    RAISES(0, INSN("mov $0x1f, %%eax; mov %%eax, %%es; xor %%eax, %%eax; mov %%eax, %%es"));
    RAISES(SIGSEGV, INSN("mov $0x27, %%eax; mov %%eax, %%es"));
    RAISES(SIGSEGV, INSN("mov $0x8007, %%eax; mov %%eax, %%es"));
    syscall(SYS_arch_prctl, ARCH_SET_GS, 0x123456780UL);
    for (unsigned i = 0; i < 20; i++)
        usleep(1000); /* others run, and leave their own */
    syscall(SYS_arch_prctl, ARCH_GET_GS, &base);
    verdict("ARCH_GET_GS", base, 0x123456780L);
}

/* Exit status, or signal + 1000, of a child with default signal handling that runs fn. */
static int child(void (*fn)(void))
{
    int status;
    pid_t pid = fork();

    if (!pid) {
        for (int sig = 1; sig < 32; sig++)
            signal(sig, SIG_DFL);
        fn();
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void spoil_cs(int sig, siginfo_t *info, void *context)
{
    greg_t *cs = &((ucontext_t *)context)->uc_mcontext.gregs[REG_CSGSFS];

    *cs = (*cs & ~0xffffLL) | 0x1233;
}

static void spoil_rip(int sig, siginfo_t *info, void *context)
{
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] = NONCANONICAL;
}

/* The kernel returns by iret with what the handler left in its frame. */
static void bad_return(void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };

    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
}
static void return_to_bad_cs(void) { bad_return(spoil_cs); }
static void return_to_bad_rip(void) { bad_return(spoil_rip); }

static void forbidden_tsc(void)
{
    prctl(PR_SET_TSC, PR_TSC_SIGSEGV);
    INSN("rdtsc");
}

/* Long enough to be preempted often; several at once must not see each other's registers. */
static void compute(void)
{
    double x = 1, y;

    for (int i = 0; i < 2000000; i++)
        x = x * 1.0000001 + 0.000001;
    y = x;
    x = 1;
    for (int i = 0; i < 2000000; i++)
        x = x * 1.0000001 + 0.000001;
    _exit(x != y);
}

static void floating_point(void)
{
    pid_t pid[6];
    int status, bad = 0;

    for (unsigned i = 0; i < 6; i++)
        if (!(pid[i] = fork()))
            compute();
    for (unsigned i = 0; i < 6; i++) {
        waitpid(pid[i], &status, 0);
        bad += status != 0;
    }
    verdict("wrong sums of six programs", bad, 0);
}

static volatile int watched;

static void traced(void)
{
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    watched = 1;
    _exit(0);
}

#define DEBUGREG(n) offsetof(struct user, u_debugreg[n])
#define DR7_WRITE_4_BYTES_0 0x000d0001L

static void debugger(void)
{
    int status, steps = 0;
    pid_t pid = fork();

    if (!pid)
        traced();
    waitpid(pid, &status, 0);
    ptrace(PTRACE_POKEUSER, pid, DEBUGREG(0), &watched);
    verdict("set DR7", ptrace(PTRACE_POKEUSER, pid, DEBUGREG(7), DR7_WRITE_4_BYTES_0), 0);
    ptrace(PTRACE_CONT, pid, 0, 0);
    waitpid(pid, &status, 0);
    verdict("stopped by the watchpoint", WIFSTOPPED(status) ? WSTOPSIG(status) : 0, SIGTRAP);
    verdict("DR6", ptrace(PTRACE_PEEKUSER, pid, DEBUGREG(6), 0) & 0xf, 1);
    ptrace(PTRACE_POKEUSER, pid, DEBUGREG(7), 0);
    while (steps < 10000 && WIFSTOPPED(status)) {
        ptrace(PTRACE_SINGLESTEP, pid, 0, 0);
        waitpid(pid, &status, 0);
        steps++;
    }
    verdict("ends after single steps", WIFEXITED(status) && steps > 3, 1);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    catch_signals();
    exceptions();
    privileged();
    ports();
    segments();
    verdict("sigreturn to a bad cs", child(return_to_bad_cs), 1000 + SIGSEGV);
    verdict("sigreturn to a bad rip", child(return_to_bad_rip), 1000 + SIGSEGV);
    verdict("rdtsc when forbidden", child(forbidden_tsc), 1000 + SIGSEGV);
    RAISES(0, INSN("rdtsc"));
    floating_point();
    debugger();
    return failures != 0;
}
