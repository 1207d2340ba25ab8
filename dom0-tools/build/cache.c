/* SPDX-License-Identifier: MIT */
/*
 * Unpacked kernels under /var/cache/parador. A file's name is its key: inode, device, size, time of
 * change of the packed kernel and a hash of its path. Files appear by rename, are never changed,
 * and are private to root, so a mapping of one stays what it was even after its removal.
 */
#include "build/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#define CACHE_DIRECTORY "/var/cache/parador"
#define CACHE_PREFIX "kernel-"
/* A Debian kernel unpacks to 50-60 MiB; this keeps the last handful of flavours. */
#define CACHE_BYTES_MAX ((uint64_t)384 << 20)
/* Where files live in memory the cache may have this part of it. */
#define CACHE_MEMORY_PART 8

/* FNV-1a, 64 bits: tells paths apart, nothing more depends on it. */
static uint64_t hash_text(const char *s)
{
    uint64_t hash = 0xcbf29ce484222325u;

    for (; *s; s++)
        hash = (hash ^ (uint8_t)*s) * 0x100000001b3u;
    return hash;
}

/* Opens the directory, making it if needed; -1 if it is not private to us. */
static int open_directory(void)
{
    const char *path = getenv("PARADOR_CACHE");
    struct stat st;
    int dir;

    if (!path)
        path = CACHE_DIRECTORY;
    if (mkdir(path, 0700) < 0 && errno == ENOENT) {
        mkdir("/var/cache", 0755);
        mkdir(path, 0700);
    }
    dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (dir < 0)
        return -1;
    if (fstat(dir, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 022))
        return dir;
    close(dir);
    return -1;
}

/*
 * Locks one kernel: a byte of the lock file, whose number follows from the kernel's. Who unpacks it
 * already may do so in the background at a low priority, which is not good enough for who waits.
 */
static void lock_slot(struct cache_slot *slot)
{
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET,
                          .l_start = (off_t)(hash_text(slot->name) >> 2 & INT32_MAX), .l_len = 1};
    struct flock holder = range;

    if (fcntl(slot->lock, F_SETLK, &range) == 0)
        return;
    if (fcntl(slot->lock, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK && holder.l_pid > 0)
        setpriority(PRIO_PROCESS, (id_t)holder.l_pid, getpriority(PRIO_PROCESS, 0));
    while (fcntl(slot->lock, F_SETLKW, &range) < 0 && errno == EINTR)
        ;
}

int cache_open(struct parador_handle *h, const char *path, const struct stat *st,
               struct cache_slot *slot)
{
    char *real = realpath(path, NULL);

    slot->lock = -1;
    slot->dir = open_directory();
    if (slot->dir < 0) {
        parador_log(h, PARADOR_LOG_WARN, "no private %s: kernels are unpacked each time",
                    CACHE_DIRECTORY);
        free(real);
        return -1;
    }
    snprintf(slot->name, sizeof(slot->name), CACHE_PREFIX "%llx-%llx-%llx-%llx.%lx-%016llx",
             (unsigned long long)st->st_ino, (unsigned long long)st->st_dev,
             (unsigned long long)st->st_size, (unsigned long long)st->st_mtim.tv_sec,
             (unsigned long)st->st_mtim.tv_nsec,
             (unsigned long long)hash_text(real ? real : path));
    free(real);
    if (faccessat(slot->dir, slot->name, R_OK, 0) == 0)
        return 0;
    slot->lock = openat(slot->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (slot->lock >= 0)
        lock_slot(slot);
    return 0;
}

int cache_lookup(struct cache_slot *slot, struct image *image)
{
    struct stat st;
    void *p = MAP_FAILED;
    int fd = openat(slot->dir, slot->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

    if (fd < 0)
        return -1;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
        (uint64_t)st.st_size <= IMAGE_MAX)
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p != MAP_FAILED) {
        /* The time of last use decides who goes first when the cache is full. */
        futimens(fd, NULL);
        image->data = p;
        image->size = image->mapped = (size_t)st.st_size;
    }
    close(fd);
    return p == MAP_FAILED ? -1 : 0;
}

/* Finds the sum of all entries, and the one used longest ago other than keep. */
static off_t survey(int dir, const char *keep, char *oldest, size_t size)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct timespec age = {0};
    struct dirent *entry;
    off_t sum = 0;

    oldest[0] = '\0';
    if (!d) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    while ((entry = readdir(d))) {
        struct stat st;

        if (strncmp(entry->d_name, CACHE_PREFIX, strlen(CACHE_PREFIX)) != 0 ||
            fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        sum += st.st_size;
        if (strcmp(entry->d_name, keep) == 0)
            continue;
        if (!oldest[0] || st.st_mtim.tv_sec < age.tv_sec ||
            (st.st_mtim.tv_sec == age.tv_sec && st.st_mtim.tv_nsec < age.tv_nsec)) {
            snprintf(oldest, size, "%s", entry->d_name);
            age = st.st_mtim;
        }
    }
    closedir(d);
    return sum;
}

/* How much the cache may hold: a small dom0 whose root is memory cannot spare hundreds of MiB. */
static uint64_t bound(int dir)
{
    struct statfs fs;
    uint64_t memory;

    if (fstatfs(dir, &fs) < 0 || (fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC))
        return CACHE_BYTES_MAX;
    memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    return memory / CACHE_MEMORY_PART < CACHE_BYTES_MAX ? memory / CACHE_MEMORY_PART
                                                        : CACHE_BYTES_MAX;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
    while (size) {
        ssize_t done = write(fd, data, size);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        data += done;
        size -= (size_t)done;
    }
    return 0;
}

void cache_store(struct parador_handle *h, struct cache_slot *slot, const struct image *image)
{
    char oldest[256], temporary[32];
    int fd;

    if (slot->dir < 0 || slot->lock < 0)
        return;
    snprintf(temporary, sizeof(temporary), "new-%ld", (long)getpid());
    fd = openat(slot->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    /* On disk before it has its name: after a power cut a name always means the whole kernel. */
    if (write_all(fd, image->data, image->size) < 0 || fdatasync(fd) < 0 ||
        renameat(slot->dir, temporary, slot->dir, slot->name) < 0) {
        parador_log(h, PARADOR_LOG_WARN, "cannot keep an unpacked kernel in %s: %s",
                    CACHE_DIRECTORY, strerror(errno));
        unlinkat(slot->dir, temporary, 0);
    }
    close(fd);
    while ((uint64_t)survey(slot->dir, slot->name, oldest, sizeof(oldest)) > bound(slot->dir) &&
           oldest[0]) {
        if (unlinkat(slot->dir, oldest, 0) < 0)
            break;
    }
}

void cache_close(struct cache_slot *slot)
{
    if (slot->lock >= 0)
        close(slot->lock);
    if (slot->dir >= 0)
        close(slot->dir);
    slot->lock = slot->dir = -1;
}
