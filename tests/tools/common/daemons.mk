# SPDX-License-Identifier: MIT
# The daemons for the tests: sanitizers on, and files in place of the hypervisor.
HERE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
include $(HERE)sanitized.mk
OUT := $(TOP)/build/tests/tools
DAEMON := $(addprefix $(TOOLS)/daemon/,hash.c loop.c mem.c process.c) $(HERE)fake_xenif.c
HEADERS := $(wildcard $(TOOLS)/daemon/*.h $(TOOLS)/store/*.h $(TOOLS)/console/*.h $(TOOLS)/lib/*.h)
STORE := $(DAEMON) $(wildcard $(TOOLS)/store/*.c)
CONSOLE := $(DAEMON) $(wildcard $(TOOLS)/console/*.c) $(wildcard $(TOOLS)/lib/*.c)

.PHONY: paradorstored paradorconsoled
paradorstored: $(OUT)/paradorstored
paradorconsoled: $(OUT)/paradorconsoled

$(OUT)/paradorstored: $(STORE) $(HEADERS)
	mkdir -p $(OUT)
	$(CC) $(CFLAGS) -o $@ $(STORE)

$(OUT)/paradorconsoled: $(CONSOLE) $(HEADERS)
	mkdir -p $(OUT)
	$(CC) $(CFLAGS) -o $@ $(CONSOLE)
