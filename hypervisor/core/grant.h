/* SPDX-License-Identifier: MIT */
/* Grant tables: what a domain lets others map or copy. */
#ifndef CORE_GRANT_H
#define CORE_GRANT_H

#include <stdint.h>

struct domain;

int grant_domain_init(struct domain *d, unsigned max_frames, unsigned max_maptrack);
/* Undoes the mappings this domain holds of others' frames; resumable (-ERESTART). */
int grant_domain_relinquish(struct domain *d);
void grant_domain_destroy(struct domain *d);
/* The frame behind index idx of d's table (XENMAPSPACE_grant_table, acquire_resource), growing it; -errno. */
int grant_table_frame(struct domain *d, unsigned idx, uint64_t *mfn);
/* Frames of the table and of maptrack now in use, for getdomaininfo and leak tests. */
void grant_table_usage(struct domain *d, unsigned *frames, unsigned *maptrack_in_use);

#endif
