#!/bin/sh
# SPDX-License-Identifier: MIT
# The launcher passes the script's output, bytes of every value, and its status.
#
# boot status: --file {case:launcher-status.sh}:/tmp-file => ^delivered$
# exit: 42

cmp /tmp-file /run-by-launcher/script && echo delivered
printf '\000\001\377\n'
exit 42
