#!/bin/sh
# SPDX-License-Identifier: MIT
# Tools in dom0 find and map the machine-to-phys table; a mapping of what does not exist is refused
# and dom0's kernel lives on; a domain whose last frame is unmapped goes, whatever was tried with it.
#
# boot pc: --file {tool:foreign}
exec timeout 60 /root/foreign
