/* SPDX-License-Identifier: MIT */
/* The wire format of the store protocol: messages, names of errors, rules for paths. */
#include "store/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The public header xs_wire.h lists which errors may be sent; clients know no others. */
static const struct {
    int errnum;
    const char *name;
} errors[] = {
    { EINVAL, "EINVAL" }, { EACCES, "EACCES" }, { EEXIST, "EEXIST" }, { EISDIR, "EISDIR" },
    { ENOENT, "ENOENT" }, { ENOMEM, "ENOMEM" }, { ENOSPC, "ENOSPC" }, { EIO, "EIO" },
    { ENOTEMPTY, "ENOTEMPTY" }, { ENOSYS, "ENOSYS" }, { EROFS, "EROFS" }, { EBUSY, "EBUSY" },
    { EAGAIN, "EAGAIN" }, { EISCONN, "EISCONN" }, { E2BIG, "E2BIG" }, { EPERM, "EPERM" },
};

const char *wire_error(int errnum)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
        if (errors[i].errnum == errnum)
            return errors[i].name;
    return "EINVAL";
}

static bool path_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '/' || c == '@';
}

bool wire_path(const char *path, uint16_t domid, bool special, char *out)
{
    size_t len = strlen(path);

    if (!len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!path_char(path[i]) || (path[i] == '/' && path[i + 1] == '/'))
            return false;
    if (path[0] == '/') {
        if (len > XENSTORE_ABS_PATH_MAX || (len > 1 && path[len - 1] == '/'))
            return false;
        memcpy(out, path, len + 1);
        return true;
    }
    if (len > XENSTORE_REL_PATH_MAX || path[len - 1] == '/')
        return false;
    if (path[0] == '@') {
        if (!special)
            return false;
        memcpy(out, path, len + 1);
        return true;
    }
    snprintf(out, WIRE_PATH_SIZE, "/local/domain/%u/%s", domid, path);
    return true;
}

bool wire_number(const char *s, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;

    if (!*s)
        return false;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || n > (max - (*s - '0')) / 10)
            return false;
        n = n * 10 + (*s - '0');
    }
    *out = n;
    return true;
}

int wire_strings(const char *data, size_t len)
{
    int n = 0;

    if (!len || data[len - 1])
        return -1;
    for (size_t i = 0; i < len; i++)
        n += !data[i];
    return n;
}

const char *wire_next(const char *s)
{
    return s + strlen(s) + 1;
}
