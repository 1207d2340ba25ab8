#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest that yields in a loop, floods events, dodges the accounting or waits for what is masked
# only wastes its own half of the CPU: the work of the guest beside it stays, and dom0 answers.
#
# boot 1cpu: --icount --memory 1024M --file {build:tests/guests/load.elf} --file {case:../loads.sh}
# needs: dom0-tools/parador
# needs: tests/guests/load.elf

. /root/lib.sh
. /root/loads.sh
loads_begin || fail "no guest runs"

# work PHASE: what the victim counted.
work() {
    sed -n "s/^$1 victim .*work=\([0-9]*\) .*/\1/p" /root/figures
}

phase fair 1
load victim spin ''
load abuser spin ''
measure
fair=$(work fair)
for mode in yield flood masked dodge; do
    phase $mode 1
    load victim spin ''
    load abuser $mode ''
    measure parador list
    took=$(sed -n 's/.*what=command ms=//p' /root/figures)
    echo "$mode: the victim does $(($(work $mode) * 100 / fair)) % of its share, a list takes $took ms"
    [ $(($(work $mode) * 100)) -ge $((fair * 98)) ] || fail "$mode costs the victim its share"
    [ "$took" -lt 200 ] || fail "$mode keeps dom0 waiting"
done
exit 0
