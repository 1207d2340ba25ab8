/* SPDX-License-Identifier: MIT */
// sources: hypervisor/pv/decode.c
/* The decoder of instructions, on bytes that a guest chose. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/guest_access.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "pv/decode.h"
#include "pv/descriptor.h"

struct cpu_info *get_cpu_info(void) { abort(); }
bool guest_range_ok(uint64_t va, uint64_t len) { return true; }
int copy_from_guest(void *dst, struct guest_ptr src, size_t len) { return -EFAULT; }
bool pv_segment(struct pv_vcpu *v, uint16_t sel, struct segment *s) { return false; }
bool pv_linear(struct pv_vcpu *v, unsigned seg, bool long_mode, uint64_t ea, unsigned ad_bytes,
               unsigned len, uint64_t *va)
{
    *va = ea;
    return true;
}

/* The first byte says which kind of code it is. */
static const char *const seeds[] = {
    "\x08\x48\x89\x07", "\x08\xf0\x48\x0f\xb1\x0f", "\x08\x66\x41\xc7\x44\x98\x10\x34\x12",
    "\x08\x0f\x22\xd8", "\x08\xf3\x6c", "\x04\x66\x67\xc7\x46\x10\x34\x12", "\x02\x0f\x01\xf8",
    "\x08\x0f\x38\xf0\x07", "\x08\x48\xc7\x04\x25\xff\xff\xff\x7f\x01\x02\x03\x04",
    "\x08\x0f\xba\x2c\x24\x07", "\x08\xe4\x60",
};

size_t fuzz_seed(unsigned n, uint8_t *at)
{
    if (n >= sizeof(seeds) / sizeof(seeds[0]))
        return 0;
    memcpy(at, seeds[n], strlen(seeds[n]));
    return strlen(seeds[n]);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    static const unsigned widths[] = { 8, 4, 2 };
    struct trap_frame frame = { .rip = 0x1000 };
    struct insn i;
    uint8_t *bytes;
    uint64_t va;
    unsigned n = size ? size - 1 : 0, width = size ? widths[data[0] / 4 % 3] : 8;

    if (n > INSN_MAX)
        n = INSN_MAX;
    bytes = malloc(n);
    if (n > 0)
        memcpy(bytes, data + 1, n);
    if (insn_parse(&i, bytes, n, width) == 0) {
        if (i.len == 0 || i.len > n || i.reg > 15 || (!i.is_mem && i.rm > 15) || i.scale > 3)
            abort();
        if (i.is_mem) {
            if ((i.base > 15 && i.base < REG_RIP) || (i.index > 15 && i.index != REG_NONE))
                abort();
            insn_address(NULL, &frame, &i, 8, &va);
        }
        if (!i.is_mem && i.has_modrm)
            insn_write_reg(&frame, &i, i.rm, insn_operand_bytes(&i),
                           insn_read_reg(&frame, &i, i.reg, insn_operand_bytes(&i)));
        insn_done(&frame, &i);
    }
    free(bytes);
}
