/* SPDX-License-Identifier: MIT */
/* console_io: dom0's use of the hypervisor's console, and other domains' last words. */
#include "core/access.h"
#include "core/guest_access.h"
#include "core/vcpu.h"
#include "hcall/continuation.h"
#include "hcall/handlers.h"
#include "hw/console.h"
#include "hw/percpu.h"
#include "lib/errno.h"
#include "public/console.h"

#define CHUNK 128

static long write_text(unsigned long count, unsigned long buffer)
{
    char text[CHUNK];

    while (count != 0) {
        size_t n = count < sizeof(text) ? count : sizeof(text);

        if (copy_from_guest(text, guest_ptr(buffer), n) != 0)
            return -EFAULT;
        console_guest_write(current->domain->domid, text, n);
        count -= n;
        buffer += n;
        if (count != 0 && hcall_preempt_check())
            return hcall_restart(3, CONSOLEIO_write, count, buffer, 0);
    }
    return 0;
}

static long read_typed(unsigned long count, unsigned long buffer)
{
    char text[CHUNK];
    size_t n = console_read(text, count < sizeof(text) ? count : sizeof(text));

    return copy_to_guest(guest_ptr(buffer), text, n) != 0 ? -EFAULT : (long)n;
}

/*
 * Only dom0: another domain's output belongs in its own console ring, where it cannot crowd out
 * the log of the machine. Counts are the ABI's unsigned int.
 */
long hc_console_io(unsigned long cmd, unsigned long count, unsigned long buffer)
{
    if (!access_platform(current->domain))
        return -EPERM;
    if ((unsigned)cmd == CONSOLEIO_write)
        return write_text((unsigned)count, buffer);
    if ((unsigned)cmd == CONSOLEIO_read)
        return read_typed((unsigned)count, buffer);
    return -ENOSYS;
}
