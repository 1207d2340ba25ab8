/* SPDX-License-Identifier: MIT */
/*
 * Reads guest files as `parador create` does.
 *
 * conf read FILE [KEY=VALUE...]    prints warnings and the normal form, or the error and status 1
 * conf fuzz ROUNDS FILE...         mutates the files; what is read must be written, and read the same
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/conf.h"

#define MAX_TEXT 16384

static void warn(const char *line, void *arg)
{
    (void)arg;
    printf("warning: %s\n", line);
}

static int read_one(int argc, char **argv)
{
    struct guest_config config;
    struct conf_error err;
    char *text;

    guest_config_init(&config);
    if (conf_read_file(&config, argv[0], argv + 1, argc - 1, warn, NULL, &err) != 0) {
        puts(err.text);
        return 1;
    }
    text = conf_write(&config);
    fputs(text, stdout);
    free(text);
    guest_config_free(&config);
    return 0;
}

/* The normal form of text, or NULL when it is refused. */
static char *normal_form(const char *text, size_t size)
{
    struct guest_config config;
    struct conf_error err = { "" };
    char *out;

    guest_config_init(&config);
    if (conf_read_text(&config, "fuzz", text, size, NULL, 0, NULL, NULL, &err) != 0) {
        if (strncmp(err.text, "fuzz:", 5) != 0 || strchr(err.text, '\n') == err.text) {
            printf("a refusal without its place: %s\n", err.text);
            exit(1);
        }
        return NULL;
    }
    out = conf_write(&config);
    guest_config_free(&config);
    return out;
}

/* Changes a few bytes: other values, bytes gone or doubled, pieces of the syntax put in. */
static size_t mutate(char *text, size_t size)
{
    static const char *const pieces[] = {
        "'", "\"", "[", "]", ",", "=", "+=", "\n", "\\", "#", ";", "0x", "-", "999999999999999999999",
        "disk", "vif", "target=", "vdev=", "mac=", "\\n", "!", ":", " ",
    };
    int changes = 1 + rand() % 4;

    while (changes-- > 0 && size > 0) {
        const char *piece = pieces[rand() % (sizeof(pieces) / sizeof(pieces[0]))];
        size_t at = rand() % size, n = strlen(piece);

        switch (rand() % 4) {
        case 0:
            text[at] = rand();
            break;
        case 1:
            n = 1 + rand() % 8;
            if (n > size - at)
                n = size - at;
            memmove(text + at, text + at + n, size - at - n);
            size -= n;
            break;
        default:
            if (size + n > MAX_TEXT)
                break;
            memmove(text + at + n, text + at, size - at);
            memcpy(text + at, piece, n);
            size += n;
        }
    }
    return size;
}

static size_t load(const char *path, char *text)
{
    FILE *f = fopen(path, "r");
    size_t size;

    if (f == NULL) {
        perror(path);
        exit(2);
    }
    size = fread(text, 1, MAX_TEXT, f);
    fclose(f);
    return size;
}

static int fuzz(unsigned rounds, int files, char **paths)
{
    unsigned accepted = 0;

    srand(1);
    for (unsigned i = 0; i < rounds; i++) {
        static char text[MAX_TEXT];
        size_t size = mutate(text, load(paths[i % files], text));
        /* An own allocation: the sanitizer then sees a byte read after the end. */
        char *exact = malloc(size + 1), *once, *twice;

        memcpy(exact, text, size);
        exact = realloc(exact, size > 0 ? size : 1);
        once = normal_form(exact, size);
        free(exact);
        if (once == NULL)
            continue;
        accepted++;
        twice = normal_form(once, strlen(once));
        if (twice == NULL || strcmp(once, twice) != 0) {
            printf("the normal form does not read as itself:\n%s----\n%s", once,
                   twice != NULL ? twice : "(refused)\n");
            return 1;
        }
        free(once);
        free(twice);
    }
    printf("%u of %u texts were guest files\n", accepted, rounds);
    return accepted > rounds / 100 ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "read") == 0)
        return read_one(argc - 2, argv + 2);
    if (argc >= 4 && strcmp(argv[1], "fuzz") == 0)
        return fuzz(strtoul(argv[2], NULL, 10), argc - 3, argv + 3);
    fprintf(stderr, "usage: conf read FILE [KEY=VALUE...] | conf fuzz ROUNDS FILE...\n");
    return 2;
}
