#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests are paused, renamed, shut down, rebooted, crashed and destroyed, and go
# or come back as their files say.
#
# boot pc: --timeout 400
# boot pc-2cpus: --cpus 2 --timeout 400
# needs: dom0-tools/parador

. /root/lib.sh

guest idle 'extra = "console=hvc0"' </dev/null
parador create idle.cfg || fail "create"
running idle || fail "it isn't there"
parador create idle.cfg 2>/tmp/err && fail "the same name twice"
[ "$(wc -l < /tmp/err)" -eq 1 ] || fail "a refusal is one line: $(cat /tmp/err)"
within 90 said idle 'This is the demo guest' || fail "it doesn't come up"
parador list | grep -E '^idle +[0-9]+ +192 +1 +[r-][b-]---- +[0-9.]+$' || fail "list"
id=$(parador domid idle)
[ "$(parador domname "$id")" = idle ] || fail "domname"

parador pause idle || fail "pause"
parador list idle | grep -E ' --p---' || fail "list doesn't show the pause"
used=$(parador list idle | awk 'END { print $6 }')
sleep 3
[ "$(parador list idle | awk 'END { print $6 }')" = "$used" ] || fail "it runs while paused"
parador unpause idle || fail "unpause"

parador rename idle lazy || fail "rename"
running idle && fail "the old name is still there"
[ "$(parador domid lazy)" = "$id" ] || fail "the new name"

parador reboot lazy || fail "reboot"
within 60 sh -c "parador domid lazy && [ \"\$(parador domid lazy)\" != $id ]" ||
    fail "it doesn't come back"
within 90 sh -c "tr -d '\\r' < $(log_of lazy) | grep -q 'This is the demo guest'" ||
    fail "it doesn't come up again"
parador shutdown -w lazy || fail "shutdown"
without 60 running lazy || fail "it doesn't go"

# on_crash: kept for a look, or gone.
for action in destroy preserve; do
    guest crash-$action 'extra = "console=hvc0 panic=1"' "on_crash = \"$action\"" <<'TASK'
#!/bin/sh
echo c > /proc/sysrq-trigger
TASK
    parador create crash-$action.cfg || fail "create crash-$action"
    within 90 said crash-$action 'sysrq triggered crash' || fail "it doesn't crash"
done
without 30 running crash-destroy || fail "on_crash = destroy"
within 30 sh -c 'parador list crash-preserve | grep -E " ---?-?s?c-"' ||
    fail "on_crash = preserve: $(parador list)"
parador destroy crash-preserve || fail "destroy what crashed"
running crash-preserve && fail "it is still there"

# A guest that asks for a reboot comes back by itself.
guest again 'extra = "console=hvc0"' <<'TASK'
#!/bin/sh
reboot -f
TASK
parador create again.cfg || fail "create again"
first=$(parador domid again)
within 120 sh -c "parador domid again && [ \"\$(parador domid again)\" -gt $first ]" ||
    fail "it doesn't come back by itself"
within 20 parador destroy again || fail "destroy"
exit 0
