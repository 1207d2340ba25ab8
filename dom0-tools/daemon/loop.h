/* SPDX-License-Identifier: MIT */
/* The epoll loop of a single-threaded daemon: descriptors and deadlines. */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

/* A descriptor that is watched; `ready` gets the EPOLL* bits that are true. */
struct loop_fd {
    int fd;
    uint32_t events;
    void (*ready)(struct loop_fd *self, uint32_t events);
};

/* Create the loop; dies on failure. Call once, first. */
void loop_init(void);

/* Watch l->fd for `events` (EPOLLIN and so on). Returns 0 or a negative errno. */
int loop_add(struct loop_fd *l, uint32_t events);

/* Change what is watched for; 0 keeps only errors and hang-ups. */
void loop_want(struct loop_fd *l, uint32_t events);

/* Stop watching; the descriptor stays open. Safe inside any `ready` function. */
void loop_remove(struct loop_fd *l);

/* Milliseconds of a clock that never jumps. */
uint64_t loop_now(void);

/* Wait at most `timeout_ms` (-1: for ever) and run the `ready` functions of what happened. */
void loop_wait(int timeout_ms);

#endif
