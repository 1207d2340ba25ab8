#!/bin/sh
# SPDX-License-Identifier: MIT
# 128 vcpus come up, are woken one by one, and nobody flushes a TLB for vcpus that sleep.
# Four vcpus on four CPUs map, unmap, pin, unpin, grant, flush and send at once; then every frame's
# references are counted again, with the guest in place and after its end.
#
# boot 4cpus: --cpus 4 --file {build:tests/guests/stress.elf}
# boot 2cpus-seed-2: --cpus 2 --file {build:tests/guests/stress.elf} --file {case:stress.sh}:seed-2
# boot wide-128: --cpus 2 --append dom0_max_vcpus=1 --file {build:tests/guests/many.elf}
# slow minutes: --cpus 4 --file {build:tests/guests/stress.elf} --file {case:stress.sh}:minutes
# needs: dom0-tools/parador

. /root/lib.sh

# audit WHEN: the hypervisor's own count of all references.
audit() {
    parador dmesg -c > /dev/null
    parador debug-keys a
    parador dmesg | grep "^(parador) audit: "
    parador dmesg | grep -q '^(parador) audit: .* 0 wrong' || fail "references are wrong $1"
}

# start VCPUS WORDS [LINE]
start() {
    cat > stress.cfg <<CFG
name = "stress"
kernel = "/root/stress.elf"
memory = 16
vcpus = $1
extra = "$2"
on_poweroff = "preserve"
on_crash = "preserve"
${3:-}
CFG
    parador create -q stress.cfg || fail "create"
}

# asked: how often all CPUs together have been asked to flush their TLBs.
asked() {
    parador dmesg -c > /dev/null
    parador debug-keys d
    parador dmesg | awk '/ asked [0-9]+ times / { sum += $5 } END { print sum }'
}

# flushes WORDS: how often CPUs were asked while a guest with a vcpu on each CPU flushed 2,000 times.
flushes() {
    before=$(asked)
    start 2 "case=flush $1" 'cpus = [ "0", "1" ]'
    within 120 said stress '^DONE' || fail "the flushes do not end"
    said stress '^VERDICT success' || fail "a flush is refused"
    after=$(asked)
    parador destroy stress
    without 20 running stress || fail "it does not go"
    : > "$(log_of stress)"
    echo "flushes $1: $((after - before)) times"
    flushed=$((after - before))
}

# one SECONDS SEED VCPUS
one() {
    start "$3" "case=stress seconds=$1 seed=$2"
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
elif [ -e many.elf ]; then
    mv many.elf stress.elf
    start 128 case=wide
    within 120 said stress '^DONE' || fail "not all vcpus answer"
    said stress '^WIDE 128 vcpus' || fail "not all vcpus are there"
    said stress '^VERDICT success' || fail "not all vcpus answer"
    audit "with 128 vcpus"
    parador destroy stress
    without 20 running stress || fail "it does not go"
    : > "$(log_of stress)"
    parador vcpu-pin Domain-0 0 0 || fail "pin dom0"
    flushes ''
    [ $flushed -lt 300 ] || fail "CPUs are interrupted for vcpus that sleep"
    flushes awake=1
    [ $flushed -gt 1000 ] || fail "no CPU is asked to flush for a vcpu that runs"
elif [ -e seed-2 ]; then
    one 3 2 6
else
    one 5 1 4
fi
exit 0
