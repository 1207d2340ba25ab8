/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory, from the boot loader's list to the frame allocator, and what boot gives
 * back.
 */
#ifndef BOOT_MEMORY_H
#define BOOT_MEMORY_H

struct boot_module;
struct domain;

/* Builds the maps and tables of mm/; ends with an allocator that has all free RAM. */
void memory_init(void);
/* The frames of a module that nobody reads any more. */
void memory_free_module(struct boot_module *m);
/*
 * Init text, data and the decompression libraries; never called from there. Says what of the
 * machine's memory is neither free nor of dom0, the only domain yet.
 */
void memory_free_init(const struct domain *dom0);

#endif
