/* SPDX-License-Identifier: MIT */
/* What is remembered of living domains: their names, and device counters carried over. */
#include "meter/carry.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "guest/guest.h"

#define RUN "/run/parador"

static void path_of(const char *suffix, char path[PATH_MAX])
{
    const char *set = getenv("PARADOR_RUN_DIR");

    snprintf(path, PATH_MAX, "%s/meter.json%s", set != NULL && *set != '\0' ? set : RUN, suffix);
}

void carry_free(struct carry *c)
{
    for (size_t i = 0; i < c->count; i++)
        free(c->list[i].devices);
    free(c->list);
    c->list = NULL;
    c->count = 0;
}

static struct carried *find(const struct carry *c, domid_t domid, uint64_t created_ns)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->list[i].domid == domid && c->list[i].created_ns == created_ns)
            return &c->list[i];
    return NULL;
}

static struct carried *add(struct carry *c, domid_t domid, uint64_t created_ns)
{
    struct carried *grown = realloc(c->list, (c->count + 1) * sizeof(*grown));

    if (grown == NULL)
        return NULL;
    c->list = grown;
    grown += c->count++;
    *grown = (struct carried){ .domid = domid, .created_ns = created_ns };
    return grown;
}

/* The device's entry, made if need be; NULL when memory is short. */
static struct carried_device *device_of(struct carried *d, const struct device_usage *u)
{
    struct carried_device *grown;

    for (size_t i = 0; i < d->nr_devices; i++)
        if (d->devices[i].last.kind == u->kind && d->devices[i].last.devid == u->devid)
            return &d->devices[i];
    grown = realloc(d->devices, (d->nr_devices + 1) * sizeof(*grown));
    if (grown == NULL)
        return NULL;
    d->devices = grown;
    grown += d->nr_devices++;
    *grown = (struct carried_device){
        .last = { .kind = u->kind, .domid = u->domid, .devid = u->devid },
    };
    return grown;
}

/* One look at a device. If a counter has become smaller, all of them have begun anew. */
static bool look_at(struct carried *d, const struct device_usage *u)
{
    struct carried_device *c = device_of(d, u);
    bool anew = false;

    if (c == NULL)
        return false;
    for (unsigned i = 0; i < device_counters(u->kind); i++)
        anew = anew || u->count[i] < c->last.count[i];
    for (unsigned i = 0; anew && i < device_counters(u->kind); i++)
        c->base[i] = plus(c->base[i], c->last.count[i]);
    c->last = *u;
    return true;
}

/* The totals of all devices that were ever seen, as a new array. */
static bool totals(const struct carried *d, struct device_usage **list, size_t *count)
{
    *count = d->nr_devices;
    *list = malloc((d->nr_devices + 1) * sizeof(**list));
    for (size_t i = 0; *list != NULL && i < d->nr_devices; i++) {
        (*list)[i] = d->devices[i].last;
        for (unsigned n = 0; n < DEVICE_COUNTERS; n++)
            (*list)[i].count[n] = plus((*list)[i].count[n], d->devices[i].base[n]);
    }
    return *list != NULL;
}

/* Whether a look would find nothing new. */
static bool is_known(const struct carried *d, const struct account *a)
{
    if ((a->name[0] != '\0' && strcmp(a->name, d->name) != 0) || a->nr_devices > d->nr_devices)
        return false;
    for (size_t i = 0; i < a->nr_devices; i++) {
        bool same = false;

        for (size_t k = 0; k < d->nr_devices && !same; k++)
            same = memcmp(&d->devices[k].last, &a->devices[i], sizeof(a->devices[i])) == 0;
        if (!same)
            return false;
    }
    return true;
}

bool carry_look(struct carry *c, struct reading *r, bool *changed)
{
    for (size_t i = 0; i < c->count; i++)
        c->list[i].seen = false;
    for (size_t i = 0; i < r->count; i++) {
        struct account *a = &r->accounts[i];
        struct carried *d = find(c, a->domid, a->created_ns);
        struct device_usage *list;
        size_t count;

        if (changed != NULL && (d == NULL || !is_known(d, a)))
            *changed = true;
        if (d == NULL)
            d = add(c, a->domid, a->created_ns);
        if (d == NULL)
            return false;
        d->seen = true;
        memcpy(d->uuid, a->uuid, sizeof(d->uuid));
        if (a->name[0] != '\0')
            memcpy(d->name, a->name, sizeof(d->name));
        else
            memcpy(a->name, d->name, sizeof(a->name));
        for (size_t k = 0; k < a->nr_devices; k++)
            if (!look_at(d, &a->devices[k]))
                return false;
        if (!totals(d, &list, &count))
            return false;
        free(a->devices);
        a->devices = list;
        a->nr_devices = count;
    }
    return true;
}

bool carry_finish(const struct carry *c, struct account *a)
{
    const struct carried *known = find(c, a->domid, a->created_ns);
    struct carried d = { .domid = a->domid };
    struct farewell f;
    char uuid[37];
    bool fine = true;

    if (known != NULL) {
        d = *known;
        d.devices = malloc((known->nr_devices + 1) * sizeof(*d.devices));
        if (d.devices == NULL)
            return false;
        if (known->nr_devices > 0)
            memcpy(d.devices, known->devices, known->nr_devices * sizeof(*d.devices));
    }
    parador_uuid_text(a->uuid, uuid);
    if (farewell_read(a->domid, &f) == 0) {
        if (strcmp(f.uuid, uuid) == 0) {
            if (f.name[0] != '\0')
                memcpy(d.name, f.name, sizeof(d.name));
            for (size_t i = 0; i < f.count && fine; i++)
                fine = look_at(&d, &f.devices[i]);
        }
        free(f.devices);
    }
    memcpy(a->name, d.name, sizeof(a->name));
    fine = fine && totals(&d, &a->devices, &a->nr_devices);
    free(d.devices);
    return fine;
}

static void remove_at(struct carry *c, size_t i)
{
    free(c->list[i].devices);
    memmove(&c->list[i], &c->list[i + 1], (c->count - i - 1) * sizeof(*c->list));
    c->count--;
}

void carry_drop(struct carry *c, domid_t domid, uint64_t created_ns)
{
    for (size_t i = c->count; i-- > 0;)
        if (c->list[i].domid == domid && c->list[i].created_ns == created_ns)
            remove_at(c, i);
    farewell_remove(domid);
}

void carry_drop_gone(struct carry *c)
{
    for (size_t i = c->count; i-- > 0;)
        if (!c->list[i].seen)
            remove_at(c, i);
}

static json_t *counts_json(const uint64_t counts[DEVICE_COUNTERS])
{
    json_t *out = json_array();

    for (unsigned i = 0; i < DEVICE_COUNTERS; i++)
        json_array_append_new(out, json_count(counts[i]));
    return out;
}

static void counts_parse(const json_t *array, uint64_t counts[DEVICE_COUNTERS])
{
    for (unsigned i = 0; i < DEVICE_COUNTERS; i++) {
        json_int_t n = json_integer_value(json_array_get(array, i));

        counts[i] = n > 0 ? (uint64_t)n : 0;
    }
}

static json_t *carried_json(const struct carried *d)
{
    json_t *out = json_object(), *devices = json_array();
    char uuid[37];

    parador_uuid_text(d->uuid, uuid);
    json_object_set_new(out, "domid", json_count(d->domid));
    json_object_set_new(out, "created_ns", json_count(d->created_ns));
    json_object_set_new(out, "uuid", json_string(uuid));
    json_object_set_new(out, "name", json_text(d->name));
    for (size_t i = 0; i < d->nr_devices; i++) {
        json_t *one = json_object();

        json_object_set_new(one, "kind", json_count(d->devices[i].last.kind));
        json_object_set_new(one, "device", json_count(d->devices[i].last.devid));
        json_object_set_new(one, "last", counts_json(d->devices[i].last.count));
        json_object_set_new(one, "base", counts_json(d->devices[i].base));
        json_array_append_new(devices, one);
    }
    json_object_set_new(out, "devices", devices);
    return out;
}

static bool carried_parse(struct carry *c, const json_t *object)
{
    struct carried *d = add(c, (domid_t)json_count_of(object, "domid"),
                            json_count_of(object, "created_ns"));
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *uuid = json_string_value(json_object_get(object, "uuid"));
    const json_t *one;
    size_t i;

    if (d == NULL)
        return false;
    if (uuid != NULL)
        parador_uuid_parse(uuid, d->uuid);
    snprintf(d->name, sizeof(d->name), "%s", name != NULL ? name : "");
    json_array_foreach(json_object_get(object, "devices"), i, one) {
        struct device_usage u = { .domid = d->domid };
        struct carried_device *device;

        u.kind = json_count_of(one, "kind") == DEVICE_VIF ? DEVICE_VIF : DEVICE_VBD;
        u.devid = (uint32_t)json_count_of(one, "device");
        device = device_of(d, &u);
        if (device == NULL)
            return false;
        counts_parse(json_object_get(one, "last"), device->last.count);
        counts_parse(json_object_get(one, "base"), device->base);
    }
    return true;
}

int carry_load(struct carry *c)
{
    char path[PATH_MAX];
    const char *boot;
    const json_t *one;
    json_t *all;
    size_t i;
    bool fine = true;

    *c = (struct carry){ 0 };
    boot_id(c->boot);
    path_of("", path);
    all = json_load_file(path, 0, NULL);
    boot = json_string_value(json_object_get(all, "boot"));
    if (boot != NULL && strcmp(boot, c->boot) == 0)
        json_array_foreach(json_object_get(all, "domains"), i, one)
            fine = fine && carried_parse(c, one);
    json_decref(all);
    if (!fine) {
        carry_free(c);
        errno = ENOMEM;
    }
    return fine ? 0 : -1;
}

int carry_save(const struct carry *c)
{
    json_t *all = json_object(), *domains = json_array();
    char path[PATH_MAX], new[PATH_MAX];
    int err = 0;

    for (size_t i = 0; i < c->count; i++)
        json_array_append_new(domains, carried_json(&c->list[i]));
    json_object_set_new(all, "boot", json_string(c->boot));
    json_object_set_new(all, "domains", domains);
    path_of("", path);
    path_of(".new", new);
    errno = EIO;
    if (json_dump_file(all, new, JSON_COMPACT) != 0 || rename(new, path) != 0)
        err = errno;
    json_decref(all);
    errno = err;
    return err != 0 ? -1 : 0;
}
