/* SPDX-License-Identifier: MIT */
/* The rows of `parador top`: what domains use right now, in xentop's columns. */
#include "meter/top.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/names.h"
#include "meter/carry.h"

#define LINE_MAX_BYTES 512
#define VCPUS_IN_LINE 5u
#define MAJOR(device) ((device) >> 8)
#define MINOR(device) ((device) & 0xff)

/* xentop(1) has these heads; the widths are what its numbers need. */
static const struct { const char *head; int width; } columns[TOP_COLUMNS] = {
    [TOP_NAME] = { "NAME", 10 }, [TOP_STATE] = { "STATE", 6 }, [TOP_CPU_SEC] = { "CPU(sec)", 10 },
    [TOP_CPU_PCT] = { "CPU(%)", 6 }, [TOP_MEM] = { "MEM(k)", 10 }, [TOP_MEM_PCT] = { "MEM(%)", 6 },
    [TOP_MAXMEM] = { "MAXMEM(k)", 10 }, [TOP_MAXMEM_PCT] = { "MAXMEM(%)", 9 },
    [TOP_VCPUS] = { "VCPUS", 5 }, [TOP_NETS] = { "NETS", 4 }, [TOP_NETTX] = { "NETTX(k)", 8 },
    [TOP_NETRX] = { "NETRX(k)", 8 }, [TOP_VBDS] = { "VBDS", 4 }, [TOP_VBD_OO] = { "VBD_OO", 8 },
    [TOP_VBD_RD] = { "VBD_RD", 8 }, [TOP_VBD_WR] = { "VBD_WR", 8 },
    [TOP_VBD_RSECT] = { "VBD_RSECT", 10 }, [TOP_VBD_WSECT] = { "VBD_WSECT", 10 },
    [TOP_SSID] = { "SSID", 4 },
};

static void free_rows(struct top *top)
{
    for (size_t i = 0; i < top->count; i++)
        account_free(&top->rows[i].account);
    free(top->rows);
    top->rows = NULL;
    top->count = 0;
}

void top_free(struct top *top)
{
    free_rows(top);
    free(top->before);
    top->before = NULL;
    top->nr_before = 0;
}

static void read_machine(struct parador_handle *h, struct top *top)
{
    struct xen_sysctl_physinfo phys;
    struct parador_version v;

    if (parador_physinfo(h, &phys) == 0) {
        top->total_kib = phys.total_pages * 4;
        top->free_kib = (phys.free_pages + phys.scrub_pages) * 4;
        top->nr_cpus = phys.nr_cpus;
        top->cpu_mhz = phys.cpu_khz / 1000;
    }
    if (parador_version(h, &v) == 0)
        snprintf(top->version, sizeof(top->version), "%u.%u%s", v.major, v.minor, v.extra);
}

/* Whom the memory of the last sample is of, if a row's domain was there then. */
static const struct top_before *before_of(const struct top *top, const struct account *a)
{
    for (size_t i = 0; i < top->nr_before; i++) {
        const struct top_before *b = &top->before[i];

        if (b->domid == a->domid && b->created_ns == a->created_ns &&
            memcmp(b->uuid, a->uuid, sizeof(b->uuid)) == 0)
            return b;
    }
    return NULL;
}

static void fill_row(const struct top *top, struct top_row *row)
{
    const struct account *a = &row->account;
    const struct top_before *b = before_of(top, a);

    if (b != NULL && a->now_ns > b->now_ns)
        row->cpu_pct = 100.0 * (double)minus(a->times.running, b->running_ns) /
                       (double)(a->now_ns - b->now_ns);
    account_devices(a, DEVICE_VIF, 0, &row->nets);
    account_devices(a, DEVICE_VBD, 0, &row->vbds);
}

/* Joins the list of domains with their accounts. One that came between the two is left out. */
static bool join(struct top *top, const struct guest_info *list, size_t count, struct reading *r)
{
    top->rows = calloc(count + 1, sizeof(*top->rows));
    if (top->rows == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct account *a = reading_find(r, list[i].domid);
        struct top_row *row = &top->rows[top->count];

        if (a == NULL || memcmp(a->uuid, list[i].uuid, sizeof(a->uuid)) != 0)
            continue;
        row->guest = list[i];
        row->account = *a;
        a->devices = NULL; /* they are the row's now */
        a->vcpus = NULL;
        fill_row(top, row);
        top->count++;
    }
    return true;
}

static bool remember(struct top *top)
{
    struct top_before *before = malloc((top->count + 1) * sizeof(*before));

    if (before == NULL)
        return false;
    for (size_t i = 0; i < top->count; i++) {
        const struct account *a = &top->rows[i].account;

        before[i] = (struct top_before){
            .domid = a->domid, .created_ns = a->created_ns, .now_ns = a->now_ns,
            .running_ns = a->times.running,
        };
        memcpy(before[i].uuid, a->uuid, sizeof(a->uuid));
    }
    free(top->before);
    top->before = before;
    top->nr_before = top->count;
    return true;
}

int top_sample(struct parador_handle *h, unsigned show, struct top *top)
{
    struct guest_info *list = NULL;
    struct carry carry;
    struct reading r;
    size_t count;
    bool fine;

    free_rows(top);
    if (parador_list(h, &list, &count) != 0)
        return -1;
    if (reading_take(h, show & TOP_SHOW_VCPUS ? READ_VCPUS : 0, &r) != 0) {
        free(list);
        return -1;
    }
    read_machine(h, top);
    top->wall = r.host.wall;
    fine = carry_load(&carry) == 0;
    if (fine) {
        fine = carry_look(&carry, &r, NULL);
        carry_free(&carry);
    }
    fine = fine && join(top, list, count, &r) && remember(top);
    reading_free(&r);
    free(list);
    if (!fine)
        return parador_fail(h, ENOMEM, "out of memory");
    top_sort(top);
    return 0;
}

/* ---- columns ---- */

/* Dying, shut down, blocked, crashed, paused, running: as xentop shows them. */
static void state_letters(const struct guest_info *g, char text[8])
{
    snprintf(text, 8, "%c%c%c%c%c%c", g->dying ? 'd' : '-', g->shutdown ? 's' : '-',
             g->blocked ? 'b' : '-', g->crashed ? 'c' : '-', g->paused ? 'p' : '-',
             g->running ? 'r' : '-');
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole != 0 ? 100.0 * (double)part / (double)whole : 0;
}

/* The value of a column that holds whole numbers. */
static uint64_t number_of(const struct top_row *row, enum top_column column)
{
    const struct account *a = &row->account;

    switch (column) {
    case TOP_CPU_SEC: return a->times.running / NS_PER_S;
    case TOP_MEM: return row->guest.memory_kib;
    case TOP_MAXMEM: return row->guest.maxmem_kib;
    case TOP_VCPUS: return row->guest.vcpus_online;
    case TOP_NETS: return row->nets;
    case TOP_NETTX: return account_devices(a, DEVICE_VIF, VIF_TX_BYTES, NULL) / 1024;
    case TOP_NETRX: return account_devices(a, DEVICE_VIF, VIF_RX_BYTES, NULL) / 1024;
    case TOP_VBDS: return row->vbds;
    case TOP_VBD_OO: return account_devices(a, DEVICE_VBD, VBD_SHORT, NULL);
    case TOP_VBD_RD: return account_devices(a, DEVICE_VBD, VBD_READS, NULL);
    case TOP_VBD_WR: return account_devices(a, DEVICE_VBD, VBD_WRITES, NULL);
    case TOP_VBD_RSECT: return account_devices(a, DEVICE_VBD, VBD_READ_SECTORS, NULL);
    case TOP_VBD_WSECT: return account_devices(a, DEVICE_VBD, VBD_WRITTEN_SECTORS, NULL);
    default: return 0; /* SSID: there are no labels */
    }
}

/* dom0 may have no limit; then it is that of the type. */
static bool has_limit(const struct top *top, const struct top_row *row)
{
    return top->total_kib == 0 || row->guest.maxmem_kib <= top->total_kib;
}

/* The text of a column but the name's. */
static void cell(const struct top *top, const struct top_row *row, enum top_column column,
                 char *text, size_t size)
{
    switch (column) {
    case TOP_STATE: state_letters(&row->guest, text); break;
    case TOP_CPU_PCT: snprintf(text, size, "%.1f", row->cpu_pct); break;
    case TOP_MEM_PCT:
        snprintf(text, size, "%.1f", percent(row->guest.memory_kib, top->total_kib));
        break;
    case TOP_MAXMEM:
    case TOP_MAXMEM_PCT:
        if (!has_limit(top, row))
            snprintf(text, size, "%s", column == TOP_MAXMEM ? "no limit" : "n/a");
        else if (column == TOP_MAXMEM)
            snprintf(text, size, "%llu", (unsigned long long)row->guest.maxmem_kib);
        else
            snprintf(text, size, "%.1f", percent(row->guest.maxmem_kib, top->total_kib));
        break;
    default:
        snprintf(text, size, "%llu", (unsigned long long)number_of(row, column));
    }
}

/* Which row comes first in the column that the table is sorted by. */
static int compare(const void *a, const void *b, void *arg)
{
    const struct top_row *x = a, *y = b;
    enum top_column by = *(const enum top_column *)arg;
    char state_x[8], state_y[8];
    int order = 0;

    if (by == TOP_NAME) {
        order = strcmp(x->guest.name, y->guest.name);
    } else if (by == TOP_STATE) {
        state_letters(&x->guest, state_x);
        state_letters(&y->guest, state_y);
        order = strcmp(state_y, state_x);
    } else if (by == TOP_CPU_PCT) {
        order = (x->cpu_pct < y->cpu_pct) - (x->cpu_pct > y->cpu_pct);
    } else if (by == TOP_CPU_SEC) {
        order = (x->account.times.running < y->account.times.running) -
                (x->account.times.running > y->account.times.running);
    } else {
        enum top_column column = by == TOP_MEM_PCT ? TOP_MEM : by == TOP_MAXMEM_PCT ? TOP_MAXMEM : by;
        uint64_t m = number_of(x, column), n = number_of(y, column);

        order = (m < n) - (m > n);
    }
    return order != 0 ? order : x->guest.domid - y->guest.domid;
}

void top_sort(struct top *top)
{
    if (top->count > 0)
        qsort_r(top->rows, top->count, sizeof(*top->rows), compare, &top->sort);
}

/* ---- lines ---- */

void top_head(char *text, size_t size)
{
    size_t used = 0;

    *text = '\0';
    for (unsigned c = 0; c < TOP_COLUMNS && used < size; c++)
        used += (size_t)snprintf(text + used, size - used, "%s%*s", c != 0 ? " " : "",
                                 columns[c].width, columns[c].head);
}

static void row_line(const struct top *top, const struct top_row *row, unsigned show, char *text,
                     size_t size)
{
    int width = columns[TOP_NAME].width;
    char name[NAME_TEXT], value[32];
    size_t used;

    name_for_terminal(row->guest.name, width, show & TOP_FULL_NAMES ? 0 : (unsigned)width, name);
    used = (size_t)snprintf(text, size, "%s", name);
    for (unsigned c = TOP_NAME + 1; c < TOP_COLUMNS && used < size; c++) {
        cell(top, row, c, value, sizeof(value));
        used += (size_t)snprintf(text + used, size - used, " %*s", columns[c].width, value);
    }
}

static void vcpu_lines(const struct account *a,
                       void (*line)(const char *text, bool head, void *arg), void *arg)
{
    char text[LINE_MAX_BYTES];
    size_t used = 0;

    for (size_t i = 0; i < a->nr_vcpus; i++) {
        if (i % VCPUS_IN_LINE == 0)
            used = (size_t)snprintf(text, sizeof(text), "%s", i == 0 ? "VCPUs(sec):" : "           ");
        used += (size_t)snprintf(text + used, sizeof(text) - used, " %3u: %10.1fs",
                                 a->vcpus[i].vcpu, (double)a->vcpus[i].times.running / 1e9);
        if (i % VCPUS_IN_LINE == VCPUS_IN_LINE - 1 || i + 1 == a->nr_vcpus)
            line(text, false, arg);
    }
}

static void device_line(const struct device_usage *d, char *text, size_t size)
{
    unsigned long long n[DEVICE_COUNTERS];

    for (unsigned i = 0; i < DEVICE_COUNTERS; i++)
        n[i] = d->count[i];
    if (d->kind == DEVICE_VIF)
        snprintf(text, size, "Net%u RX: %11llubytes %10llupkts %8lludrop  "
                 "TX: %11llubytes %10llupkts %8lludrop", d->devid, n[VIF_RX_BYTES],
                 n[VIF_RX_PACKETS], n[VIF_RX_DROPPED], n[VIF_TX_BYTES], n[VIF_TX_PACKETS],
                 n[VIF_TX_DROPPED]);
    else
        snprintf(text, size, "VBD BlkBack %6u [%2x:%2x]  OO: %8llu   RD: %8llu   WR: %8llu  "
                 "RSECT: %10llu  WSECT: %10llu", d->devid, MAJOR(d->devid), MINOR(d->devid),
                 n[VBD_SHORT], n[VBD_READS], n[VBD_WRITES], n[VBD_READ_SECTORS],
                 n[VBD_WRITTEN_SECTORS]);
}

void top_print(const struct top *top, unsigned show,
               void (*line)(const char *text, bool head, void *arg), void *arg)
{
    static const unsigned wanted[DEVICE_KINDS] = { TOP_SHOW_NETWORKS, TOP_SHOW_VBDS };
    char head[LINE_MAX_BYTES], text[LINE_MAX_BYTES];

    top_head(head, sizeof(head));
    line(head, true, arg);
    for (size_t i = 0; i < top->count; i++) {
        const struct top_row *row = &top->rows[i];

        if (i != 0 && (show & TOP_REPEAT_HEAD))
            line(head, true, arg);
        row_line(top, row, show, text, sizeof(text));
        line(text, false, arg);
        if (show & TOP_SHOW_VCPUS)
            vcpu_lines(&row->account, line, arg);
        for (size_t k = 0; k < row->account.nr_devices; k++) {
            if (show & wanted[row->account.devices[k].kind]) {
                device_line(&row->account.devices[k], text, sizeof(text));
                line(text, false, arg);
            }
        }
    }
}

void top_summary(const struct top *top, char *domains, char *machine, size_t size)
{
    unsigned running = 0, blocked = 0, paused = 0, crashed = 0, dying = 0, down = 0;

    for (size_t i = 0; i < top->count; i++) {
        const struct guest_info *g = &top->rows[i].guest;

        running += g->running;
        blocked += g->blocked;
        paused += g->paused;
        crashed += g->crashed;
        dying += g->dying;
        down += g->shutdown;
    }
    snprintf(domains, size, "%zu domains: %u running, %u blocked, %u paused, %u crashed, %u dying, "
             "%u shutdown", top->count, running, blocked, paused, crashed, dying, down);
    snprintf(machine, size, "Mem: %lluk total, %lluk used, %lluk free    CPUs: %u @ %uMHz",
             (unsigned long long)top->total_kib,
             (unsigned long long)minus(top->total_kib, top->free_kib),
             (unsigned long long)top->free_kib, top->nr_cpus, top->cpu_mhz);
}

json_t *top_json(const struct top *top, unsigned show)
{
    json_t *out = json_object(), *rows = json_array();
    char time[WALL_TEXT], state[8];

    wall_text(top->wall, time);
    json_object_set_new(out, "time", json_string(time));
    json_object_set_new(out, "version", json_string(top->version));
    json_object_set_new(out, "cpus", json_count(top->nr_cpus));
    json_object_set_new(out, "cpu_mhz", json_count(top->cpu_mhz));
    json_object_set_new(out, "memory_kib", json_count(top->total_kib));
    json_object_set_new(out, "memory_free_kib", json_count(top->free_kib));
    for (size_t i = 0; i < top->count; i++) {
        const struct top_row *row = &top->rows[i];
        json_t *one = account_json(&row->account);

        if (!(show & TOP_SHOW_VCPUS))
            json_object_del(one, "vcpus");
        state_letters(&row->guest, state);
        json_object_set_new(one, "name", json_text(row->guest.name));
        json_object_set_new(one, "state", json_string(state));
        json_object_set_new(one, "cpu_percent", json_real(row->cpu_pct));
        json_object_set_new(one, "memory_kib", json_count(row->guest.memory_kib));
        json_object_set_new(one, "maxmem_kib", has_limit(top, row)
                                                   ? json_count(row->guest.maxmem_kib) : json_null());
        json_array_append_new(rows, one);
    }
    json_object_set_new(out, "domains", rows);
    return out;
}
