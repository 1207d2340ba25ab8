#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian guests of different weights keep two CPUs busy: one that is idle answers on its console all
# the same, and the steal time that each of them shows is the waiting that it is billed.
#
# slow 2cpus: --cpus 2 --timeout 900
# needs: dom0-tools/parador
#
# In real time: the figures are ratios of the machine's own clock.

. /root/lib.sh
answers=20

# spinner NAME LINE...: a guest of two vcpus that never rest; on "figures" on its console it says
# what /proc/stat has counted by then, in ticks: all and stolen.
spinner() {
    name=$1
    shift
    guest "$name" 'extra = "console=hvc0"' 'vcpus = 2' "$@" <<'TASK'
#!/bin/sh
stty -echo
(while :; do :; done) &
(while :; do :; done) &
echo spinning
while read -r word; do
    [ "$word" != end ] || exit 0
    awk -v word="$word" 'NR == 1 { print "stat " word, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9, $9 }' \
        /proc/stat
done
TASK
    parador create "$name.cfg" || fail "create $name"
}

tty_of() {
    xenstore-read "/local/domain/$(parador domid "$1")/console/tty"
}

# tell NAME WORD
tell() {
    echo "$2" > "$(tty_of "$1")"
}

# usage NAME: running and waiting, ns
usage() {
    parador usage --json "$1" | awk -F '[:,]' '
        $1 ~ /"running_ns"/ && !r { r = $2 } $1 ~ /"runnable_ns"/ && !w { w = $2 }
        END { printf "%d %d\n", r / 1000, w / 1000 }'
}

# figures WORD: both views of each spinner, as near to each other as can be
figures() {
    for name in light heavy; do
        tell $name "$1"
        within 60 said $name "^stat $1 " || fail "$name does not answer"
        echo "$name $1 $(usage $name) $(tr -d '\r' < "$(log_of $name)" |
            sed -n "s/^stat $1 //p")" >> figures
    done
}

guest idle 'extra = "console=hvc0"' <<'TASK'
#!/bin/sh
stty -echo
echo ready
while read -r word; do
    [ "$word" != end ] || exit 0
    echo "answer $word"
done
TASK
parador create idle.cfg || fail "create idle"
spinner light 'cpu_weight = 256'
spinner heavy 'cpu_weight = 768'
for name in light heavy; do
    within 240 said $name '^spinning' || fail "$name does not run"
done
within 120 said idle '^ready' || fail "idle does not run"
tty=$(tty_of idle)
log=$(log_of idle)

: > figures
figures begin
n=0
: > latencies
while [ $n -lt $answers ]; do
    n=$((n + 1))
    read -r from _ < /proc/uptime
    echo "question-$n" > "$tty"
    tries=0
    until grep -q "answer question-$n" "$log"; do
        tries=$((tries + 1))
        [ $tries -lt 2000 ] || fail "no answer to question $n"
        usleep 5000
    done
    read -r to _ < /proc/uptime
    echo "$from $to" >> latencies
    usleep 300000
done
# The busy ones go on for a while by themselves.
sleep 5
figures after
awk '{ ms = ($2 - $1) * 1000; sum += ms; if (ms > max) max = ms }
    END { printf "%d answers, %d ms on average, %d ms at most\n", NR, sum / NR, max }' latencies
# Not in per cent of all ticks: while it does not run Linux misses ticks, and counts too little of
# the rest. A guest answers up to two seconds before its account is read.
awk '
    $2 == "begin" { r[$1] = $3; w[$1] = $4; st[$1] = $6 }
    $2 == "after" {
        ran[$1] = $3 - r[$1]
        billed = ($4 - w[$1]) / 1000000
        seen = ($6 - st[$1]) / 100
        off = (seen / billed - 1) * 100
        printf "%s: waiting %.1f s by parador usage, steal %.1f s by /proc/stat (%.1f %% off)\n",
               $1, billed, seen, off
        bad += off > 10 || off < -10
    }
    END {
        printf "heavy ran %.2f times as much as light\n", ran["heavy"] / ran["light"]
        exit bad > 0
    }' figures || fail "steal time and bill differ: $(cat figures)"
for name in light heavy idle; do
    tell $name end
    ends $name 60
done
exit 0
