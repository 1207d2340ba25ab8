#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0 boots on every machine, sees what it should, keeps time and computes right.
#
# boot pc: --machine pc => ^cpus=1$
# boot pc-2cpus: --machine pc --cpus 2 => ^cpus=2$
# boot pc-8cpus: --machine pc --cpus 8 --timeout 300 => ^cpus=8$
# boot q35-2cpus: --machine q35 --cpus 2 => ^cpus=2$
# boot pc-grub: --loader grub --timeout 180
# boot pc-uefi: --firmware uefi --timeout 180
# boot q35-uefi-2cpus: --machine q35 --firmware uefi --cpus 2 --timeout 180 => ^cpus=2$
# boot plain-cpu: --cpu qemu64,+fsgsbase
# boot max-cpu: --cpu max
# boot max-cpu-2cpus: --cpu max --cpus 2 => ^cpus=2$
# boot 512M: --memory 512M => ^memory=1[0-9][0-9]$
# boot 6G: --memory 6G --append dom0_mem=4G => ^memory=(3[6-9]|40)[0-9][0-9]$
# boot dom0-max-vcpus: --cpus 4 --append dom0_max_vcpus=2 => ^cpus=2$
# boot maxcpus: --cpus 4 --append maxcpus=3 => ^cpus=3$
# slow q35: --machine q35 => ^cpus=1$
# slow pc-3cpus: --cpus 3 => ^cpus=3$
# slow pc-4cpus: --cpus 4 => ^cpus=4$
# slow q35-8cpus: --machine q35 --cpus 8 --timeout 300 => ^cpus=8$
# slow q35-grub: --machine q35 --loader grub --timeout 180
# slow q35-uefi: --machine q35 --firmware uefi --timeout 180
# slow 1G: --memory 1G => ^memory=(3[5-9]|4[0-9]|5[01])[0-9]$
# slow 20G: --memory 20G --append dom0_mem=1G --timeout 300
# slow max-cpu-q35: --machine q35 --cpu max
# boot kernel-6.12: --dom0-kernel 6.12

fail() {
    echo "$1"
    exit 1
}

echo "cpus=$(nproc)"
echo "memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)"

[ "$(cat /sys/hypervisor/type)" = xen ] || fail "no hypervisor"
grep -q control_d /proc/xen/capabilities || fail "not the control domain"
[ "$(date +%Y)" -ge 2025 ] || fail "wall clock: $(date)"

# A second lasts a second, whatever clock it is read from.
read -r before _ < /proc/uptime
wall=$(date +%s)
sleep 2
read -r after _ < /proc/uptime
wall=$(($(date +%s) - wall))
[ $wall -ge 1 ] && [ $wall -le 5 ] || fail "2 s of sleep took $wall s of wall clock"
awk -v b="$before" -v a="$after" 'BEGIN { exit !(a - b >= 1.9 && a - b < 5) }' ||
    fail "2 s of sleep took from $before to $after of uptime"

# Every CPU runs, takes timer interrupts, and computes the same.
sum=$(sha256sum < /bin/busybox)
for cpu in $(seq 0 $(($(nproc) - 1))); do
    [ "$(taskset -c "$cpu" sha256sum < /bin/busybox)" = "$sum" ] || fail "CPU $cpu miscounts"
    grep -q " timer$cpu\$" /proc/interrupts || fail "CPU $cpu has no timer"
done
awk '/ timer[0-9]+$/ { n = 0; for (i = 2; i <= NF; i++) n += $i; if (!n) exit 1 }' \
    /proc/interrupts || fail "a CPU without a timer interrupt"

if dmesg | grep -E 'BUG:|Oops|Call Trace|soft lockup|rcu:.*stall'; then
    fail "the kernel complains"
fi
exit 0
