#!/bin/sh
# SPDX-License-Identifier: MIT
# In dom0: one fuzzing guest for each seed, while dom0 fuzzes it too; a heartbeat guest must stay
# alive beside them, each must be destroyable, and all of its memory must come back.

cd /root && tar xf fuzz.tar || exit 1
. ./plan # SEEDS ROUNDS SECONDS_EACH

# start NAME ELF EXTRA
start() {
    cat > "$1.cfg" <<CFG
name = "$1"
kernel = "/root/$2"
memory = 16
vcpus = ${3:-1}
extra = "$4"
on_poweroff = "preserve"
on_crash = "preserve"
on_watchdog = "preserve"
on_reboot = "preserve"
CFG
    parador create -q "$1.cfg"
}

state() {
    parador list "$1" 2>/dev/null | awk 'NR == 2 { print $5 }'
}

# over NAME: how it ended: "ended", "crashed", or "runs" when time is up.
over() {
    tries=$((SECONDS_EACH * 5))
    while [ $tries -gt 0 ]; do
        case $(state "$1") in
        '') echo gone; return ;;
        *c*) echo crashed; return ;;
        *s*) echo ended; return ;;
        esac
        tries=$((tries - 1))
        usleep 200000
    done
    echo runs
}

alive() {
    case $(state heartbeat) in
    '' | *c* | *s* | *d*) return 1 ;;
    esac
}

# Frames that rest until no TLB can hold them are not free at once.
free_again() {
    tries=50
    while [ $tries -gt 0 ]; do
        free=$(./fuzz-dom0 free)
        [ "$free" -lt "$1" ] || return 0
        tries=$((tries - 1))
        usleep 200000
    done
    return 1
}

start heartbeat heartbeat.elf || exit 1
# What the first guest leaves is no leak.
start first fuzz.elf 2 'seed=0 rounds=1'
over first > /dev/null
parador destroy first
sleep 1
before=$(./fuzz-dom0 free)
for seed in $SEEDS; do
    name=fuzz-$seed
    start "$name" fuzz.elf 2 "seed=$seed rounds=$ROUNDS" || { echo "VERDICT error $name"; continue; }
    [ $((seed % 3)) -ne 0 ] || ./fuzz-dom0 "$(parador domid "$name")" "$seed" $((ROUNDS / 8))
    how=$(over "$name")
    calls=$(tr -d '\r' < "/var/log/parador/guest-$name.log" | sed -n 's/^CALLS //p')
    [ "$how" != runs ] || ./fuzz-dom0 "$(parador domid "$name")"
    why=$(parador dmesg | tail -n 1)
    trouble=
    parador destroy "$name" || trouble="cannot be destroyed"
    free_again "$before" || trouble="$((before - free)) frames are lost"
    alive || trouble="the neighbour died"
    if [ -n "$trouble" ]; then
        echo "VERDICT failure seed-$seed: $trouble"
        tail -n 8 "/var/log/parador/guest-$name.log"
        parador dmesg | tail -n 12
        break
    fi
    echo "VERDICT success seed-$seed ($how${calls:+, calls and those that succeeded: $calls})"
    if [ "$how" != ended ]; then
        echo "  $why"
    elif [ -z "$calls" ]; then
        tail -n 3 "/var/log/parador/guest-$name.log" | sed 's/^/  /'
    fi
done
parador destroy heartbeat
