#!/bin/sh
# SPDX-License-Identifier: MIT
# The kernel of a guest file in /etc/parador is unpacked before anybody asks for it, again when it
# has changed, and a guest can be made meanwhile.
#
# boot pc:
# needs: dom0-tools/parador

. /root/lib.sh

cache=/var/cache/parador
kernel=/usr/lib/parador/guest/vmlinuz
cached() {
    [ "$(ls $cache/kernel-* 2>/dev/null | wc -l)" = "$1" ]
}

within 60 cached 1 || fail "the demo guest's kernel isn't unpacked at start"
first=$(ls $cache/kernel-*)
cp $kernel /root/changed
cp /root/changed $kernel.new
mv $kernel.new $kernel
# Who needs it before it is there waits for it, or unpacks it himself.
sleep 3
parador create -p /etc/parador/demo.cfg || fail "create"
parador destroy demo || fail "destroy"
within 60 test -n "$(ls $cache/kernel-* | grep -v "$first")" || fail "the changed kernel isn't unpacked"
[ -z "$(ls $cache | grep -v '^kernel-\|^lock$')" ] || fail "left over: $(ls $cache)"
exit 0
