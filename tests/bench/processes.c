/* SPDX-License-Identifier: MIT */
/* Operations between processes: creating them, switching, passing data. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <net/if.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* linux/futex.h; musl comes without the kernel's headers. */
#define FUTEX_WAIT_PRIVATE 128
#define FUTEX_WAKE_PRIVATE 129

#define CHUNK 65536
#define RING_MOST 16

static char chunk[CHUNK];
static char *ballast;
static pid_t partner;
static int to_partner;
static int from_partner;

static void fork_exit(long count)
{
    while (count--) {
        pid_t child = fork();

        if (child == 0) {
            _exit(0);
        }
        need(child > 0 && waitpid(child, NULL, 0) == child, "fork");
    }
}

static void take_ballast(void)
{
    ballast = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(ballast != MAP_FAILED, "mmap");
    madvise(ballast, 16 << 20, MADV_NOHUGEPAGE);
    memset(ballast, 1, 16 << 20);
}

static void drop_ballast(void)
{
    munmap(ballast, 16 << 20);
}

static void run_program(char *const arguments[])
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        char *const environment[] = {NULL};

        execve(arguments[0], arguments, environment);
        _exit(127);
    }
    need(child > 0 && waitpid(child, &status, 0) == child, "fork");
    need(WIFEXITED(status) && WEXITSTATUS(status) == 0, arguments[0]);
}

static void fork_exec(long count)
{
    char *const arguments[] = {"/true", NULL};

    while (count--) {
        run_program(arguments);
    }
}

static void shell(long count)
{
    char *const arguments[] = {"/bin/sh", "-c", "true", NULL};

    while (count--) {
        run_program(arguments);
    }
}

static void *end_at_once(void *argument)
{
    return argument;
}

static void create_thread(long count)
{
    while (count--) {
        pthread_t thread;

        need(pthread_create(&thread, NULL, end_at_once, NULL) == 0, "pthread_create");
        pthread_join(thread, NULL);
    }
}

static int turn;
static int turns_end;

static void futex_wait(int value)
{
    syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_pass(int value)
{
    __atomic_store_n(&turn, value, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *answer_futex(void *argument)
{
    for (;;) {
        while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != 1) {
            futex_wait(0);
        }
        if (turns_end) {
            return argument;
        }
        futex_pass(0);
    }
}

static pthread_t answerer;

static void start_answerer(void)
{
    turn = 0;
    turns_end = 0;
    need(pthread_create(&answerer, NULL, answer_futex, NULL) == 0, "pthread_create");
}

static void stop_answerer(void)
{
    turns_end = 1;
    futex_pass(1);
    pthread_join(answerer, NULL);
}

/* One operation is a round of two hand-overs. */
static void futex_pingpong(long count)
{
    while (count--) {
        futex_pass(1);
        while (__atomic_load_n(&turn, __ATOMIC_SEQ_CST) != 0) {
            futex_wait(1);
        }
    }
}

static void stop_partner(void)
{
    kill(partner, SIGKILL);
    waitpid(partner, NULL, 0);
    close(to_partner);
    close(from_partner);
}

static void start_yielder(void)
{
    to_partner = from_partner = -1;
    partner = fork();
    need(partner >= 0, "fork");
    if (partner == 0) {
        for (;;) {
            syscall(SYS_sched_yield);
        }
    }
}

static void yield_both(long count)
{
    while (count--) {
        syscall(SYS_sched_yield);
    }
}

/* A partner that sends every byte back: `ours` and `theirs` are (read, write) ends. */
static void start_echo(const int ours[2], const int theirs[2])
{
    partner = fork();
    need(partner >= 0, "fork");
    if (partner == 0) {
        char byte;

        while (read(theirs[0], &byte, 1) == 1) {
            need(write(theirs[1], &byte, 1) == 1, "echo");
        }
        _exit(0);
    }
    close(theirs[0]);
    if (theirs[1] != theirs[0]) {
        close(theirs[1]);
    }
    from_partner = ours[0];
    to_partner = ours[1];
}

/* A partner that writes without end. */
static void start_source(int ours, int theirs)
{
    partner = fork();
    need(partner >= 0, "fork");
    if (partner == 0) {
        close(ours);
        while (write(theirs, chunk, CHUNK) > 0) {
        }
        _exit(0);
    }
    close(theirs);
    from_partner = ours;
    to_partner = -1;
}

static void make_pipe(int ends[2])
{
    need(pipe(ends) == 0, "pipe");
}

static void start_pipe_echo(void)
{
    int there[2], back[2];

    make_pipe(there);
    make_pipe(back);
    start_echo((int[2]){back[0], there[1]}, (int[2]){there[0], back[1]});
}

static void start_pipe_source(void)
{
    int ends[2];

    make_pipe(ends);
    start_source(ends[0], ends[1]);
}

static void make_unix_pair(int ends[2])
{
    need(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "socketpair");
}

static void raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    need(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &request) == 0, "loopback");
    close(fd);
}

static void make_tcp_pair(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
    socklen_t length = sizeof(address);
    int one = 1;
    int listener;

    raise_loopback();
    listener = socket(AF_INET, SOCK_STREAM, 0);
    need(bind(listener, (struct sockaddr *)&address, length) == 0, "bind");
    need(listen(listener, 1) == 0, "listen");
    need(getsockname(listener, (struct sockaddr *)&address, &length) == 0, "getsockname");
    ends[0] = socket(AF_INET, SOCK_STREAM, 0);
    need(connect(ends[0], (struct sockaddr *)&address, length) == 0, "connect");
    ends[1] = accept(listener, NULL, NULL);
    need(ends[1] >= 0, "accept");
    close(listener);
    setsockopt(ends[0], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(ends[1], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void start_unix_echo(void)
{
    int ends[2];

    make_unix_pair(ends);
    start_echo((int[2]){ends[0], ends[0]}, (int[2]){ends[1], ends[1]});
}

static void start_unix_source(void)
{
    int ends[2];

    make_unix_pair(ends);
    start_source(ends[0], ends[1]);
}

static void start_tcp_echo(void)
{
    int ends[2];

    make_tcp_pair(ends);
    start_echo((int[2]){ends[0], ends[0]}, (int[2]){ends[1], ends[1]});
}

static void start_tcp_source(void)
{
    int ends[2];

    make_tcp_pair(ends);
    start_source(ends[0], ends[1]);
}

static void round_trip(long count)
{
    char byte = 1;

    while (count--) {
        need(write(to_partner, &byte, 1) == 1, "write");
        need(read(from_partner, &byte, 1) == 1, "read");
    }
}

static void take_chunks(long count)
{
    while (count--) {
        long left = CHUNK;

        while (left > 0) {
            long got = read(from_partner, chunk, (size_t)left);

            need(got > 0, "read");
            left -= got;
        }
    }
}

static pid_t ring[RING_MOST];
static int ring_size;
static long ring_work;

/* What a member of the ring does with its turn: sums up its own array. */
static void work(void)
{
    static unsigned long numbers[CHUNK / sizeof(unsigned long)];
    volatile unsigned long *array = numbers;

    for (long i = 0; i < ring_work / (long)sizeof(unsigned long); i++) {
        (void)array[i];
    }
}

/* A ring of processes joined by pipes, with us in it; a token goes round. */
static void start_ring(int size, long work_bytes)
{
    int next[2];

    ring_size = size;
    ring_work = work_bytes;
    make_pipe(next);
    to_partner = next[1];
    from_partner = next[0];
    for (int i = 1; i < size; i++) {
        int in = from_partner;

        make_pipe(next);
        ring[i] = fork();
        need(ring[i] >= 0, "fork");
        if (ring[i] == 0) {
            char byte;

            close(to_partner);
            while (read(in, &byte, 1) == 1) {
                work();
                need(write(next[1], &byte, 1) == 1, "ring");
            }
            _exit(0);
        }
        close(in);
        close(next[1]);
        from_partner = next[0];
    }
}

static void start_ring_2(void)
{
    start_ring(2, 0);
}

static void start_ring_2_64k(void)
{
    start_ring(2, CHUNK);
}

static void start_ring_16(void)
{
    start_ring(16, 0);
}

static void start_ring_16_64k(void)
{
    start_ring(16, CHUNK);
}

static void stop_ring(void)
{
    close(to_partner);
    close(from_partner);
    for (int i = 1; i < ring_size; i++) {
        kill(ring[i], SIGKILL);
        waitpid(ring[i], NULL, 0);
    }
}

/* One operation is one hop. */
static void pass_token(long count)
{
    char byte = 1;

    for (count /= ring_size; count > 0; count--) {
        work();
        need(write(to_partner, &byte, 1) == 1, "write");
        need(read(from_partner, &byte, 1) == 1, "read");
    }
}

const struct operation process_operations[] = {
    {"fork_exit", fork_exit, 50, 9, NULL, NULL, NULL, NULL},
    {"fork_exit_16m", fork_exit, 10, 9, take_ballast, drop_ballast, NULL, NULL},
    {"fork_exec", fork_exec, 30, 9, NULL, NULL, NULL, NULL},
    {"sh_c", shell, 10, 9, NULL, NULL, NULL, NULL},
    {"thread_create_join", create_thread, 200, 9, NULL, NULL, NULL, NULL},
    {"futex_pingpong", futex_pingpong, 1000, 9, start_answerer, stop_answerer, NULL, NULL},
    {"yield_2p", yield_both, 2000, 9, start_yielder, stop_partner, NULL, NULL},
    {"ctx_2p_0k", pass_token, 2000, 9, start_ring_2, stop_ring, NULL, NULL},
    {"ctx_2p_64k", pass_token, 500, 9, start_ring_2_64k, stop_ring, NULL, NULL},
    {"ctx_16p_0k", pass_token, 1600, 9, start_ring_16, stop_ring, NULL, NULL},
    {"ctx_16p_64k", pass_token, 800, 9, start_ring_16_64k, stop_ring, NULL, NULL},
    {"pipe_latency", round_trip, 1000, 9, start_pipe_echo, stop_partner, NULL, NULL},
    {"pipe_bw_64k", take_chunks, 64, 9, start_pipe_source, stop_partner, NULL, NULL},
    {"unix_latency", round_trip, 500, 9, start_unix_echo, stop_partner, NULL, NULL},
    {"unix_bw_64k", take_chunks, 64, 9, start_unix_source, stop_partner, NULL, NULL},
    {"tcp_latency", round_trip, 300, 9, start_tcp_echo, stop_partner, NULL, NULL},
    {"tcp_bw_64k", take_chunks, 64, 9, start_tcp_source, stop_partner, NULL, NULL},
};
const size_t process_operation_count =
    sizeof(process_operations) / sizeof(process_operations[0]);
