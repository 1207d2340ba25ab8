# SPDX-License-Identifier: MIT
# The two daemons. Included by dom0-tools/Makefile or used alone: make -C dom0-tools -f store/rules.mk
DAEMON_OUT ?= ../build/dom0-tools
DAEMON_CFLAGS ?= -O2 -g -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -I. -I../include

DAEMON_SOURCES := daemon/hash.c daemon/loop.c daemon/mem.c daemon/process.c
STORE_SOURCES := $(DAEMON_SOURCES) $(wildcard store/*.c)
CONSOLE_SOURCES := $(DAEMON_SOURCES) $(wildcard console/*.c)
# The machine below; the tests put their own in its place.
XENIF_SOURCES := daemon/xenif.c lib/domctl.c lib/evtchn.c lib/foreign.c lib/gnttab.c lib/handle.c \
    lib/hcbuf.c lib/hypercall.c lib/log.c lib/memory.c lib/storeclient.c lib/sysctl.c
DAEMON_HEADERS := $(wildcard daemon/*.h store/*.h console/*.h lib/*.h ../include/public/*.h ../include/public/io/*.h)

.PHONY: daemons
daemons: $(DAEMON_OUT)/paradorstored $(if $(wildcard console/main.c),$(DAEMON_OUT)/paradorconsoled)

$(DAEMON_OUT)/paradorstored: $(STORE_SOURCES) $(XENIF_SOURCES) $(DAEMON_HEADERS)
	@mkdir -p $(DAEMON_OUT)
	$(CC) $(DAEMON_CFLAGS) -o $@ $(STORE_SOURCES) $(XENIF_SOURCES)

$(DAEMON_OUT)/paradorconsoled: $(CONSOLE_SOURCES) $(XENIF_SOURCES) $(DAEMON_HEADERS)
	@mkdir -p $(DAEMON_OUT)
	$(CC) $(DAEMON_CFLAGS) -o $@ $(CONSOLE_SOURCES) $(XENIF_SOURCES)
