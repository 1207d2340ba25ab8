#!/bin/sh
# SPDX-License-Identifier: MIT
# Two guests and dom0 run at once on two CPUs, each with memory of its own.
#
# boot pc-2cpus: --cpus 2
# needs: dom0-tools/parador

. /root/lib.sh

for n in 1 2; do
    guest "memory$n" 'extra = "console=hvc0"' <<TASK
#!/bin/sh
# Fill memory with a pattern of our own, and look whether it stays.
yes "guest number $n" | head -c 16777216 > /tmp/pattern
sum=\$(sha256sum < /tmp/pattern)
echo filled
for round in 1 2 3; do
    sleep 2
    [ "\$(sha256sum < /tmp/pattern)" = "\$sum" ] || exit 1
done
grep -v "guest number $n" /tmp/pattern | head -3
exit 0
TASK
    parador create "memory$n.cfg" || fail "create $n"
done
yes dom0 | head -c 16777216 > /tmp/pattern
sum=$(sha256sum < /tmp/pattern)
within 120 said memory1 '^filled' || fail "the first doesn't run"
within 120 said memory2 '^filled' || fail "the second doesn't run"
[ "$(parador list | grep -c '^memory')" -eq 2 ] || fail "they don't run at once"
ends memory1
ends memory2
[ "$(sha256sum < /tmp/pattern)" = "$sum" ] || fail "dom0's memory has changed"
exit 0
