/* SPDX-License-Identifier: MIT */
/* A sign of life on the terminal while something takes long. */
#include "cli/progress.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH 20

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_t thread;
static bool running, ending;
static const char *subject;

/* How long it will take is not known: the mark goes to and fro. */
static void show(unsigned tick)
{
    unsigned at = tick % (2 * (BAR_WIDTH - 1));
    char bar[BAR_WIDTH + 1];

    if (at >= BAR_WIDTH)
        at = 2 * (BAR_WIDTH - 1) - at;
    for (unsigned i = 0; i < BAR_WIDTH; i++)
        bar[i] = i == at ? '#' : ' ';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%.40s [%s] %u s", subject, bar, (tick + 2) / 4);
    fflush(stderr);
}

static void *run(void *unused)
{
    struct timespec wake;
    bool shown = false;

    (void)unused;
    clock_gettime(CLOCK_REALTIME, &wake);
    pthread_mutex_lock(&lock);
    for (unsigned tick = 0; !ending; tick++) {
        wake.tv_nsec += 250000000;
        wake.tv_sec += wake.tv_nsec / 1000000000;
        wake.tv_nsec %= 1000000000;
        while (!ending && pthread_cond_timedwait(&changed, &lock, &wake) != ETIMEDOUT)
            ;
        if (!ending && tick > 0) {
            show(tick);
            shown = true;
        }
    }
    pthread_mutex_unlock(&lock);
    if (shown)
        fputs("\r\033[K", stderr);
    return NULL;
}

void progress_begin(const char *what)
{
    /* Only in the foreground of our own terminal: a serial line that takes a log is none. */
    if (tcgetpgrp(STDERR_FILENO) != getpgrp())
        return;
    subject = what;
    ending = false;
    running = pthread_create(&thread, NULL, run, NULL) == 0;
}

void progress_end(void)
{
    if (!running)
        return;
    pthread_mutex_lock(&lock);
    ending = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    running = false;
}
