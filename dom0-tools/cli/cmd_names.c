/* SPDX-License-Identifier: MIT */
/* domid, domname, rename: numbers and names of domains. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/command.h"

int cmd_domid(struct parador_handle *h, int argc, char **argv)
{
    domid_t domid;

    if (command_option(argc, argv, "") != -1)
        return 2;
    if (optind + 1 != argc)
        return command_misused(argv, "name one domain");
    if (!command_domain(h, argv[optind], &domid))
        return 1;
    printf("%u\n", domid);
    return 0;
}

int cmd_domname(struct parador_handle *h, int argc, char **argv)
{
    struct guest_info info;
    char *end;
    long domid;

    if (command_option(argc, argv, "") != -1)
        return 2;
    if (optind + 1 != argc)
        return command_misused(argv, "give one domid");
    domid = strtol(argv[optind], &end, 10);
    if (end == argv[optind] || *end != '\0' || domid < 0 || domid >= DOMID_FIRST_RESERVED) {
        parador_fail(h, EINVAL, "\"%s\" is not the number of a domain", argv[optind]);
        return command_failed(h);
    }
    if (parador_info(h, domid, &info) != 0)
        return command_failed(h);
    printf("%s\n", info.name);
    return 0;
}

int cmd_rename(struct parador_handle *h, int argc, char **argv)
{
    domid_t domid;

    if (command_option(argc, argv, "") != -1)
        return 2;
    if (optind + 2 != argc)
        return command_misused(argv, "name a domain and its new name");
    if (!command_domain(h, argv[optind], &domid))
        return 1;
    return parador_rename(h, domid, argv[optind + 1]) == 0 ? 0 : command_failed(h);
}
