/* SPDX-License-Identifier: MIT */
/* Making the per-CPU areas: stack block, entry stub, copy of the per-CPU variables. */
#include "hw/percpu.h"

#include "hw/desc.h"
#include "hw/layout.h"
#include "hw/panic.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/hostmap.h"

extern char _percpu_start[], _percpu_end[];
extern char syscall_stub[], syscall_stub_end[];

unsigned long percpu_offsets[MAX_CPUS];

/* The boot CPU moves to a copy as well: the original is what every CPU starts from. */
static unsigned long copy_variables(unsigned cpu)
{
    size_t size = _percpu_end - _percpu_start;
    unsigned order = 0;
    char *copy;

    while (((size_t)PAGE_SIZE << order) < size)
        order++;
    copy = hv_alloc_pages(order);
    if (!copy)
        panic("no memory for the variables of CPU %u", cpu);
    memcpy(copy, _percpu_start, size);
    return copy - _percpu_start;
}

struct cpu_info *percpu_init(unsigned cpu)
{
    unsigned long block = STACK_BLOCK(cpu);
    struct cpu_info *info = NULL;

    for (unsigned i = 0; i < STACK_BLOCK_SIZE / PAGE_SIZE; i++) {
        char *page;

        if (!(STACK_BLOCK_MAPPED & (1u << i)))
            continue;
        page = hv_alloc_pages(0);
        if (!page || host_map_page(block + i * PAGE_SIZE, virt_to_mfn(page),
                                   i == 0 ? HPROT_RX : HPROT_RW))
            panic("no memory for the stacks of CPU %u", cpu);
        if (i == 0)
            memcpy(page, syscall_stub, syscall_stub_end - syscall_stub);
    }
    info = (struct cpu_info *)(block + STACK_BLOCK_SIZE) - 1;
    percpu_offsets[cpu] = copy_variables(cpu);
    info->cpu = cpu;
    info->percpu_offset = percpu_offsets[cpu];
    return info;
}
