#!/bin/sh
# SPDX-License-Identifier: MIT
# A panic of dom0 is told apart from a script that fails.
#
# boot panic:
# exit: 125
# console: Kernel panic - not syncing: sysrq triggered crash

echo c > /proc/sysrq-trigger
sleep 60
