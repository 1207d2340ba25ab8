/* SPDX-License-Identifier: MIT */
/* What is kept of each running guest in dom0, so that it can be made again: its guest file. */
#ifndef LIFECYCLE_RECORD_H
#define LIFECYCLE_RECORD_H

#include <stdbool.h>

#include "guest/guest.h"

/*
 * Records are files RUN/guests/<domid>.<kind>, RUN being /run/parador or $PARADOR_RUN_DIR. They are
 * replaced as a whole (rename(2)), so that who dies while writing one leaves the old one. Functions
 * return 0 or -1 with errno.
 */
enum record_kind {
    RECORD_GUEST,              /* .cfg: domid runs this */
    RECORD_RESTART,            /* .restart: domid ended, and its guest is to be made again */
    RECORD_PRESERVED,          /* .preserved: domid ended, and its remains are kept */
    RECORD_KINDS
};

struct record {
    struct guest_config config;
    unsigned quick;            /* how often in a row it ended soon after its start */
    bool keep;                 /* RECORD_RESTART: the remains of the old domain are kept */
};

/**
 * Locks what belongs to a domain's number: its record, and ending it. The lock ends with
 * record_unlock() or the process. wait false: EAGAIN when somebody else has it.
 */
int record_lock(domid_t domid, bool wait);
void record_unlock(int lock);

int record_write(enum record_kind kind, domid_t domid, const struct record *r);
/** Reads a record into r, whose config is to be freed by the caller. ENOENT: there is none. */
int record_read(enum record_kind kind, domid_t domid, struct record *r);
bool record_exists(enum record_kind kind, domid_t domid);
/**
 * Changes what is kept of a running guest, so that it comes back from a reboot as it is now. A
 * domain of which nothing is kept (dom0) is no failure. change returns 0 or -1 with errno.
 */
int record_change_config(domid_t domid, int (*change)(struct guest_config *config, void *arg),
                         void *arg);
/** Makes a record of one kind one of another. */
int record_change(domid_t domid, enum record_kind from, enum record_kind to);
void record_remove(enum record_kind kind, domid_t domid);

/** Calls each(domid, arg) once for each domid that has a record of any kind. */
int record_each(void (*each)(domid_t domid, void *arg), void *arg);

/** Path of the directory of lock and records. */
const char *record_directory(void);

#endif
