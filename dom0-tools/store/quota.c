/* SPDX-License-Identifier: MIT */
/* What each domain uses of the store, and how much a guest may. */
#include "store/quota.h"

#include <string.h>

#include "store/wire.h"

static struct {
    const char *name;
    uint64_t limit;
} quotas[QUOTA_COUNT] = {
    [QUOTA_NODES] = { "nodes", 1000 },
    [QUOTA_NODE_SIZE] = { "node-size", 2048 },
    [QUOTA_PERMS] = { "perms", 8 },
    [QUOTA_WATCHES] = { "watches", 128 },
    [QUOTA_TRANSACTIONS] = { "transactions", 10 },
    [QUOTA_TRANSACTION_NODES] = { "transaction-nodes", 1024 },
    /* Enough for all of the above in ordinary sizes; a thousand hostile guests stay below 1 GiB. */
    [QUOTA_MEMORY] = { "memory", 1 << 20 },
    /* Two full answers: a guest that does not read its ring is not read either. */
    [QUOTA_OUTSTANDING] = { "outstanding", 2 * WIRE_MESSAGE_MAX },
    [QUOTA_EVENTS] = { "events", 64 << 10 },
};

static struct account *accounts[WIRE_DOMID_END];

struct account *quota_account(uint16_t domid)
{
    struct account **a = &accounts[domid < WIRE_DOMID_END ? domid : 0];

    if (!*a) {
        *a = mem_alloc(sizeof(**a));
        list_init(&(*a)->owned);
    }
    return *a;
}

uint64_t quota_limit(enum quota q)
{
    return quotas[q].limit;
}

bool quota_allows(uint16_t domid, enum quota q, uint64_t used, uint64_t more)
{
    return domid == 0 || (used <= quotas[q].limit && more <= quotas[q].limit - used);
}

bool quota_set(const char *name, uint64_t value)
{
    for (int q = 0; q < QUOTA_COUNT; q++) {
        if (!strcmp(quotas[q].name, name)) {
            quotas[q].limit = value;
            return true;
        }
    }
    return false;
}

const char *quota_name(enum quota q)
{
    return quotas[q].name;
}

void quota_print(struct buf *out)
{
    for (int q = 0; q < QUOTA_COUNT; q++)
        buf_printf(out, "%s %llu\n", quotas[q].name, (unsigned long long)quotas[q].limit);
}

void quota_print_domain(uint16_t domid, struct buf *out)
{
    const struct account *a = quota_account(domid);

    buf_printf(out, "nodes %u\nwatches %u\ntransactions %u\nmemory %zu\n", a->nodes, a->watches,
               a->transactions, a->bytes);
}
