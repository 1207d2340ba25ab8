#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest's vcpus come and go while it runs, stay where they are pinned, and come back from a reboot
# as they were; what cannot be is refused, and then nothing has changed.
#
# boot 4cpus: --cpus 4 --append sched=credit2 --timeout 600
# needs: dom0-tools/parador

. /root/lib.sh

# Uses a vcpu that comes, as udev does; one line whenever the CPUs of the guest change.
cat > watch.task <<'TASK'
#!/bin/sh
last=
while :; do
    for cpu in /sys/devices/system/cpu/cpu[0-9]*/online; do
        [ "$(cat "$cpu")" = 1 ] || echo 1 > "$cpu"
    done 2>/dev/null
    now=$(cat /sys/devices/system/cpu/online)
    [ "$now" = "$last" ] || echo "online: $now"
    last=$now
    usleep 300000
done
TASK

# affinity NAME VCPU: hard and soft affinity
affinity() {
    parador vcpu-list "$1" | awk -v n="$2" 'NR > 1 && $3 == n { print $(NF-2), $NF }'
}

# on_cpu NAME VCPU CPU: it is there.
on_cpu() {
    [ "$(parador vcpu-list "$1" | awk -v n="$2" 'NR > 1 && $3 == n { print $4 }')" = "$3" ]
}

# uses NAME: how often the guest has said that it has 3 CPUs
uses() {
    tr -d '\r' < "$(log_of "$1")" | grep -cx 'online: 0-2'
}

# said_again NAME COUNT: and once more
said_again() {
    [ "$(uses "$1")" -gt "$2" ]
}

# refused RE COMMAND...: fails with one line that matches, and all is as it was.
refused() {
    re=$1
    shift
    parador vcpu-list | awk '{ print $1, $3, $(NF-2), $NF }' > before
    parador sched-credit2 >> before
    parador "$@" >out 2>err && fail "parador $* is not refused"
    { grep -qE "$re" err && [ "$(wc -l < err)" -eq 1 ]; } || fail "parador $* says: $(cat err)"
    parador vcpu-list | awk '{ print $1, $3, $(NF-2), $NF }' > after
    parador sched-credit2 >> after
    cmp before after || fail "parador $* changed something: $(diff before after)"
}

parador info > info
grep -q '^xen_commandline.*sched=credit2' info || fail "info: $(grep commandline info)"
grep -q '^free_cpus  *: 0$' info || fail "info: $(grep free_cpus info)"

guest busy 'extra = "console=hvc0"' 'vcpus = 2' 'maxvcpus = 4' 'cpus = [ "1", "all,^0" ]' 'cpus_soft = "3"' \
    'cpu_weight = 512' 'cap = 250' < watch.task
parador create busy.cfg || fail "create"
[ "$(affinity busy 0)" = "1 3" ] || [ "$(affinity busy 0)" = "1 none" ] ||
    fail "cpus: $(parador vcpu-list busy)"
[ "$(affinity busy 1)" = "1-3 3" ] || fail "cpus: $(parador vcpu-list busy)"
case $(affinity busy 2) in "all "*) ;; *) fail "cpus: $(parador vcpu-list busy)" ;; esac
parador sched-credit2 -d busy | grep -qE '^busy +[0-9]+ +512 +250 +0$' ||
    fail "shares: $(parador sched-credit2 -d busy 2>&1)"
within 60 said busy '^online: 0-1$' || fail "vcpus = 2"

parador vcpu-set busy 4 || fail "vcpu-set 4"
within 30 said busy '^online: 0-3$' || fail "vcpu-set 4 doesn't arrive"
parador vcpu-set busy 1 || fail "vcpu-set 1"
within 30 said busy '^online: 0$' || fail "vcpu-set 1 doesn't arrive"
[ "$(parador vcpu-list busy | grep -c -- ' --p ')" = 3 ] || fail "up: $(parador vcpu-list busy)"
parador vcpu-set busy 3 || fail "vcpu-set 3"
within 30 said busy '^online: 0-2$' || fail "vcpu-set 3 doesn't arrive"

on_cpu busy 0 1 || fail "vcpu 0 is not on CPU 1: $(parador vcpu-list busy)"
parador vcpu-pin busy 0 2 all || fail "vcpu-pin"
within 10 on_cpu busy 0 2 || fail "vcpu 0 is not on CPU 2: $(parador vcpu-list busy)"

refused 'cannot have 5 vcpus: it was made with 4' vcpu-set busy 5
refused 'cannot have 0 vcpus' vcpu-set busy 0
refused 'no vcpu "4": it has 0-3' vcpu-pin busy 4 1
refused 'no CPU 4: this machine has CPUs 0-3' vcpu-pin busy all 1-4
refused 'leaves no CPU' vcpu-pin busy all '1,^1'
refused 'weight of 65536.* from 1 to 65535' sched-credit2 -d busy -w 65536
refused 'cap of 401.* from 0 to 400' sched-credit2 -d busy -c 401
refused 'reservation of 300 is more than the cap of 250' sched-credit2 -d busy -R 300

# A reservation that does not fit keeps a guest from being made.
parador sched-credit2 -d busy -R 150 || fail "a reservation of 150"
resources > before-create
for wish in 'reservation = 300' 'cpus = "7"' 'cpus = [ "0", "1", "2", "3", "0" ]' 'pool = "none"'; do
    GUEST_MEMORY=128 guest wish 'vcpus = 4' "$wish" </dev/null
    parador create wish.cfg 2>>errors && fail "$wish was made"
done
resources > after-create
cmp before-create after-create || fail "left behind: $(diff before-create after-create)"
grep -q 'reservation of 300 does not fit into CPU pool Pool-0' errors &&
    grep -q 'its capacity is 400, 150 are reserved by others, 250 are left' errors &&
    grep -q 'cpus = "7": there is no CPU 7: this machine has CPUs 0-3' errors &&
    grep -q 'cpus has 5 lists, but there are only 4 vcpus' errors &&
    grep -q 'no CPU pool "none"' errors || fail "refusals: $(cat errors)"

# dom0 itself.
parador vcpu-set Domain-0 2 || fail "vcpu-set Domain-0 2"
within 20 grep -qx 0-1 /sys/devices/system/cpu/online || fail "dom0: $(cat /sys/devices/system/cpu/online)"
parador vcpu-set 0 4 || fail "vcpu-set Domain-0 4"
within 20 [ -e /sys/devices/system/cpu/cpu3/online ] || fail "dom0: no vcpu 3"
for cpu in 2 3; do
    echo 1 > /sys/devices/system/cpu/cpu$cpu/online || fail "dom0: vcpu $cpu"
done
grep -qx 0-3 /sys/devices/system/cpu/online || fail "dom0: $(cat /sys/devices/system/cpu/online)"
parador vcpu-pin Domain-0 0 0 || fail "vcpu-pin Domain-0"
[ "$(affinity Domain-0 0 | cut -d' ' -f1)" = 0 ] || fail "dom0: $(parador vcpu-list 0)"
parador vcpu-pin Domain-0 0 all || fail "vcpu-pin Domain-0 all"

# What was changed on the live guest is what it comes back with.
id=$(parador domid busy)
count=$(uses busy)
parador reboot busy || fail "reboot"
within 60 sh -c "parador domid busy && [ \"\$(parador domid busy)\" != $id ]" || fail "no reboot"
case $(affinity busy 0) in "2 "*) ;; *) fail "after the reboot: $(parador vcpu-list busy)" ;; esac
parador sched-credit2 -d busy | grep -qE '^busy +[0-9]+ +512 +250 +150$' ||
    fail "after the reboot: $(parador sched-credit2 -d busy)"
within 60 said_again busy "$count" || fail "after the reboot: other vcpus"
parador destroy busy || fail "destroy"
exit 0
