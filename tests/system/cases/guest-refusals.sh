#!/bin/sh
# SPDX-License-Identifier: MIT
# create is all or nothing: each refusal is one clear line, and nothing is left.
#
# boot pc:
# needs: dom0-tools/parador

. /root/lib.sh

echo "not a kernel" > junk
base='memory = 128
kernel = "/usr/lib/parador/guest/vmlinuz"
ramdisk = "/usr/lib/parador/guest/initrd"'
resources > before

# refused NAME RE: create says a line that matches RE, fails, and leaves nothing.
refused() {
    cat > "$1.cfg"
    parador create "$1.cfg" >out 2>err && fail "$1 was created"
    grep -qiE "$2" err || fail "$1: it says: $(cat err)"
    resources > after
    cmp before after || fail "$1: left behind: $(diff before after)"
}

refused no-kernel 'kernel|no such file' <<E1
name = "no-kernel"
memory = 128
kernel = "/nowhere"
E1
refused bad-kernel 'junk' <<E1
name = "bad-kernel"
memory = 128
kernel = "/root/junk"
E1
refused no-ramdisk '/nowhere' <<E1
name = "no-ramdisk"
memory = 128
kernel = "/usr/lib/parador/guest/vmlinuz"
ramdisk = "/nowhere"
E1
refused no-memory 'memory' <<E1
name = "no-memory"
$base
memory = 999999
E1
refused no-disk '/nowhere' <<E1
name = "no-disk"
$base
disk = [ "file:/nowhere,xvda,w" ]
E1
refused no-bridge 'bridge|nowhere0' <<E1
name = "no-bridge"
$base
vif = [ "bridge=nowhere0" ]
E1
refused taken-name 'Domain-0.* already' <<E1
name = "Domain-0"
$base
E1
refused syntax 'syntax\.cfg:2' <<'E1'
name = "syntax"
memory = = 3
E1
parador create missing.cfg 2>err && fail "a file that isn't"
grep -q 'missing.cfg' err || fail "it says: $(cat err)"
parador destroy nobody 2>err && fail "destroy nobody"
[ "$(wc -l < err)" -le 2 ] || fail "it says: $(cat err)"

# Whoever destroys a guest that is being made wins, at whatever point of its making.
cat > taken.cfg <<E2
name = "taken"
memory = 512
kernel = "/usr/lib/parador/guest/vmlinuz"
ramdisk = "/usr/lib/parador/guest/initrd"
E2
parador create -q taken.cfg && parador destroy taken || fail "create and destroy"
resources > before
for delay in 0 10000 30000 60000 90000; do
    parador create -q taken.cfg 2>err &
    until parador destroy taken 2>/dev/null; do
        usleep $delay
    done
    wait $! || grep -qE 'was destroyed while it was being made' err ||
        fail "create, destroyed meanwhile: $(cat err)"
    resources > after
    cmp before after || fail "left behind: $(diff before after)"
done
exit 0
