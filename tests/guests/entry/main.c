/* SPDX-License-Identifier: MIT */
/*
 * The ways in and out: addresses that would fault in ring 0 on the way back, frames built where they
 * cannot be, flags and selectors that a guest must not get. (The class of XSA-7, -25, -79, -170, -196,
 * -204, -214, -286.)
 */
#include "guest.h"

static uint64_t stack_top(void)
{
    static char stack[PAGE_SIZE] __attribute__((aligned(4096)));

    return (uint64_t)stack + sizeof(stack);
}

static void callbacks_are_checked(void)
{
    extern const uint64_t event_stub;

    check(HC3(__HYPERVISOR_set_callbacks, NON_CANONICAL, event_stub, 0) != 0);
    check(HC3(__HYPERVISOR_set_callbacks, event_stub, NON_CANONICAL, 0) != 0);
    check(HC3(__HYPERVISOR_set_callbacks, event_stub, event_stub, NON_CANONICAL) != 0);
    check(HC3(__HYPERVISOR_set_callbacks, HV_ADDRESS, event_stub, 0) != 0);
    check_is(HC3(__HYPERVISOR_set_callbacks, event_stub, event_stub, 0), 0);
}

static void trap_table_is_checked(void)
{
    struct trap_info t[2] = { { .vector = 200, .cs = FLAT_KERNEL_CS, .address = NON_CANONICAL } };

    check(HC1(__HYPERVISOR_set_trap_table, t) != 0);
    t[0].address = HV_ADDRESS;
    check(HC1(__HYPERVISOR_set_trap_table, t) != 0);
    check(HC1(__HYPERVISOR_set_trap_table, NON_CANONICAL) == -XEN_EFAULT);
    check(HC1(__HYPERVISOR_set_trap_table, HV_ADDRESS) == -XEN_EFAULT);
}

static void stack_switch_is_checked(void)
{
    check(HC2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, NON_CANONICAL + PAGE_SIZE) != 0);
    check(HC2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, HV_ADDRESS) != 0);
    check_is(HC2(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, stack_top()), 0);
}

static void segment_bases_are_checked(void)
{
    check(HC2(__HYPERVISOR_set_segment_base, SEGBASE_FS, NON_CANONICAL) != 0);
    check(HC2(__HYPERVISOR_set_segment_base, SEGBASE_GS_KERNEL, NON_CANONICAL) != 0);
    check(HC2(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER, NON_CANONICAL) != 0);
    check(HC2(__HYPERVISOR_set_segment_base, 4, 0) != 0);
    check_is(HC2(__HYPERVISOR_set_segment_base, SEGBASE_FS, (uint64_t)page_alloc()), 0);
    check_is(HC2(__HYPERVISOR_set_segment_base, SEGBASE_FS, 0), 0);
}

static void debug_registers_are_checked(void)
{
    check(HC2(__HYPERVISOR_set_debugreg, 0, HV_ADDRESS) != 0);
    check(HC2(__HYPERVISOR_set_debugreg, 0, NON_CANONICAL) != 0);
    check(HC2(__HYPERVISOR_set_debugreg, 8, 0) != 0);
    check(HC2(__HYPERVISOR_set_debugreg, 4, 0) != 0 || HC1(__HYPERVISOR_get_debugreg, 4) != 0x1234);
    check_is(HC2(__HYPERVISOR_set_debugreg, 7, 0), 0);
}

/* iret with a chosen frame; rax, r11, rcx, flags, rip, cs, rflags, rsp, ss. */
static void iret(uint64_t flags, uint64_t rip, uint64_t cs, uint64_t rflags, uint64_t rsp, uint64_t ss)
{
    __asm__ volatile("push %5; push %4; push %3; push %2; push %1; push %0\n"
                     "push %%rcx; push %%r11; push %%rax\n"
                     "mov $23, %%eax; syscall\n"
                     :
                     : "r"(flags), "r"(rip), "r"(cs), "r"(rflags), "r"(rsp), "r"(ss)
                     : "rax", "memory");
}

static void iret_to(void *rip)
{
    iret(0, (uint64_t)rip, 0xe030, 0x202, stack_top(), FLAT_KERNEL_SS);
}

static void iret_in_syscall_to(void *rip)
{
    iret(VGCF_in_syscall, (uint64_t)rip, 0xe030, 0x202, stack_top(), FLAT_KERNEL_SS);
}

/*
 * SYSRET to such an address would fault in ring 0, on a stack of the guest's choice: the fault has to be
 * the guest's own.
 */
static void iret_to_a_noncanonical_address(void)
{
    struct fault f;

    check(faults(iret_to, (void *)NON_CANONICAL, &f) && f.vector == 13);
    check(faults(iret_in_syscall_to, (void *)NON_CANONICAL, &f) && f.vector == 13);
    check(faults(iret_in_syscall_to, (void *)0xdead000000000000UL, &f) && f.vector == 13);
}

static void iret_into_hypervisor_faults(void)
{
    struct fault f;

    check(faults(iret_to, (void *)HV_ADDRESS, &f));
    check(f.vector == 13 || f.vector == 14);
}

/* To user mode, though there are no user page tables. */
static void iret_to_nowhere(void)
{
    iret(0, VIRT_BASE + 0x100000, FLAT_USER_CS, 0x202, stack_top(), FLAT_USER_SS);
}

/* The kernel stack is nowhere: the next exception finds no place for its frame. */
static void bad_iret_frame(void)
{
    __asm__ volatile("mov %0, %%rsp; mov $23, %%eax; syscall" ::"r"(NON_CANONICAL) : "memory");
}

static void bad_iret_frame_hypervisor(void)
{
    __asm__ volatile("mov %0, %%rsp; mov $23, %%eax; syscall" ::"r"(HV_ADDRESS) : "memory");
}

static void fault_on_no_stack(void)
{
    __asm__ volatile("mov %0, %%rsp; ud2" ::"r"(0x3000UL) : "memory");
}

static void fault_on_hypervisor_stack(void)
{
    __asm__ volatile("mov %0, %%rsp; ud2" ::"r"(HV_ADDRESS) : "memory");
}

/* An exception without a handler ends the domain, and only it. */
static void no_handler(void)
{
    static struct trap_info none[1];

    HC1(__HYPERVISOR_set_trap_table, 0);
    HC1(__HYPERVISOR_set_trap_table, none);
    __asm__ volatile("ud2");
}

static uint64_t read_flags(void)
{
    uint64_t f;

    __asm__ volatile("pushf; pop %0" : "=r"(f));
    return f;
}

/* POPF in ring 3 cannot change IOPL or IF; an iret frame must not either. */
static void flags_stay_harmless(void)
{
    __asm__ volatile("lea 1f(%%rip), %%rax; mov %%rsp, %%rbx\n"
                     "push %0; push %%rbx; push $0x3202; push $0xe030; push %%rax; push $0\n"
                     "push $0; push $0; push $0\n"
                     "mov $23, %%eax; syscall\n"
                     "1:" ::"r"((uint64_t)FLAT_KERNEL_SS)
                     : "rax", "rbx", "rcx", "r11", "memory");
    check((read_flags() & 0x3000) == 0);
    check(read_flags() & 0x200);
    check((read_flags() & 0x24000) == 0);
}

static void vm86_and_nested_task_flags(void)
{
    __asm__ volatile("lea 1f(%%rip), %%rax; mov %%rsp, %%rbx\n"
                     "push %0; push %%rbx; mov $0x1ff4202, %%ecx; push %%rcx; push $0xe030; push %%rax; push $0\n"
                     "push $0; push $0; push $0\n"
                     "mov $23, %%eax; syscall\n"
                     "1:" ::"r"((uint64_t)FLAT_KERNEL_SS)
                     : "rax", "rbx", "rcx", "r11", "memory");
    check((read_flags() & 0x24000) == 0);
}

static void vcpu_op_is_checked(void)
{
    struct vcpu_register_vcpu_info info = { .mfn = 0x200, .offset = 0 };
    uint64_t bad = HV_ADDRESS;

    check(HC3(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, &info) != 0);
    info.mfn = virt_to_mfn(page_alloc());
    info.offset = 4095;
    check(HC3(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, &info) != 0);
    check(HC3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 7, 0) == -XEN_ENOENT);
    check(HC3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 0xffffffff, 0) == -XEN_ENOENT);
    check_is(HC3(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 0, 0), 1);
    check(HC3(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 0, NON_CANONICAL) != 0);
    check(HC3(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, &bad) != 0 ||
          HC2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0) == 0);
    check(HC3(__HYPERVISOR_vcpu_op, 999, 0, 0) == -XEN_ENOSYS);
}

CASES({ "callbacks", callbacks_are_checked, false },
      { "trap-table", trap_table_is_checked, false },
      { "stack-switch", stack_switch_is_checked, false },
      { "segment-bases", segment_bases_are_checked, false },
      { "debug-registers", debug_registers_are_checked, false },
      { "iret-flags", flags_stay_harmless, false },
      { "iret-vm86", vm86_and_nested_task_flags, false },
      { "iret-hypervisor", iret_into_hypervisor_faults, false },
      { "iret-noncanonical", iret_to_a_noncanonical_address, false },
      { "vcpu-op", vcpu_op_is_checked, false },
      { "iret-no-user-tables", iret_to_nowhere, true },
      { "iret-frame-noncanonical", bad_iret_frame, true },
      { "iret-frame-hypervisor", bad_iret_frame_hypervisor, true },
      { "fault-no-stack", fault_on_no_stack, true },
      { "fault-hypervisor-stack", fault_on_hypervisor_stack, true },
      { "no-handler", no_handler, true });
