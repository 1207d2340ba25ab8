/* SPDX-License-Identifier: MIT */
/* A hash map from strings to objects that contain their own link. */
#ifndef DAEMON_HASH_H
#define DAEMON_HASH_H

#include <stddef.h>
#include <stdint.h>

/* The link inside an object; `key` must stay valid and unchanged while the object is in a map. */
struct hash_link {
    struct hash_link *next;
    const char *key;
    uint64_t hash;
};

/* Zero-initialise. */
struct hash_map {
    struct hash_link **slot;
    size_t slots, count;
};

/* Find the object with this key, or NULL. */
struct hash_link *hash_find(const struct hash_map *m, const char *key);

/* The same for a key given by its first `len` bytes. */
struct hash_link *hash_find_len(const struct hash_map *m, const char *key, size_t len);

/* Add an object whose key is not in the map yet; the link's key must be set. */
void hash_add(struct hash_map *m, struct hash_link *l);

/* Take an object out. */
void hash_remove(struct hash_map *m, struct hash_link *l);

/* Release the table itself; the objects are the caller's. */
void hash_free(struct hash_map *m);

#endif
