#!/bin/sh
# SPDX-License-Identifier: MIT
# In dom0: times the tools named after tools= in the kernel's options, one after
# another in every round. Prints lines of elapsed's: label, nanoseconds, status.
cd /root || exit 1
word() {
    sed -n "s/.*$1=\([^ ]*\).*/\1/p" /proc/cmdline
}
tools=$(word tools | tr , ' ')
rounds=$(word rounds)
tiny=$(word tiny)
PATH=$PATH:/usr/lib/xen-4.17/bin
export PATH
chmod 755 elapsed

# xl without its lock file's folder, or a tool without its daemons, fails here.
for tool in $tools; do
    $tool list || exit 1
done

# guest NAME LINE...: a guest file.
guest() {
    name=$1
    shift
    printf 'name = "%s"\ntype = "pv"\n' "$name" > "$name.cfg"
    for line in "$@"; do
        echo "$line" >> "$name.cfg"
    done
}

# up NAME: both back-ends are connected, so its kernel is well under way.
up() {
    id=$(parador domid "$1") || return 1
    left=600
    until [ "$(xenstore-read "/local/domain/0/backend/vif/$id/0/state" 2>/dev/null)" = 4 ] &&
        [ "$(xenstore-read "/local/domain/0/backend/vbd/$id/51712/state" 2>/dev/null)" = 4 ]; do
        left=$((left - 1))
        [ $left -gt 0 ] || return 1
        sleep 0.5
    done
    sleep 1
}

# debian LABEL TOOL: a Debian guest with disk and network comes up and is destroyed.
debian() {
    guest debian 'kernel = "/usr/lib/parador/guest/vmlinuz"' \
        'ramdisk = "/usr/lib/parador/guest/initrd"' 'extra = "console=hvc0"' 'memory = 256' \
        'disk = [ "phy:/dev/vda,xvda,w" ]' 'vif = [ "mac=00:16:3e:00:00:01,bridge=xenbr0" ]'
    ./elapsed "$1$2-create-debian" "$2" create debian.cfg || return 1
    up debian || { echo "the guest of $2 does not come up"; return 1; }
    ./elapsed "$1$2-destroy-debian" "$2" destroy debian
}

failed() {
    echo "FAIL: $*"
    tail -n 20 elapsed.log /var/log/xen/xen-hotplug.log 2>/dev/null
    xenstore-ls /local/domain/0/backend | grep -E 'error|state'
    exit 1
}

# The unpacked kernel is not there yet, and what tidies up in the background is over.
rm -rf /var/cache/parador
for tool in $tools; do
    debian cold- "$tool" || failed "first guest of $tool"
done
round=0
while [ $round -lt "$rounds" ]; do
    for tool in $tools; do
        debian '' "$tool" || failed "guest of $tool"
    done
    round=$((round + 1))
done

# Tiny guests, all of which stay alive.
count=1
while [ $count -le "$tiny" ]; do
    for tool in $tools; do
        # An xl costs a process per guest, so it stops earlier.
        [ "$tool" = parador ] || [ $count -le 20 ] || continue
        guest "$tool-$count" 'kernel = "/root/idle.elf"' 'memory = 16'
        ./elapsed "$tool-create-tiny-$count" "$tool" create "$tool-$count.cfg" ||
            failed "tiny guest $count of $tool"
    done
    count=$((count + 1))
done
count=1
while [ $count -le "$tiny" ]; do
    for tool in $tools; do
        [ "$tool" = parador ] || [ $count -le 20 ] || continue
        ./elapsed "$tool-destroy-tiny-$count" "$tool" destroy "$tool-$count" ||
            failed "destroying tiny guest $count of $tool"
    done
    count=$((count + 1))
done
