#!/bin/sh
# SPDX-License-Identifier: MIT
# dom0 drives its disks: what the host wrote is read, what is written comes back.
#
# boot virtio-pc: --machine pc --disk {disk:64M}
# boot virtio-q35: --machine q35 --cpus 2 --disk {disk:64M}
# boot ide-pc: --machine pc --disk {disk:64M} --disk-bus ide
# boot sata-q35: --machine q35 --disk {disk:64M} --disk-bus ide

fail() {
    echo "$1"
    exit 1
}

for disk in /dev/vda /dev/sda none; do
    [ ! -b "$disk" ] || break
done
[ "$disk" != none ] || { modprobe sd_mod; sleep 2; disk=/dev/sda; }
[ -b "$disk" ] || fail "no disk: $(ls /dev)"

[ "$(head -c 17 "$disk")" = "parador test disk" ] || fail "it isn't what the host wrote"
dd if=/dev/urandom of=/tmp/pattern bs=1M count=8 2>/dev/null
dd if=/tmp/pattern of="$disk" bs=1M seek=8 conv=fsync 2>/dev/null || fail "write"
echo 3 > /proc/sys/vm/drop_caches
dd if="$disk" bs=1M skip=8 count=8 2>/dev/null | cmp - /tmp/pattern || fail "read back"

mke2fs -q "$disk" >/dev/null && mount -t ext4 "$disk" /mnt || fail "file system"
cp /tmp/pattern /mnt/ && umount /mnt && mount -t ext4 "$disk" /mnt &&
    cmp /tmp/pattern /mnt/pattern || fail "a file on it"
umount /mnt
exit 0
