/* SPDX-License-Identifier: MIT */
/* What the debug keys and a panic print. */
#ifndef DEBUG_DUMP_H
#define DEBUG_DUMP_H

/* Tells gprintk and panics which domain runs. */
void dump_init(void);
void dump_cpus(void);
void dump_domains(void);
void dump_event_channels(void);
void dump_memory(void);

#endif
