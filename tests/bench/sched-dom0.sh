# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# The scheduler's measurements, in dom0; tests/bench/sched puts "sets=..." before
# this. Lines of figures as tests/system/loads.sh prints them, and verdicts.

. /root/loads.sh
loads_begin || exit 1
# Kernels are unpacked in the background, which takes a share of a CPU: not of what is measured.
while ps | grep -q '[-]-warm'; do
    sleep 1
done
cpus=$(parador info | awk '$1 == "nr_cpus" { print $3 }')
ours=$(parador info | grep -c '^xen_extra.*parador')
failed=0

verdict() {
    "$@" || failed=$((failed + 1))
}

spinners() {
    made=0
    while [ $made -lt "$1" ]; do
        made=$((made + 1))
        load s$made spin '' || return
    done
}

lists() {
    for turn in 1 2 3 4 5 6 7 8 9 10; do
        parador list
    done
}

# What one vcpu's wake-up and switch cost, and an answer between two idle guests.
# No gap is a multiple of another, else the two that sleep would always wake together.
latency() {
    phase pingpong 1
    pair 0
    measure
    phase wake 1
    pair 5000000
    load nap nap 'gap=3000000'
    measure
    phase eight 3 2
    spinners 8
    pair 20000000
    load nap nap 'gap=17000000'
    measure lists
}

# All that many busy guests do, against one for each CPU; and idle ones among them.
many() {
    phase alone 3
    spinners "$cpus"
    measure
    phase many 3 $((8 + 4 * (1 - ours)))
    spinners 128
    pair 20000000
    load nap nap 'gap=17000000'
    measure
}

weights() {
    phase weights 10 2
    wanted=
    for weight in 1 2 4 8; do
        vcpu=1
        while [ $vcpu -le "$cpus" ]; do
            load w$weight-$vcpu spin '' "cpu_weight = $((weight * 128))"
            wanted="$wanted w$weight-$vcpu:$weight"
            vcpu=$((vcpu + 1))
        done
    done
    measure
    # shellcheck disable=SC2086 # words
    verdict shares 1 $wanted
}

caps() {
    for cap in 25 50 150; do
        [ $cap -lt $((cpus * 100)) ] || continue
        phase cap$cap 10 1
        load capped spin 'vcpus=2' 'vcpus = 2' "cap = $cap"
        measure
        verdict part capped $((cap * 99 / 100)).$((cap * 99 % 100)) \
            $((cap * 101 / 100)).$((cap * 101 % 100))
    done
}

reservation() {
    phase reservation 10 4
    load reserved spin '' 'cpu_weight = 1' 'reservation = 20'
    spinners 31
    measure
    verdict part reserved 19.8 100
}

# Each abuser beside a guest that counts: how much is left of half a CPU.
abuses() {
    phase fair 1
    load victim spin ''
    load abuser spin ''
    measure lists
    for abuse in yield flood masked dodge past flush; do
        phase abuse-$abuse 1
        load victim spin ''
        load abuser $abuse ''
        measure lists
    done
}

for set in $sets; do
    $set
done
exit $((failed > 0))
