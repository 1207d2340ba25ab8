/* SPDX-License-Identifier: MIT */
/* Starting the other CPUs: INIT, start-up IPI, and waiting for each to report. */
#include "hw/smp.h"

#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/desc.h"
#include "hw/lapic.h"
#include "hw/layout.h"
#include "hw/percpu.h"
#include "hw/tsc.h"
#include "lib/cpumask.h"
#include "lib/string.h"

/* Intel MultiProcessor Specification 1.4, B.4: the waits between the interrupts. */
#define AFTER_INIT_NS 10000000ULL
#define AFTER_SIPI_NS 200000ULL
#define GIVE_UP_NS 1000000000ULL

extern char trampoline[], trampoline_end[];
/* Read by hw/trampoline.S. */
struct cpu_info *smp_starting;
unsigned long smp_cr3;
static void (*main_of_others)(void);

void smp_ap_start(void);
void smp_ap_start(void)
{
    cpu_init();
    desc_init_cpu();
    cpu_init_syscall();
    lapic_init_cpu();
    main_of_others();
}

void smp_online(void)
{
    cpumask_set(&cpu_online_mask, smp_cpu_id());
}

static bool wait_online(unsigned cpu, uint64_t ns)
{
    uint64_t end = now_ns() + ns;

    while (now_ns() < end) {
        if (cpumask_test(&cpu_online_mask, cpu))
            return true;
        cpu_relax();
    }
    return false;
}

static bool start(unsigned cpu, uint32_t apic_id, uint8_t page)
{
    lapic_send_init(apic_id);
    wait_online(cpu, AFTER_INIT_NS);
    lapic_send_sipi(apic_id, page);
    if (wait_online(cpu, AFTER_SIPI_NS))
        return true;
    lapic_send_sipi(apic_id, page);
    return wait_online(cpu, GIVE_UP_NS);
}

void smp_start_all(unsigned limit, uint64_t page, struct cpu_info *(*prepare)(unsigned cpu),
                   void (*ap_main)(void))
{
    main_of_others = ap_main;
    smp_cr3 = read_cr3();
    memcpy((void *)(DIRECT_VIRT + page), trampoline, trampoline_end - trampoline);
    for (unsigned i = 1; i < acpi_cpu_count && nr_cpus < limit && nr_cpus < MAX_CPUS; i++) {
        struct cpu_info *info = prepare(nr_cpus);

        __atomic_store_n(&smp_starting, info, __ATOMIC_RELEASE);
        if (!start(nr_cpus, acpi_cpu_apic_id[i], page >> PAGE_SHIFT)) {
            /* It may still wake up one day: its stacks stay, and its number is not used again. */
            printk(LOG_ERR, "CPU with APIC id %u does not start\n", acpi_cpu_apic_id[i]);
            return;
        }
        nr_cpus++;
    }
}
