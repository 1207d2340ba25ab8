/* SPDX-License-Identifier: MIT */
/* The order in which a guest is built, on one screen (build_domain). */
#include "build/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build/elf.h"
#include "build/image.h"
#include "build/pagetables.h"
#include "build/startinfo.h"

/* 1 TiB: above it the numbers here would still hold, but no machine we know has it. */
#define MEMORY_KIB_MAX ((uint64_t)1 << 30)
/* Room above its memory that a guest may fill by asking for frames, as users of the ABI allow. */
#define SLACK_KIB 1024u

struct build {
    struct parador_handle *h;
    struct build_request request;
    struct image image;
    struct elf_kernel kernel;
    struct layout layout;
    int ramdisk_fd;
    uint64_t ramdisk_size;
    struct p2m p2m;
    struct startinfo info;
};

static int open_ramdisk(struct build *b)
{
    const char *path = b->request.ramdisk;
    struct stat st;

    if (!path || !*path)
        return 0;
    b->ramdisk_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (b->ramdisk_fd < 0 || fstat(b->ramdisk_fd, &st) < 0)
        return parador_fail(b->h, errno, "cannot open ramdisk %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || (uint64_t)st.st_size > MEMORY_KIB_MAX * 1024)
        return parador_fail(b->h, EINVAL, "ramdisk %s is empty or not a regular file", path);
    b->ramdisk_size = (uint64_t)st.st_size;
    return 0;
}

struct build *build_begin(struct parador_handle *h, const struct build_request *request)
{
    struct build *b = calloc(1, sizeof(*b));

    if (!b) {
        parador_fail(h, ENOMEM, "out of memory");
        return NULL;
    }
    b->h = h;
    b->request = *request;
    b->ramdisk_fd = -1;
    b->info.command_line = request->command_line ? request->command_line : "";
    if (request->memory_kib > MEMORY_KIB_MAX)
        parador_fail(h, EINVAL, "memory = %llu MiB is more than a guest can have",
                     (unsigned long long)(request->memory_kib >> 10));
    else if (strlen(b->info.command_line) >= MAX_GUEST_CMDLINE)
        parador_fail(h, EINVAL, "the kernel command line is longer than %d bytes",
                     MAX_GUEST_CMDLINE - 1);
    else if (open_ramdisk(b) == 0 &&
             image_load_kernel(h, request->kernel, &b->image) == 0 &&
             elf_parse(h, request->kernel, b->image.data, b->image.size, &b->kernel) == 0 &&
             layout_plan(h, &b->kernel, request->memory_kib, b->ramdisk_size, &b->layout) == 0)
        return b;
    build_end(b);
    return NULL;
}

/* Writes size bytes of data and then zeros at a pseudo-physical address. */
static int fill(struct build *b, uint64_t address, const void *data, uint64_t size, uint64_t zeros)
{
    uint64_t first = address / LAYOUT_FRAME_SIZE, offset = address % LAYOUT_FRAME_SIZE;
    uint64_t pages = (offset + size + zeros + LAYOUT_FRAME_SIZE - 1) / LAYOUT_FRAME_SIZE;
    uint8_t *memory;

    if (size + zeros == 0)
        return 0;
    memory = p2m_map(&b->p2m, first, pages);
    if (!memory)
        return -1;
    memcpy(memory + offset, data, size);
    memset(memory + offset + size, 0, zeros);
    p2m_unmap(&b->p2m, memory, pages);
    return 0;
}

/* Of what a segment leaves open, whole frames are cleared without mapping them. */
static int load_segment(struct build *b, const struct elf_segment *s)
{
    const uint8_t *data = b->image.data + s->offset;
    uint64_t loaded = s->address + s->file_size, end = s->address + s->memory_size;
    uint64_t clear = (loaded + LAYOUT_FRAME_SIZE - 1) & -LAYOUT_FRAME_SIZE;
    uint64_t clear_end = end & -LAYOUT_FRAME_SIZE;

    if (clear >= clear_end)
        return fill(b, s->address, data, s->file_size, end - loaded);
    if (fill(b, s->address, data, s->file_size, clear - loaded) < 0 ||
        p2m_clear(&b->p2m, clear / LAYOUT_FRAME_SIZE,
                  (clear_end - clear) / LAYOUT_FRAME_SIZE) < 0)
        return -1;
    return fill(b, clear_end, data, 0, end - clear_end);
}

static int load_kernel(struct build *b)
{
    unsigned i;

    for (i = 0; i < b->kernel.nr_segments; i++) {
        if (load_segment(b, &b->kernel.segments[i]) < 0)
            return parador_fail_in(b->h, "cannot load the kernel");
    }
    return 0;
}

/* Reads the ramdisk straight into the guest. */
static int load_ramdisk(struct build *b)
{
    const struct layout *l = &b->layout;
    uint64_t done = 0, room = l->initrd_pages * LAYOUT_FRAME_SIZE;
    uint8_t *memory;
    int ret = 0;

    if (!b->ramdisk_size)
        return 0;
    memory = p2m_map(&b->p2m, l->initrd_pfn, l->initrd_pages);
    if (!memory)
        return parador_fail_in(b->h, "cannot load the ramdisk");
    while (done < b->ramdisk_size) {
        ssize_t got = pread(b->ramdisk_fd, memory + done, b->ramdisk_size - done, (off_t)done);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            ret = parador_fail(b->h, got < 0 ? errno : EIO, "cannot read ramdisk %s: %s",
                               b->request.ramdisk,
                               got < 0 ? strerror(errno) : "it shrank while it was read");
            break;
        }
        done += (uint64_t)got;
    }
    memset(memory + done, 0, room - done);
    p2m_unmap(&b->p2m, memory, l->initrd_pages);
    return ret;
}

/* The guest starts with its event deliveries masked on each vcpu of the shared page. */
static int prepare_shared_info(struct build *b)
{
    struct xen_domctl_getdomaininfo info;
    struct shared_info *shared;
    unsigned i;

    if (parador_domain_info(b->h, b->p2m.domid, &info) < 0)
        return -1;
    b->info.shared_info_frame = info.shared_info_frame;
    shared = parador_foreign_map_one(b->h, b->p2m.domid, PROT_READ | PROT_WRITE,
                                     info.shared_info_frame);
    if (!shared)
        return parador_fail_in(b->h, "cannot prepare the guest's shared page");
    for (i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
        shared->vcpu_info[i].evtchn_upcall_mask = 1;
    parador_foreign_unmap(b->h, shared, 1);
    return 0;
}

/* The two rings' event channels, which dom0's daemons will bind. */
static int make_channels(struct build *b)
{
    long store = parador_evtchn_alloc_unbound(b->h, b->p2m.domid, 0);
    long console = store < 0 ? -1 : parador_evtchn_alloc_unbound(b->h, b->p2m.domid, 0);

    if (console < 0)
        return -1;
    b->info.store_port = (uint32_t)store;
    b->info.console_port = (uint32_t)console;
    return 0;
}

static int write_hypercall_page(struct build *b)
{
    uint64_t pfn = (b->kernel.hypercall_page - b->kernel.virt_base) / LAYOUT_FRAME_SIZE;

    if (!b->kernel.hypercall_page)
        return 0;
    return parador_domain_hypercall_page(b->h, b->p2m.domid, b->p2m.mfn[pfn]);
}

static int set_registers(struct build *b)
{
    struct vcpu_guest_context context;

    startinfo_context(&b->p2m, &b->layout, b->kernel.entry, &context);
    return parador_domain_set_context(b->h, b->p2m.domid, 0, &context);
}

int build_domain(struct build *b, domid_t domid, struct build_result *result)
{
    struct parador_handle *h = b->h;
    const struct layout *l = &b->layout;
    struct p2m *p2m = &b->p2m;

    if (parador_domain_max_mem(h, domid, b->request.maxmem_kib + SLACK_KIB) < 0 ||
        parador_memory_set_map(h, domid, b->request.maxmem_kib) < 0 ||
        p2m_populate(p2m, h, domid, l->nr_pages) < 0)
        return -1;
    parador_log(h, PARADOR_LOG_DEBUG, "domain %u has its memory", domid);
    if (prepare_shared_info(b) < 0 ||
        make_channels(b) < 0 ||
        load_kernel(b) < 0 ||
        load_ramdisk(b) < 0)
        return -1;
    parador_log(h, PARADOR_LOG_DEBUG, "domain %u has kernel and ramdisk", domid);
    if (p2m_clear(p2m, l->store_pfn, 1) < 0 ||
        p2m_clear(p2m, l->console_pfn, 1) < 0 ||
        p2m_clear(p2m, l->stack_pfn, 1) < 0 ||
        p2m_write(p2m, l) < 0 ||
        startinfo_write(p2m, l, &b->info) < 0 ||
        write_hypercall_page(b) < 0 ||
        pagetables_write(p2m, l) < 0 ||
        /* From here on nothing may be mapped writable that has become a page table. */
        parador_memory_pin_l4(h, domid, p2m->mfn[l->l4_pfn]) < 0 ||
        parador_gnttab_seed(h, domid, p2m->mfn[l->console_pfn], p2m->mfn[l->store_pfn]) < 0 ||
        set_registers(b) < 0)
        return -1;
    result->store_mfn = p2m->mfn[l->store_pfn];
    result->console_mfn = p2m->mfn[l->console_pfn];
    result->store_port = b->info.store_port;
    result->console_port = b->info.console_port;
    return 0;
}

void build_end(struct build *b)
{
    int saved = errno;

    if (!b)
        return;
    p2m_free(&b->p2m);
    image_free(&b->image);
    if (b->ramdisk_fd >= 0)
        close(b->ramdisk_fd);
    free(b);
    errno = saved;
}
