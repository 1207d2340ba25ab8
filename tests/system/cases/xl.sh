#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's own xl, libraries and daemons, unmodified, make and run guests on Parador.
#
# slow pc: --memory 1536M --append dom0_mem=1024M --timeout 900 {xl}
# needs: dom0-tools/parador

. /root/lib.sh
cd /root || exit 1
PATH=$PATH:/usr/lib/xen-4.17/bin
export PATH

up() {
    xl domid "$1" >/dev/null 2>&1
}

# hears NAME: what its console says goes to NAME.console.
hears() {
    within 60 xenstore-read "/local/domain/$(xl domid "$1")/console/tty" || give_up "$1 has no console"
    { sleep 600 | xl console "$1" > "$1.console"; } > /dev/null 2>&1 &
}

# says NAME RE: and it has said such a line.
says() {
    tr -d '\r' < "$1.console" | grep -qE "$2"
}

# field NAME N: of its line in xl list.
field() {
    xl list "$1" | awk -v n="$2" 'NR == 2 { print $n }'
}

give_up() {
    xl list
    tail -n 15 ./*.console /var/log/xen/*.log 2>/dev/null
    xl dmesg | tail -n 10
    fail "$@"
}

work='#!/bin/sh
echo "cpus $(grep -c ^processor /proc/cpuinfo)"
grep -qw rdrand /proc/cpuinfo && echo has rdrand || echo has no rdrand
echo up
while :; do usleep 200000; done'

# A kernel and an initramfs.
xl list | grep -q '^Domain-0  *0 ' || give_up "list"
free=$(xl info | awk '/^free_memory/ { print $3 }')
echo "$work" | guest plain 'type = "pv"' 'extra = "console=hvc0"' 'vcpus = 2'
xl create plain.cfg || give_up "create"
hears plain
within 60 says plain '^up$' || give_up "plain doesn't come up"
says plain '^cpus 2$' || give_up "it has other vcpus"
says plain '^has rdrand$' || give_up "it lacks a feature"
[ "$(field plain 3)" = 192 ] || give_up "memory"
xl vcpu-set plain 1 || give_up "vcpu-set"
within 20 sh -c '[ "$(xl list plain | awk "NR == 2 { print \$4 }")" = 1 ]' || give_up "a vcpu stays"
xl pause plain || give_up "pause"
[ "$(field plain 5)" = --p--- ] || give_up "not paused"
xl unpause plain || give_up "unpause"
xl rename plain other || give_up "rename"
up other || give_up "no new name"
xl uptime other | grep -qE '^other +[0-9]+ +[0-9]+:' || give_up "uptime: $(xl uptime)"
xl sched-credit2 -d other -w 512 || give_up "weight"
xl sched-credit2 -d other | grep -qE 'other +[0-9]+ +512' || give_up "weight: $(xl sched-credit2)"
xl dmesg | grep -q '(parador)' || give_up "dmesg"
xl rename other plain || give_up "rename again"
id=$(xl domid plain)
xl reboot plain || give_up "reboot"
within 90 sh -c "xl domid plain && [ \"\$(xl domid plain)\" != $id ]" || give_up "no reboot"
without 20 sh -c "xl list | grep -q '^(null)'" || give_up "the old domain stays"
hears plain
within 60 says plain '^up$' || give_up "plain doesn't come up again"
xl destroy plain || give_up "destroy"
without 20 up plain || give_up "it is still there"

# A disk and a network card; features taken away; an end by shutdown.
dd if=/dev/zero of=disk bs=1M count=8 2>/dev/null
echo '#!/bin/sh
until [ -e /dev/xvda ] && [ -e /sys/class/net/eth0 ]; do usleep 100000; done
echo "disk $(cat /sys/block/xvda/size) card $(cat /sys/class/net/eth0/address)"
echo written by a guest > /dev/xvda; sync
grep -qw rdrand /proc/cpuinfo && echo has rdrand || echo has no rdrand
echo up
while :; do usleep 200000; done' | guest full 'type = "pv"' 'extra = "console=hvc0"' \
    'cpuid = "host,rdrand=0"' 'disk = [ "format=raw,vdev=xvda,access=rw,target=/root/disk" ]' \
    'vif = [ "mac=00:16:3e:00:00:07,bridge=xenbr0" ]'
xl create full.cfg || give_up "create with devices"
hears full
within 60 says full '^up$' || give_up "full doesn't come up"
says full '^disk 16384 card 00:16:3e:00:00:07$' || give_up "its devices"
says full '^has no rdrand$' || give_up "it sees a feature that its file takes away"
xl shutdown -w full || give_up "shutdown"
without 30 up full || give_up "it doesn't end"
grep -q '^written by a guest' disk || give_up "nothing was written"

# What the processor's rings forbid is no guest's; nothing of it is left.
guest more 'type = "pv"' 'cpuid = "host,svm=1"' < /dev/null
xl create more.cfg > more.out 2>&1 && give_up "a guest with SVM"
cat more.out
up more && give_up "it is half there"
[ "$(xl info | awk '/^free_memory/ { print $3 }')" = "$free" ] || give_up "memory is missing"
exit 0
