/* SPDX-License-Identifier: MIT */
/* Guest files: from settings to a guest's configuration. */
#include "cli/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sentence.h"

#define MAX_FILE_SIZE (1 << 20)
#define MAX_VCPUS 128

/* cmdline=, root= and extra= together make one command line; the pieces wait here. */
struct reader {
    struct guest_config *config;
    struct conf_error *err;
    char *cmdline, *root, *extra;
};

typedef int setter_fn(struct reader *r, const struct conf_setting *s, void *field);

bool conf_next_part(char **rest, char **part, const char *base, int *column)
{
    char *p = *rest, *end;

    if (p == NULL)
        return false;
    end = strchr(p, ',');
    *rest = end != NULL ? end + 1 : NULL;
    if (end == NULL)
        end = p + strlen(p);
    while (p < end && isspace((unsigned char)*p))
        p++;
    while (end > p && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    *part = p;
    *column = p - base;
    return true;
}

void conf_error_in(struct conf_error *err, const struct conf_value *v, int column, const char *fmt,
                   ...)
{
    struct conf_place place = v->place;
    char message[400];
    va_list ap;

    place.column += column + 1; /* the quote */
    va_start(ap, fmt);
    sentence_vprint(message, sizeof(message), fmt, ap);
    va_end(ap);
    conf_error_at(err, &place, "%s", message);
}

static int expected(struct reader *r, const struct conf_setting *s, const char *what)
{
    conf_error_at(r->err, &s->value->place, "%s must be %s", s->key, what);
    return -1;
}

static int set_string(struct reader *r, const struct conf_setting *s, void *field)
{
    if (s->value->type == CONF_LIST)
        return expected(r, s, "a quoted text");
    if (guest_config_set_string(field, s->value->text) != 0)
        return expected(r, s, "shorter: out of memory");
    return 0;
}

static int get_number(struct reader *r, const struct conf_setting *s, long long min, long long max,
                      long long *out)
{
    const struct conf_value *v = s->value;
    char *end;

    /* xl accepts numbers in quotes. */
    errno = 0;
    *out = v->type == CONF_NUMBER ? v->number : v->type == CONF_STRING ? strtoll(v->text, &end, 0) : 0;
    if (v->type == CONF_LIST || (v->type == CONF_STRING && (*end != '\0' || end == v->text)))
        return expected(r, s, "a number");
    if (errno != 0 || *out < min || *out > max) {
        conf_error_at(r->err, &v->place, "%s is %s, and must be from %lld to %lld", s->key, v->text,
                      min, max);
        return -1;
    }
    return 0;
}

static int set_mib(struct reader *r, const struct conf_setting *s, void *field)
{
    long long mib;

    if (get_number(r, s, 1, 1LL << 24, &mib) != 0)
        return -1;
    *(uint64_t *)field = (uint64_t)mib * 1024;
    return 0;
}

static int set_vcpus(struct reader *r, const struct conf_setting *s, void *field)
{
    long long n;

    if (get_number(r, s, 1, MAX_VCPUS, &n) != 0)
        return -1;
    *(uint32_t *)field = n;
    return 0;
}

static int set_weight(struct reader *r, const struct conf_setting *s, void *field)
{
    long long n;

    if (get_number(r, s, PARADOR_SCHED_WEIGHT_MIN, PARADOR_SCHED_WEIGHT_MAX, &n) != 0)
        return -1;
    *(uint32_t *)field = n;
    return 0;
}

static int set_percent(struct reader *r, const struct conf_setting *s, void *field)
{
    long long n;

    if (get_number(r, s, 0, 100 * MAX_VCPUS, &n) != 0)
        return -1;
    *(uint32_t *)field = n;
    return 0;
}

/* One CPU list; xl takes a bare number for a CPU. */
static int add_cpus(struct reader *r, const struct conf_setting *s, const struct conf_value *v,
                    struct guest_cpus *cpus)
{
    struct parador_cpuset set;
    char why[400];

    if (v->type == CONF_LIST) {
        conf_error_at(r->err, &v->place, "%s: each entry of the list is a CPU list for one vcpu",
                      s->key);
        return -1;
    }
    if (!parador_cpuset_parse(v->text, NULL, &set, why, sizeof(why))) {
        conf_error_at(r->err, &v->place, "%s: %s", s->key, why);
        return -1;
    }
    if (guest_cpus_add(cpus, v->text) != 0) {
        conf_error_at(r->err, &v->place, "%s: out of memory", s->key);
        return -1;
    }
    return 0;
}

static int set_cpus(struct reader *r, const struct conf_setting *s, void *field)
{
    struct guest_cpus *cpus = field;

    if (!s->append)
        guest_cpus_clear(cpus);
    if (s->value->type != CONF_LIST)
        return add_cpus(r, s, s->value, cpus);
    cpus->each = true;
    for (size_t i = 0; i < s->value->nr_items; i++)
        if (add_cpus(r, s, s->value->items[i], cpus) != 0)
            return -1;
    return 0;
}

static int set_u32(struct reader *r, const struct conf_setting *s, void *field)
{
    long long n;

    if (get_number(r, s, 0, 1 << 20, &n) != 0)
        return -1;
    *(uint32_t *)field = n;
    return 0;
}

static int set_uuid(struct reader *r, const struct conf_setting *s, void *field)
{
    if (s->value->type != CONF_STRING || parador_uuid_parse(s->value->text, field) != 0)
        return expected(r, s, "a UUID like '6ba7b810-9dad-11d1-80b4-00c04fd430c8'");
    r->config->uuid_set = true;
    return 0;
}

static int set_action(struct reader *r, const struct conf_setting *s, void *field)
{
    for (enum guest_action i = 0; i <= GUEST_ACTION_SOFT_RESET; i++)
        if (s->value->type == CONF_STRING && strcmp(s->value->text, guest_action_name(i)) == 0) {
            *(enum guest_action *)field = i;
            return 0;
        }
    return expected(r, s, "'destroy', 'restart', 'rename-restart' or 'preserve'");
}

static int set_each(struct reader *r, const struct conf_setting *s,
                    int (*one)(struct guest_config *, const struct conf_value *,
                               struct conf_error *))
{
    if (s->value->type != CONF_LIST)
        return expected(r, s, "a list of quoted texts: [ '…' ]");
    for (size_t i = 0; i < s->value->nr_items; i++) {
        const struct conf_value *v = s->value->items[i];

        if (v->type != CONF_STRING) {
            conf_error_at(r->err, &v->place, "%s: each entry of the list is a quoted text", s->key);
            return -1;
        }
        if (one(r->config, v, r->err) != 0)
            return -1;
    }
    return 0;
}

static int set_disks(struct reader *r, const struct conf_setting *s, void *field)
{
    (void)field;
    return set_each(r, s, conf_disk);
}

static int set_vifs(struct reader *r, const struct conf_setting *s, void *field)
{
    (void)field;
    return set_each(r, s, conf_vif);
}

/* What may only have one value here. */
static int must_be_pv(struct reader *r, const struct conf_setting *s, void *field)
{
    (void)field;
    if (s->value->type == CONF_STRING &&
        (strcmp(s->value->text, "pv") == 0 || strcmp(s->value->text, "generic") == 0 ||
         strcmp(s->value->text, "linux") == 0))
        return 0;
    return expected(r, s, "'pv': Parador runs paravirtual guests");
}

static int refuse_bootloader(struct reader *r, const struct conf_setting *s, void *field)
{
    (void)field;
    if (s->value->type == CONF_STRING && s->value->text[0] == '\0')
        return 0;
    conf_error_at(r->err, &s->place,
                  "%s: no boot loader is run for a guest: name its kernel= and ramdisk=", s->key);
    return -1;
}

#define IN_CONFIG(member) offsetof(struct guest_config, member)
#define IN_READER ((size_t)1 << 30)

static const struct {
    const char *key;
    setter_fn *set;
    size_t offset;             /* of the field in the configuration, or IN_READER + in the reader */
} keys[] = {
    { "name", set_string, IN_CONFIG(name) },
    { "uuid", set_uuid, IN_CONFIG(uuid) },
    { "type", must_be_pv, 0 },
    { "builder", must_be_pv, 0 },
    { "kernel", set_string, IN_CONFIG(kernel) },
    { "ramdisk", set_string, IN_CONFIG(ramdisk) },
    { "cmdline", set_string, IN_READER + offsetof(struct reader, cmdline) },
    { "root", set_string, IN_READER + offsetof(struct reader, root) },
    { "extra", set_string, IN_READER + offsetof(struct reader, extra) },
    { "bootloader", refuse_bootloader, 0 },
    { "memory", set_mib, IN_CONFIG(memory_kib) },
    { "maxmem", set_mib, IN_CONFIG(maxmem_kib) },
    { "vcpus", set_vcpus, IN_CONFIG(vcpus) },
    { "maxvcpus", set_vcpus, IN_CONFIG(maxvcpus) },
    { "cpus", set_cpus, IN_CONFIG(cpus) },
    { "cpus_soft", set_cpus, IN_CONFIG(cpus_soft) },
    { "pool", set_string, IN_CONFIG(pool) },
    { "cpu_weight", set_weight, IN_CONFIG(cpu_weight) },
    { "cap", set_percent, IN_CONFIG(cpu_cap) },
    { "reservation", set_percent, IN_CONFIG(reservation) },
    { "disk", set_disks, 0 },
    { "vif", set_vifs, 0 },
    { "on_poweroff", set_action, IN_CONFIG(on_poweroff) },
    { "on_reboot", set_action, IN_CONFIG(on_reboot) },
    { "on_crash", set_action, IN_CONFIG(on_crash) },
    { "on_watchdog", set_action, IN_CONFIG(on_watchdog) },
    { "max_grant_frames", set_u32, IN_CONFIG(max_grant_frames) },
    { "max_event_channels", set_u32, IN_CONFIG(max_event_channels) },
};

static int apply(struct reader *r, const struct conf_setting *s, conf_warn_fn *warn, void *arg)
{
    struct conf_error note;

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char *base = (char *)r->config;
        size_t offset = keys[i].offset;

        if (strcmp(keys[i].key, s->key) != 0)
            continue;
        if (s->append && s->value->type != CONF_LIST) {
            conf_error_at(r->err, &s->place, "%s: '+=' adds to lists only", s->key);
            return -1;
        }
        if (offset >= IN_READER) {
            base = (char *)r;
            offset -= IN_READER;
        }
        return keys[i].set(r, s, base + offset);
    }
    conf_error_at(&note, &s->place, "%s is not a setting of paravirtual guests: ignored", s->key);
    if (warn != NULL)
        warn(note.text, arg);
    return 0;
}

/* A list set again replaces the earlier one, as in xl. */
static void forget_list(struct guest_config *c, const char *key)
{
    struct guest_config old;

    guest_config_init(&old);
    if (strcmp(key, "disk") == 0) {
        old.disks = c->disks;
        old.nr_disks = c->nr_disks;
        c->disks = NULL;
        c->nr_disks = 0;
    } else if (strcmp(key, "vif") == 0) {
        old.vifs = c->vifs;
        old.nr_vifs = c->nr_vifs;
        c->vifs = NULL;
        c->nr_vifs = 0;
    }
    guest_config_free(&old);
}

static int apply_text(struct reader *r, const char *name, const char *text, size_t size,
                      conf_warn_fn *warn, void *arg)
{
    bool ok;
    struct conf_setting *all = conf_parse(name, text, size, &ok, r->err);
    int result = ok ? 0 : -1;

    for (const struct conf_setting *s = all; s != NULL && result == 0; s = s->next) {
        if (!s->append)
            forget_list(r->config, s->key);
        result = apply(r, s, warn, arg);
    }
    conf_free(all);
    return result;
}

char *conf_quoted(const char *text)
{
    const char *eq = strchr(text, '=');
    char *quoted, *end;

    if (eq != NULL && eq[1] != '\0' && strchr("'\"[", eq[1]) == NULL) {
        (void)strtoll(eq + 1, &end, 0);
        if (*end != '\0' && asprintf(&quoted, "%.*s='%s'", (int)(eq - text), text, eq + 1) >= 0)
            return quoted;
    }
    return strdup(text);
}

static int apply_override(struct reader *r, const char *text, conf_warn_fn *warn, void *arg)
{
    char *quoted = conf_quoted(text);
    int result = -1;

    if (quoted == NULL)
        snprintf(r->err->text, sizeof(r->err->text), "out of memory");
    else
        result = apply_text(r, "command line", quoted, strlen(quoted), warn, arg);
    free(quoted);
    return result;
}

static int join_cmdline(struct reader *r)
{
    char *joined;
    int n;

    if (r->cmdline != NULL) {
        r->config->cmdline = r->cmdline;
        r->cmdline = NULL;
        return 0;
    }
    if (r->root == NULL && r->extra == NULL)
        return 0;
    n = asprintf(&joined, "%s%s%s%s", r->root != NULL ? "root=" : "", r->root != NULL ? r->root : "",
                 r->root != NULL && r->extra != NULL ? " " : "", r->extra != NULL ? r->extra : "");
    if (n < 0) {
        snprintf(r->err->text, sizeof(r->err->text), "out of memory");
        return -1;
    }
    r->config->cmdline = joined;
    return 0;
}

/* Percentages of a CPU: a vcpu cannot use more than one. */
static int check_shares(const struct guest_config *c, const char *name, struct conf_error *err)
{
    uint32_t vcpus = guest_config_vcpus_max(c);
    uint32_t limit = 100 * vcpus;

    if (c->cpu_cap > limit || c->reservation > limit)
        snprintf(err->text, sizeof(err->text), "%s: %s= is %u, and must be from 0 to %u for %u "
                 "vcpu%s", name, c->cpu_cap > limit ? "cap" : "reservation",
                 c->cpu_cap > limit ? c->cpu_cap : c->reservation, limit, vcpus,
                 vcpus > 1 ? "s" : "");
    else if (c->cpu_cap != 0 && c->reservation > c->cpu_cap)
        snprintf(err->text, sizeof(err->text), "%s: reservation= is %u, which is more than cap=, %u",
                 name, c->reservation, c->cpu_cap);
    else
        return 0;
    return -1;
}

static int check_whole(const struct guest_config *c, const char *name, struct conf_error *err)
{
    const char *lack = NULL;

    if (c->name == NULL || c->name[0] == '\0')
        lack = "name= is missing";
    else if (c->kernel == NULL || c->kernel[0] == '\0')
        lack = "kernel= is missing";
    else if (c->maxmem_kib != 0 && c->memory_kib > c->maxmem_kib)
        lack = "memory= is larger than maxmem=";
    else if (c->maxvcpus != 0 && c->vcpus > c->maxvcpus)
        lack = "vcpus= is larger than maxvcpus=";
    if (lack == NULL)
        return check_shares(c, name, err);
    sentence_print(err->text, sizeof(err->text), "%s: %s", name, lack);
    return -1;
}

int conf_read_text(struct guest_config *config, const char *name, const char *text, size_t size,
                   char *const *overrides, size_t nr_overrides, conf_warn_fn *warn, void *arg,
                   struct conf_error *err)
{
    struct reader r = { .config = config, .err = err };
    int result = apply_text(&r, name, text, size, warn, arg);

    for (size_t i = 0; i < nr_overrides && result == 0; i++)
        result = apply_override(&r, overrides[i], warn, arg);
    if (result == 0)
        result = join_cmdline(&r);
    if (result == 0)
        result = check_whole(config, name, err);
    free(r.cmdline);
    free(r.root);
    free(r.extra);
    if (result != 0)
        guest_config_free(config);
    return result;
}

int conf_read_file(struct guest_config *config, const char *path, char *const *overrides,
                   size_t nr_overrides, conf_warn_fn *warn, void *arg, struct conf_error *err)
{
    FILE *f = fopen(path, "re");
    char *text = malloc(MAX_FILE_SIZE + 1);
    size_t size;
    int result;

    if (f == NULL || text == NULL) {
        sentence_print(err->text, sizeof(err->text), "cannot read guest file %s: %s", path,
                       strerror(f == NULL ? errno : ENOMEM));
        if (f != NULL)
            fclose(f);
        free(text);
        guest_config_free(config);
        return -1;
    }
    size = fread(text, 1, MAX_FILE_SIZE + 1, f);
    if (ferror(f) || size > MAX_FILE_SIZE) {
        sentence_print(err->text, sizeof(err->text), "cannot read guest file %s: %s", path,
                       ferror(f) ? strerror(errno) : "it is larger than 1 MiB");
        result = -1;
        guest_config_free(config);
    } else {
        result = conf_read_text(config, path, text, size, overrides, nr_overrides, warn, arg, err);
    }
    fclose(f);
    free(text);
    return result;
}
