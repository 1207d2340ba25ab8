/* SPDX-License-Identifier: MIT */
/* Opening what stands behind disks; loop devices; the numbers of guest disks. */
#include "devices/block.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Another process may take the free device first; this often in a row it does not. */
#define LOOP_TRIES 64

static void set_numbers(struct block *block, dev_t dev)
{
    block->major = major(dev);
    block->minor = minor(dev);
}

/* A file is known by its device and inode, however it is called. */
static void file_identity(char *identity, size_t size, uint64_t dev, uint64_t inode)
{
    snprintf(identity, size, "file-%llx-%llx", (unsigned long long)dev, (unsigned long long)inode);
}

/* Gives the open file a loop device that vanishes when closed. Returns its descriptor or -1. */
static int loop_attach(struct parador_handle *h, int file, const char *target, bool readonly,
                       char *device, size_t size)
{
    struct loop_config config = {.fd = (uint32_t)file};
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    int tries, fd, err = EBUSY;

    if (control < 0)
        return parador_fail(h, errno, "cannot open /dev/loop-control (%s): a disk in a file needs "
                                      "the loop module", strerror(errno));
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR | (readonly ? LO_FLAGS_READ_ONLY : 0);
    snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", target);
    for (tries = 0; tries < LOOP_TRIES; tries++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);

        if (number < 0) {
            err = errno;
            break;
        }
        snprintf(device, size, "/dev/loop%d", number);
        fd = open(device, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
        if (fd < 0) {
            err = errno;
            break;
        }
        if (ioctl(fd, LOOP_CONFIGURE, &config) == 0) {
            close(control);
            return fd;
        }
        err = errno;
        close(fd);
        if (err != EBUSY)
            break;
    }
    close(control);
    return parador_fail(h, err, "cannot make a loop device for %s: %s", target, strerror(err));
}

static int open_file(struct parador_handle *h, const char *target, int file, const struct stat *st,
                     bool readonly, struct block *block)
{
    struct stat loop;

    if (st->st_size < 512)
        return parador_fail(h, EINVAL, "disk %s is too small to be a disk", target);
    block->fd = loop_attach(h, file, target, readonly, block->device, sizeof(block->device));
    if (block->fd < 0)
        return -1;
    if (fstat(block->fd, &loop) < 0) {
        block_close(block);
        return parador_fail(h, errno, "cannot look at %s: %s", block->device, strerror(errno));
    }
    set_numbers(block, loop.st_rdev);
    file_identity(block->identity, sizeof(block->identity), st->st_dev, st->st_ino);
    return 0;
}

int block_open(struct parador_handle *h, const char *target, enum block_kind kind, bool readonly,
               struct block *block)
{
    struct stat st;
    int ret, fd;

    memset(block, 0, sizeof(*block));
    block->fd = -1;
    fd = open(target, (readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0) {
        ret = parador_fail(h, errno, "cannot open disk %s%s: %s", target,
                           readonly ? "" : " for writing", strerror(errno));
        if (fd >= 0)
            close(fd);
        return ret;
    }
    if (S_ISBLK(st.st_mode) && kind != BLOCK_FILE) {
        block->fd = fd;
        set_numbers(block, st.st_rdev);
        snprintf(block->identity, sizeof(block->identity), "device-%x-%x", block->major,
                 block->minor);
        return 0;
    }
    if (S_ISREG(st.st_mode) && kind != BLOCK_PHY)
        ret = open_file(h, target, fd, &st, readonly, block);
    else
        ret = parador_fail(h, kind == BLOCK_PHY ? ENOTBLK : EINVAL, "disk %s is not a %s", target,
                           kind == BLOCK_PHY ? "block device (for a file write file:)"
                           : kind == BLOCK_FILE ? "regular file (for a device write phy:)"
                                                : "file or block device");
    close(fd);
    return ret;
}

int block_keep(struct parador_handle *h, struct block *block)
{
    struct loop_info64 info;

    if (block->fd < 0 || !block->device[0])
        return 0;
    if (ioctl(block->fd, LOOP_GET_STATUS64, &info) == 0) {
        info.lo_flags &= ~(uint32_t)LO_FLAGS_AUTOCLEAR;
        if (ioctl(block->fd, LOOP_SET_STATUS64, &info) == 0)
            return 0;
    }
    return parador_fail(h, errno, "cannot keep %s: %s", block->device, strerror(errno));
}

void block_close(struct block *block)
{
    if (block->fd >= 0)
        close(block->fd);
    block->fd = -1;
}

void block_release(struct parador_handle *h, const char *device, const char *identity)
{
    struct loop_info64 info;
    char shown[48];
    int fd = open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return;
    if (ioctl(fd, LOOP_GET_STATUS64, &info) == 0) {
        file_identity(shown, sizeof(shown), info.lo_device, info.lo_inode);
        if (strcmp(shown, identity) != 0)
            parador_log(h, PARADOR_LOG_INFO, "%s is another's by now and stays", device);
        else if (ioctl(fd, LOOP_CLR_FD) < 0)
            parador_log(h, PARADOR_LOG_WARN, "cannot free %s: %s", device, strerror(errno));
    }
    close(fd);
}

/*
 * Numbers of guest disks, from public/io/blkif.h and the documentation of the virtual-device key:
 * 202 << 8 | disk << 4 | partition for xvd with small numbers, 1 << 28 | disk << 8 | partition
 * above, 8 << 8 | disk << 4 | partition for sd, and IDE's two majors with 64 minors a disk for hd.
 */
static bool encode(const char *family, unsigned long disk, unsigned long part, unsigned *number)
{
    if (strcmp(family, "hd") == 0) {
        if (disk > 3 || part > 63)
            return false;
        *number = (disk < 2 ? 3u << 8 : 22u << 8) | (unsigned)(disk & 1) << 6 | (unsigned)part;
        return true;
    }
    if (strcmp(family, "sd") == 0) {
        if (disk > 15 || part > 15)
            return false;
        *number = 8u << 8 | (unsigned)disk << 4 | (unsigned)part;
        return true;
    }
    if (disk < 16 && part < 16)
        *number = 202u << 8 | (unsigned)disk << 4 | (unsigned)part;
    else if (disk < 1u << 20 && part < 256)
        *number = 1u << 28 | (unsigned)disk << 8 | (unsigned)part;
    else
        return false;
    return true;
}

/* Reads "b", "aa" … as 1, 26 …; returns the rest, or NULL. */
static const char *disk_letters(const char *s, unsigned long *disk)
{
    unsigned long value = 0;
    const char *p;

    for (p = s; *p >= 'a' && *p <= 'z'; p++) {
        value = value * 26 + (unsigned long)(*p - 'a') + 1;
        if (value > 1u << 20)
            return NULL;
    }
    *disk = value - 1;
    return p == s ? NULL : p;
}

/* A decimal number that fills the rest of s; an empty rest is 0 if that is allowed. */
static bool whole_number(const char *s, bool may_be_empty, unsigned long *value)
{
    char *end;

    *value = 0;
    if (!*s)
        return may_be_empty;
    if (*s < '0' || *s > '9')
        return false;
    errno = 0;
    *value = strtoul(s, &end, 0);
    return !*end && !errno;
}

int block_vdev(struct parador_handle *h, const char *name, unsigned *number)
{
    static const char *const families[] = {"xvd", "sd", "hd"};
    unsigned long disk, part;
    const char *rest;
    char *end;
    size_t i;

    if (whole_number(name, false, &disk) && disk <= UINT32_MAX) {
        *number = (unsigned)disk;
        return 0;
    }
    for (i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        size_t length = strlen(families[i]);

        if (strncmp(name, families[i], length) != 0)
            continue;
        rest = disk_letters(name + length, &disk);
        if (rest && whole_number(rest, true, &part) && encode(families[i], disk, part, number))
            return 0;
    }
    if (name[0] == 'd' && name[1] >= '0' && name[1] <= '9') {
        disk = strtoul(name + 1, &end, 10);
        part = 0;
        if ((!*end || (*end == 'p' && whole_number(end + 1, false, &part))) &&
            encode("xvd", disk, part, number))
            return 0;
    }
    return parador_fail(h, EINVAL, "\"%s\" is no name for a guest's disk (use xvda, xvdb, …)",
                        name);
}
