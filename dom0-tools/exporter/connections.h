/* SPDX-License-Identifier: MIT */
/* The connections that are open, none of them for long. */
#ifndef EXPORTER_CONNECTIONS_H
#define EXPORTER_CONNECTIONS_H

#include <microhttpd.h>

#define CONNECTIONS_MAX 16u

/** For MHD_OPTION_NOTIFY_CONNECTION. SIGALRM comes when connections_check() is to be called. */
void connections_notify(void *arg, struct MHD_Connection *c, void **context,
                        enum MHD_ConnectionNotificationCode what);

/** Ends those that have lasted too long. For another thread than the server's. */
void connections_check(void);

#endif
