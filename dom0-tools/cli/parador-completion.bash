# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion for bash: commands, their options, names of domains, guest files.

_parador_commands() {
    parador help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

_parador_options() {
    parador help "$1" 2>/dev/null | sed -n '/^Options:/,$s/^  \(-[^ ]*\).*/\1/p' | tr -d ,
    parador help "$1" 2>/dev/null | sed -n 's/^  -., \(--[a-z_-]*\) .*/\1/p'
}

# A name may hold blanks, so it ends where the columns of numbers begin.
_parador_domains() {
    parador list 2>/dev/null | sed -n '2,$s/ *[0-9]* *[0-9]* *[0-9]* *[a-z-]\{6\} *[0-9.]*$//p'
}

_parador_pools() {
    parador cpupool-list 2>/dev/null | sed -n '2,$s/ *[0-9]* *[a-z0-9]* *y *[0-9]*$//p'
}

# Offers those of the lines that continue $current. A guest may have called itself anything: each is
# quoted, and none is ever a word that the shell expands.
_parador_offer() {
    local line word
    while IFS= read -r line; do
        printf -v word %q "$line"
        if [[ $line == "$current"* || $word == "$current"* ]]; then
            COMPREPLY+=("$word")
        fi
    done
}

_parador_files() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
}

_parador() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' nth=0 i
    COMPREPLY=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -*) ;;
        *)  if [[ -n $command ]]; then nth=$((nth + 1)); else command=${COMP_WORDS[i]}; fi ;;
        esac
    done
    if [[ -z $command ]]; then
        _parador_offer < <(_parador_commands)
        return
    elif [[ $current == -* ]]; then
        _parador_offer < <(_parador_options "$command")
        return
    fi
    # What an option takes, and then what the command takes as its nth argument.
    case $command:$previous in
    sched-credit2:-d | sched-credit2:--domain) _parador_offer < <(_parador_domains); return ;;
    sched-credit2:-p | sched-credit2:--cpupool) _parador_offer < <(_parador_pools); return ;;
    metrics:-t | metrics:--textfile) _parador_files; return ;;
    top:-d | top:-i | usage:-s | usage:--since) return ;;
    esac
    case $command:$nth in
    create:* | cpupool-create:*) _parador_files ;;
    help:0) _parador_offer < <(_parador_commands) ;;
    list:* | shutdown:* | reboot:* | pause:* | unpause:* | uptime:* | vcpu-list:* | \
    destroy:0 | console:0 | domid:0 | rename:0 | usage:0 | vcpu-set:0 | vcpu-pin:0 | cpupool-migrate:0)
        _parador_offer < <(_parador_domains)
        ;;
    cpupool-numa-split:*) ;;
    cpupool-migrate:1 | cpupool-*:0) _parador_offer < <(_parador_pools) ;;
    vcpu-pin:1) _parador_offer <<< all ;;
    esac
}

complete -F _parador parador
