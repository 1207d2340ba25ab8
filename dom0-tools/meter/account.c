/* SPDX-License-Identifier: MIT */
/* What one domain has used, from its creation to an instant; as JSON; and the arithmetic of it. */
#include "meter/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest/guest.h"

static const char *const kind_keys[DEVICE_KINDS] = { "vifs", "vbds" };
static const char *const counter_keys[DEVICE_KINDS][DEVICE_COUNTERS] = {
    { "rx_bytes", "rx_packets", "rx_dropped", "tx_bytes", "tx_packets", "tx_dropped" },
    { "reads", "writes", "flushes", "discards", "read_sectors", "written_sectors", "short" },
};

uint64_t minus(uint64_t a, uint64_t b)
{
    return a > b ? a - b : 0;
}

uint64_t plus(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void times_add(struct cpu_times *to, const struct cpu_times *what)
{
    to->running = plus(to->running, what->running);
    to->hypervisor = plus(to->hypervisor, what->hypervisor);
    to->runnable = plus(to->runnable, what->runnable);
    to->blocked = plus(to->blocked, what->blocked);
    to->offline = plus(to->offline, what->offline);
    to->switches = plus(to->switches, what->switches);
}

static void times_subtract(struct cpu_times *from, const struct cpu_times *what)
{
    from->running = minus(from->running, what->running);
    from->hypervisor = minus(from->hypervisor, what->hypervisor);
    from->runnable = minus(from->runnable, what->runnable);
    from->blocked = minus(from->blocked, what->blocked);
    from->offline = minus(from->offline, what->offline);
    from->switches = minus(from->switches, what->switches);
}

bool account_same(const struct account *a, const struct account *b)
{
    return a->domid == b->domid && a->created_ns == b->created_ns && strcmp(a->boot, b->boot) == 0;
}

void account_subtract(struct account *a, const struct account *earlier)
{
    times_subtract(&a->times, &earlier->times);
    a->page_ms = minus(a->page_ms, earlier->page_ms);
    for (size_t i = 0; i < a->nr_devices; i++) {
        struct device_usage *d = &a->devices[i];

        for (size_t k = 0; k < earlier->nr_devices; k++) {
            const struct device_usage *e = &earlier->devices[k];

            if (e->kind != d->kind || e->devid != d->devid)
                continue;
            for (unsigned n = 0; n < device_counters(d->kind); n++)
                d->count[n] = minus(d->count[n], e->count[n]);
        }
    }
    for (size_t i = 0; i < a->nr_vcpus; i++)
        for (size_t k = 0; k < earlier->nr_vcpus; k++)
            if (earlier->vcpus[k].vcpu == a->vcpus[i].vcpu)
                times_subtract(&a->vcpus[i].times, &earlier->vcpus[k].times);
}

static void *copy_of(const void *data, size_t size)
{
    void *copy = malloc(size + 1);

    if (copy != NULL && size > 0)
        memcpy(copy, data, size);
    return copy;
}

bool account_copy(struct account *to, const struct account *from)
{
    *to = *from;
    to->devices = copy_of(from->devices, from->nr_devices * sizeof(*from->devices));
    to->vcpus = copy_of(from->vcpus, from->nr_vcpus * sizeof(*from->vcpus));
    if (to->devices != NULL && to->vcpus != NULL)
        return true;
    account_free(to);
    return false;
}

void account_free(struct account *a)
{
    free(a->devices);
    free(a->vcpus);
    a->devices = NULL;
    a->vcpus = NULL;
    a->nr_devices = a->nr_vcpus = 0;
}

uint64_t account_devices(const struct account *a, enum device_kind kind, unsigned counter,
                         unsigned *devices)
{
    uint64_t sum = 0;
    unsigned n = 0;

    for (size_t i = 0; i < a->nr_devices; i++) {
        if (a->devices[i].kind == kind) {
            sum = plus(sum, a->devices[i].count[counter]);
            n++;
        }
    }
    if (devices != NULL)
        *devices = n;
    return sum;
}

double account_byte_seconds(const struct account *a)
{
    return (double)a->page_ms * 4096 / 1000;
}

json_t *json_count(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

json_t *json_text(const char *text)
{
    json_t *string = json_string(text);

    return string != NULL ? string : json_string("?");
}

uint64_t json_count_of(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));

    return n > 0 ? (uint64_t)n : 0;
}

void wall_text(int64_t ns, char text[WALL_TEXT])
{
    time_t seconds = (time_t)((ns < 0 ? 0 : ns) / NS_PER_S);
    char day[24];
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, WALL_TEXT, "%s.%03dZ", day, (int)((ns < 0 ? 0 : ns) / 1000000 % 1000));
}

bool wall_parse(const char *text, int64_t *ns)
{
    struct tm tm = { 0 };
    int64_t fraction = 0, digit = NS_PER_S / 10;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    time_t seconds;

    if (end == NULL)
        return false;
    if (*end == '.') {
        for (end++; *end >= '0' && *end <= '9'; end++, digit /= 10)
            fraction += (*end - '0') * digit;
    }
    if (strcmp(end, "Z") != 0)
        return false;
    seconds = timegm(&tm);
    if (seconds < 0 || seconds > INT64_MAX / NS_PER_S - 1)
        return false;
    *ns = seconds * NS_PER_S + fraction;
    return true;
}

static void times_json(json_t *to, const struct cpu_times *t)
{
    json_object_set_new(to, "running_ns", json_count(t->running));
    json_object_set_new(to, "hypervisor_ns", json_count(t->hypervisor));
    json_object_set_new(to, "runnable_ns", json_count(t->runnable));
    json_object_set_new(to, "blocked_ns", json_count(t->blocked));
    json_object_set_new(to, "offline_ns", json_count(t->offline));
    json_object_set_new(to, "switches", json_count(t->switches));
}

static void times_parse(const json_t *from, struct cpu_times *t)
{
    t->running = json_count_of(from, "running_ns");
    t->hypervisor = json_count_of(from, "hypervisor_ns");
    t->runnable = json_count_of(from, "runnable_ns");
    t->blocked = json_count_of(from, "blocked_ns");
    t->offline = json_count_of(from, "offline_ns");
    t->switches = json_count_of(from, "switches");
}

static json_t *devices_json(const struct account *a, enum device_kind kind)
{
    json_t *all = json_array();

    for (size_t i = 0; i < a->nr_devices; i++) {
        const struct device_usage *d = &a->devices[i];
        json_t *one;

        if (d->kind != kind)
            continue;
        one = json_object();
        json_object_set_new(one, "device", json_count(d->devid));
        for (unsigned n = 0; n < device_counters(kind); n++)
            json_object_set_new(one, counter_keys[kind][n], json_count(d->count[n]));
        json_array_append_new(all, one);
    }
    return all;
}

static json_t *vcpus_json(const struct account *a)
{
    json_t *all = json_array();

    for (size_t i = 0; i < a->nr_vcpus; i++) {
        json_t *one = json_object();

        json_object_set_new(one, "vcpu", json_count(a->vcpus[i].vcpu));
        json_object_set_new(one, "cpu", json_count(a->vcpus[i].cpu));
        json_object_set_new(one, "online", json_boolean(a->vcpus[i].online));
        times_json(one, &a->vcpus[i].times);
        json_array_append_new(all, one);
    }
    return all;
}

json_t *account_json(const struct account *a)
{
    char uuid[37], start[WALL_TEXT], end[WALL_TEXT];
    json_t *out = json_object();

    parador_uuid_text(a->uuid, uuid);
    wall_text(a->start_wall, start);
    wall_text(a->end_wall, end);
    json_object_set_new(out, "name", json_text(a->name));
    json_object_set_new(out, "domid", json_count(a->domid));
    json_object_set_new(out, "uuid", json_string(uuid));
    json_object_set_new(out, "boot", json_string(a->boot));
    json_object_set_new(out, "sequence", json_count(a->sequence));
    json_object_set_new(out, "start", json_string(start));
    json_object_set_new(out, "end", json_string(end));
    json_object_set_new(out, "created_ns", json_count(a->created_ns));
    json_object_set_new(out, "now_ns", json_count(a->now_ns));
    times_json(out, &a->times);
    json_object_set_new(out, "page_ms", json_count(a->page_ms));
    json_object_set_new(out, "pages", json_count(a->pages));
    json_object_set_new(out, "vcpus_made", json_count(a->vcpus_made));
    json_object_set_new(out, "vcpus_online", json_count(a->vcpus_online));
    json_object_set_new(out, "pool", json_count(a->pool));
    for (enum device_kind kind = 0; kind < DEVICE_KINDS; kind++)
        json_object_set_new(out, kind_keys[kind], devices_json(a, kind));
    if (a->nr_vcpus > 0)
        json_object_set_new(out, "vcpus", vcpus_json(a));
    return out;
}

static bool devices_parse(const json_t *object, struct account *a)
{
    size_t room = 0;

    for (enum device_kind kind = 0; kind < DEVICE_KINDS; kind++)
        room += json_array_size(json_object_get(object, kind_keys[kind]));
    a->devices = calloc(room + 1, sizeof(*a->devices));
    if (a->devices == NULL)
        return false;
    for (enum device_kind kind = 0; kind < DEVICE_KINDS; kind++) {
        const json_t *all = json_object_get(object, kind_keys[kind]), *one;
        size_t i;

        json_array_foreach(all, i, one) {
            struct device_usage *d = &a->devices[a->nr_devices++];

            d->kind = kind;
            d->domid = a->domid;
            d->devid = (uint32_t)json_count_of(one, "device");
            for (unsigned n = 0; n < device_counters(kind); n++)
                d->count[n] = json_count_of(one, counter_keys[kind][n]);
        }
    }
    return true;
}

static bool vcpus_parse(const json_t *object, struct account *a)
{
    const json_t *all = json_object_get(object, "vcpus"), *one;
    size_t i;

    a->vcpus = calloc(json_array_size(all) + 1, sizeof(*a->vcpus));
    if (a->vcpus == NULL)
        return false;
    json_array_foreach(all, i, one) {
        struct account_vcpu *v = &a->vcpus[a->nr_vcpus++];

        v->vcpu = (uint32_t)json_count_of(one, "vcpu");
        v->cpu = (uint32_t)json_count_of(one, "cpu");
        v->online = json_is_true(json_object_get(one, "online"));
        times_parse(one, &v->times);
    }
    return true;
}

static void text_of(const json_t *object, const char *key, char *to, size_t size)
{
    const char *value = json_string_value(json_object_get(object, key));

    snprintf(to, size, "%s", value != NULL ? value : "");
}

bool account_parse(const json_t *object, struct account *a)
{
    char uuid[48], wall[WALL_TEXT];

    memset(a, 0, sizeof(*a));
    text_of(object, "uuid", uuid, sizeof(uuid));
    text_of(object, "boot", a->boot, sizeof(a->boot));
    if (a->boot[0] == '\0' || parador_uuid_parse(uuid, a->uuid) != 0)
        return false;
    text_of(object, "name", a->name, sizeof(a->name));
    a->domid = (domid_t)json_count_of(object, "domid");
    a->sequence = json_count_of(object, "sequence");
    text_of(object, "start", wall, sizeof(wall));
    wall_parse(wall, &a->start_wall);
    text_of(object, "end", wall, sizeof(wall));
    wall_parse(wall, &a->end_wall);
    a->created_ns = json_count_of(object, "created_ns");
    a->now_ns = json_count_of(object, "now_ns");
    times_parse(object, &a->times);
    a->page_ms = json_count_of(object, "page_ms");
    a->pages = json_count_of(object, "pages");
    a->vcpus_made = (uint32_t)json_count_of(object, "vcpus_made");
    a->vcpus_online = (uint32_t)json_count_of(object, "vcpus_online");
    a->pool = (uint32_t)json_count_of(object, "pool");
    if (devices_parse(object, a) && vcpus_parse(object, a))
        return true;
    account_free(a);
    return false;
}
