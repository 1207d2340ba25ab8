# SPDX-License-Identifier: MIT
# For tests of the tools' sources on the host: where they are, and sanitizers on.

TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../../..)
TOOLS := $(TOP)/dom0-tools
CFLAGS := -O1 -g -std=gnu11 -Wall -Wextra -Werror -D_GNU_SOURCE -fsanitize=address,undefined \
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer -I$(TOOLS) -I$(TOP)/include -I. \
    -DPARADOR_VERSION='"test"'
# What all that takes a handle calls.
HANDLE := $(addprefix $(TOOLS)/lib/,handle.c log.c sentence.c)
