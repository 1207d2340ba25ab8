/* SPDX-License-Identifier: MIT */
/* The commands of XS_CONTROL, with which an administrator looks after the daemon. */
#include "store/control.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "daemon/process.h"
#include "store/quota.h"
#include "store/record.h"
#include "store/tree.h"
#include "store/wire.h"

static bool logging;

bool control_logging(void)
{
    return logging;
}

struct check {
    size_t nodes;
    bool bad;
};

static void check_node(struct node *n, void *arg)
{
    struct check *k = arg;
    struct list *pos, *tmp;
    unsigned children = 0;

    list_for_each(pos, tmp, &n->children) {
        struct node *child = container_of(pos, struct node, sibling);

        children++;
        k->bad |= child->parent != n;
    }
    k->nodes++;
    k->bad |= children != n->nchildren || tree_find(n->link.key) != n;
}

static int run_check(const char *args, unsigned count, struct buf *answer)
{
    struct check k = { .nodes = 2 };    /* the special names */

    (void)args;
    (void)count;
    tree_walk(tree_find("/"), check_node, &k);
    if (k.bad || k.nodes != tree_count()) {
        note(LOG_ERR, "the tree is damaged: %zu nodes found of %zu", k.nodes, tree_count());
        return -EIO;
    }
    buf_str(answer, "OK");
    return 0;
}

static int run_log(const char *args, unsigned count, struct buf *answer)
{
    if (count == 1 && !strcmp(args, "on"))
        logging = true;
    else if (count == 1 && !strcmp(args, "off"))
        logging = false;
    else if (count)
        return -EINVAL;
    buf_str(answer, logging ? "on" : "off");
    return 0;
}

static int run_quota(const char *args, unsigned count, struct buf *answer)
{
    uint64_t n;

    if (count == 0) {
        quota_print(answer);
        return 0;
    }
    if (count == 1 && wire_number(args, WIRE_DOMID_END - 1, &n)) {
        quota_print_domain(n, answer);
        return 0;
    }
    if (count == 3 && !strcmp(args, "set")) {
        const char *name = wire_next(args);

        if (!wire_number(wire_next(name), UINT32_MAX, &n) || !quota_set(name, n))
            return -EINVAL;
        record_quota(name, n);
        buf_str(answer, "OK");
        return 0;
    }
    return -EINVAL;
}

static int run_help(const char *args, unsigned count, struct buf *answer);

static const struct {
    const char *name;
    const char *usage;
    int (*run)(const char *args, unsigned count, struct buf *answer);
} commands[] = {
    { "help", "", run_help },
    { "check", "                    is the tree sound?", run_check },
    { "log", "[on|off]              log every request", run_log },
    { "quota", "[DOMID|set NAME N]  limits; what a domain uses; change a limit", run_quota },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int run_help(const char *args, unsigned count, struct buf *answer)
{
    (void)args;
    (void)count;
    buf_str(answer, "commands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        buf_printf(answer, "  %s %s\n", commands[i].name, commands[i].usage);
    return 0;
}

int control_run(const char *strings, unsigned count, struct buf *answer)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(strings, commands[i].name))
            return commands[i].run(wire_next(strings), count - 1, answer);
    return -EINVAL;
}
