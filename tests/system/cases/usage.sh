#!/bin/sh
# SPDX-License-Identifier: MIT
# What guests use is told to the nanosecond, also when they are gone and the daemon was killed.
#
# boot pc-2cpus: --cpus 2
# needs: dom0-tools/parador
# host: sed -n '/^# HELP/,/^## end/p' | sed '$d' | tests/promtool check metrics

. /root/lib.sh

# field NAME KEY: a number of a guest's only row; the keys of a row come after its name.
field() {
    parador usage --json "$1" | sed -n "s/^ *\"$2\": \([0-9]*\),*$/\1/p" | head -n 1
}

truncate -s 4M brief.img
guest brief 'extra = "console=hvc0 ip=192.168.99.2/24"' 'vif = [ "bridge=xenbr0" ]' \
    'disk = [ "file:/root/brief.img,xvda,w" ]' <<'TASK'
#!/bin/sh
dd if=/dev/xvda of=/dev/null bs=64k count=16 2>/dev/null
dd if=/dev/zero of=/dev/xvda bs=4k count=64 conv=fsync 2>/dev/null
ping -c 3 -s 1000 192.168.99.1 >/dev/null
echo 'all is sent'
# Counters vanish when the guest closes its devices: time for somebody to look at them.
sleep 5
exit 0
TASK
guest stays 'extra = "console=hvc0"' </dev/null
parador create brief.cfg || fail "create brief"
parador create stays.cfg || fail "create stays"
uuid=$(parador list -v brief | awk 'END { print $(NF - 1) }')
within 60 said brief '^all is sent' || fail "brief sends nothing"
sleep 3
kill -9 "$(cat /run/parador/pid)"
within 90 sh -c 'parador list brief | grep -q -- " ---s--"' || fail "brief doesn't end"

# Nobody has cleared it away: its domain is down, but there.
[ "$(field brief sequence)" = 0 ] || fail "a domain that is there has no final account"
paradord || fail "paradord doesn't start again"
without 30 running brief || fail "brief isn't cleared away"
within 20 sh -c 'parador usage brief | grep -qE "^brief +[0-9]+ gone "' ||
    fail "it has forgotten brief: $(parador usage)"
parador usage > usage.out || fail "usage"
cat usage.out
for name in Domain-0 stays; do
    grep -qE "^$name +[0-9]+ lives " usage.out || fail "no $name"
done
within 10 grep -q '"name":"brief"' /var/log/parador/usage.jsonl || fail "no entry in the log"
kill -9 "$(cat /run/parador/pid)"
paradord || fail "paradord doesn't start a third time"
parador usage > /dev/null
[ "$(grep -c '"type":"final"' /var/log/parador/usage.jsonl)" -eq 1 ] || fail "not one entry"
[ "$(parador usage "$uuid" | wc -l)" -eq 2 ] || fail "its UUID"
for least in "running_ns 10000000" "hypervisor_ns 1000" "page_ms 49152000" "read_sectors 2048" \
    "written_sectors 512" "tx_bytes 3000" "rx_bytes 3000" "reads 1" "writes 1"; do
    # shellcheck disable=SC2086 # two words
    set -- $least
    [ "$(field brief "$1")" -ge "$2" ] || fail "brief: $1 is $(field brief "$1")"
done

# Guests, hypervisor and idle are all the time there is, since the machine began.
tail -n 1 usage.out | grep -qE '\((99\.99[0-9]|100\.00[0-9]) %\)$' || fail "the sums"

parador top -b -i 2 -d 1 -v > top.out || fail "top"
cat top.out
[ "$(grep -cE '^ +stays [-dsbcpr]{6} +[0-9]+ +[0-9.]+ +19[0-9]{4} ' top.out)" -eq 2 ] || fail "top -b"
[ "$(TERM=linux parador top --json -i 1 | grep -c '"cpu_percent"')" -eq 1 ] || fail "top --json"

parador metrics --listen 9120 > url.out &
exporter=$!
within 20 grep -q ':9120/metrics' url.out || fail "metrics --listen"
wget -q -O metrics.http http://127.0.0.1:9120/metrics || fail "no answer by HTTP"
kill $exporter
grep -q '^parador_domain_seconds_total{domain="stays",' metrics.http || fail "metrics by HTTP"
parador usage --since 1s | tee since.out
tail -n 1 since.out | grep -qE '\((99\.9[0-9]+|100\.0[0-9]+) %\)$' || fail "the sums since a snapshot"
parador metrics || fail "metrics"
echo '## end'
exit 0
