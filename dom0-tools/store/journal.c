/* SPDX-License-Identifier: MIT */
/*
 * The file that outlives the daemon: batches of records, appended, and rewritten when it grows.
 *
 * It begins with a magic and the kernel's boot id: event channels, rings and domains do not outlive
 * the machine, so a journal of an earlier boot is worth nothing. Then come batches: length, CRC-32
 * of the payload, payload. The payload is a sequence of records, each preceded by its length. A
 * batch is written by one write(); a daemon that is killed meanwhile leaves a batch whose length or
 * checksum is wrong, which ends the file. The data is not synced: it must survive the daemon, not
 * the machine, and lives in tmpfs by default.
 */
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "daemon/loop.h"
#include "daemon/mem.h"
#include "daemon/process.h"

#define MAGIC "PARADOR STORE 1\n"
#define BOOT_ID_LEN 36

struct file_head {
    char magic[16];
    char boot_id[BOOT_ID_LEN];
};

struct batch_head {
    uint32_t len, crc;
};

/* Memory kept for the next batch. */
#define KEEP (256u << 10)

/* Below this size a file is never long. */
#define SMALL (4u << 20)

/* How much may wait to be written while the file system refuses, before only a rewrite can help. */
#define BACKLOG (16u << 20)

/* How long after a failed rewrite the next one comes. */
#define RETRY_MS 5000

static const char *path;
static int fd = -1;
static size_t size;             /* of the file up to its last complete batch */
static size_t rewritten_size;   /* size after the last rewrite */
static struct buf batch;        /* begins with room for a struct batch_head when not empty */
static bool must_rewrite;
static uint64_t retry_at;       /* after a failed rewrite, not before this time (loop_now) */
static uint64_t complained;

void journal_path(const char *p)
{
    path = p;
}

static uint32_t crc32(const unsigned char *p, size_t len)
{
    static uint32_t table[256];
    uint32_t crc = ~0u;

    if (!table[1]) {
        for (uint32_t i = 0; i < 256; i++) {
            table[i] = i;
            for (int bit = 0; bit < 8; bit++)
                table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
        }
    }
    while (len--)
        crc = crc >> 8 ^ table[(crc ^ *p++) & 0xff];
    return ~crc;
}

static void fill_head(struct file_head *h)
{
    int f = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

    memcpy(h->magic, MAGIC, sizeof(h->magic));
    memset(h->boot_id, '-', sizeof(h->boot_id));
    if (f < 0 || read(f, h->boot_id, sizeof(h->boot_id)) != sizeof(h->boot_id))
        note(LOG_WARNING, "the kernel tells no boot id");
    if (f >= 0)
        close(f);
}

static bool read_file(struct buf *out)
{
    int f = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    ssize_t n;

    if (f < 0) {
        if (errno != ENOENT)
            note(LOG_ERR, "cannot open %s: %s", path, strerror(errno));
        return false;
    }
    if (!fstat(f, &st)) {
        out->data = mem_resize(NULL, st.st_size + 1);
        out->cap = st.st_size;
        while (out->len < out->cap && (n = read(f, out->data + out->len, out->cap - out->len)) > 0)
            out->len += n;
    }
    close(f);
    return true;
}

static void apply_batch(const char *p, size_t len, void (*apply)(const char *, size_t))
{
    uint32_t n;

    while (len >= sizeof(n)) {
        memcpy(&n, p, sizeof(n));
        p += sizeof(n);
        len -= sizeof(n);
        if (n > len)
            return;
        apply(p, n);
        p += n;
        len -= n;
    }
}

bool journal_load(void (*apply)(const char *record, size_t len))
{
    struct file_head head, *found;
    struct buf file = { 0 };
    struct batch_head b;
    size_t at = sizeof(head);

    if (!path || !read_file(&file))
        return false;
    fill_head(&head);
    found = (struct file_head *)file.data;
    if (file.len < sizeof(head) || memcmp(found, &head, sizeof(head))) {
        note(LOG_INFO, "%s is of another boot: starting anew", path);
        buf_free(&file);
        return false;
    }
    while (file.len - at >= sizeof(b)) {
        memcpy(&b, file.data + at, sizeof(b));
        at += sizeof(b);
        if (b.len > file.len - at || b.crc != crc32((unsigned char *)file.data + at, b.len)) {
            note(LOG_NOTICE, "%s: dropping an incomplete batch at its end", path);
            break;
        }
        apply_batch(file.data + at, b.len, apply);
        at += b.len;
    }
    buf_free(&file);
    return true;
}

void journal_add(const void *record, size_t len)
{
    static const struct batch_head room;
    uint32_t n = len;

    if (!path)
        return;
    if (!batch.len)
        buf_add(&batch, &room, sizeof(room));
    buf_add(&batch, &n, sizeof(n));
    buf_add(&batch, record, len);
}

/* Write the batch to a file. Returns 0 or a negative errno; then the file may hold a part of it. */
static int write_batch(int f)
{
    struct batch_head b = { .len = batch.len - sizeof(b) };
    size_t done = 0;

    b.crc = crc32((unsigned char *)batch.data + sizeof(b), b.len);
    memcpy(batch.data, &b, sizeof(b));
    while (done < batch.len) {
        ssize_t n = write(f, batch.data + done, batch.len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        done += n;
    }
    return 0;
}

static void clear_batch(void)
{
    batch.len = 0;
    if (batch.cap > KEEP)
        buf_free(&batch);
}

static void complain(const char *what, int err)
{
    uint64_t now = loop_now();

    if (complained && now - complained < 10000)
        return;
    complained = now;
    note(LOG_ERR, "cannot %s %s: %s; a restart now would lose changes", what, path, strerror(-err));
}

void journal_commit(void)
{
    int err;

    if (!batch.len)
        return;
    err = fd < 0 ? -EBADF : write_batch(fd);
    if (!err) {
        size += batch.len;
        clear_batch();
        return;
    }
    complain("write", err);
    /* A rewrite may fit where this does not, if much of the file is about what is gone. */
    must_rewrite = true;
    /* What was written of the batch would hide the batches after it. */
    if (fd >= 0 && !ftruncate(fd, size) && lseek(fd, size, SEEK_SET) >= 0 && batch.len <= BACKLOG)
        return;
    /* With this batch lost, no later one may follow those before it. */
    clear_batch();
    if (fd >= 0)
        close(fd);
    fd = -1;
}

static int write_new(int f, void (*dump)(void))
{
    struct file_head head;

    fill_head(&head);
    if (write(f, &head, sizeof(head)) != sizeof(head))
        return errno ? -errno : -EIO;
    dump();
    return batch.len ? write_batch(f) : 0;
}

void journal_rewrite(void (*dump)(void))
{
    struct buf pending = batch;
    struct stat st;
    char *temp;
    int f, err;

    if (!path || asprintf(&temp, "%s.new", path) < 0)
        return;
    /* The present state, which is about to be written, has the pending batch in it. */
    batch = (struct buf){ 0 };
    f = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    err = f < 0 ? -errno : write_new(f, dump);
    if (!err && (fstat(f, &st) || rename(temp, path)))
        err = -errno;
    /* Half a file would take the room that small batches still find. */
    if (err && f >= 0)
        unlink(temp);
    free(temp);
    if (err) {
        complain("rewrite", err);
        if (f >= 0)
            close(f);
        buf_free(&batch);
        batch = pending;
        must_rewrite = true;
        retry_at = loop_now() + RETRY_MS;
        return;
    }
    buf_free(&pending);
    clear_batch();
    if (fd >= 0)
        close(fd);
    fd = f;
    size = rewritten_size = st.st_size;
    must_rewrite = false;
}

int journal_timeout(void)
{
    uint64_t now;

    if (!must_rewrite)
        return -1;
    now = loop_now();
    return now < retry_at ? (int)(retry_at - now) : 0;
}

bool journal_is_long(void)
{
    if (!must_rewrite && (size <= SMALL || size / 2 <= rewritten_size))
        return false;
    return loop_now() >= retry_at;
}
