/* SPDX-License-Identifier: MIT */
/*
 * A hash map from strings to objects that contain their own link.
 *
 * Guests choose the names that are stored, so the hash is keyed with a secret: SipHash-1-3
 * (Aumasson and Bernstein, "SipHash: a fast short-input PRF") keeps a guest from filling one chain.
 */
#include "daemon/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "daemon/mem.h"
#include "daemon/process.h"

static uint64_t rotl(uint64_t x, unsigned n)
{
    return x << n | x >> (64 - n);
}

/* Inlined, the four words stay in registers: the store spends much of its time here. */
static inline __attribute__((always_inline)) void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

static uint64_t hash_bytes(const char *data, size_t len)
{
    static uint64_t secret[2];
    uint64_t v[4], word;
    size_t left = len;

    if (!secret[0] && !secret[1] &&
        getrandom(secret, sizeof(secret), GRND_NONBLOCK) != sizeof(secret)) {
        /*
         * Early in boot the pool may not be ready; addresses are randomised and better than
         * nothing.
         */
        secret[0] = (uintptr_t)&word * 0x9e3779b97f4a7c15ull;
        secret[1] = (uintptr_t)data | 1;
    }
    v[0] = secret[0] ^ 0x736f6d6570736575ull;
    v[1] = secret[1] ^ 0x646f72616e646f6dull;
    v[2] = secret[0] ^ 0x6c7967656e657261ull;
    v[3] = secret[1] ^ 0x7465646279746573ull;
    for (; left >= 8; left -= 8, data += 8) {
        memcpy(&word, data, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = (uint64_t)len << 56;
    for (size_t i = 0; i < left; i++)
        word |= (uint64_t)(unsigned char)data[i] << (8 * i);
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct hash_link *hash_find_len(const struct hash_map *m, const char *key, size_t len)
{
    struct hash_link *l;
    uint64_t hash;

    if (!m->count)
        return NULL;
    hash = hash_bytes(key, len);
    for (l = m->slot[hash & (m->slots - 1)]; l; l = l->next)
        if (l->hash == hash && !strncmp(l->key, key, len) && !l->key[len])
            return l;
    return NULL;
}

struct hash_link *hash_find(const struct hash_map *m, const char *key)
{
    return hash_find_len(m, key, strlen(key));
}

static void grow(struct hash_map *m)
{
    size_t slots = m->slots ? m->slots * 2 : 16;
    struct hash_link **slot = mem_alloc(slots * sizeof(*slot));

    for (size_t i = 0; i < m->slots; i++) {
        struct hash_link *l = m->slot[i], *next;

        for (; l; l = next) {
            next = l->next;
            l->next = slot[l->hash & (slots - 1)];
            slot[l->hash & (slots - 1)] = l;
        }
    }
    free(m->slot);
    m->slot = slot;
    m->slots = slots;
}

void hash_add(struct hash_map *m, struct hash_link *l)
{
    if (m->count >= m->slots)
        grow(m);
    l->hash = hash_bytes(l->key, strlen(l->key));
    l->next = m->slot[l->hash & (m->slots - 1)];
    m->slot[l->hash & (m->slots - 1)] = l;
    m->count++;
}

void hash_remove(struct hash_map *m, struct hash_link *l)
{
    struct hash_link **p = &m->slot[l->hash & (m->slots - 1)];

    while (*p != l)
        p = &(*p)->next;
    *p = l->next;
    m->count--;
}

void hash_free(struct hash_map *m)
{
    free(m->slot);
    memset(m, 0, sizeof(*m));
}
