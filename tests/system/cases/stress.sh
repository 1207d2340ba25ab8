#!/bin/sh
# SPDX-License-Identifier: MIT
# Four vcpus on four CPUs map, unmap, pin, unpin, grant, flush and send at once; then every frame's
# references are counted again, with the guest in place and after its end.
#
# boot 4cpus: --cpus 4 --file {build:tests/guests/stress.elf}
# boot 2cpus-seed-2: --cpus 2 --file {build:tests/guests/stress.elf} --file {case:stress.sh}:seed-2
# slow minutes: --cpus 4 --file {build:tests/guests/stress.elf} --file {case:stress.sh}:minutes
# needs: dom0-tools/parador

. /root/lib.sh

# audit WHEN: the hypervisor's own count of all references.
audit() {
    parador dmesg -c > /dev/null
    parador debug-keys a
    parador dmesg | grep 'audit: '
    parador dmesg | grep -q '^(parador) audit: .* 0 wrong' || fail "references are wrong $1"
}

# one SECONDS SEED VCPUS
one() {
    cat > stress.cfg <<CFG
name = "stress"
kernel = "/root/stress.elf"
memory = 16
vcpus = $3
extra = "case= seconds=$1 seed=$2"
on_poweroff = "preserve"
on_crash = "preserve"
CFG
    parador create -q stress.cfg || fail "create"
    within $((60 + 6 * $1)) said stress '^DONE' || {
        parador debug-keys q
        parador dmesg | tail -n 40
        fail "seed $2 does not come to its end"
    }
    said stress '^VERDICT success' || fail "seed $2: the guest finds errors"
    audit "with the guest of seed $2"
    parador destroy stress
    without 20 running stress || fail "seed $2: it does not go"
    audit "after the guest of seed $2"
    grep STRESS "$(log_of stress)"
    : > "$(log_of stress)"
}

audit "before any guest"
if [ -e minutes ]; then
    for seed in 11 12 13 14 15 16; do
        one 30 $seed $((2 + seed % 7))
    done
elif [ -e seed-2 ]; then
    one 3 2 6
else
    one 5 1 4
fi
exit 0
