/* SPDX-License-Identifier: MIT */
/* What xlcpupool.cfg(5) files say of a CPU pool. */
#include "cli/pool_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/conf.h"

#define MAX_FILE_SIZE (1 << 16)

static int no_memory(struct conf_error *err)
{
    snprintf(err->text, sizeof(err->text), "out of memory");
    return -1;
}

static int set_text(char **field, const struct conf_setting *s, struct conf_error *err)
{
    if (s->value->type != CONF_STRING) {
        conf_error_at(err, &s->value->place, "%s must be a quoted text", s->key);
        return -1;
    }
    return guest_config_set_string(field, s->value->text) == 0 ? 0 : no_memory(err);
}

/* Appends an item; one that says what to leave out keeps its '^' in front. */
static bool add_item(char **field, const char *prefix, const char *item)
{
    bool left_out;
    char *joined;

    item += strspn(item, " \t");
    left_out = *item == '^';
    if (asprintf(&joined, "%s%s%s%s%s", *field != NULL ? *field : "", *field != NULL ? "," : "",
                 left_out ? "^" : "", prefix, item + left_out) < 0)
        return false;
    free(*field);
    *field = joined;
    return true;
}

/* Appends one list of CPUs, or of nodes; all together are one list. */
static int add_list(char **field, const struct conf_setting *s, const struct conf_value *v,
                    const char *prefix, struct conf_error *err)
{
    struct parador_cpuset set;
    char *copy, *rest, *item, why[400];
    bool added = true;

    if (v->type == CONF_LIST) {
        conf_error_at(err, &v->place, "%s: a list in a list", s->key);
        return -1;
    }
    copy = rest = strdup(v->text);
    while (added && (item = strsep(&rest, ",")) != NULL)
        added = add_item(field, prefix, item);
    free(copy);
    if (copy == NULL || !added)
        return no_memory(err);
    if (parador_cpuset_parse(*field, NULL, &set, why, sizeof(why)))
        return 0;
    conf_error_at(err, &v->place, "%s: %s", s->key, why);
    return -1;
}

static int set_list(char **field, const struct conf_setting *s, const char *prefix,
                    struct conf_error *err)
{
    free(*field);
    *field = NULL;
    if (s->value->type != CONF_LIST)
        return add_list(field, s, s->value, prefix, err);
    for (size_t i = 0; i < s->value->nr_items; i++)
        if (add_list(field, s, s->value->items[i], prefix, err) != 0)
            return -1;
    return 0;
}

static int apply(struct pool_file *file, const struct conf_setting *s, struct conf_error *err)
{
    if (s->append) {
        conf_error_at(err, &s->place, "%s: '+=' is not for CPU pools", s->key);
        return -1;
    }
    if (strcmp(s->key, "name") == 0)
        return set_text(&file->name, s, err);
    if (strcmp(s->key, "sched") == 0)
        return set_text(&file->sched, s, err);
    if (strcmp(s->key, "cpus") == 0)
        return set_list(&file->cpus, s, "", err);
    if (strcmp(s->key, "nodes") == 0)
        return set_list(&file->nodes, s, "nodes:", err);
    conf_error_at(err, &s->place, "%s is not a setting of CPU pools: they are name, sched, cpus and "
                  "nodes", s->key);
    return -1;
}

static int apply_text(struct pool_file *file, const char *name, const char *text, size_t size,
                      struct conf_error *err)
{
    bool ok;
    struct conf_setting *all = conf_parse(name, text, size, &ok, err);
    int result = ok ? 0 : -1;

    for (const struct conf_setting *s = all; s != NULL && result == 0; s = s->next)
        result = apply(file, s, err);
    conf_free(all);
    return result;
}

static int apply_file(struct pool_file *file, const char *path, struct conf_error *err)
{
    char *text = malloc(MAX_FILE_SIZE + 1);
    FILE *f = fopen(path, "re");
    size_t size = 0;
    int result = -1;

    if (f != NULL && text != NULL)
        size = fread(text, 1, MAX_FILE_SIZE + 1, f);
    if (f == NULL || text == NULL || ferror(f))
        snprintf(err->text, sizeof(err->text), "cannot read CPU pool file %s: %s", path,
                 strerror(errno));
    else if (size > MAX_FILE_SIZE)
        snprintf(err->text, sizeof(err->text), "CPU pool file %s is larger than %d bytes", path,
                 MAX_FILE_SIZE);
    else
        result = apply_text(file, path, text, size, err);
    if (f != NULL)
        fclose(f);
    free(text);
    return result;
}

int pool_file_read(struct pool_file *file, const char *path, char *const *overrides,
                   size_t nr_overrides, struct conf_error *err)
{
    int result = path != NULL ? apply_file(file, path, err) : 0;

    for (size_t i = 0; i < nr_overrides && result == 0; i++) {
        char *text = conf_quoted(overrides[i]);

        result = text != NULL ? apply_text(file, "command line", text, strlen(text), err)
                              : no_memory(err);
        free(text);
    }
    if (result == 0 && (file->name == NULL || file->name[0] == '\0')) {
        snprintf(err->text, sizeof(err->text), "%s: name= is missing",
                 path != NULL ? path : "command line");
        result = -1;
    }
    return result;
}

void pool_file_free(struct pool_file *file)
{
    free(file->name);
    free(file->sched);
    free(file->cpus);
    free(file->nodes);
    memset(file, 0, sizeof(*file));
}
