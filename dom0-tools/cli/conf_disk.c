/* SPDX-License-Identifier: MIT */
/*
 * Disk specifications: "phy:/dev/vg/lv,xvda,w", "/img,raw,xvda,rw",
 * "format=raw, vdev=hdc, access=ro, devtype=cdrom, target=/x.iso".
 */
#include <stdlib.h>
#include <string.h>

#include "cli/conf.h"

struct disk_spec {
    struct guest_disk *disk;
    const struct conf_value *v;
    struct conf_error *err;
    int positional;            /* next positional parameter: target, format, vdev, access */
    bool failed;
};

static bool bad(struct disk_spec *s, int column, const char *what, const char *value)
{
    if (!s->failed)
        conf_error_in(s->err, s->v, column, "disk: %s%s%s%s", what, *value ? " '" : "", value,
                      *value ? "'" : "");
    s->failed = true;
    return false;
}

static bool set_text(struct disk_spec *s, char **field, const char *value, int column)
{
    if (guest_config_set_string(field, value) != 0)
        return bad(s, column, "out of memory", "");
    return true;
}

static bool set_target(struct disk_spec *s, const char *value, int column)
{
    static const struct {
        const char *prefix;
        enum guest_disk_kind kind;
    } prefixes[] = {
        { "phy:", GUEST_DISK_PHY }, { "file:", GUEST_DISK_FILE }, { "raw:", GUEST_DISK_AUTO },
        { "aio:", GUEST_DISK_FILE },
    };

    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        size_t n = strlen(prefixes[i].prefix);

        if (strncmp(value, prefixes[i].prefix, n) == 0) {
            s->disk->kind = prefixes[i].kind;
            value += n;
            break;
        }
    }
    return set_text(s, &s->disk->target, value, column);
}

static bool set_format(struct disk_spec *s, const char *value, int column)
{
    if (*value != '\0' && strcmp(value, "raw") != 0)
        return bad(s, column, "only format 'raw' can be served, not", value);
    return true;
}

static bool set_access(struct disk_spec *s, const char *value, int column)
{
    static const struct {
        const char *word;
        bool readonly, shared;
    } words[] = {
        { "r", true, false }, { "ro", true, false }, { "w", false, false }, { "rw", false, false },
        { "", false, false }, { "w!", false, true }, { "rw!", false, true }, { "r!", true, true },
        { "ro!", true, true },
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(value, words[i].word) == 0) {
            s->disk->readonly = words[i].readonly;
            s->disk->shared = words[i].shared;
            return true;
        }
    return bad(s, column, "access is ro or rw, not", value);
}

/* "hdc:cdrom" is the old way to say devtype=cdrom. */
static bool set_vdev(struct disk_spec *s, char *value, int column)
{
    char *colon = strchr(value, ':');

    if (colon != NULL) {
        *colon = '\0';
        if (strcmp(colon + 1, "cdrom") == 0)
            s->disk->cdrom = true;
        else if (strcmp(colon + 1, "disk") != 0)
            return bad(s, column, "a device type is 'disk' or 'cdrom', not", colon + 1);
    }
    return set_text(s, &s->disk->vdev, value, column);
}

static bool set_named(struct disk_spec *s, const char *key, char *value, int column)
{
    if (strcmp(key, "target") == 0)
        return set_target(s, value, column);
    if (strcmp(key, "format") == 0)
        return set_format(s, value, column);
    if (strcmp(key, "vdev") == 0)
        return set_vdev(s, value, column);
    if (strcmp(key, "access") == 0)
        return set_access(s, value, column);
    if (strcmp(key, "devtype") == 0) {
        s->disk->cdrom = strcmp(value, "cdrom") == 0;
        return s->disk->cdrom || strcmp(value, "disk") == 0 ||
               bad(s, column, "devtype is 'disk' or 'cdrom', not", value);
    }
    if (strcmp(key, "backendtype") == 0) {
        if (strcmp(value, "phy") != 0)
            return bad(s, column, "only backendtype 'phy' (the kernel's own) is there, not", value);
        return true;
    }
    if (strcmp(key, "backend") == 0)
        return strcmp(value, "0") == 0 || strcmp(value, "Domain-0") == 0 ||
               bad(s, column, "disks are served by Domain-0, not by", value);
    if (strcmp(key, "script") == 0)
        return bad(s, column, "hotplug scripts are not run: name the block device itself", "");
    return bad(s, column, "there is no disk parameter", key);
}

static bool set_flag(struct disk_spec *s, const char *word)
{
    if (strcmp(word, "cdrom") == 0 || strcmp(word, "devtype=cdrom") == 0)
        s->disk->cdrom = true;
    else if (strcmp(word, "discard") == 0)
        s->disk->discard = true;
    else if (strcmp(word, "no-discard") == 0)
        s->disk->discard = false;
    else if (strcmp(word, "direct-io-safe") != 0)
        return false;
    return true;
}

static bool is_access(const char *word)
{
    static const char *const words[] = { "r", "w", "ro", "rw", "r!", "w!", "ro!", "rw!" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

/* The old form "phy:target,vdev,access" leaves the format out. */
static bool looks_like_vdev(const char *word)
{
    return strncmp(word, "xvd", 3) == 0 || strncmp(word, "sd", 2) == 0 ||
           strncmp(word, "hd", 2) == 0 || (word[0] == 'd' && word[1] >= '0' && word[1] <= '9');
}

static bool set_positional(struct disk_spec *s, char *word, int column)
{
    if (s->positional == 1 && looks_like_vdev(word))
        s->positional = 2;
    if (s->positional == 2 && is_access(word) && s->disk->vdev != NULL)
        s->positional = 3;
    switch (s->positional++) {
    case 0:
        return set_target(s, word, column);
    case 1:
        return set_format(s, word, column);
    case 2:
        return set_vdev(s, word, column);
    case 3:
        return set_access(s, word, column);
    default:
        return bad(s, column, "one positional parameter too many:", word);
    }
}

/* target= takes the rest of the text, commas and all, and so comes last. */
static bool parse(struct disk_spec *s, char *text)
{
    char *rest = text, *part;
    int column;

    while (rest != NULL) {
        char *start = rest + strspn(rest, " \t"), *eq;

        if (strncmp(start, "target=", 7) == 0)
            return set_target(s, start + 7, start - text);
        if (!conf_next_part(&rest, &part, text, &column))
            break;
        if (set_flag(s, part))
            continue;
        eq = strchr(part, '=');
        /* A path may hold an '=': a name of a parameter never holds a '/'. */
        if (eq != NULL && memchr(part, '/', eq - part) == NULL) {
            *eq = '\0';
            if (!set_named(s, part, eq + 1, column))
                return false;
        } else if (!set_positional(s, part, column)) {
            return false;
        }
    }
    return true;
}

int conf_disk(struct guest_config *config, const struct conf_value *v, struct conf_error *err)
{
    struct disk_spec s = { .v = v, .err = err };
    char *text = strdup(v->text);
    bool ok;

    s.disk = guest_config_add_disk(config);
    if (text == NULL || s.disk == NULL) {
        free(text);
        conf_error_at(err, &v->place, "out of memory");
        return -1;
    }
    s.disk->kind = GUEST_DISK_AUTO;
    ok = parse(&s, text);
    free(text);
    if (s.disk->cdrom)
        s.disk->readonly = true;
    if (ok && (s.disk->vdev == NULL || *s.disk->vdev == '\0'))
        ok = bad(&s, 0, "no virtual device is named: add vdev=xvda or the like", "");
    if (ok && !s.disk->cdrom && (s.disk->target == NULL || *s.disk->target == '\0'))
        ok = bad(&s, 0, "no target is named", "");
    return ok ? 0 : -1;
}
