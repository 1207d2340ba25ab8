/* SPDX-License-Identifier: MIT */
/* Interface specifications: "mac=00:16:3e:01:02:03, bridge=xenbr0, ip=192.0.2.7". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/conf.h"

static bool parse_mac(const char *text, uint8_t mac[6])
{
    unsigned b[6];
    int n = 0;

    if (sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2], &b[3], &b[4], &b[5], &n) !=
            6 || text[n] != '\0')
        return false;
    for (int i = 0; i < 6; i++)
        mac[i] = b[i];
    return true;
}

static const char *set(struct guest_vif *vif, const char *key, const char *value)
{
    char **field = NULL;

    if (strcmp(key, "mac") == 0) {
        if (!parse_mac(value, vif->mac))
            return "is not an Ethernet address like 00:16:3e:01:02:03";
        if (vif->mac[0] & 1)
            return "is a multicast address: the second digit must be even";
        vif->mac_set = true;
        return NULL;
    }
    if (strcmp(key, "bridge") == 0)
        field = &vif->bridge;
    else if (strcmp(key, "ip") == 0)
        field = &vif->ip;
    else if (strcmp(key, "vifname") == 0)
        field = &vif->vifname;
    else if (strcmp(key, "script") == 0)
        field = &vif->script;
    if (field != NULL)
        return guest_config_set_string(field, value) == 0 ? NULL : "out of memory";

    if (strcmp(key, "backend") == 0)
        return strcmp(value, "0") == 0 || strcmp(value, "Domain-0") == 0 ?
                   NULL : "is not Domain-0, which serves all interfaces";
    if (strcmp(key, "type") == 0)
        return strcmp(value, "vif") == 0 ? NULL : "is not a type a paravirtual guest can have";
    if (strcmp(key, "model") == 0 || strcmp(key, "gatewaydev") == 0)
        return NULL; /* of emulated devices and of scripts: nothing to do with us */
    return "belongs to a parameter that does not exist";
}

int conf_vif(struct guest_config *config, const struct conf_value *v, struct conf_error *err)
{
    struct guest_vif *vif = guest_config_add_vif(config);
    char *text = strdup(v->text), *rest = text, *part;
    int column, result = 0;

    if (text == NULL || vif == NULL) {
        free(text);
        conf_error_at(err, &v->place, "out of memory");
        return -1;
    }
    vif->devid = -1;
    while (result == 0 && conf_next_part(&rest, &part, text, &column)) {
        char *eq = strchr(part, '=');
        const char *why;

        if (*part == '\0')
            continue;
        if (eq == NULL) {
            conf_error_in(err, v, column, "vif: '%s' is not of the form parameter=value", part);
            result = -1;
            break;
        }
        *eq = '\0';
        why = set(vif, part, eq + 1);
        if (why != NULL) {
            conf_error_in(err, v, column, "vif: %s='%s' %s", part, eq + 1, why);
            result = -1;
        }
    }
    free(text);
    return result;
}
