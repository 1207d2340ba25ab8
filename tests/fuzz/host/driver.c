/* SPDX-License-Identifier: MIT */
/*
 * Mutates inputs, and keeps those that reach code none has reached. The sanitizers, a time limit for each
 * input, and the target's own checks judge. usage: TARGET ROUNDS SEED FAILED-INPUT [INPUT...]: the
 * inputs named are tried first; what fails is left in the file FAILED-INPUT.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define KEPT_MAX 4096
#define SECONDS_EACH 5
#define EDGES 65536

static struct kept {
    uint8_t *data;
    size_t size;
} kept[KEPT_MAX];
static unsigned nr_kept;

static uint8_t current[INPUT_MAX];
static size_t current_size;
static const char *failed_input;
static uint64_t state;
static uint8_t edges[EDGES], seen[EDGES];
static uintptr_t last_pc;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_set_death_callback(void (*callback)(void));

/* The compiler calls it at the start of every basic block of the target. */
__attribute__((no_sanitize("address", "undefined"))) void __sanitizer_cov_trace_pc(void)
{
    uintptr_t pc = (uintptr_t)__builtin_return_address(0);

    edges[(pc ^ last_pc) % EDGES] = 1;
    last_pc = pc << 1;
}

static uint64_t draw(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1dULL;
}

static uint64_t below(uint64_t n)
{
    return (draw() >> 11) % n;
}

static void keep_failed(void)
{
    int fd = open(failed_input, O_WRONLY | O_CREAT | O_TRUNC, 0644);

    if (fd >= 0 && write(fd, current, current_size) == (ssize_t)current_size)
        close(fd);
}

static void died(int number)
{
    static const char late[] = "the input takes too long\n";

    keep_failed();
    if (number == SIGALRM && write(2, late, sizeof(late) - 1) < 0)
        _exit(3);
    signal(SIGABRT, SIG_DFL);
    abort();
}

static void keep(void)
{
    struct kept *k = &kept[nr_kept < KEPT_MAX ? nr_kept++ : below(KEPT_MAX)];

    free(k->data);
    k->size = current_size;
    k->data = malloc(current_size + 1);
    memcpy(k->data, current, current_size);
}

/* True when the input went where none had gone. */
static bool try_current(void)
{
    bool fresh = false;
    uint8_t *exact = malloc(current_size);

    memcpy(exact, current, current_size);
    memset(edges, 0, sizeof(edges));
    last_pc = 0;
    alarm(SECONDS_EACH);
    fuzz_one(exact, current_size);
    free(exact);
    for (unsigned i = 0; i < EDGES; i++) {
        fresh |= edges[i] && !seen[i];
        seen[i] |= edges[i];
    }
    return fresh;
}

static void overwrite(size_t at)
{
    static const uint64_t values[] = { 0, 1, 7, 8, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff,
                                       0x80000000, 0xfffffff8, 0xffffffff, 1ULL << 32, 1ULL << 63,
                                       ~0ULL, ~7ULL };
    uint64_t value = below(2) ? values[below(sizeof(values) / sizeof(values[0]))]
                              : below(2) ? below(current_size + 1) : draw();
    size_t width = 1u << below(4);

    if (width > current_size - at)
        width = 1;
    memcpy(current + at, &value, width);
}

static void mutate_once(void)
{
    size_t at, n, to;

    if (current_size == 0) {
        current_size = 1 + below(64);
        return;
    }
    at = below(current_size);
    n = 1 + below(below(4) ? 8 : current_size);
    to = below(current_size);
    if (n > current_size - at)
        n = current_size - at;
    switch (below(8)) {
    case 0: current[at] ^= 1 << below(8); break;
    case 1: current[at] = draw(); break;
    case 2: /* leave out */
        memmove(current + at, current + at + n, current_size - at - n);
        current_size -= n;
        break;
    case 3: /* repeat */
        if (current_size + n > INPUT_MAX)
            break;
        memmove(current + at + n, current + at, current_size - at);
        current_size += n;
        break;
    case 4: memmove(current + to, current + at, n < current_size - to ? n : current_size - to);
        break;
    case 5: /* the end is missing */
        if (below(4) == 0)
            current_size = at;
        break;
    default: overwrite(at); break;
    }
}

static void from_file(const char *path)
{
    FILE *file = fopen(path, "rb");

    if (!file) {
        perror(path);
        exit(2);
    }
    current_size = fread(current, 1, sizeof(current), file);
    fclose(file);
    try_current();
    keep();
}

int main(int argc, char **argv)
{
    unsigned long rounds, fresh = 0;

    if (argc < 4) {
        fprintf(stderr, "usage: %s ROUNDS SEED FAILED-INPUT [INPUT...]\n", argv[0]);
        return 2;
    }
    rounds = strtoul(argv[1], NULL, 10);
    state = strtoul(argv[2], NULL, 10) * 0x9e3779b97f4a7c15ULL + 1;
    failed_input = argv[3];
    signal(SIGALRM, died);
    signal(SIGABRT, died);
    __sanitizer_set_death_callback(keep_failed);
    for (int i = 4; i < argc; i++)
        from_file(argv[i]);
    for (unsigned n = 0; (current_size = fuzz_seed(n, current)) != 0; n++) {
        try_current();
        keep();
    }
    for (unsigned long i = 0; i < rounds; i++) {
        const struct kept *from = &kept[below(nr_kept)];

        memcpy(current, from->data, from->size);
        current_size = from->size;
        for (unsigned m = 1 + below(6); m > 0; m--)
            mutate_once();
        if (try_current()) {
            keep();
            fresh++;
        }
    }
    alarm(0);
    printf("%lu inputs, %lu of them new\n", rounds, fresh);
    return 0;
}
