# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# For tests and measurements of the scheduler, in dom0: starts guests of
# tests/guests/load that measure themselves in the same interval, and prints
# what they found: "PHASE GUEST what=... key=value ...".
#
#   phase NAME SECONDS [LEAD]     the interval, beginning after LEAD seconds
#   load NAME MODE WORDS [LINE...]  a guest; LINEs go into its file
#   pair GAP [LINE...]      two guests, of which one sends events to the other
#   measure [COMMAND]       waits for the figures, prints them, destroys the guests
#   share NAME... / part NAME  of what these used, or of one CPU: see below
#
# The functions use the variables name, mode, words, gap: loops around them need others.
# Every guest sleeps until the interval is near, so creating them is not disturbed.

# Time since dom0 started, in ms; guests know the hypervisor's time, offset_ms more.
uptime_ms() {
    read -r up _ < /proc/uptime
    echo "${up%.*}${up#*.}0"
}

loads_begin() {
    offset_ms=0
    phase clock 1
    load clock clock ''
    tries=0
    until grep -q 'what=clock' /var/log/parador/guest-clock.log 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo "no guest runs"; return 1; }
        usleep 20000
    done
    offset_ms=$(sed -n 's/.*now=\([0-9]*\).*/\1/p' /var/log/parador/guest-clock.log)
    offset_ms=$((offset_ms / 1000000 - $(uptime_ms)))
    rm /var/log/parador/guest-clock.log
}

phase() {
    phase=$1
    loads=
    talkers=0
    phase_from=$(($(uptime_ms) + ${3:-1} * 1000))
    phase_to=$((phase_from + $2 * 1000))
}

load() {
    name=$1
    mode=$2
    words=$3
    shift 3
    {
        echo "name = \"$name\""
        echo 'kernel = "/root/load.elf"'
        echo "memory = ${LOAD_MEMORY:-4}"
        echo 'on_poweroff = "destroy"'
        echo "extra = \"case=$mode from=$((phase_from + offset_ms))000000" \
            "to=$((phase_to + offset_ms))000000 $words\""
        for line in "$@"; do
            echo "$line"
        done
    } > "/root/$name.cfg"
    [ ! -e "/var/log/parador/guest-$name.log" ] || rm "/var/log/parador/guest-$name.log"
    parador create -q "/root/$name.cfg" || { echo "$phase $name: not created"; return 1; }
    loads="$loads $name"
    [ ! -e /root/native-tsc ] || /root/native-tsc "$(parador domid "$name")"
    case $mode in spin | nap | ping | pong) talkers=$((talkers + 1)) ;; esac
}

# pair GAP [LINE...]: an idle guest pong, and ping that sends it events every GAP ns.
pair() {
    gap=$1
    shift
    load pong pong '' "$@" && load ping ping "gap=$gap peer=$(parador domid pong)" "$@"
}

figures() {
    for name in $loads; do
        tr -d '\r' < "/var/log/parador/guest-$name.log" |
            sed -n "s/^FIGURE /$phase $name /p"
    done
}

sleep_until_ms() {
    while left=$(($1 - $(uptime_ms))) && [ $left -gt 0 ]; do
        usleep $((left * 1000))
    done
}

# measure [COMMAND...]: the command runs within the interval, and is timed.
measure() {
    wait_and_print "$@" > /root/figures
    cat /root/figures
    for name in $loads; do
        parador destroy "$name"
    done
    rm -f /var/log/parador/guest-*.log
}

# shares TOLERANCE NAME:WEIGHT...: of what these guests ran, each had its part, within per cent
# of that part.
shares() {
    awk -v tolerance="$1" -v wanted="$*" '
        BEGIN {
            n = split(wanted, words, " ")
            for (i = 2; i <= n; i++) {
                split(words[i], pair, ":")
                weight[pair[1]] = pair[2]
                weights += pair[2]
            }
        }
        $3 == "what=spin" && $2 in weight {
            split($6, ran, "=")
            sum[$2] += ran[2]
            total += ran[2]
        }
        END {
            for (name in weight) {
                want = weight[name] / weights
                off = (sum[name] / total / want - 1) * 100
                bad = off > tolerance || off < -tolerance
                failed += bad
                printf "share %s %.3f %% wanted %.3f %% off %.2f %%%s\n", name,
                       sum[name] / total * 100, want * 100, off, bad ? " TOO FAR" : ""
            }
            exit failed > 0
        }' /root/figures
}

# part NAME LOW HIGH: the guest ran that many per cent of one CPU.
part() {
    awk -v name="$1" -v low="$2" -v high="$3" -v ms="$((phase_to - phase_from))" '
        $3 == "what=spin" && $2 == name { split($6, ran, "="); sum += ran[2] }
        END {
            got = sum / ms / 10000
            bad = got < low || got > high
            printf "part %s %.2f %% wanted %s to %s%s\n", name, got, low, high,
                   bad ? " TOO FAR" : ""
            exit bad
        }' /root/figures
}

wait_and_print() {
    [ "$(uptime_ms)" -lt $phase_from ] || echo "$phase: $(uptime_ms) is too late for $phase_from"
    sleep_until_ms $phase_from
    if [ $# -gt 0 ]; then
        began=$(uptime_ms)
        "$@" > /dev/null
        echo "$phase dom0 what=command ms=$(($(uptime_ms) - began))"
    fi
    sleep_until_ms $phase_to
    tries=0
    until [ "$(grep -l '^FIGURE' /var/log/parador/guest-*.log | wc -l)" -ge $talkers ]; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo "$phase: not all have told their figures"; break; }
        usleep 50000
    done
    # Further lines of the same guests.
    usleep 100000
    figures
}
