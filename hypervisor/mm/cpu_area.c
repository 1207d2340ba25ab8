/* SPDX-License-Identifier: MIT */
/* Making the per-CPU areas: stacks, entry stub, descriptor windows, per-CPU variables. */
#include "mm/cpu_area.h"

#include "hw/desc.h"
#include "hw/layout.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "lib/string.h"
#include "mm/buddy.h"
#include "mm/hostmap.h"

extern char _percpu_start[], _percpu_end[];
extern char syscall_stub[], syscall_stub_end[];

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

/* A zeroed frame of ours at va. */
static void *map_frame(unsigned long va, unsigned prot, unsigned cpu)
{
    void *page = hv_alloc_pages(0);

    if (!page || host_map_page(va, virt_to_mfn(page), prot))
        panic("no memory for the area of CPU %u", cpu);
    return page;
}

struct cpu_info *cpu_area_init(unsigned cpu)
{
    unsigned long block = STACK_BLOCK(cpu);
    struct cpu_info *info = (struct cpu_info *)(block + STACK_BLOCK_SIZE) - 1;

    for (unsigned i = 1; i < STACK_BLOCK_SIZE / PAGE_SIZE; i++)
        if (STACK_BLOCK_MAPPED & (1u << i))
            map_frame(block + i * PAGE_SIZE, HPROT_RW, cpu);
    memcpy(map_frame(block, HPROT_RX, cpu), syscall_stub, syscall_stub_end - syscall_stub);
    map_frame(GDT_WINDOW(cpu) + GDT_RESERVED_PAGE * PAGE_SIZE, HPROT_RW, cpu);
    percpu_offsets[cpu] = copy_variables(cpu);
    desc_set_windows(cpu, host_l1e(GDT_WINDOW(cpu)), host_l1e(LDT_WINDOW(cpu)));
    info->cpu = cpu;
    info->percpu_offset = percpu_offsets[cpu];
    return info;
}
