/* SPDX-License-Identifier: MIT */
/* The syntax of guest files: assignments of numbers, strings and lists, with their places. */
#include "cli/conf_lex.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sentence.h"

/*
 * file    := { [ setting ] ( newline | ';' ) }
 * setting := key ( '=' | '+=' ) value
 * value   := number | 'text' | "text" | '[' [ value { ',' value } [ ',' ] ] ']'
 *
 * A '#' starts a comment that ends with the line. Inside a list newlines mean nothing. Facts: xl.cfg(5).
 */

/* Lists within lists are of no use to any key; the bound keeps a hostile file from our stack. */
#define MAX_DEPTH 8

struct lexer {
    const char *p, *end;
    struct conf_place at;
    struct conf_error *err;
    bool failed;
};

void conf_error_at(struct conf_error *err, const struct conf_place *place, const char *fmt, ...)
{
    char message[sizeof(err->text)];
    va_list ap;

    va_start(ap, fmt);
    sentence_vprint(message, sizeof(message), fmt, ap);
    va_end(ap);
    sentence_print(err->text, sizeof(err->text), "%s:%d:%d: %s", place->file, place->line,
                   place->column, message);
}

static void *fail(struct lexer *l, const struct conf_place *place, const char *what)
{
    if (!l->failed)
        conf_error_at(l->err, place, "%s", what);
    l->failed = true;
    return NULL;
}

static int peek(const struct lexer *l)
{
    return l->p < l->end ? (unsigned char)*l->p : -1;
}

static int next(struct lexer *l)
{
    int c = peek(l);

    if (c < 0)
        return c;
    l->p++;
    if (c == '\n') {
        l->at.line++;
        l->at.column = 1;
    } else {
        l->at.column++;
    }
    return c;
}

/* Blanks and comments; newlines too where they mean nothing. */
static void skip(struct lexer *l, bool newlines)
{
    for (;;) {
        int c = peek(l);

        if (c == '#') {
            while (peek(l) >= 0 && peek(l) != '\n')
                next(l);
        } else if (c == ' ' || c == '\t' || c == '\r' || c == '\f' || (newlines && c == '\n')) {
            next(l);
        } else {
            return;
        }
    }
}

static char *copy(struct lexer *l, const char *from, size_t n)
{
    char *s = strndup(from, n);

    return s != NULL ? s : fail(l, &l->at, "out of memory");
}

static char *read_word(struct lexer *l)
{
    const char *start = l->p;

    while (isalnum(peek(l)) || peek(l) == '_' || peek(l) == '-')
        next(l);
    return copy(l, start, l->p - start);
}

static int escaped(int c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    default: return c;
    }
}

static char *read_quoted(struct lexer *l)
{
    struct conf_place start = l->at;
    int quote = next(l), c;
    char *out = malloc(l->end - l->p + 1);
    size_t n = 0;

    if (out == NULL)
        return fail(l, &start, "out of memory");
    while ((c = next(l)) != quote) {
        bool undone = c == '\\' && peek(l) != '\n';

        if (undone)
            c = escaped(next(l));
        if (c < 0 || c == '\0' || (c == '\n' && !undone)) {
            free(out);
            return fail(l, &start, c == '\0' ? "a NUL byte in a string" :
                                                "this string has no closing quote on its line");
        }
        out[n++] = c;
    }
    out[n] = '\0';
    return out;
}

static void free_value(struct conf_value *v)
{
    if (v == NULL)
        return;
    for (size_t i = 0; i < v->nr_items; i++)
        free_value(v->items[i]);
    free(v->items);
    free(v->text);
    free(v);
}

static struct conf_value *read_value(struct lexer *l, int depth);

/* After '[': the items and the closing bracket. */
static bool read_items(struct lexer *l, struct conf_value *list, int depth)
{
    for (;;) {
        struct conf_value *item, **items;

        skip(l, true);
        if (peek(l) == ']') {
            next(l);
            return true;
        }
        if (peek(l) < 0)
            return fail(l, &list->place, "this list has no closing ']'");
        item = read_value(l, depth + 1);
        if (item == NULL)
            return false;
        items = realloc(list->items, (list->nr_items + 1) * sizeof(*items));
        if (items == NULL) {
            free_value(item);
            return fail(l, &list->place, "out of memory");
        }
        list->items = items;
        items[list->nr_items++] = item;
        skip(l, true);
        if (peek(l) == ',')
            next(l);
        else if (peek(l) >= 0 && peek(l) != ']')
            return fail(l, &l->at, "expected ',' or ']' in this list");
    }
}

static bool read_number(struct lexer *l, struct conf_value *v)
{
    char *end;

    v->text = read_word(l);
    if (v->text == NULL)
        return false;
    errno = 0;
    v->number = strtoll(v->text, &end, 0);
    if (*end != '\0')
        return fail(l, &v->place, "not a number: a text needs quotes around it");
    if (errno != 0)
        return fail(l, &v->place, "this number is too large");
    return true;
}

static struct conf_value *read_value(struct lexer *l, int depth)
{
    struct conf_value *v = calloc(1, sizeof(*v));
    int c = peek(l);
    bool ok;

    if (v == NULL)
        return fail(l, &l->at, "out of memory");
    v->place = l->at;
    if (c == '\'' || c == '"') {
        v->type = CONF_STRING;
        v->text = read_quoted(l);
        ok = v->text != NULL;
    } else if (c == '[') {
        v->type = CONF_LIST;
        next(l);
        ok = depth < MAX_DEPTH ? read_items(l, v, depth) :
                                 fail(l, &v->place, "lists are nested too deeply") != NULL;
    } else if (isalnum(c) || c == '-') {
        v->type = CONF_NUMBER;
        ok = read_number(l, v);
    } else {
        ok = fail(l, &l->at, "expected a number, a quoted text or a list") != NULL;
    }
    if (ok)
        return v;
    free_value(v);
    return NULL;
}

static struct conf_setting *read_setting(struct lexer *l)
{
    struct conf_setting *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return fail(l, &l->at, "out of memory");
    s->place = l->at;
    if (!isalpha(peek(l)) && peek(l) != '_') {
        fail(l, &l->at, "expected the name of a setting");
        goto bad;
    }
    s->key = read_word(l);
    if (s->key == NULL)
        goto bad;
    skip(l, false);
    if (peek(l) == '+' && l->p + 1 < l->end && l->p[1] == '=') {
        s->append = true;
        next(l);
    }
    if (peek(l) != '=') {
        fail(l, &l->at, "expected '=' after the name of a setting");
        goto bad;
    }
    next(l);
    skip(l, false);
    s->value = read_value(l, 0);
    if (s->value == NULL)
        goto bad;
    skip(l, false);
    if (peek(l) >= 0 && peek(l) != '\n' && peek(l) != ';') {
        fail(l, &l->at, "expected the end of the line after this value");
        goto bad;
    }
    return s;
bad:
    conf_free(s);
    return NULL;
}

struct conf_setting *conf_parse(const char *file, const char *text, size_t size, bool *ok,
                                struct conf_error *err)
{
    struct lexer l = { .p = text, .end = text + size, .at = { file, 1, 1 }, .err = err };
    struct conf_setting *first = NULL, **tail = &first;

    for (;;) {
        skip(&l, true);
        if (peek(&l) == ';') {
            next(&l);
            continue;
        }
        if (peek(&l) < 0)
            break;
        *tail = read_setting(&l);
        if (*tail == NULL) {
            conf_free(first);
            *ok = false;
            return NULL;
        }
        tail = &(*tail)->next;
    }
    *ok = true;
    return first;
}

void conf_free(struct conf_setting *s)
{
    while (s != NULL) {
        struct conf_setting *n = s->next;

        free(s->key);
        free_value(s->value);
        free(s);
        s = n;
    }
}
