#!/bin/sh
# SPDX-License-Identifier: MIT
# The demo guest of the README comes up, answers on its console, and its card works.
#
# boot pc:
# needs: dom0-tools/parador

. /root/lib.sh

parador create /etc/parador/demo.cfg || fail "create"
within 90 said demo 'This is the demo guest' || fail "it doesn't come up"
within 20 ping -c 1 -W 2 192.168.99.2 || fail "no answer to ping"

# Typed into its console, by the terminal that the console daemon offers.
(sleep 2; printf 'echo $((6 * 7)) answers\n'; sleep 5; printf '\035') |
    timeout 30 parador console demo > seen
grep -q '42 answers' seen || fail "no answer on the console: $(cat seen)"
parador shutdown -w demo || fail "shutdown"
without 60 running demo || fail "it doesn't go"
exit 0
