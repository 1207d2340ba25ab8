# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For system tests that start guests; delivered into dom0 as /root/lib.sh.

# fail WORDS...: the test has failed; what the guests said last goes to the output.
fail() {
    echo "FAIL: $*"
    for log in /var/log/parador/guest-*.log; do
        [ ! -e "$log" ] || { echo "-- $log"; tail -n 15 "$log"; }
    done
    parador list
    exit 1
}

# within SECONDS COMMAND...: tries once a second until it succeeds.
within() {
    left=$1
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 1
    done
}

# without SECONDS COMMAND...: tries once a second until it fails.
without() {
    left=$1
    shift
    while "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 1
    done
}

# The console's log of a guest, kept after its death.
log_of() {
    echo "/var/log/parador/guest-$1.log"
}

# said NAME RE: the guest has written such a line.
said() {
    tr -d '\r' < "$(log_of "$1")" | grep -qE "$2"
}

running() {
    parador domid "$1" >/dev/null 2>&1
}

# guest NAME [LINE...]: writes /root/NAME.cfg. Its initramfs runs the script that
# standard input holds; an empty one leaves the guest with a shell. $GUEST_FILES go into its /root.
guest() {
    name=$1
    shift
    ramdisk=/usr/lib/parador/guest/initrd
    cat > "/root/$name.task"
    if [ -s "/root/$name.task" ]; then
        GUEST_INITRD=${GUEST_INITRD:-$ramdisk} \
            guest-image "/root/$name.task" "/root/$name.initrd" ${GUEST_FILES:-}
        ramdisk=/root/$name.initrd
    elif [ -n "${GUEST_INITRD:-}" ]; then
        ramdisk=$GUEST_INITRD
    fi
    {
        echo "name = \"$name\""
        echo "kernel = \"${GUEST_KERNEL:-/usr/lib/parador/guest/vmlinuz}\""
        echo "ramdisk = \"$ramdisk\""
        echo "memory = ${GUEST_MEMORY:-192}"
        for line in "$@"; do
            echo "$line"
        done
    } > "/root/$name.cfg"
}

# ends NAME [SECONDS]: the guest's script ends well and the guest is gone.
# A message of its kernel may come between the words and the end of the line.
ends() {
    without "${2:-90}" running "$1" || fail "$1 doesn't end"
    said "$1" '^task: exit status 0([^0-9]|$)' || fail "$1: its script fails"
}

# What the machine has given out, in a form to compare: a guest that is gone leaves
# it as it was.
resources() {
    parador info | grep '^free_memory'
    xenstore-ls /local/domain 2>/dev/null | wc -l
    losetup -a | wc -l
    ls /sys/class/net | sort
    ls /sys/bus/xen-backend/devices
    awk '/xen-dyn/' /proc/interrupts | wc -l
}
