#!/bin/sh
# SPDX-License-Identifier: MIT
# Guests talk TCP with dom0 and with one another through the bridge, and what
# arrives is what was sent.
#
# boot pc:
# boot q35-2cpus: --machine q35 --cpus 2 --memory 3G
# needs: dom0-tools/parador

. /root/lib.sh

dd if=/dev/urandom of=block bs=1M count=2 2>/dev/null
sum=$(sha256sum < block | cut -c 1-64)
mkfifo open
nc -l -p 5001 < block &
exec 3<>open
nc -l -p 5002 > returned <&3 &

guest server 'extra = "console=hvc0 ip=192.168.99.2/24"' 'vif = [ "bridge=xenbr0" ]' <<'TASK'
#!/bin/sh
# Input that stays open: busybox's nc shuts its end down with its input,
# and the other nc then quits.
mkfifo /tmp/open
exec 3<>/tmp/open
nc 192.168.99.1 5001 > /tmp/block <&3 || exit 1
echo "sum=$(sha256sum < /tmp/block | cut -c 1-64)"
echo serving
nc -l -p 5003 < /tmp/block
TASK
guest client 'extra = "console=hvc0 ip=192.168.99.3/24"' 'vif = [ "mac=00:16:3e:00:00:03" ]' <<'TASK'
#!/bin/sh
grep -q 00:16:3e:00:00:03 /sys/class/net/eth0/address || { echo "wrong address"; exit 1; }
mkfifo /tmp/open
exec 3<>/tmp/open
nc 192.168.99.2 5003 > /tmp/block <&3 || exit 1
echo "sum=$(sha256sum < /tmp/block | cut -c 1-64)"
nc 192.168.99.1 5002 < /tmp/block
TASK

parador create server.cfg || fail "create server"
within 120 said server '^serving|^task:' || fail "the server gets nothing"
said server "^sum=$sum" || fail "the server got something else"
ping -c 2 192.168.99.2 >/dev/null || fail "ping"
parador create client.cfg || fail "create client"
ends client 120
said client "^sum=$sum" || fail "the client got something else"
ends server 60
within 10 cmp block returned || fail "dom0 got something else back"
[ -z "$(ls /sys/class/net/xenbr0/brif)" ] || fail "a bridge port is left"
exit 0
