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

_parador() {
    local current=${COMP_WORDS[COMP_CWORD]} command='' i
    COMPREPLY=()

    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
        -*) ;;
        *)  command=${COMP_WORDS[i]}; break ;;
        esac
    done
    if [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_parador_commands)" -- "$current")
    elif [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_parador_options "$command")" -- "$current")
    else
        case $command in
        create | cpupool-create)
            compopt -o filenames 2>/dev/null
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            ;;
        help)
            mapfile -t COMPREPLY < <(compgen -W "$(_parador_commands)" -- "$current")
            ;;
        info | dmesg | domname | metrics | top | debug-keys | cpupool-numa-split) ;;
        cpupool-migrate)
            local IFS=$'\n'
            mapfile -t COMPREPLY < <(compgen -W "$(_parador_domains; _parador_pools)" -- "$current")
            ;;
        cpupool-*)
            local IFS=$'\n'
            mapfile -t COMPREPLY < <(compgen -W "$(_parador_pools)" -- "$current")
            ;;
        *)
            local IFS=$'\n'
            mapfile -t COMPREPLY < <(compgen -W "$(_parador_domains)" -- "$current")
            ;;
        esac
    fi
}

complete -F _parador parador
