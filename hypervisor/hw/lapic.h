/* SPDX-License-Identifier: MIT */
/* The local APIC of each CPU: interrupts between CPUs, end of interrupt, one-shot timer. */
#ifndef HW_LAPIC_H
#define HW_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Vectors. The upper four bits are the priority class: what keeps CPUs going is above devices.
 *   0x20-0x2f  the PICs, masked: only their spurious interrupts come
 *   0x30-0xef  devices, allocated by hw/irq.c (without 0x80 and 0x82: guests' own INT n)
 *   0xf0-0xff  ours
 */
#define VECTOR_PIC 0x20
#define VECTOR_FIRST_DEVICE 0x30
#define VECTOR_LAST_DEVICE 0xef
#define VECTOR_TIMER 0xf8
#define VECTOR_EVENT_CHECK 0xf9
#define VECTOR_CALL 0xfa
#define VECTOR_TLB 0xfb
#define VECTOR_ERROR 0xfe
#define VECTOR_SPURIOUS 0xff

extern uint64_t lapic_phys;      /* physical address of the registers; 0 in x2APIC mode */

/* Enables this CPU's local APIC with every local source masked. The boot CPU first. */
void lapic_init_cpu(void);
/* The APIC id of the CPU we run on, and of CPU number `cpu` once it has run lapic_init_cpu(). */
uint32_t lapic_id(void);
uint32_t lapic_cpu_id(unsigned cpu);
void lapic_eoi(void);
/* True while `vector` is in service on this CPU. */
bool lapic_in_service(uint8_t vector);

/* Sends vector to a CPU. Any context. */
void lapic_send_ipi(unsigned cpu, uint8_t vector);
/* Every CPU but this one, whatever it is doing: for the panic path. */
void lapic_send_nmi_others(void);
/* Start-up of a CPU by its APIC id; page: physical address >> 12 of its first instruction. */
void lapic_send_init(uint32_t apic_id);
void lapic_send_sipi(uint32_t apic_id, uint8_t page);

/* Boot CPU, system time running: finds the timer's rate. */
void lapic_timer_calibrate(void);
/*
 * Interrupts at system time `deadline` or a little later, or earlier if that is far away. To be
 * called with interrupts off.
 */
void lapic_timer_set(uint64_t deadline);

#endif
