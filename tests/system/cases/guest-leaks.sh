#!/bin/sh
# SPDX-License-Identifier: MIT
# A hundred guests come and go and leave nothing: frames, event channels, store
# nodes, loop devices, bridge ports are as many as before.
#
# boot ten: --dom0-append rounds=10
# slow hundred: --dom0-append rounds=100 --timeout 1500
# needs: dom0-tools/parador

. /root/lib.sh

rounds=$(sed -n 's/.*rounds=\([0-9]*\).*/\1/p' /proc/cmdline)
truncate -s 8M disk.img
guest brief 'extra = "console=hvc0"' 'disk = [ "file:/root/disk.img,xvda,w" ]' \
    'vif = [ "bridge=xenbr0" ]' </dev/null

# The first one may fill caches that stay.
parador create brief.cfg && parador destroy brief || fail "create and destroy"
sleep 2
resources > before
round=0
while [ "$round" -lt "$rounds" ]; do
    parador create brief.cfg || fail "create, round $round"
    parador destroy brief || fail "destroy, round $round"
    round=$((round + 1))
done
sleep 2
resources > after
cmp before after || fail "after $rounds guests: $(diff before after)"
exit 0
