#!/bin/sh
# SPDX-License-Identifier: MIT
# The lifecycle daemon: what it was doing survives its own death, restart loops
# end, remains are kept under another name, a console follows a reboot.
#
# boot pc: --timeout 400 --disk {disk:64M}
# needs: dom0-tools/paradord

. /root/lib.sh

records() {
    find /run/parador/guests -type f | sort
}

# The daemon dies at once, and lets go of its lock.
killed() {
    pid=$(cat /run/parador/pid) || fail "no pid file"
    kill -9 "$pid"
    without 10 kill -0 "$pid" || fail "it doesn't die"
}

guest web 'extra = "console=hvc0"' 'disk = [ "phy:/dev/vda,xvda,w" ]' 'vif = [ "bridge=xenbr0" ]' \
    'on_reboot = "rename-restart"' </dev/null
# The first one leaves directories in the store and a kernel in the cache.
parador create -p web.cfg && parador destroy web || fail "create and destroy"
resources > before

# While nobody looks a guest ends; whoever starts then makes up for it.
parador create web.cfg || fail "create"
first=$(parador domid web)
[ "$(records)" = "/run/parador/guests/$first.cfg" ] || fail "records: $(records)"
grep '^uuid' "/run/parador/guests/$first.cfg" > uuid || fail "no UUID on record"
within 90 said web 'This is the demo guest' || fail "it doesn't come up"
killed
parador reboot -w web || fail "reboot"
sleep 2
[ "$(parador domid web)" = "$first" ] || fail "who made it again?"
paradord || fail "it doesn't start again"
second=$(parador domid web) || fail "it isn't made again when the daemon is ready"
[ "$second" != "$first" ] || fail "it still is the old one"
grep -qf uuid "/run/parador/guests/$second.cfg" || fail "it has another UUID"
parador list | grep -E "^web-[0-9]{8}T[0-9]{6}Z +$first " ||
    fail "the remains are not kept: $(parador list)"
[ "$(xenstore-list /local/domain/0/backend/vbd)" = "$second" ] || fail "the remains keep the disk"
[ "$(parador list | grep -c '^web')" -eq 2 ] || fail "there are not two of them"
parador destroy "$first" || fail "destroy the remains"
running web || fail "that has hit the living one"

# Ended by its user, it stays away, and so does its record.
parador destroy web || fail "destroy"
sleep 2
running web && fail "it came back"
[ -z "$(records)" ] || fail "records are left: $(records)"

# Killed in the middle: the old domain is gone, a half of the new one is there.
parador create -p web.cfg || fail "create"
half=$(parador domid web)
killed
mv "/run/parador/guests/$half.cfg" /run/parador/guests/9999.restart
paradord || fail "it doesn't start with a half"
running web || fail "the guest isn't there: $(parador list)"
[ "$(parador domid web)" != "$half" ] || fail "the half is taken for a whole"
[ "$(parador list | grep -c '^web')" -eq 1 ] || fail "the half is still there"
[ "$(records)" = "/run/parador/guests/$(parador domid web).cfg" ] || fail "records: $(records)"
parador list web | grep -qE ' [r-][b-]---- ' || fail "it doesn't run"
parador destroy web || fail "destroy"

# A record whose domain is gone for good.
cp web.cfg /run/parador/guests/9998.cfg
sed -i '1i #paradord quick=0 keep=0' /run/parador/guests/9998.cfg
killed
paradord || fail "it doesn't start with a stale record"
[ -z "$(records)" ] || fail "a stale record stays"

resources > after
cmp before after || fail "left behind: $(diff before after)"

# create -c stays with a guest that reboots.
guest twice 'extra = "console=hvc0"' <<'TASK'
#!/bin/sh
echo incarnation $(cat /sys/hypervisor/uuid)
reboot -f
TASK
(sleep 1000 & echo $! > holder; wait) | parador create -c twice.cfg > seen &
within 150 sh -c '[ "$(grep -c "incarnation" seen)" -ge 2 ]' || fail "console: $(tail -n 20 seen)"
within 20 parador destroy twice || fail "destroy"
[ "$(grep -a 'incarnation [0-9a-f]' seen | tr -d '\r' | sort -u | wc -l)" -eq 1 ] ||
    fail "its UUID changes"
kill "$(cat holder)"
exit 0
