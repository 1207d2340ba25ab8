#!/bin/sh
# SPDX-License-Identifier: MIT
# Odd files, odd words and a machine that lacks something: the tools say one line and leave nothing.
#
# slow pc:
# needs: dom0-tools/parador

. /root/lib.sh

# The first one makes folders in the store that stay.
parador create -q /etc/parador/demo.cfg && parador destroy demo || fail "create and destroy"
resources > before

# one_line WHAT RE: what was said is one line without control characters that matches RE.
one_line() {
    if [ "$(wc -l < err)" != 1 ] || grep -q '[[:cntrl:]]' err || ! grep -qE "$2" err; then
        fail "$1: it says: $(cat -v err)"
    fi
}

# odd RE SETTING...: with this on the command line, create says one line and does not wait.
odd() {
    re=$1
    shift
    timeout 60 parador create name=odd kernel=/usr/lib/parador/guest/vmlinuz memory=128 "$@" \
        >out 2>err </dev/null
    [ $? = 1 ] || fail "odd $*: status, $(cat err)"
    one_line "odd $*" "$re"
}

# What isn't what it should be: folders, pipes that nobody writes, files without an end.
mkfifo pipe
long=$(head -c 10000 /dev/zero | tr '\0' n)
head -c 100000 /usr/lib/parador/guest/vmlinuz > short
for what in /root /root/pipe /dev/zero /dev/null; do
    odd 'kernel .* is not a regular file' kernel=$what
    odd 'ramdisk .* is empty or not a regular file' ramdisk=$what
    odd "disk $what " "disk=['$what,raw,xvda,w']"
    odd "disk $what " "disk=['phy:$what,xvda,r']"
done
odd 'short.*cut off' kernel=/root/short
odd 'too long' "kernel=/$long"
odd "cannot be a bridge's name" "vif=['bridge=$long']"
odd 'longer than 127' "name=$long"
odd 'character it must not' 'name=../../etc/passwd'
odd 'a.b' "name='a\\nb'"
odd 'longer than' "extra=$long"
for domain in -1 65536 99999999999999999999 "$long" "$(printf 'a\nb')" '' ../1; do
    parador domid -- "$domain" 2>err && fail "there is a domain $domain"
    one_line "domid" 'no such domain'
    parador domname -- "$domain" 2>err && fail "there is a domain $domain"
    one_line "domname" 'not the number of a domain'
done
parador create /dev/zero 2>err && fail "made from zeroes"
one_line "/dev/zero" 'larger than 1 MiB'
parador create /root 2>err && fail "made from a folder"
one_line "a folder" 'directory'
resources > after
cmp before after || fail "left behind: $(diff before after)"

# refused WHAT RE: a guest that is well described is refused, with one line.
refused() {
    parador create -q /etc/parador/demo.cfg >out 2>err && fail "$1: it was created"
    one_line "$1" "$2"
}

# The machine lacks something; with it the same works again.
mv /dev/xen/privcmd /dev/xen/away
refused "no privcmd" '/dev/xen/privcmd.*as root in dom0'
mv /dev/xen/away /dev/xen/privcmd
mount -t tmpfs -o ro tmpfs /run/parador
refused "/run cannot be written" 'Read-only file system'
umount /run/parador
kill -9 "$(cat /run/xenstored/pid)" || fail "no pid file"
refused "no store" 'store.*is its daemon running'
parador list nobody 2>err && fail "there is nobody"
one_line "no store" 'store.*is its daemon running'
paradorstored || fail "the store doesn't start again"
resources > after
cmp before after || fail "left behind: $(diff before after)"

# A full disk costs the log its end, and nobody else anything.
mount -t tmpfs -o size=4k tmpfs /var/log/parador
parador create -q /etc/parador/demo.cfg || fail "create, with a full disk for logs"
[ "$(wc -c < /var/log/parador/guest-demo.log)" -le 4096 ] || fail "the disk was not full"
parador destroy demo || fail "destroy"
umount -l /var/log/parador
resources > after
cmp before after || fail "left behind: $(diff before after)"
exit 0
