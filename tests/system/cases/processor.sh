#!/bin/sh
# SPDX-License-Identifier: MIT
# What a program does to its processor reaches dom0's kernel as on bare metal.
#
# boot pc: --file {program:processor}
# boot max-cpu-2cpus: --cpu max --cpus 2 --file {program:processor}
exec /root/processor
