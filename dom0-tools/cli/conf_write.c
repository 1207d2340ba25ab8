/* SPDX-License-Identifier: MIT */
/* Guest files: from a guest's configuration back to text that reads as the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/conf.h"
/* What stands between the quotes; see escaped() in conf_lex.c. */
static void put_escaped(FILE *f, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        switch (*p) {
        case '\n': fputs("\\n", f); break;
        case '\t': fputs("\\t", f); break;
        case '\r': fputs("\\r", f); break;
        case '"':
        case '\\':
            fputc('\\', f);
            /* fall through */
        default:
            fputc(*p, f);
        }
    }
}

static void put_string(FILE *f, const char *key, const char *text)
{
    if (text == NULL)
        return;
    fprintf(f, "%s = \"", key);
    put_escaped(f, text);
    fputs("\"\n", f);
}

static void put_number(FILE *f, const char *key, unsigned long long n)
{
    if (n != 0)
        fprintf(f, "%s = %llu\n", key, n);
}

static void put_action(FILE *f, const char *key, enum guest_action action)
{
    fprintf(f, "%s = \"%s\"\n", key, guest_action_name(action));
}

/* The target stands last, because it takes the rest of the text, commas and all. */
static void put_disk(FILE *f, const struct guest_disk *d)
{
    static const char *const prefixes[] = {
        [GUEST_DISK_PHY] = "phy:", [GUEST_DISK_FILE] = "file:", [GUEST_DISK_AUTO] = "raw:",
    };

    fputs("    \"vdev=", f);
    put_escaped(f, d->vdev != NULL ? d->vdev : "");
    fprintf(f, ", access=%s%s", d->readonly ? "ro" : "rw", d->shared ? "!" : "");
    if (d->cdrom)
        fputs(", devtype=cdrom", f);
    if (d->discard)
        fputs(", discard", f);
    if (d->target != NULL && *d->target != '\0') {
        fprintf(f, ", target=%s", prefixes[d->kind]);
        put_escaped(f, d->target);
    }
    fputs("\",\n", f);
}

static void put_part(FILE *f, const char *key, const char *value)
{
    if (value == NULL)
        return;
    fprintf(f, "%s=", key);
    put_escaped(f, value);
    fputs(", ", f);
}

static void put_vif(FILE *f, const struct guest_vif *v)
{
    fputs("    \"", f);
    if (v->mac_set)
        fprintf(f, "mac=%02x:%02x:%02x:%02x:%02x:%02x, ", v->mac[0], v->mac[1], v->mac[2],
                v->mac[3], v->mac[4], v->mac[5]);
    put_part(f, "bridge", v->bridge);
    put_part(f, "ip", v->ip);
    put_part(f, "vifname", v->vifname);
    put_part(f, "script", v->script);
    fputs("\",\n", f);
}

static void put_devices(FILE *f, const struct guest_config *c)
{
    if (c->nr_disks > 0) {
        fputs("disk = [\n", f);
        for (size_t i = 0; i < c->nr_disks; i++)
            put_disk(f, &c->disks[i]);
        fputs("]\n", f);
    }
    if (c->nr_vifs > 0) {
        fputs("vif = [\n", f);
        for (size_t i = 0; i < c->nr_vifs; i++)
            put_vif(f, &c->vifs[i]);
        fputs("]\n", f);
    }
}

static void put_cpus(FILE *f, const char *key, const struct guest_cpus *cpus)
{
    if (cpus->count == 0)
        return;
    fprintf(f, cpus->each ? "%s = [ " : "%s = ", key);
    for (size_t i = 0; i < cpus->count; i++) {
        fputs(i > 0 ? ", \"" : "\"", f);
        put_escaped(f, cpus->lists[i]);
        fputc('"', f);
    }
    fputs(cpus->each ? " ]\n" : "\n", f);
}

char *conf_write(const struct guest_config *c)
{
    char *text = NULL, uuid[37];
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (f == NULL)
        return NULL;
    put_string(f, "name", c->name);
    if (c->uuid_set) {
        parador_uuid_text(c->uuid, uuid);
        put_string(f, "uuid", uuid);
    }
    put_string(f, "kernel", c->kernel);
    put_string(f, "ramdisk", c->ramdisk);
    put_string(f, "cmdline", c->cmdline);
    put_number(f, "memory", (c->memory_kib + 1023) / 1024);
    put_number(f, "maxmem", (c->maxmem_kib + 1023) / 1024);
    put_number(f, "vcpus", c->vcpus);
    put_number(f, "maxvcpus", c->maxvcpus);
    put_string(f, "pool", c->pool);
    put_cpus(f, "cpus", &c->cpus);
    put_cpus(f, "cpus_soft", &c->cpus_soft);
    put_number(f, "cpu_weight", c->cpu_weight);
    put_number(f, "cap", c->cpu_cap);
    put_number(f, "reservation", c->reservation);
    put_devices(f, c);
    put_action(f, "on_poweroff", c->on_poweroff);
    put_action(f, "on_reboot", c->on_reboot);
    put_action(f, "on_crash", c->on_crash);
    put_action(f, "on_watchdog", c->on_watchdog);
    put_number(f, "max_grant_frames", c->max_grant_frames);
    put_number(f, "max_event_channels", c->max_event_channels);
    if (ferror(f) | fclose(f)) {
        free(text);
        return NULL;
    }
    return text;
}
