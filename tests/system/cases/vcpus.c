/* SPDX-License-Identifier: MIT */
/*
 * For system tests, in a guest with several vcpus: "vcpus clock SECONDS" looks for steps back of the
 * monotonic clock between threads on different vcpus; "vcpus load SECONDS" makes processes, threads,
 * mappings, pipes, futexes and timers, and waits for none of them for ever.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 128
#define MIB (1UL << 20)
/* No wake-up takes that long, however loaded the machine that runs all this. */
#define LOST_SECONDS 60

static volatile int over;
static _Atomic uint64_t latest, steps, worst, reads[MAX_THREADS];
static _Atomic uint64_t rounds[8];

static uint64_t now(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void lost(const char *what)
{
    printf("lost wake-up: %s\n", what);
    fflush(stdout);
    _exit(1);
}

static void pin_to(unsigned cpu)
{
    cpu_set_t set;

    /* A vcpu may be offline at the moment: then the thread stays where it is. */
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

/* Whoever has read a time publishes it; a clock read after that must not be behind. */
static void *watch_clock(void *arg)
{
    unsigned id = (unsigned)(uintptr_t)arg;

    for (uint64_t n = 0; !over; n++) {
        uint64_t seen = latest, t = now(CLOCK_MONOTONIC);

        if (t < seen) {
            steps++;
            if (seen - t > worst)
                worst = seen - t;
        }
        while (t > seen && !__atomic_compare_exchange_n((uint64_t *)&latest, &seen, t, 0,
                                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            ;
        if (n % 4096 == 0)
            pin_to(id);
        reads[id]++;
    }
    return NULL;
}

static void *timer_thread(void *unused)
{
    while (!over) {
        struct timespec ms = { 0, 1000000 + (long)(rounds[0] % 7) * 300000 };
        uint64_t before = now(CLOCK_MONOTONIC);

        nanosleep(&ms, NULL);
        if (now(CLOCK_MONOTONIC) - before < (uint64_t)ms.tv_nsec)
            lost("a sleep that ended too early");
        rounds[0]++;
    }
    return NULL;
}

/* The pages go while other threads of the process run elsewhere: remote flushes. */
static void *map_thread(void *unused)
{
    while (!over) {
        char *p = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (p == MAP_FAILED)
            continue;
        for (size_t i = 0; i < MIB / 4; i += 4096)
            p[i] = (char)i;
        mprotect(p, MIB / 2, PROT_READ);
        madvise(p, MIB, MADV_DONTNEED);
        if (p[4096] != 0) {
            printf("old contents in a new page\n");
            _exit(1);
        }
        munmap(p, MIB);
        rounds[1]++;
    }
    return NULL;
}

struct ball {
    uint32_t word;
};

/* Two threads hand a word to and fro; each waits for the other in the kernel. */
static void *futex_thread(void *arg)
{
    struct ball *b = (void *)((uintptr_t)arg & ~1UL);
    uint32_t mine = (uintptr_t)arg & 1;
    struct timespec limit = { LOST_SECONDS, 0 };

    while (!over) {
        uint32_t w = __atomic_load_n(&b->word, __ATOMIC_SEQ_CST);

        if ((w & 1) != mine) {
            if (syscall(SYS_futex, &b->word, FUTEX_WAIT, w, &limit, NULL, 0) < 0 &&
                errno == ETIMEDOUT && !over)
                lost("futex");
            continue;
        }
        __atomic_store_n(&b->word, w + 1, __ATOMIC_SEQ_CST);
        syscall(SYS_futex, &b->word, FUTEX_WAKE, 1, NULL, NULL, 0);
        rounds[2]++;
    }
    __atomic_fetch_add(&b->word, 2, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &b->word, FUTEX_WAKE, 2, NULL, NULL, 0);
    return NULL;
}

static void one_child(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        char *p = malloc(MIB / 2);

        memset(p, 1, MIB / 2);
        _exit(p[1000] == 1 ? 7 : 8);
    }
    if (pid > 0 && (waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7)) {
        printf("a child ended with %x\n", status);
        _exit(1);
    }
}

static void *fork_thread(void *unused)
{
    while (!over) {
        one_child();
        rounds[3]++;
    }
    return NULL;
}

/* A process answers through a pipe what it is sent through another. */
static void *pipe_thread(void *unused)
{
    int to[2], from[2];
    char c = 0;

    if (pipe(to) != 0 || pipe(from) != 0)
        return NULL;
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* other children hold the ends of our pipes, too */
        close(to[1]);
        while (read(to[0], &c, 1) == 1 && write(from[1], &c, 1) == 1)
            ;
        _exit(0);
    }
    close(to[0]);
    while (!over) {
        struct pollfd p = { .fd = from[0], .events = POLLIN };

        if (write(to[1], &c, 1) != 1 || poll(&p, 1, LOST_SECONDS * 1000) != 1)
            lost("pipe");
        if (read(from[0], &c, 1) != 1)
            lost("pipe");
        rounds[4]++;
    }
    close(to[1]);
    return NULL;
}

struct job {
    void *(*fn)(void *);
    void *arg;
};

static bool all_have_begun(const _Atomic uint64_t *counts, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (counts[i] == 0)
            return false;
    return true;
}

/* Until the time is over, and longer if one of the n_counts has not begun to count by then. */
static int run(unsigned seconds, const struct job *jobs, unsigned n,
               const _Atomic uint64_t *counts, unsigned n_counts)
{
    pthread_t threads[MAX_THREADS];
    uint64_t end, last;

    for (unsigned i = 0; i < n; i++)
        if (pthread_create(&threads[i], NULL, jobs[i].fn, jobs[i].arg) != 0)
            return 1;
    end = now(CLOCK_MONOTONIC) + seconds * 1000000000UL;
    last = end + LOST_SECONDS * 1000000000UL;
    while (now(CLOCK_MONOTONIC) < (all_have_begun(counts, n_counts) ? end : last))
        usleep(50000);
    over = 1;
    for (unsigned i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static int clocks(unsigned seconds)
{
    unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_CONF), active = 0;
    static struct job jobs[MAX_THREADS];
    uint64_t total = 0;

    if (cpus > MAX_THREADS)
        cpus = MAX_THREADS;
    for (unsigned i = 0; i < cpus; i++)
        jobs[i] = (struct job){ watch_clock, (void *)(uintptr_t)i };
    if (run(seconds, jobs, cpus, reads, cpus))
        return 1;
    for (unsigned i = 0; i < cpus; i++) {
        total += reads[i];
        active += reads[i] != 0;
    }
    printf("clock: %u threads, %lu reads, %lu steps back, worst %lu ns\n", active,
           (unsigned long)total, (unsigned long)steps, (unsigned long)worst);
    return steps != 0 || active != cpus;
}

static int load(unsigned seconds)
{
    static struct ball balls[2] __attribute__((aligned(16)));
    const struct job jobs[] = {
        { timer_thread, 0 }, { timer_thread, 0 }, { map_thread, 0 }, { map_thread, 0 },
        { futex_thread, &balls[0] }, { futex_thread, (char *)&balls[0] + 1 },
        { futex_thread, &balls[1] }, { futex_thread, (char *)&balls[1] + 1 },
        { fork_thread, 0 }, { pipe_thread, 0 }, { pipe_thread, 0 },
    };

    if (run(seconds, jobs, sizeof(jobs) / sizeof(jobs[0]), rounds, 5))
        return 1;
    printf("load: %lu sleeps, %lu maps, %lu futexes, %lu forks, %lu pipes\n",
           (unsigned long)rounds[0], (unsigned long)rounds[1], (unsigned long)rounds[2],
           (unsigned long)rounds[3], (unsigned long)rounds[4]);
    return !all_have_begun(rounds, 5);
}

int main(int argc, char **argv)
{
    unsigned seconds = argc == 3 ? (unsigned)atoi(argv[2]) : 0;

    if (seconds != 0 && strcmp(argv[1], "clock") == 0)
        return clocks(seconds);
    if (seconds != 0 && strcmp(argv[1], "load") == 0)
        return load(seconds);
    fprintf(stderr, "usage: vcpus clock|load SECONDS\n");
    return 2;
}
