/* SPDX-License-Identifier: MIT */
/* Kernel files: reading them, choosing how to unpack them, and using the cache. */
#include "build/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/bzimage.h"
#include "build/cache.h"

void image_free(struct image *image)
{
    if (image->mapped)
        munmap(image->data, image->mapped);
    else
        free(image->data);
    memset(image, 0, sizeof(*image));
}

int image_read_file(struct parador_handle *h, int fd, const char *path, size_t size,
                    struct image *image)
{
    size_t done = 0;

    if (size == 0 || size > IMAGE_MAX)
        return parador_fail(h, EFBIG, "%s has %zu bytes: too %s for a kernel", path, size,
                            size ? "large" : "few");
    image->data = malloc(size);
    if (!image->data)
        return parador_fail(h, ENOMEM, "no memory to read %s", path);
    image->size = size;
    image->mapped = 0;
    while (done < size) {
        ssize_t got = pread(fd, image->data + done, size - done, (off_t)done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            int err = got < 0 ? errno : EIO;

            image_free(image);
            return parador_fail(h, err, "cannot read %s: %s", path,
                                got < 0 ? strerror(err) : "the file shrank while it was read");
        }
        done += (size_t)got;
    }
    return 0;
}

/* Unpacks file's payload into image, through the cache. */
static int unpack(struct parador_handle *h, const char *path, const struct stat *st, int fd,
                  struct image *image)
{
    struct image file = {0};
    struct cache_slot slot;
    int ret;

    if (cache_open(h, path, st, &slot) == 0 && cache_lookup(&slot, image) == 0) {
        cache_close(&slot);
        return 0;
    }
    ret = image_read_file(h, fd, path, (size_t)st->st_size, &file);
    if (ret == 0)
        ret = bzimage_unpack(h, path, file.data, file.size, image);
    image_free(&file);
    if (ret == 0)
        cache_store(h, &slot, image);
    cache_close(&slot);
    return ret;
}

int image_load_kernel(struct parador_handle *h, const char *path, struct image *image)
{
    uint8_t head[BZIMAGE_HEAD] = {0};
    struct stat st;
    ssize_t got;
    int ret, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    memset(image, 0, sizeof(*image));
    if (fd < 0)
        return parador_fail(h, errno, "cannot open kernel %s: %s", path, strerror(errno));
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return parador_fail(h, ENOEXEC, "kernel %s is not a regular file", path);
    }
    got = pread(fd, head, sizeof(head), 0);
    if (got < 0)
        ret = parador_fail(h, errno, "cannot read kernel %s: %s", path, strerror(errno));
    else if (bzimage_is_packed(head, (size_t)got))
        ret = unpack(h, path, &st, fd, image);
    else
        ret = image_read_file(h, fd, path, (size_t)st.st_size, image);
    close(fd);
    return ret;
}
