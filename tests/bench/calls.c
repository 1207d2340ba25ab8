/* SPDX-License-Identifier: MIT */
/* Operations inside one process: computing, system calls, signals. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

static int file = -1;
static int pipe_ends[2];
static char buffer[4096];
static char *from;
static char *to;

static void cpu_loop(long count)
{
    volatile unsigned long sink = 0;

    while (count--) {
        for (int i = 0; i < 1000; i++) {
            sink = sink * 3 + (unsigned long)i;
        }
    }
}

/* Mapped for this alone: a process with more memory takes longer to fork. */
static void map_copies(void)
{
    from = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(from != MAP_FAILED, "mmap");
    memset(from, 1, 2 << 20);
    to = from + (1 << 20);
}

static void unmap_copies(void)
{
    munmap(from, 2 << 20);
}

/* Eight bytes an instruction, whatever the C library would choose. */
static void memcpy_1m(long count)
{
    while (count--) {
        char *target = to;
        const char *source = from;
        unsigned long words = (1 << 20) / 8;

        __asm__ volatile("rep movsq" : "+D"(target), "+S"(source), "+c"(words) : : "memory");
    }
}

static void clock_vdso(long count)
{
    struct timespec time;

    while (count--) {
        clock_gettime(CLOCK_MONOTONIC, &time);
    }
}

static void null_syscall(long count)
{
    while (count--) {
        syscall(SYS_getppid);
    }
}

static void open_zero(void)
{
    file = open("/dev/zero", O_RDONLY);
    need(file >= 0, "/dev/zero");
}

static void open_null(void)
{
    file = open("/dev/null", O_WRONLY);
    need(file >= 0, "/dev/null");
}

static void close_file(void)
{
    close(file);
}

static void read_byte(long count)
{
    while (count--) {
        need(read(file, buffer, 1) == 1, "read");
    }
}

static void write_byte(long count)
{
    while (count--) {
        need(write(file, buffer, 1) == 1, "write");
    }
}

static void do_stat(long count)
{
    struct stat status;

    while (count--) {
        need(stat("/data/file", &status) == 0, "stat");
    }
}

static void open_close(long count)
{
    while (count--) {
        close(open("/data/file", O_RDONLY));
    }
}

static void read_proc(long count)
{
    while (count--) {
        int fd = open("/proc/self/stat", O_RDONLY);

        need(read(fd, buffer, 4096) > 0, "/proc/self/stat");
        close(fd);
    }
}

static void open_pipe(void)
{
    need(pipe(pipe_ends) == 0, "pipe");
}

static void close_pipe(void)
{
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

#define SELECT_FIRST 100
#define SELECT_COUNT 100

static void open_select(void)
{
    open_pipe();
    for (int i = 0; i < SELECT_COUNT; i++) {
        need(dup2(pipe_ends[0], SELECT_FIRST + i) >= 0, "dup2");
    }
}

static void close_select(void)
{
    for (int i = 0; i < SELECT_COUNT; i++) {
        close(SELECT_FIRST + i);
    }
    close_pipe();
}

static void do_select(long count)
{
    while (count--) {
        struct timeval none = {0, 0};
        fd_set set;

        FD_ZERO(&set);
        for (int i = 0; i < SELECT_COUNT; i++) {
            FD_SET(SELECT_FIRST + i, &set);
        }
        need(select(SELECT_FIRST + SELECT_COUNT, &set, NULL, NULL, &none) == 0, "select");
    }
}

static void ignore_signal(int number)
{
    (void)number;
}

static void install_handler(void)
{
    struct sigaction action = {.sa_handler = ignore_signal};

    need(sigaction(SIGUSR1, &action, NULL) == 0, "sigaction");
}

static void sig_install(long count)
{
    while (count--) {
        install_handler();
    }
}

static void sig_deliver(long count)
{
    pid_t self = getpid();

    while (count--) {
        kill(self, SIGUSR1);
    }
}

static sigjmp_buf faults_end;
static volatile long faults_left;
static char *fault_page;

/* The write is tried again, and faults again, when the handler returns. */
static void count_fault(int number)
{
    (void)number;
    if (--faults_left == 0) {
        siglongjmp(faults_end, 1);
    }
}

static void map_fault_page(void)
{
    struct sigaction action = {.sa_handler = count_fault, .sa_flags = SA_NODEFER};

    fault_page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(fault_page != MAP_FAILED, "mmap");
    need(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
}

static void unmap_fault_page(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    munmap(fault_page, 4096);
    sigaction(SIGSEGV, &action, NULL);
}

static void prot_fault(long count)
{
    faults_left = count;
    if (sigsetjmp(faults_end, 0) == 0) {
        *(volatile char *)fault_page = 1;
    }
}

static void yield_alone(long count)
{
    while (count--) {
        syscall(SYS_sched_yield);
    }
}

static void sleep_100us(long count)
{
    struct timespec time = {0, 100000};

    while (count--) {
        nanosleep(&time, NULL);
    }
}

static void pipe_self(long count)
{
    while (count--) {
        need(write(pipe_ends[1], buffer, 1) == 1, "write");
        need(read(pipe_ends[0], buffer, 1) == 1, "read");
    }
}

const struct operation call_operations[] = {
    {"cpu_loop_1k", cpu_loop, 2000, 9, NULL, NULL, NULL, NULL},
    {"memcpy_1m", memcpy_1m, 16, 9, map_copies, unmap_copies, NULL, NULL},
    {"clock_gettime_vdso", clock_vdso, 20000, 9, NULL, NULL, NULL, NULL},
    {"null_syscall", null_syscall, 5000, 9, NULL, NULL, NULL, NULL},
    {"read_zero_1b", read_byte, 5000, 9, open_zero, close_file, NULL, NULL},
    {"write_null_1b", write_byte, 5000, 9, open_null, close_file, NULL, NULL},
    {"stat", do_stat, 2000, 9, NULL, NULL, NULL, NULL},
    {"open_close", open_close, 2000, 9, NULL, NULL, NULL, NULL},
    {"proc_self_stat", read_proc, 500, 9, NULL, NULL, NULL, NULL},
    {"select_100", do_select, 500, 9, open_select, close_select, NULL, NULL},
    {"sig_install", sig_install, 5000, 9, NULL, NULL, NULL, NULL},
    {"sig_deliver", sig_deliver, 2000, 9, install_handler, NULL, NULL, NULL},
    {"prot_fault_signal", prot_fault, 1000, 9, map_fault_page, unmap_fault_page, NULL, NULL},
    {"yield_alone", yield_alone, 2000, 9, NULL, NULL, NULL, NULL},
    {"nanosleep_100us", sleep_100us, 50, 9, NULL, NULL, NULL, NULL},
    {"pipe_self", pipe_self, 2000, 9, open_pipe, close_pipe, NULL, NULL},
};
const size_t call_operation_count = sizeof(call_operations) / sizeof(call_operations[0]);
