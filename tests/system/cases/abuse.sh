#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest that yields in a loop, floods events, dodges the accounting or waits for what is masked
# only wastes its own share of the CPU: the guest beside it keeps its own, and dom0 answers.
#
# boot 1cpu: --icount --memory 1024M --file {build:tests/guests/load.elf} --file {case:../loads.sh}
# needs: dom0-tools/parador
# needs: tests/guests/load.elf

. /root/lib.sh
. /root/loads.sh
loads_begin || fail "no guest runs"

# Dom0 has the same weight and may be busy, with what the abuser asks of it or with its own: of
# three that want the CPU the victim gets its third, less 2 %, and what the others leave.
for abuse in yield flood masked dodge; do
    phase $abuse 1
    load victim spin ''
    load abuser $abuse ''
    measure parador list
    took=$(sed -n 's/.*what=command ms=//p' /root/figures)
    echo "$abuse: a list takes $took ms"
    part victim 32.6 100 || fail "$abuse costs the victim its share"
    [ "$took" -lt 200 ] || fail "$abuse keeps dom0 waiting"
done
exit 0
