# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash

_blkdrain_check() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local options='-h --help --seconds --seed --suite --jobs --canary --list-canaries --out --trace-hash --trace-hash-count'
    local offered=
    [[ ${COMP_WORDS[1]} != twice || $COMP_CWORD -eq 1 ]] || options='-h --help --seed'
    [[ ${COMP_WORDS[1]} != replay || $COMP_CWORD -eq 1 ]] || options='-h --help --adapter --page --strict --threads --canary'
    COMPREPLY=()
    case $before in
        --suite) offered='sequential scheduled real machines' ;;
        --trace-hash) offered='sequential scheduled machines' ;;
        --adapter) offered='reference simulated real' ;;
        --canary) offered=$("${COMP_WORDS[0]}" --list-canaries 2>/dev/null | cut -d ' ' -f 1) ;;
        --page)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        --out)
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            return
            ;;
        --seconds | --seed | --jobs | --trace-hash-count) return ;;
        *)
            offered=$options
            if [[ $COMP_CWORD -eq 1 ]]; then
                offered+=' replay twice'
            elif [[ ${COMP_WORDS[1]} == twice && $word != -* ]]; then
                offered='sequential scheduled machines'
            elif [[ ${COMP_WORDS[1]} == replay && $word != -* ]]; then
                mapfile -t COMPREPLY < <(compgen -d -- "$word"; compgen -f -X '!*.scn' -- "$word"
                    compgen -f -X '!*.machine' -- "$word")
                return
            fi
            ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}
complete -o filenames -F _blkdrain_check blkdrain-check
