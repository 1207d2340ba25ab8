/* SPDX-License-Identifier: MIT */
/* The syntax of guest files: assignments of numbers, strings and lists, with their places. */
#ifndef CLI_CONF_LEX_H
#define CLI_CONF_LEX_H

#include <stdbool.h>
#include <stddef.h>

/** Where something stands, for messages: line and column from 1. */
struct conf_place {
    const char *file;
    int line, column;
};

enum conf_type { CONF_NUMBER, CONF_STRING, CONF_LIST };

/** A value. Strings are as the file meant them, escapes undone. */
struct conf_value {
    enum conf_type type;
    struct conf_place place;
    char *text;                /* string; for a number its spelling */
    long long number;
    struct conf_value **items; /* list */
    size_t nr_items;
};

/** One assignment `key = value`, or `key += value`. */
struct conf_setting {
    char *key;
    struct conf_place place;   /* of the key */
    bool append;
    struct conf_value *value;
    struct conf_setting *next;
};

/** What went wrong first: one line, "file:line:column: …". */
struct conf_error {
    char text[512];
};

/**
 * Parses text (size bytes, named `file` in messages; the name must outlive the result). Returns the
 * settings in order (*ok true; NULL for an empty file), or NULL with *ok false and *err filled in.
 */
struct conf_setting *conf_parse(const char *file, const char *text, size_t size, bool *ok,
                                struct conf_error *err);
void conf_free(struct conf_setting *s);

/** Writes "file:line:column: message" into err. */
void conf_error_at(struct conf_error *err, const struct conf_place *place, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
