#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests plus hypervisor plus idle is elapsed time, and every guest's account is complete, while
# guests come, work hard, are paused and go; and dom0's kernel sees the time it waited as steal.
#
# boot pc-2cpus: --cpus 2 --file {tool:usage} --file {build:tests/guests/memory.elf} => [1-9] domains went
# needs: dom0-tools/parador
# needs: tests/guests/memory.elf

. /root/lib.sh

for name in one two; do
    cat > $name.cfg <<CFG
name = "$name"
kernel = "/root/memory.elf"
memory = 16
on_poweroff = "destroy"
CFG
done

# jiffies STATE: column of the first line of /proc/stat, in 10 ms.
jiffies() {
    awk -v n="$1" 'NR == 1 { print $(n + 1) }' /proc/stat
}

steal=$(jiffies 8)
(/root/usage 10 > usage.out; echo $? > usage.status) &
(while :; do :; done) &
spinner=$!
rounds=0
until [ -s usage.status ]; do
    parador create -q one.cfg || fail "create, round $rounds"
    parador create -q two.cfg || fail "create another, round $rounds"
    sleep 1
    parador pause two 2>/dev/null
    for name in one two; do
        parador destroy $name 2>/dev/null
    done
    without 5 running two || fail "two does not go"
    rounds=$((rounds + 1))
done
kill $spinner
cat usage.out
[ "$(cat usage.status)" = 0 ] || fail "the accounts do not add up"
[ "$(jiffies 8)" -gt "$steal" ] || fail "no steal time in dom0, though guests worked beside it"
