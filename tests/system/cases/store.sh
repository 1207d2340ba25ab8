#!/bin/sh
# SPDX-License-Identifier: MIT
# The store serves Debian's own clients and the kernel, and outlives its own death.
#
# boot pc:
# needs: dom0-tools/paradorstored

fail() {
    echo "$1"
    exit 1
}

[ "$(xenstore-read /local/domain/0/name)" = Domain-0 ] || fail "no name of dom0"
[ "$(xenstore-read domid)" = 0 ] || fail "no domid through a relative path"
xenstore-write /test/a 1 /test/b/c "two words" || fail "write"
[ "$(xenstore-read /test/b/c)" = "two words" ] || fail "read back"
xenstore-ls /test
[ "$(xenstore-list /test | sort | tr '\n' ' ')" = "a b " ] || fail "list"
xenstore-exists /test/none && fail "a node that isn't"

# A watch fires for what is written below it.
xenstore-watch -n 2 /test/b > /tmp/seen &
sleep 1
xenstore-write /test/b/d 1
wait $!
grep -qx /test/b/d /tmp/seen || fail "watch: $(cat /tmp/seen)"

# Killed and started again it has lost nothing.
kill -9 "$(cat /run/xenstored/pid)" || fail "no pid file"
sleep 1
paradorstored || fail "it doesn't start again"
[ "$(xenstore-read /test/b/c)" = "two words" ] || fail "it has forgotten"

xenstore-rm /test
xenstore-exists /test/a && fail "rm"
exit 0
