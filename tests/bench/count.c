/* SPDX-License-Identifier: MIT */
/*
 * QEMU plugin: counts instructions by where they lie, and writes the counts
 * at each mark that the benchmark makes (xchg %bx, %bx). With profile=FILE also how often each of the
 * hypervisor's instructions ran in the timed parts: address and number.
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

/* Instructions of the hypervisor: open addressing, address 0 is free. */
#define SLOTS (1u << 18)
static struct slot {
    uint64_t address, count, timed;
} slots[SLOTS];
static FILE *profile;
static unsigned marks;

static struct slot *slot_of(uint64_t address)
{
    unsigned n = (unsigned)(address * UINT64_C(0x9e3779b97f4a7c15) >> 46);

    while (slots[n].address && slots[n].address != address) {
        n = (n + 1) % SLOTS;
    }
    slots[n].address = address;
    return &slots[n];
}

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
    /* The first mark is the end of booting; then begin and end of a timed part take turns. */
    bool end = marks++ % 2 == 0;

    for (unsigned n = 0; profile && marks > 1 && n < SLOTS; n++) {
        slots[n].timed += end ? slots[n].count : -slots[n].count;
    }
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
        if (profile && place(address) == HYPERVISOR) {
            qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
                                                       &slot_of(address)->count, 1);
        }
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
    for (unsigned n = 0; profile && n < SLOTS; n++) {
        if (slots[n].timed) {
            fprintf(profile, "%" PRIx64 " %" PRIu64 "\n", slots[n].address, slots[n].timed);
        }
    }
    if (profile) {
        fclose(profile);
    }
}

static FILE *create(const char *argument, const char *name)
{
    FILE *file = fopen(argument + strlen(name), "w");

    if (!file) {
        perror(argument);
    }
    return file;
}

/* Arguments: out=FILE [profile=FILE]. */
int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    if (argc < 1 || argc > 2 || strncmp(argv[0], "out=", 4) != 0 ||
        (argc == 2 && strncmp(argv[1], "profile=", 8) != 0)) {
        fprintf(stderr, "count: the arguments are out=FILE [profile=FILE]\n");
        return 1;
    }
    output = create(argv[0], "out=");
    profile = argc == 2 ? create(argv[1], "profile=") : NULL;
    if (!output || (argc == 2 && !profile)) {
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, finish, NULL);
    return 0;
}
