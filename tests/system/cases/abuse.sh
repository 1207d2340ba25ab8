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
for abuse in yield flood masked dodge; do
    phase $abuse 1
    load victim spin ''
    load abuser $abuse ''
    measure parador list
    took=$(sed -n 's/.*what=command ms=//p' /root/figures)
    echo "$abuse: the victim does $(($(work $abuse) * 100 / fair)) % of its share, a list takes $took ms"
    [ $(($(work $abuse) * 100)) -ge $((fair * 98)) ] || fail "$abuse costs the victim its share"
    [ "$took" -lt 200 ] || fail "$abuse keeps dom0 waiting"
done
exit 0
