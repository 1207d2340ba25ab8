/* SPDX-License-Identifier: MIT */
/*
 * Error numbers of the hypercall interface; a hypercall returns the negative of one of these.
 *
 * The values are those of Linux on x86. They are spelt XEN_E* so that they can live beside a
 * libc's own errno.h, whose values may differ on other systems.
 */
#ifndef PUBLIC_ERRNO_H
#define PUBLIC_ERRNO_H

#define XEN_EPERM           1   /* not allowed to this caller */
#define XEN_ENOENT          2   /* no such object */
#define XEN_ESRCH           3   /* no such domain */
#define XEN_EINTR           4   /* internal to the hypervisor, never returned to a guest */
#define XEN_EIO             5   /* device or transfer failed */
#define XEN_ENXIO           6   /* no such address or device */
#define XEN_E2BIG           7   /* argument list exceeds a limit */
#define XEN_ENOEXEC         8   /* not an executable image */
#define XEN_EBADF           9   /* not a valid handle */
#define XEN_ECHILD          10  /* no such child */
#define XEN_EAGAIN          11  /* cannot be done now; trying again may succeed */
#define XEN_EWOULDBLOCK     11  /* same number as EAGAIN */
#define XEN_ENOMEM          12  /* out of memory */
#define XEN_EACCES          13  /* refused by an access rule */
#define XEN_EFAULT          14  /* a guest address could not be read or written */
#define XEN_EBUSY           16  /* the object is in use */
#define XEN_EEXIST          17  /* the object exists already */
#define XEN_EXDEV           18  /* crosses a boundary that may not be crossed */
#define XEN_ENODEV          19  /* no such device */
#define XEN_ENOTDIR         20  /* not a directory */
#define XEN_EISDIR          21  /* is a directory */
#define XEN_EINVAL          22  /* an argument has a value that makes no sense */
#define XEN_ENFILE          23  /* system-wide table is full */
#define XEN_EMFILE          24  /* caller's table is full */
#define XEN_ENOSPC          28  /* no free slot */
#define XEN_EROFS           30  /* read-only */
#define XEN_EMLINK          31  /* too many links */
#define XEN_EDOM            33  /* argument outside the function's domain */
#define XEN_ERANGE          34  /* result or number out of range */
#define XEN_EDEADLK         35  /* would never complete */
#define XEN_EDEADLOCK       35  /* same number as EDEADLK */
#define XEN_ENAMETOOLONG    36  /* name exceeds its limit */
#define XEN_ENOLCK          37  /* no lock to be had */
#define XEN_ENOSYS          38  /* hypercall or op not implemented */
#define XEN_ENOTEMPTY       39  /* not empty */
#define XEN_ENODATA         61  /* nothing there to report */
#define XEN_ETIME           62  /* the asked-for time has passed */
#define XEN_EBADMSG         74  /* not a well-formed message */
#define XEN_EOVERFLOW       75  /* a count does not fit */
#define XEN_EILSEQ          84  /* bytes that mean nothing */
#define XEN_ERESTART        85  /* internal to the hypervisor, never returned to a guest */
#define XEN_ENOTSOCK        88  /* not a socket */
#define XEN_EMSGSIZE        90  /* message exceeds its limit */
#define XEN_EOPNOTSUPP      95  /* valid, but not offered by this hypervisor or build */
#define XEN_EADDRINUSE      98  /* address in use */
#define XEN_EADDRNOTAVAIL   99  /* address cannot be assigned */
#define XEN_ENOBUFS         105 /* a buffer supplied by the caller is too small */
#define XEN_EISCONN         106 /* connected already */
#define XEN_ENOTCONN        107 /* not connected */
#define XEN_ETIMEDOUT       110 /* gave up waiting */
#define XEN_ECONNREFUSED    111 /* peer said no */

#endif /* PUBLIC_ERRNO_H */
