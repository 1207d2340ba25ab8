#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs test guests in dom0 and prints their verdicts: one line per case. A guest runs
# all cases that a domain survives; each case that must crash its domain runs in a
# guest of its own. Beside them all a heartbeat guest has to stay alive.

cd /root || exit 1
tar xf guests.tar || exit 1

# start NAME ELF CASE: a small guest; its log is that of NAME. ELF.vcpus says if it wants several. On
# a busy machine some would be over before anybody reads their console: they begin when it is read.
start() {
    vcpus=$(cat "${2%.elf}.vcpus" 2>/dev/null)
    cat > "$1.cfg" <<CFG
name = "$1"
kernel = "/root/$2"
memory = 16
vcpus = ${vcpus:-${VCPUS:-1}}
extra = "case=$3"
on_poweroff = "destroy"
on_crash = "preserve"
CFG
    parador create -q -p "$1.cfg" || return 1
    tries=100
    while [ ! -e "/var/log/parador/guest-$1.log" ] && [ $tries -gt 0 ]; do
        tries=$((tries - 1))
        usleep 100000
    done
    parador unpause "$1"
}

state() {
    parador list "$1" 2>/dev/null | awk 'NR == 2 { print $5 }'
}

# over NAME SECONDS: prints "gone", "crashed", or "hangs" after that time.
over() {
    tries=$(($2 * 5))
    while [ $tries -gt 0 ]; do
        case $(state "$1") in
        '') echo gone; return ;;
        *c*) echo crashed; return ;;
        esac
        tries=$((tries - 1))
        usleep 200000
    done
    echo hangs
}

log_of() {
    tr -d '\r' < "/var/log/parador/guest-$1.log"
}

alive() {
    case $(state heartbeat) in
    '' | *c* | *d*) return 1 ;;
    esac
}

verdict() {
    echo "VERDICT $1 $2"
    [ "$1" != failure ] || log_of "$3" | grep '^  ' | tail -n 8
}

start heartbeat heartbeat.elf '' || exit 1
for elf in *.elf; do
    guest=${elf%.elf}
    [ "$guest" != heartbeat ] || continue
    start "$guest" "$elf" '' || { echo "VERDICT error $guest/create"; continue; }
    how=$(over "$guest" 60)
    log_of "$guest" | sed -n "s#^VERDICT \([a-z]*\) \(.*\)#VERDICT \1 $guest/\2#p"
    log_of "$guest" | grep '^  '
    if [ "$how" != gone ] || ! log_of "$guest" | grep -q '^DONE'; then
        echo "VERDICT failure $guest/end: it $how"
        log_of "$guest" | tail -n 5
        parador dmesg | tail -n 5
    fi
    [ "$how" = gone ] || parador destroy "$guest"
    for case in $(log_of "$guest" | sed -n 's/^CRASHCASE //p'); do
        name=$guest-$case
        start "$name" "$elf" "$case" || { echo "VERDICT error $name"; continue; }
        how=$(over "$name" 60)
        if [ "$how" = crashed ] && log_of "$name" | grep -q "^RUNNING $case" &&
            ! log_of "$name" | grep -q '^VERDICT'; then
            verdict success "$guest/$case" "$name"
        else
            verdict failure "$guest/$case" "$name"
            echo "  it $how"
        fi
        [ "$how" = gone ] || parador destroy "$name"
    done
    if alive; then
        echo "VERDICT success $guest/others-go-on"
    else
        echo "VERDICT failure $guest/others-go-on"
        break
    fi
done
parador destroy heartbeat
parador debug-keys a
if parador dmesg | grep -q '^(parador) audit: .* 0 wrong'; then
    echo "VERDICT success references-add-up"
else
    echo "VERDICT failure references-add-up"
    parador dmesg | grep 'audit: '
fi
