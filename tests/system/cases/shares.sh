#!/bin/sh
# SPDX-License-Identifier: MIT
# Weights, caps and reservations are kept on CPUs that are wanted by more than they can serve:
# guests that count measure what they get, in guest time that counts instructions.
#
# boot 1cpu: --icount --memory 1024M --file {build:tests/guests/load.elf} --file {case:../loads.sh}
# needs: dom0-tools/parador
# needs: tests/guests/load.elf

. /root/lib.sh
. /root/loads.sh
loads_begin || fail "no guest runs"
cpus=$(parador info | awk '$1 == "nr_cpus" { print $3 }')

# A guest that gets 1/15 of a CPU for two seconds is on it for 13 slices of 10 ms: one more or
# less is 7.5 % of its part. The others' parts are longer.
phase weights 2 2
for weight in 1 2 4 8; do
    vcpu=1
    while [ $vcpu -le "$cpus" ]; do
        load w$weight-$vcpu spin '' "cpu_weight = $((weight * 128))"
        vcpu=$((vcpu + 1))
    done
done
measure
wanted=
for weight in 1 2 4 8; do
    vcpu=1
    while [ $vcpu -le "$cpus" ]; do
        wanted="$wanted w$weight-$vcpu:$weight"
        vcpu=$((vcpu + 1))
    done
done
# shellcheck disable=SC2086 # words
shares 8 $wanted || fail "weights"

phase caps 1 1
load capped spin '' 'cap = 25'
load free spin '' "vcpus = $cpus"
measure
part capped 23 25.3 || fail "a cap of 25 %"

phase reservation 1 2
load reserved spin '' 'reservation = 20' 'cpu_weight = 1'
for n in 1 2 3 4 5 6 7 8; do
    load s$n spin '' 'cpu_weight = 1024'
done
measure
part reserved 19 100 || fail "a reservation of 20 %"
exit 0
