#!/bin/sh
# SPDX-License-Identifier: MIT
# While tools change pools, CPUs, pins, shares and domains all at once, nobody loses the CPU: guests
# that compute, that sleep and that yield, and dom0, go on.
#
# slow 4cpus: --cpus 4 --file {build:tests/guests/load.elf} --file {case:../loads.sh} --file {tool:upheaval}
# needs: dom0-tools/parador
# needs: tests/guests/load.elf

. /root/lib.sh
. /root/loads.sh
phase_from=0
phase_to=1000000000000
offset_ms=0
for mode in spin yield dodge past; do
    load $mode $mode 'vcpus=2' 'vcpus = 2' || fail "no $mode"
done
# shellcheck disable=SC2046 # a word for each
timeout 250 /root/upheaval "${ROUNDS:-200}" $(for mode in spin yield dodge past; do
    parador domid $mode
done) || fail "after the upheaval (status $?): $(parador vcpu-list; parador cpupool-list -c)"
parador debug-keys aeq
parador dmesg | grep -q 'audit: .* 0 wrong' || fail "references: $(parador dmesg | grep audit)"
[ "$(parador cpupool-list -c | awk 'NR > 1 { print $1, $2 }')" = "Pool-0 0,1,2,3" ] ||
    fail "pools: $(parador cpupool-list -c)"
exit 0
