/* SPDX-License-Identifier: MIT */
/* metrics: the accounts for Prometheus, on standard output, in a file, or by HTTP. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "meter/metrics.h"

#define EXPORTER "parador-exporter"

/* Whoever reads the file sees the old one or the new one, whole. */
static int write_file(const char *path, const char *text, size_t size)
{
    char new[PATH_MAX];
    bool fine;
    FILE *f;

    /* node_exporter reads *.prom, so this name must end otherwise. */
    if ((size_t)snprintf(new, sizeof(new), "%s.%d.new", path, (int)getpid()) >= sizeof(new)) {
        fprintf(stderr, "parador: the name %s is too long\n", path);
        return 1;
    }
    f = fopen(new, "wxe");
    fine = f != NULL && fwrite(text, 1, size, f) == size && fflush(f) == 0 &&
           fchmod(fileno(f), 0644) == 0 && fsync(fileno(f)) == 0;
    if (f != NULL && fclose(f) != 0)
        fine = false;
    if (fine && rename(new, path) == 0)
        return 0;
    fprintf(stderr, "parador: cannot write %s: %s\n", path, strerror(errno));
    if (f != NULL)
        unlink(new);
    return 1;
}

/*
 * Serving is another program's job, which lies beside this one: the library it needs brings a whole
 * TLS stack, that no other command shall have to load.
 */
static int become_exporter(const char *address)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - sizeof(EXPORTER) - 1);
    char *slash;

    if (n > 0) {
        path[n] = '\0';
        slash = strrchr(path, '/');
        strcpy(slash != NULL ? slash + 1 : path, EXPORTER);
        execl(path, EXPORTER, address, (char *)NULL);
    }
    fprintf(stderr, "parador: cannot run %s, which serves metrics: %s\n", n > 0 ? path : EXPORTER,
            strerror(errno));
    return 1;
}

int cmd_metrics(struct parador_handle *h, int argc, char **argv)
{
    static const struct option options[] = {
        { "textfile", required_argument, NULL, 't' }, { "listen", required_argument, NULL, 'l' },
        { "openmetrics", no_argument, NULL, 'o' }, { "help", no_argument, NULL, 'h' }, { 0 }
    };
    enum metrics_format format = METRICS_PROMETHEUS;
    const char *file = NULL, *address = NULL;
    int o, status = 0;
    size_t size;
    char *text;

    while ((o = command_long_option(argc, argv, "t:l:o", options)) != -1) {
        switch (o) {
        case 't': file = optarg; break;
        case 'l': address = optarg; break;
        case 'o': format = METRICS_OPENMETRICS; break;
        default: return 2;
        }
    }
    if (optind != argc)
        return command_misused(argv, "there is nothing to be said about %s", argv[optind]);
    if (address != NULL && (file != NULL || format == METRICS_OPENMETRICS))
        return command_misused(argv, "--listen goes with no other option");
    if (address != NULL)
        return become_exporter(address);
    if (metrics_make(h, format, &text, &size) != 0)
        return command_failed(h);
    if (file != NULL)
        status = write_file(file, text, size);
    else
        fwrite(text, 1, size, stdout);
    free(text);
    return status;
}
