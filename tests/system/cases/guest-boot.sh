#!/bin/sh
# SPDX-License-Identifier: MIT
# A stock Debian kernel boots as a guest, sees the memory and CPUs it was given,
# keeps time, and disappears when it powers off; its log stays.
#
# boot 6.1:
# boot 6.1-q35-2cpus: --machine q35 --cpus 2
# boot 6.12: --file {kernel:6.12}:kernel --file {guest:6.12}:initrd
# boot 6.1-cloud: --file {kernel:6.1-cloud}:kernel --file {guest:6.1-cloud}:initrd
# slow 6.1-rt: --file {kernel:6.1-rt}:kernel --file {guest:6.1-rt}:initrd
# slow 6.12-cloud: --file {kernel:6.12-cloud}:kernel --file {guest:6.12-cloud}:initrd
# slow 6.12-rt: --file {kernel:6.12-rt}:kernel --file {guest:6.12-rt}:initrd
# needs: dom0-tools/parador

. /root/lib.sh
if [ -e kernel ]; then
    if ! strings kernel >/dev/null || [ ! -s initrd ]; then
        fail "kernel and initrd were not delivered"
    fi
    # These loop in an upcall for ever, on any Xen (docs/debugging.md); later ones have to show it again.
    broken=$(strings kernel | grep -oE 'PREEMPT_RT Debian (6\.1\.192|6\.12\.117)-') &&
        { echo "this kernel hangs by its own fault: $broken"; exit 77; }
    export GUEST_KERNEL=/root/kernel GUEST_INITRD=/root/initrd
fi

guest plain 'extra = "console=hvc0"' <<'TASK'
#!/bin/sh
echo "type=$(cat /sys/hypervisor/type)"
echo "memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)"
echo "cpus=$(nproc)"
echo "year=$(date +%Y)"
read -r before _ < /proc/uptime
sleep 2
read -r after _ < /proc/uptime
awk -v b="$before" -v a="$after" 'BEGIN { print "slept=" int(a - b + 0.1) }'
dmesg | grep -E 'BUG:|Oops|Call Trace' && exit 1
exit 0
TASK
parador create plain.cfg || fail "create"
ends plain 120
said plain '^type=xen$' || fail "it doesn't see a hypervisor"
said plain '^cpus=1$' || fail "it doesn't see one CPU"
said plain '^memory=1[0-9][0-9]$' || fail "it doesn't see its memory"
said plain "^year=$(date +%Y)\$" || fail "its wall clock is off"
said plain '^slept=[2-4]$' || fail "its seconds are off"
said plain 'Linux version 6\.' || fail "its log lacks the first lines"
exit 0
