/* SPDX-License-Identifier: MIT */
/* The local APIC of each CPU. */
#include "hw/lapic.h"

#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/panic.h"
#include "hw/percpu.h"
#include "hw/services.h"
#include "hw/tsc.h"
#include "lib/muldiv.h"

/* SDM vol. 3, chapter 11: offsets of the registers; in x2APIC mode MSR 0x800 + offset / 16. */
#define MSR_APIC_BASE 0x1b
#define APIC_BASE_ENABLE (1ULL << 11)
#define APIC_BASE_X2 (1ULL << 10)
#define APIC_BASE_ADDRESS 0x000ffffffffff000ULL
#define MSR_X2APIC 0x800
#define MSR_X2APIC_ICR 0x830
#define MSR_TSC_DEADLINE 0x6e0

#define REG_ID 0x20
#define REG_VERSION 0x30
#define REG_TPR 0x80
#define REG_EOI 0xb0
#define REG_LDR 0xd0
#define REG_DFR 0xe0
#define REG_SVR 0xf0
#define REG_ISR 0x100
#define REG_ESR 0x280
#define REG_ICR 0x300
#define REG_ICR_HIGH 0x310
#define REG_LVT_TIMER 0x320
#define REG_LVT_THERMAL 0x330
#define REG_LVT_PERF 0x340
#define REG_LVT_LINT0 0x350
#define REG_LVT_LINT1 0x360
#define REG_LVT_ERROR 0x370
#define REG_TIMER_INIT 0x380
#define REG_TIMER_COUNT 0x390
#define REG_TIMER_DIVIDE 0x3e0

#define SVR_ENABLE 0x100
#define LVT_MASKED (1u << 16)
#define LVT_DEADLINE (2u << 17)
#define LVT_NMI 0x400
#define DIVIDE_BY_1 0xb
#define ICR_BUSY (1u << 12)
#define ICR_NMI 0x400
#define ICR_INIT 0x500
#define ICR_STARTUP 0x600
#define ICR_ASSERT (1u << 14)
#define ICR_OTHERS (3u << 18)

#define CALIBRATE_NS 10000000ULL
#define CALIBRATE_ROUNDS 5
#define DEADLINE_MAX_NS (1ULL << 40) /* some 18 minutes; the next deadline is set then */
/* A shorter time would be over before the register is written. */
#define MIN_DELAY_NS 1000ULL

uint64_t lapic_phys;

static volatile uint32_t *mmio;   /* NULL in x2APIC mode */
static uint32_t apic_ids[MAX_CPUS];
static bool use_deadline;
/* Timer ticks in 2^32 ns, and the longest time the counter can count. */
static uint64_t ticks_scale, max_delay_ns;

static uint32_t reg_read(unsigned reg)
{
    return mmio ? mmio[reg / 4] : (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
}

static void reg_write(unsigned reg, uint32_t v)
{
    if (mmio)
        mmio[reg / 4] = v;
    else
        wrmsr(MSR_X2APIC + reg / 16, v);
}

static void icr_send(uint32_t apic_id, uint32_t low)
{
    unsigned long flags;

    if (!mmio) {
        /* The MSR write does not wait for stores before it (SDM vol. 3, 11.12.3). */
        __asm__ volatile("mfence; lfence" ::: "memory");
        wrmsr(MSR_X2APIC_ICR, (uint64_t)apic_id << 32 | low);
        return;
    }
    flags = irq_save();
    while (reg_read(REG_ICR) & ICR_BUSY)
        cpu_relax();
    reg_write(REG_ICR_HIGH, apic_id << 24);
    reg_write(REG_ICR, low);
    irq_restore(flags);
}

static void map_registers(void)
{
    uint64_t base = rdmsr(MSR_APIC_BASE);

    if (base & APIC_BASE_X2)
        return;
    lapic_phys = acpi_lapic_phys ? acpi_lapic_phys : base & APIC_BASE_ADDRESS;
    mmio = hw_services.map(lapic_phys, 0x1000, HW_MAP_MMIO);
    if (!mmio)
        panic("no room to map the local APIC");
}

void lapic_init_cpu(void)
{
    unsigned cpu = smp_cpu_id();
    uint64_t base = rdmsr(MSR_APIC_BASE);
    unsigned max_lvt;

    if (cpu == 0)
        map_registers();
    base |= APIC_BASE_ENABLE;
    if (!mmio)
        base |= APIC_BASE_X2; /* INIT puts a CPU back into xAPIC mode */
    wrmsr(MSR_APIC_BASE, base);

    max_lvt = (reg_read(REG_VERSION) >> 16) & 0xff;
    reg_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
    reg_write(REG_LVT_LINT0, LVT_MASKED | VECTOR_SPURIOUS);
    /* Its line goes to every CPU; one of them is enough to report the machine's trouble. */
    reg_write(REG_LVT_LINT1, cpu == 0 ? LVT_NMI : LVT_NMI | LVT_MASKED);
    if (max_lvt >= 4)
        reg_write(REG_LVT_PERF, LVT_MASKED | VECTOR_SPURIOUS);
    if (max_lvt >= 5)
        reg_write(REG_LVT_THERMAL, LVT_MASKED | VECTOR_SPURIOUS);
    if (mmio) {
        /* Flat logical mode that nobody uses: all our destinations are physical. */
        reg_write(REG_DFR, 0xffffffff);
        reg_write(REG_LDR, 0);
    }
    reg_write(REG_TPR, 0);
    reg_write(REG_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
    if (max_lvt >= 3)
        reg_write(REG_LVT_ERROR, VECTOR_ERROR);
    reg_write(REG_ESR, 0);
    reg_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
    if (use_deadline)
        reg_write(REG_LVT_TIMER, LVT_DEADLINE | VECTOR_TIMER);
    else if (ticks_scale)
        reg_write(REG_LVT_TIMER, VECTOR_TIMER);
    apic_ids[cpu] = lapic_id();
    /* What was in service when the firmware or a crash left this CPU. */
    for (unsigned i = 0; i < 256; i++)
        reg_write(REG_EOI, 0);
}

uint32_t lapic_id(void)
{
    uint32_t id = reg_read(REG_ID);

    return mmio ? id >> 24 : id;
}

uint32_t lapic_cpu_id(unsigned cpu)
{
    return apic_ids[cpu];
}

void lapic_eoi(void)
{
    reg_write(REG_EOI, 0);
}

bool lapic_in_service(uint8_t vector)
{
    return (reg_read(REG_ISR + vector / 32 * 16) >> (vector % 32)) & 1;
}

void lapic_send_ipi(unsigned cpu, uint8_t vector)
{
    icr_send(apic_ids[cpu], ICR_ASSERT | vector);
}

void lapic_send_nmi_others(void)
{
    if (mmio || rdmsr(MSR_APIC_BASE) & APIC_BASE_X2)
        icr_send(0, ICR_ASSERT | ICR_NMI | ICR_OTHERS);
}

void lapic_send_init(uint32_t apic_id)
{
    icr_send(apic_id, ICR_ASSERT | ICR_INIT);
}

void lapic_send_sipi(uint32_t apic_id, uint8_t page)
{
    icr_send(apic_id, ICR_ASSERT | ICR_STARTUP | page);
}

/* Interrupts off. Ticks in 2^32 ns; *doubt: how long, in ns, it took to read both clocks twice. */
static uint64_t measure_ticks(uint64_t *doubt)
{
    uint64_t before = now_ns(), start, end, after;
    uint32_t left;

    reg_write(REG_TIMER_INIT, 0xffffffff);
    start = now_ns();
    do {
        end = now_ns();
    } while (end - start < CALIBRATE_NS);
    left = reg_read(REG_TIMER_COUNT);
    after = now_ns();
    reg_write(REG_TIMER_INIT, 0);
    if (!left || left == 0xffffffff)
        panic("the local APIC timer does not count");
    *doubt = (start - before) + (after - end);
    return ((uint64_t)(0xffffffffu - left) << 32) / (end - start + *doubt / 2);
}

void lapic_timer_calibrate(void)
{
    uint64_t least = ~0ULL;

    if (cpu_features.tsc_deadline && cpu_features.invariant_tsc) {
        use_deadline = true;
        reg_write(REG_LVT_TIMER, LVT_DEADLINE | VECTOR_TIMER);
        printk(LOG_INFO, "timer: TSC deadline\n");
        return;
    }
    /* In a virtual machine we may be stopped between the two clocks: then it is done again. */
    for (int i = 0; i < CALIBRATE_ROUNDS && least > CALIBRATE_NS / 500; i++) {
        unsigned long flags = irq_save();
        uint64_t doubt, scale = measure_ticks(&doubt);

        irq_restore(flags);
        if (doubt < least) {
            least = doubt;
            ticks_scale = scale;
        }
    }
    max_delay_ns = mul_div(0xffffffffu, 1ULL << 32, ticks_scale);
    reg_write(REG_LVT_TIMER, VECTOR_TIMER);
    printk(LOG_INFO, "timer: local APIC, %lu kHz\n",
           (unsigned long)((unsigned __int128)ticks_scale * 1000000 >> 32));
}

void lapic_timer_set(uint64_t deadline)
{
    uint64_t now = now_ns(), delay = deadline > now ? deadline - now : 0;

    if (delay < MIN_DELAY_NS)
        delay = MIN_DELAY_NS;
    if (use_deadline) {
        /* A guest's time of centuries ahead would overflow into the past and interrupt for ever. */
        if (delay > DEADLINE_MAX_NS)
            delay = DEADLINE_MAX_NS;
        /* The write is not ordered with later ones, but nothing later depends on it. */
        wrmsr(MSR_TSC_DEADLINE, rdtsc() + mul_div(delay, tsc_khz, 1000000));
        return;
    }
    if (delay > max_delay_ns)
        delay = max_delay_ns;
    /* One tick more: an interrupt just before the deadline would come a second time. */
    delay = (uint64_t)((unsigned __int128)delay * ticks_scale >> 32) + 1;
    reg_write(REG_TIMER_INIT, delay > 0xffffffff ? 0xffffffffu : (uint32_t)delay);
}
