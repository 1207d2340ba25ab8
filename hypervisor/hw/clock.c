/* SPDX-License-Identifier: MIT */
/* Clocks of the platform. */
#include "hw/clock.h"

#include <stdbool.h>

#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/services.h"

#define PIT_HZ 1193182
#define PM_TIMER_HZ 3579545

/* HPET specification 1.0a, 2.3. */
#define HPET_PERIOD (4 / 4)
#define HPET_CONFIG (0x10 / 4)
#define HPET_COUNTER (0xf0 / 4)
#define HPET_ENABLE 1
#define HPET_MAX_PERIOD_FS 100000000u
#define FS_PER_SECOND 1000000000000000ULL

/* 8254: channel 2, both bytes, mode 0. Its gate is bit 0 of port 0x61, the speaker bit 1. */
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_START 0xb0
#define PIT_LATCH 0x80
#define PIT_GATE_PORT 0x61

/* MC146818: registers and the bits of B; index 0x32 holds the century by PC convention. */
#define RTC_INDEX 0x70
#define RTC_DATA 0x71
#define RTC_A 10
#define RTC_B 11
#define RTC_A_UPDATING 0x80
#define RTC_B_BINARY 0x04
#define RTC_B_24H 0x02
#define RTC_CENTURY 0x32
#define RTC_PM 0x80

static volatile uint32_t *hpet;

static uint64_t hpet_read(void)
{
    return hpet[HPET_COUNTER];
}

static uint64_t pm_timer_read(void)
{
    return inl(acpi_fixed.pm_timer);
}

static void pit_start(void)
{
    outb(PIT_GATE_PORT, (inb(PIT_GATE_PORT) & ~2) | 1);
    outb(PIT_COMMAND, PIT_START);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
}

/* It counts downwards. */
static uint64_t pit_read(void)
{
    unsigned low;

    outb(PIT_COMMAND, PIT_LATCH);
    low = inb(PIT_CHANNEL2);
    return 0xffff - (low | (unsigned)inb(PIT_CHANNEL2) << 8);
}

static struct clock hpet_clock = { .name = "HPET", .mask = 0xffffffff, .read = hpet_read };
static struct clock pm_clock = {
    .name = "ACPI PM timer", .hz = PM_TIMER_HZ, .mask = 0xffffff, .read = pm_timer_read,
};
static const struct clock pit_clock = {
    .name = "PIT", .hz = PIT_HZ, .mask = 0xffff, .read = pit_read, .start = pit_start,
};

/* Some machines' tables name clocks that stand still. */
static bool counts(const struct clock *c)
{
    uint64_t first = c->read();

    for (unsigned i = 0; i < 10000; i++)
        if (c->read() != first)
            return true;
    printk(LOG_WARN, "%s does not count\n", c->name);
    return false;
}

static bool hpet_usable(void)
{
    uint32_t period;

    if (!acpi_fixed.hpet_phys)
        return false;
    hpet = hw_services.map(acpi_fixed.hpet_phys, 0x400, HW_MAP_MMIO);
    if (!hpet)
        return false;
    period = hpet[HPET_PERIOD];
    if (!period || period > HPET_MAX_PERIOD_FS)
        return false;
    hpet_clock.hz = FS_PER_SECOND / period;
    hpet[HPET_CONFIG] |= HPET_ENABLE;
    return counts(&hpet_clock);
}

/* The PM timer first: nobody can stop or set it, which dom0 could do to the HPET. */
const struct clock *clock_reference(void)
{
    if (acpi_fixed.pm_timer) {
        if (acpi_fixed.pm_timer_32)
            pm_clock.mask = 0xffffffff;
        if (counts(&pm_clock))
            return &pm_clock;
    }
    return hpet_usable() ? &hpet_clock : &pit_clock;
}

void clock_pit_delay(unsigned us)
{
    while (us) {
        unsigned part = us < 40000 ? us : 40000;

        pit_start();
        while (pit_read() * 1000000 < (uint64_t)part * PIT_HZ)
            cpu_relax();
        us -= part;
    }
}

/* Days by the proleptic Gregorian calendar, counted from March so that leap days come last. */
int64_t rtc_seconds(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                    unsigned second)
{
    int64_t y = month > 2 ? year : year - 1LL, m = month > 2 ? month - 3 : month + 9;
    int64_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1;

    return ((days - 719468) * 24 + hour) * 3600 + minute * 60LL + second;
}

static uint8_t rtc_register(uint8_t index)
{
    outb(RTC_INDEX, index);
    return inb(RTC_DATA);
}

struct rtc_fields {
    uint8_t second, minute, hour, day, month, year, century;
};

static struct rtc_fields rtc_fields(void)
{
    /* An update takes 2 ms at most, once a second; a clock that is always at it is broken. */
    for (unsigned i = 0; i < 100000 && (rtc_register(RTC_A) & RTC_A_UPDATING); i++)
        cpu_relax();
    return (struct rtc_fields){
        .second = rtc_register(0), .minute = rtc_register(2), .hour = rtc_register(4),
        .day = rtc_register(7), .month = rtc_register(8), .year = rtc_register(9),
        .century = rtc_register(RTC_CENTURY),
    };
}

static bool same(struct rtc_fields a, struct rtc_fields b)
{
    return a.second == b.second && a.minute == b.minute && a.hour == b.hour && a.day == b.day &&
           a.month == b.month && a.year == b.year;
}

static unsigned decimal(uint8_t v, bool binary)
{
    return binary ? v : (v >> 4) * 10u + (v & 15);
}

uint64_t rtc_read_ns(void)
{
    struct rtc_fields f, again = rtc_fields();
    uint8_t b = rtc_register(RTC_B);
    bool binary = b & RTC_B_BINARY;
    unsigned hour, century, year, month, day;

    for (unsigned tries = 0; tries < 10; tries++) {
        f = again;
        again = rtc_fields();
        if (same(f, again))
            break;
    }
    hour = decimal(again.hour & ~RTC_PM, binary);
    if (!(b & RTC_B_24H))
        hour = hour % 12 + (again.hour & RTC_PM ? 12 : 0);
    year = decimal(again.year, binary);
    century = decimal(again.century, binary);
    if (century < 19 || century > 29)
        century = year < 70 ? 20 : 19;
    month = decimal(again.month, binary);
    day = decimal(again.day, binary);
    if (!month || month > 12 || !day || day > 31 || hour > 23) {
        printk(LOG_WARN, "the CMOS clock shows no valid time\n");
        return 0;
    }
    return (uint64_t)rtc_seconds(century * 100 + year, month, day, hour,
                                 decimal(again.minute, binary), decimal(again.second, binary)) *
           1000000000ULL;
}
