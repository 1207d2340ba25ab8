/* SPDX-License-Identifier: MIT */
/*
 * QEMU plugin: counts instructions by where they lie, and writes the counts
 * at each mark that the benchmark makes (xchg %bx, %bx).
 *
 * Debian doesn't package QEMU's plugin header, so what is used of its plugin
 * interface, version 1 (QEMU documentation, "QEMU TCG Plugins"), is declared
 * here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct plugin_tb;
struct plugin_insn;

#define EXPORT __attribute__((visibility("default")))
#define INLINE_ADD_U64 0
#define CB_NO_REGISTERS 0

typedef void tb_callback(uint64_t id, struct plugin_tb *tb);
typedef void exec_callback(unsigned int cpu, void *data);
typedef void exit_callback(uint64_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, tb_callback *callback);
void qemu_plugin_register_vcpu_insn_exec_inline(struct plugin_insn *insn, int operation,
                                                void *counter, uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct plugin_insn *insn, exec_callback *callback,
                                            int flags, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, exit_callback *callback, void *data);
size_t qemu_plugin_tb_n_insns(const struct plugin_tb *tb);
struct plugin_insn *qemu_plugin_tb_get_insn(const struct plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct plugin_insn *insn);

EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

/* Page-table slots 256 to 271 belong to the hypervisor (public ABI, 64-bit PV). */
#define HYPERVISOR_START UINT64_C(0xffff800000000000)
#define HYPERVISOR_END   UINT64_C(0xffff880000000000)
#define LOWER_HALF_END   UINT64_C(0x0000800000000000)

enum counter { USER, KERNEL, HYPERVISOR, CR3_WRITES, COUNTERS };

static uint64_t counters[COUNTERS];
static FILE *output;

static bool is_mark(const uint8_t *code, size_t size)
{
    static const uint8_t mark[] = {0x66, 0x87, 0xdb};

    return size == sizeof(mark) && memcmp(code, mark, sizeof(mark)) == 0;
}

/* MOV to CR3: 0F 22 /3, with or without a REX prefix (Intel SDM, volume 2). */
static bool is_cr3_write(const uint8_t *code, size_t size)
{
    if (size == 4 && (code[0] & 0xf0) == 0x40) {
        code++;
        size--;
    }
    return size == 3 && code[0] == 0x0f && code[1] == 0x22 && (code[2] & 0x38) == 0x18;
}

static enum counter place(uint64_t address)
{
    if (address < LOWER_HALF_END) {
        return USER;
    }
    return address >= HYPERVISOR_START && address < HYPERVISOR_END ? HYPERVISOR : KERNEL;
}

static void write_counters(unsigned int cpu, void *data)
{
    for (int i = 0; i < COUNTERS; i++) {
        fprintf(output, "%" PRIu64 "%c", counters[i], i == COUNTERS - 1 ? '\n' : '\t');
    }
}

static void translate(uint64_t id, struct plugin_tb *tb)
{
    size_t count = qemu_plugin_tb_n_insns(tb);

    for (size_t i = 0; i < count; i++) {
        struct plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *code = qemu_plugin_insn_data(insn);
        size_t size = qemu_plugin_insn_size(insn);
        uint64_t address = qemu_plugin_insn_vaddr(insn);

        qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
                                                   &counters[place(address)], 1);
        if (is_cr3_write(code, size)) {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
                                                       &counters[CR3_WRITES], 1);
        }
        if (place(address) == USER && is_mark(code, size)) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, write_counters, CB_NO_REGISTERS, NULL);
        }
    }
}

static void finish(uint64_t id, void *data)
{
    fclose(output);
}

/* One argument: out=FILE. */
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
        fprintf(stderr, "count: the argument is out=FILE\n");
        return 1;
    }
    output = fopen(argv[0] + 4, "w");
    if (!output) {
        perror(argv[0] + 4);
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
