/* SPDX-License-Identifier: MIT */
/* One watch per back-end; nothing is polled. */
#include "devices/wait.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "public/io/xenbus.h"

#define TOKEN_PREFIX "parador-wait-"

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void state_path(const struct device *device, char *path, size_t size)
{
    char directory[DEVICE_PATH_MAX];

    device_backend_path(device, directory);
    snprintf(path, size, "%s/state", directory);
}

/* The state, or XenbusStateUnknown if there is none; -1 if the store failed. */
static int read_state(struct parador_handle *h, const struct device *device)
{
    char path[DEVICE_PATH_MAX + 8];
    char *value;
    int state;

    state_path(device, path, sizeof(path));
    value = store_read(h, STORE_NO_TX, path, NULL);
    if (!value)
        return errno == ENOENT ? XenbusStateUnknown : -1;
    state = atoi(value);
    free(value);
    return state < 0 ? XenbusStateUnknown : state;
}

/* The number in a token of ours that is below count, or count. */
static size_t token_index(const char *token, size_t count)
{
    unsigned long index;
    char *end;

    if (strncmp(token, TOKEN_PREFIX, strlen(TOKEN_PREFIX)) != 0)
        return count;
    index = strtoul(token + strlen(TOKEN_PREFIX), &end, 10);
    return *end || index >= count ? count : index;
}

/* Handles events until all are done or the time is over. */
static int wait_all(struct parador_handle *h, const struct device *devices, size_t count,
                    device_judge judge, bool *done, int64_t end)
{
    size_t left = count;

    while (left) {
        int64_t now = now_ms();
        char *path, *token;
        int verdict, state;
        size_t i;
        int got = store_event(h, now < end ? (int)(end - now) : 0, &path, &token);

        if (got < 0)
            return -1;
        if (got == 0)
            return (int)left;
        i = token_index(token, count);
        free(path);
        free(token);
        if (i == count || done[i])
            continue;
        state = read_state(h, &devices[i]);
        verdict = state < 0 ? -1 : judge(h, &devices[i], state);
        if (verdict < 0)
            return -1;
        if (verdict) {
            done[i] = true;
            left--;
        }
    }
    return 0;
}

int device_wait(struct parador_handle *h, const struct device *devices, size_t count,
                device_judge judge, int timeout_ms)
{
    bool *done = calloc(count ? count : 1, sizeof(*done));
    char path[DEVICE_PATH_MAX + 8], token[40], why[512];
    int ret = 0, saved;
    size_t i, watched;

    if (!done)
        return parador_fail(h, ENOMEM, "out of memory");
    /* A watch fires once when it is set, so a state that is there already is seen too. */
    for (watched = 0; watched < count; watched++) {
        state_path(&devices[watched], path, sizeof(path));
        snprintf(token, sizeof(token), TOKEN_PREFIX "%zu", watched);
        if (store_watch(h, path, token) < 0) {
            ret = -1;
            break;
        }
    }
    if (ret == 0)
        ret = wait_all(h, devices, count, judge, done, now_ms() + timeout_ms);
    saved = errno;
    snprintf(why, sizeof(why), "%s", parador_error(h));
    for (i = 0; i < watched; i++) {
        state_path(&devices[i], path, sizeof(path));
        snprintf(token, sizeof(token), TOKEN_PREFIX "%zu", i);
        store_unwatch(h, path, token);
    }
    free(done);
    if (ret < 0)
        parador_fail(h, saved, "%s", why);
    return ret;
}
