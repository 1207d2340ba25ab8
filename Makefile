# SPDX-License-Identifier: MIT
# Parador: everything is built from here, into build/.

VERSION := 0.1.0
DESTDIR ?=
BOOT_FLAGS ?=

export VERSION DESTDIR

.DEFAULT_GOAL := all

.PHONY: help all run check check-slow fuzz bench install clean setup hypervisor tools image

help:
	@echo 'make run         build all, start QEMU, be on the console of dom0'
	@echo 'make check       unit, ABI, rule and system tests; the last line counts them'
	@echo 'make check-slow  the same, with the tests that take minutes'
	@echo 'make fuzz        random calls from guests and dom0, random bytes for parsers'
	@echo 'make bench       the figures: natively, on Xen and on Parador; tools beside xl'
	@echo 'make install     into DESTDIR: hypervisor, tools, GRUB script, units'
	@echo 'make all         build: hypervisor tools image'
	@echo 'make clean       remove build/'
	@echo 'make setup       install the Debian packages that are missing'

all: hypervisor tools image

setup:
	@xen-like/setup

hypervisor:
	$(MAKE) -C hypervisor

tools:
	$(MAKE) -C dom0-tools

image: hypervisor tools
	xen-like/dom0/build
	xen-like/grub/build

# What the recipes below build needs what setup installs, so they call make
# again instead of naming prerequisites that could start beside it.
run: setup
	$(MAKE) all
	xen-like/boot $(BOOT_FLAGS)

check: setup
	tests/check

check-slow: setup
	tests/check --slow

fuzz: setup
	$(MAKE) hypervisor tools
	tests/fuzz/run $(FUZZ_FLAGS)

bench: setup
	$(MAKE) hypervisor tools
	tests/bench/run
	tests/bench/tools
	tests/bench/sched

install:
	$(MAKE) hypervisor tools
	xen-like/install $(INSTALL_FLAGS)

clean:
	rm -rf build
