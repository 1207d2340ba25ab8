/* SPDX-License-Identifier: MIT */
/* The end: panic, what it prints, and how the machine stops. */
#include "hw/panic.h"

#include <stdarg.h>
#include <stdint.h>

#include "hw/acpi.h"
#include "hw/console.h"
#include "hw/cpu.h"
#include "hw/lapic.h"
#include "hw/layout.h"
#include "hw/percpu.h"
#include "lib/printf.h"

#define BACKTRACE_DEPTH 24


static bool noreboot;
static void (*hook)(void);
static bool halting;
static uint32_t panicking; /* CPU number + 1 of the first */

void panic_set_noreboot(bool value)
{
    noreboot = value;
}

bool machine_stops(void)
{
    return __atomic_load_n(&panicking, __ATOMIC_ACQUIRE) ||
        __atomic_load_n(&halting, __ATOMIC_ACQUIRE);
}

void panic_set_hook(void (*fn)(void))
{
    hook = fn;
}

void dump_registers(const struct trap_frame *f)
{
    printk(LOG_ERR, "rip %04x:%016lx %pS\n", f->cs, f->rip, (void *)f->rip);
    printk(LOG_ERR, "rsp %04x:%016lx rflags %08lx vector %u error %04x\n", f->ss, f->rsp,
           f->rflags, f->vector, f->error_code);
    printk(LOG_ERR, "rax %016lx rbx %016lx rcx %016lx\n", f->rax, f->rbx, f->rcx);
    printk(LOG_ERR, "rdx %016lx rsi %016lx rdi %016lx\n", f->rdx, f->rsi, f->rdi);
    printk(LOG_ERR, "rbp %016lx r8  %016lx r9  %016lx\n", f->rbp, f->r8, f->r9);
    printk(LOG_ERR, "r10 %016lx r11 %016lx r12 %016lx\n", f->r10, f->r11, f->r12);
    printk(LOG_ERR, "r13 %016lx r14 %016lx r15 %016lx\n", f->r13, f->r14, f->r15);
    printk(LOG_ERR, "cr0 %08lx cr2 %016lx cr3 %016lx cr4 %08lx\n", read_cr0(), read_cr2(),
           read_cr3(), read_cr4());
}

/* Follows frame pointers as long as they climb within this CPU's stack block. */
void dump_backtrace(unsigned long rip, unsigned long rbp)
{
    unsigned long block = (unsigned long)get_cpu_info() & -(unsigned long)STACK_BLOCK_SIZE;
    unsigned long top = (unsigned long)get_cpu_info();

    printk(LOG_ERR, "backtrace:\n");
    for (unsigned i = 0; i < BACKTRACE_DEPTH; i++) {
        const unsigned long *frame = (const unsigned long *)rbp;

        printk(LOG_ERR, "  %016lx %pS\n", rip, (void *)rip);
        if (rbp < block || rbp + 16 > top || rbp % 8 || frame[0] <= rbp)
            break;
        rip = frame[1];
        rbp = frame[0];
    }
}

static void __attribute__((noreturn)) stop(void)
{
    if (noreboot) {
        printk(LOG_ERR, "halted (noreboot)\n");
        machine_halt();
    }
    printk(LOG_ERR, "rebooting\n");
    machine_reboot();
}

/* A second CPU waits for the first one's message; a panic inside a panic says no more. */
static void begin(const char *fmt, va_list ap)
{
    char text[256];
    uint32_t none = 0, me = smp_cpu_id() + 1;

    irq_disable();
    if (!__atomic_compare_exchange_n(&panicking, &none, me, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST)) {
        if (none != me)
            machine_halt();
        printk(LOG_ERR, "again: %s\n", fmt);
        stop();
    }
    if (nr_cpus > 1)
        lapic_send_nmi_others(); /* hw/traps.c halts them */
    console_force_unlock();
    vsnprintf(text, sizeof(text), fmt, ap);
    printk(LOG_ERR, "****************************************\n");
    printk(LOG_ERR, "Panic on CPU %u: %s\n", me - 1, text);
}

static void __attribute__((noreturn)) finish(unsigned long rip, unsigned long rbp)
{
    dump_backtrace(rip, rbp);
    if (hook)
        hook();
    printk(LOG_ERR, "****************************************\n");
    stop();
}

void panic(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    begin(fmt, ap);
    va_end(ap);
    finish((unsigned long)__builtin_return_address(0),
           *(unsigned long *)__builtin_frame_address(0));
}

void panic_frame(const struct trap_frame *f, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    begin(fmt, ap);
    va_end(ap);
    dump_registers(f);
    finish(f->rip, f->rbp);
}

void machine_halt(void)
{
    irq_disable();
    if (!__atomic_exchange_n(&halting, true, __ATOMIC_SEQ_CST) && nr_cpus > 1)
        lapic_send_nmi_others();
    for (;;)
        __asm__ volatile("hlt");
}

static void pause_io(void)
{
    for (unsigned i = 0; i < 100000; i++)
        inb(0x80); /* about a microsecond each on a PC */
}

/* The firmware's reset port, PCI's (most chipsets), the keyboard controller, then a triple fault. */
void machine_reboot(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) no_idt;

    irq_disable();
    acpi_reset();
    pause_io();
    outb(0xcf9, 0x02);
    outb(0xcf9, 0x06);
    pause_io();
    outb(0x64, 0xfe);
    pause_io();
    for (;;)
        __asm__ volatile("lidt %0; int3" ::"m"(no_idt));
}

/* gcc's stack protector: compiled with a global guard, since FS and GS are the guest's. */
unsigned long __stack_chk_guard = 0x5bd1e9955bd1e995;
void __stack_chk_fail(void) __attribute__((noreturn));
void __stack_chk_fail(void)
{
    panic("stack smashed");
}
