#!/bin/sh
# SPDX-License-Identifier: MIT
# Shares of guests with several vcpus on several CPUs: weights count per guest however many vcpus it
# has, what one cannot use goes to the others, caps and reservations hold for the sum of its vcpus.
#
# slow 2cpus: --cpus 2 --memory 1024M --timeout 1200 --file {build:tests/guests/load.elf} --file {case:../loads.sh}
# slow 4cpus: --cpus 4 --memory 1024M --timeout 1200 --file {build:tests/guests/load.elf} --file {case:../loads.sh}
# needs: dom0-tools/parador
# needs: tests/guests/load.elf
#
# In real time: when instructions are counted, QEMU 7.2 lets one CPU starve while another never
# rests. A machine with other work stops CPUs for moments, and then what was granted may not be used:
# so the bounds are narrow above and wide below. docs/performance.md has the figures of QEMU 10.

. /root/lib.sh
. /root/loads.sh
loads_begin || fail "no guest runs"
cpus=$(parador info | awk '$1 == "nr_cpus" { print $3 }')
seconds=4
lead=10

# wide NAME VCPUS LINE...: a guest whose vcpus all count.
wide() {
    guest=$1
    count=$2
    shift 2
    load "$guest" spin "vcpus=$count" "vcpus = $count" "$@" || fail "create $guest"
}

# measured PHASE: once more, with more time to make them, when a guest came too late for its figures.
measured() {
    while :; do
        phase "$1" $seconds $lead
        "$1"
        measure
        grep -q 'late=1' /root/figures || return 0
        lead=$((lead * 2))
        [ $lead -lt 200 ] || fail "$1: guests take too long to come up"
    done
}

weights() {
    wide one 1 'cpu_weight = 128'
    wide two 2 'cpu_weight = 256'
    wide four 4 'cpu_weight = 128'
    wide big 4 'cpu_weight = 512'
}
measured weights
shares 8 one:1 two:2 four:1 big:4 || fail "weights of guests with 1, 2 and 4 vcpus"

surplus() {
    wide narrow 1 'cpu_weight = 8192'
    wide a 4 'cpu_weight = 128'
    wide b 4 'cpu_weight = 384'
}
measured surplus
part narrow 90 100.1 || fail "one vcpu whose weight is worth more than a CPU"
shares 8 a:1 b:3 || fail "what is left"

cap_150() {
    wide capped 2 'cap = 150' 'cpu_weight = 65535'
    wide free "$cpus"
}
measured cap_150
part capped 130 151 || fail "a cap of 150 %"

cap_25() {
    wide capped 4 'cap = 25'
    wide free "$cpus"
}
measured cap_25
part capped 20 25.8 || fail "a cap of 25 % for 4 vcpus"

# The spinners are worth all the time that is not promised, and the same.
reservation() {
    wide reserved 2 'reservation = 120' 'cpu_weight = 1'
    wide small 1 'reservation = 20' 'cpu_weight = 1'
    n=0
    equal=
    while [ $n -lt $((3 * cpus)) ]; do
        wide s$n 1 'cpu_weight = 1024'
        equal="$equal s$n:1"
        n=$((n + 1))
    done
}
measured reservation
part reserved 112 130 || fail "a reservation of 120 %"
part small 18 25 || fail "a reservation of 20 %"
# shellcheck disable=SC2086 # words
shares 15 $equal || fail "equal ones beside reservations"
exit 0
