#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests with more vcpus than there are CPUs come up, keep one monotonic clock, lose no wake-up, see
# stolen time, and have vcpus taken and given back all the while.
#
# boot 4-on-2: --cpus 2 --file {program:vcpus}
# boot tsc-unstable: --cpus 2 --append tsc=unstable --dom0-append test=clock --file {program:vcpus}
# slow 33-on-2: --cpus 2 --dom0-append test=33 --file {program:vcpus}
# slow 64-on-2: --icount --cpus 2 --timeout 1500 --dom0-append test=64 --file {program:vcpus}
# slow 16-on-1: --cpus 1 --dom0-append test=16 --file {program:vcpus}
# slow dom0-64: --icount --cpus 2 --timeout 900 --append dom0_max_vcpus=64 --dom0-append test=d0 --file {program:vcpus}
# slow mix: --cpus 2 --append dom0_max_vcpus=4 --dom0-append test=mix600 --timeout 3000 --file {program:vcpus}
# slow mix-short: --cpus 2 --append dom0_max_vcpus=4 --dom0-append test=mix60 --timeout 900 --file {program:vcpus}
# needs: dom0-tools/parador
#
# With 64 vcpus time counts instructions: before its clocks are up Linux ticks 250 times a second on
# each of them, which is more than an emulated CPU can do in real time.

. /root/lib.sh
export GUEST_FILES=/root/vcpus
complaints='BUG:|Oops|Call Trace|soft lockup|rcu.*stall|clocksource.*unstable|nobody cared'
kind=$(sed -n 's/.*\btest=\([a-z0-9]*\).*/\1/p' /proc/cmdline)

# A vcpu that comes back waits until the guest's user space wants it: that is the loop in the task.
# busy_guest NAME VCPUS SECONDS: clock and load at once.
busy_guest() {
    guest "$1" "vcpus = $2" 'extra = "console=hvc0"' <<TASK
#!/bin/sh
(while :; do
    for cpu in /sys/devices/system/cpu/cpu[0-9]*/online; do
        [ "\$(cat \$cpu)" = 1 ] || { echo 1 > \$cpu && echo back >> /tmp/back; }
    done 2>/dev/null
    usleep 50000
done) &
/root/vcpus load $3 &
load=\$!
/root/vcpus clock $3 || exit 1
wait \$load || exit 1
echo "back=\$(grep -c back /tmp/back) steal=\$(awk '/^cpu / { print \$9 }' /proc/stat)"
dmesg | grep -E '$complaints' && exit 1
exit 0
TASK
    parador create "$1.cfg" || fail "create $1"
}

# hotplug NAME ID VCPUS: takes a vcpu and gives it back, each in turn, until the guest has gone.
hotplug() {
    while running "$1"; do
        for vcpu in $(seq 1 $(($3 - 1))); do
            at=/local/domain/$2/cpu/$vcpu/availability
            running "$1" || return 0
            xenstore-write "$at" offline
            usleep 200000
            xenstore-write "$at" online
        done
    done
}

# came_through NAME SECONDS
came_through() {
    ends "$1" "$2"
    tr -d '\r' < "$(log_of "$1")" | grep -E '^(clock|load|back)[:=]'
    said "$1" '^clock: .* 0 steps back' || fail "$1: its clock"
    said "$1" '^load: ' || fail "$1: its load"
}

case $kind in
clock)
    guest clock 'vcpus = 4' 'extra = "console=hvc0"' <<'TASK'
#!/bin/sh
/root/vcpus clock 3
TASK
    parador create clock.cfg || fail "create"
    ends clock 120
    said clock '^clock: 4 threads, .* 0 steps back' || fail "its clock"
    parador dmesg | grep -q 'TSC: differs between CPUs; using' || fail "the TSC was believed"
    ;;
d0)
    [ "$(nproc)" -eq 64 ] || fail "dom0 has $(nproc) vcpus"
    /root/vcpus clock 5 || fail "dom0's clock"
    /root/vcpus load 5 || fail "dom0's load"
    dmesg | grep -E "$complaints" && fail "dom0 complains"
    ;;
mix*)
    seconds=${kind#mix}
    busy_guest one 4 "$seconds"
    busy_guest two 3 "$seconds"
    (hotplug one "$(parador domid one)" 4) &
    (hotplug two "$(parador domid two)" 3) &
    /root/vcpus load "$seconds" || fail "dom0's load"
    came_through one $((seconds * 3 + 200))
    came_through two $((seconds * 3 + 200))
    for name in one two; do
        said $name '^back=[1-9]' || fail "$name: no vcpu has gone and come back"
    done
    dmesg | grep -E "$complaints" && fail "dom0 complains"
    ;;
[0-9]*)
    export GUEST_MEMORY=384
    guest wide "vcpus = $kind" 'extra = "console=hvc0"' <<TASK
#!/bin/sh
echo "cpus=\$(nproc)"
/root/vcpus clock 2 || exit 1
dmesg | grep -E '$complaints' && exit 1
exit 0
TASK
    parador create wide.cfg || fail "create"
    ends wide 360
    said wide "^cpus=$kind\$" || fail "it does not see its vcpus"
    said wide "^clock: $kind threads, .* 0 steps back" || fail "its clock"
    ;;
*)
    busy_guest four 4 5
    (hotplug four "$(parador domid four)" 4) &
    came_through four 150
    said four '^back=[1-9][0-9]* steal=[1-9]' || fail "no vcpu came back, or no time was stolen"
    ;;
esac
exit 0
