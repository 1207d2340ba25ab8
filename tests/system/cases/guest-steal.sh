#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest that shares its only CPU with a busy dom0 sees how much of its time is stolen, as top shows it.
#
# boot pc: --cpus 1
# needs: dom0-tools/parador

. /root/lib.sh

guest steal 'extra = "console=hvc0"' <<'TASK'
#!/bin/sh
# Columns of the first line: cpu user nice system idle iowait irq softirq steal.
sample() {
    awk 'NR == 1 { print $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9, $9 }' /proc/stat
}
set -- $(sample)
echo spinning
while :; do :; done &
sleep 4
kill $!
set -- $1 $2 $(sample)
echo "stolen: $((100 * ($4 - $2) / ($3 - $1))) percent"
[ $((100 * ($4 - $2) / ($3 - $1))) -ge 20 ]
TASK
parador create steal.cfg || fail "create"
within 120 said steal '^spinning' || fail "it doesn't run"
(while :; do :; done) &
spinner=$!
ends steal
kill $spinner
tr -d '\r' < "$(log_of steal)" | grep '^stolen'
exit 0
