#!/bin/sh
# SPDX-License-Identifier: MIT
# CPU pools: guests run on the CPUs of their pool and nobody else does; what would break a pool is
# refused, and then nothing has changed.
#
# boot 4cpus: --cpus 4 --timeout 600
# needs: dom0-tools/parador

. /root/lib.sh

# refused RE COMMAND...: fails with one line that matches, and all is as it was.
refused() {
    re=$1
    shift
    { parador cpupool-list; parador cpupool-list -c; } > before
    parador "$@" >out 2>err && fail "parador $* is not refused"
    { grep -qE "$re" err && [ "$(wc -l < err)" -eq 1 ]; } || fail "parador $* says: $(cat err)"
    { parador cpupool-list; parador cpupool-list -c; } > after
    cmp before after || fail "parador $* changed something: $(diff before after)"
}

# on NAME CPU...: every vcpu that is up is on one of them.
on() {
    name=$1
    shift
    for cpu in $(parador vcpu-list "$name" | awk 'NR > 1 && $4 != "-" { print $4 }'); do
        case " $* " in *" $cpu "*) ;; *) fail "$name is on CPU $cpu: $(parador vcpu-list)" ;; esac
    done
}

pools() {
    parador cpupool-list -c | awk 'NR > 1 { print $1, $2 }'
}

work='#!/bin/sh
echo working
while :; do usleep 100000; done'

parador cpupool-list > at-first
[ "$(xenstore-read /local/pool/0/name)" = Pool-0 ] || fail "other tools don't find its name"
[ "$(pools)" = "Pool-0 0,1,2,3" ] || fail "at first: $(pools)"
refused 'not all free: those in no pool are none' cpupool-create name=fast cpus=2-3
refused 'must keep one' cpupool-cpu-remove Pool-0 all
parador cpupool-cpu-remove Pool-0 2-3 || fail "cpu-remove"
parador info | grep -q '^free_cpus  *: 2$' || fail "free_cpus: $(parador info)"
parador cpupool-create name=fast 'cpus=["2", "3"]' || fail "create"
[ "$(pools)" = "Pool-0 0,1
fast 2,3" ] || fail "with a second pool: $(pools)"

echo "$work" | guest inside 'extra = "console=hvc0"' 'vcpus = 2' 'pool = "fast"'
parador create inside.cfg || fail "create inside"
parador list -c inside | grep -q ' fast$' || fail "list: $(parador list -c)"
within 60 said inside '^working$' || fail "inside doesn't come up"
for i in 1 2 3; do
    on inside 2 3
    on Domain-0 0 1
    usleep 300000
done
refused 'none of these is in CPU pool fast' vcpu-pin inside 0 0-1
refused 'Domain-0 cannot leave' cpupool-migrate Domain-0 fast
refused 'fast has 1 domain' cpupool-destroy fast
refused 'must keep one' cpupool-cpu-remove fast 2-3
refused 'called "fast" already' cpupool-create name=fast cpus=3
refused 'not all are free' cpupool-cpu-add fast 1
refused 'there is no CPU pool' cpupool-migrate inside nowhere
parador vcpu-pin inside 0 3 || fail "pin"
refused 'pinned to it' cpupool-cpu-remove fast 3

# Its reservation goes with it, and needs room.
parador sched-credit2 -d inside -R 150 || fail "reservation"
refused 'needs them for reservations: 150 are reserved, and its capacity would be 100' \
    cpupool-cpu-remove fast 2
parador vcpu-pin inside 0 all || fail "unpin"

# To another pool and back.
parador cpupool-migrate inside Pool-0 || fail "migrate"
sleep 1
on inside 0 1
parador cpupool-migrate inside fast || fail "migrate back"
sleep 1
on inside 2 3

# It finds its pool again after a reboot, under the new name of that.
parador cpupool-rename fast quick || fail "rename"
id=$(parador domid inside)
parador reboot inside || fail "reboot"
within 60 sh -c "parador domid inside && [ \"\$(parador domid inside)\" != $id ]" || fail "no reboot"
parador list -c inside | grep -q ' quick$' || fail "after the reboot: $(parador list -c)"
on inside 2 3
parador destroy inside || fail "destroy"

# The other scheduler.
parador cpupool-destroy quick || fail "cpupool-destroy"
parador cpupool-create name=turns sched=rr cpus=3 || fail "create with rr"
parador cpupool-list turns | grep -qE '^turns +1 +rr +y +0$' || fail "$(parador cpupool-list)"
parador sched-credit2 -p turns | grep -q "^Cpupool turns: sched=rr$" || fail "$(parador sched-credit2 -p turns)"
refused "no rate limit there" sched-credit2 -s -p turns -r 500
echo "$work" | guest turner 'extra = "console=hvc0"' 'pool = "turns"'
parador create turner.cfg || fail "create turner"
within 60 said turner '^working$' || fail "turner doesn't come up"
on turner 3
parador sched-credit2 -d turner -w 3 || fail "weight"
parador sched-credit2 -d turner | grep -qE "^turner +[0-9]+ +3 +0 +0$" || fail "$(parador sched-credit2 -d turner)"
refused "rr, has no such parameter" sched-credit2 -d turner -c 50
parador destroy turner || fail "destroy turner"

parador cpupool-destroy turns || fail "cpupool-destroy turns"
parador cpupool-cpu-add Pool-0 2-3 || fail "cpu-add"
parador cpupool-list > at-last
cmp at-first at-last || fail "not as at first: $(cat at-last)"
exit 0
