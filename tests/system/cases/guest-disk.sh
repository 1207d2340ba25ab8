#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest's disks: a file, a block device, a read-only one; what was flushed
# survives destroy; a guest goes on from an ext4 root disk.
#
# boot pc: --disk {disk:64M} --disk {root-disk}
# boot q35-2cpus: --machine q35 --cpus 2 --disk {disk:64M} --disk {root-disk}
# needs: dom0-tools/parador

. /root/lib.sh

truncate -s 32M file.img
truncate -s 1M fixed.img
echo "do not change me" | dd of=fixed.img conv=notrunc 2>/dev/null

guest disks 'extra = "console=hvc0"' \
    'disk = [ "phy:/dev/vda,xvda,w", "file:/root/file.img,xvdb,w", "file:/root/fixed.img,xvdc,r" ]' \
    <<'TASK'
#!/bin/sh
for disk in xvda xvdb xvdc; do
    tries=0
    until [ -b /dev/$disk ] || [ $tries -eq 20 ]; do sleep 1; tries=$((tries + 1)); done
done
fail() { echo "disk: $*"; exit 1; }
[ "$(head -c 17 /dev/xvda)" = "parador test disk" ] || fail "xvda isn't the host's"
[ "$(cat /sys/block/xvdb/size)" = 65536 ] || fail "size of xvdb"
[ "$(head -c 16 /dev/xvdc)" = "do not change me" ] || fail "xvdc's content"
[ "$(cat /sys/block/xvdc/ro)" = 1 ] || fail "xvdc isn't read-only"
dd if=/dev/zero of=/dev/xvdc count=1 conv=fsync 2>/dev/null && fail "xvdc can be written"
dd if=/dev/urandom of=/tmp/p bs=1M count=4 2>/dev/null
for disk in xvda xvdb; do
    dd if=/tmp/p of=/dev/$disk bs=1M seek=4 conv=fsync 2>/dev/null || fail "write $disk"
    echo 3 > /proc/sys/vm/drop_caches
    dd if=/dev/$disk bs=1M skip=4 count=4 2>/dev/null | cmp - /tmp/p || fail "read $disk"
done
echo "sum=$(sha256sum < /tmp/p | cut -c 1-64)"
echo flushed
sleep 1000
TASK
parador create disks.cfg || fail "create"
within 120 said disks '^flushed|^disk: ' || fail "nothing was written"
said disks '^flushed' || fail "the guest's disks"
parador destroy disks || fail "destroy"
sum=$(tr -d '\r' < "$(log_of disks)" | sed -n 's/^sum=//p')
echo 3 > /proc/sys/vm/drop_caches
for disk in /dev/vda file.img; do
    found=$(dd if=$disk bs=1M skip=4 count=4 2>/dev/null | sha256sum | cut -c 1-64)
    [ "$found" = "$sum" ] || fail "$disk lost what the guest had flushed"
done
[ "$(head -c 16 fixed.img)" = "do not change me" ] || fail "the read-only disk has changed"
without 10 sh -c 'losetup -a | grep -q .' || fail "a loop device is left: $(losetup -a)"

guest rooted 'extra = "console=hvc0 root=/dev/xvda"' 'disk = [ "phy:/dev/vdb,xvda,w" ]' </dev/null
parador create rooted.cfg || fail "create from a root disk"
within 90 said rooted 'This is the demo guest' || fail "it doesn't come up from its disk"
parador destroy rooted || fail "destroy"
mount -t ext4 /dev/vdb /mnt && [ -e /mnt/is-root-disk ] || fail "its root disk"
umount /mnt
exit 0
