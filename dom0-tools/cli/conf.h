/* SPDX-License-Identifier: MIT */
/* Guest files: from settings to a guest's configuration. */
#ifndef CLI_CONF_H
#define CLI_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/conf_lex.h"
#include "guest/guest.h"

/** Called for things worth a word that do not stop us: a key we ignore. One line, with its place. */
typedef void conf_warn_fn(const char *line, void *arg);

/**
 * Reads a guest file, then the overrides ("key=value" in the file's syntax, as given on the command
 * line; a bare text value needs no quotes there), into config, which the caller has initialised.
 * Returns 0, or -1 with *err set and config freed.
 */
int conf_read_file(struct guest_config *config, const char *path, char *const *overrides,
                   size_t nr_overrides, conf_warn_fn *warn, void *arg, struct conf_error *err);

/** As above from memory; name is what messages call it. */
int conf_read_text(struct guest_config *config, const char *name, const char *text, size_t size,
                   char *const *overrides, size_t nr_overrides, conf_warn_fn *warn, void *arg,
                   struct conf_error *err);

/**
 * The text of a guest file that reads as config again (but for config->nodes, which no setting makes);
 * malloc'd, NULL when memory is short. In a fixed order, so that equal configurations give equal texts.
 */
char *conf_write(const struct guest_config *config);

/**
 * A setting from a command line, where quotes are the shell's: memory=256, name=web and name='web' all
 * mean what they look like. In the file's syntax, malloc'd; NULL when memory is short.
 */
char *conf_quoted(const char *text);

/** One disk or vif as in the lists `disk` and `vif` (xl-disk-configuration(5), xl-network-configuration(5)). */
int conf_disk(struct guest_config *config, const struct conf_value *v, struct conf_error *err);
int conf_vif(struct guest_config *config, const struct conf_value *v, struct conf_error *err);

/**
 * Iterates over the comma-separated parts of a specification: sets *part and *column (from 0) to the next
 * one, blanks around it removed; *rest moves on. False at the end. The text is modified.
 */
bool conf_next_part(char **rest, char **part, const char *base, int *column);

/** An error at `column` characters into string value v (inside its quotes). */
void conf_error_in(struct conf_error *err, const struct conf_value *v, int column, const char *fmt,
                   ...) __attribute__((format(printf, 4, 5)));

#endif
