#!/bin/sh
# SPDX-License-Identifier: MIT
# Instead of the tools' own daemons: Debian's, as xl expects them, and paradord.
cd / || exit
tar xf /root/xl.tar
bin=/usr/lib/xen-4.17/bin
[ -e /var/run ] || ln -s /run /var/run
[ -e /var/lock ] || ln -s /run/lock /var/lock
mkdir -p /run/xen /run/lock /var/lib/xen /var/log/xen /run/xenstored /var/lib/xenstored
"$bin/xenstored" --pid-file /run/xen/xenstored.pid
left=50
until xenstore-exists / 2>/dev/null || [ $left -eq 0 ]; do
    left=$((left - 1))
    sleep 0.1
done
"$bin/xen-init-dom0"
"$bin/xenconsoled" --pid-file=/run/xen/xenconsoled.pid
paradord
