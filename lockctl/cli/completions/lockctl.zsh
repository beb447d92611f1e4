#compdef lockctl
# Completion of lockctl for zsh. What fits is asked of lockctl itself, which reads its own memory and no network.
_lockctl() {
    local line files
    local -a given found
    given=("${(@)words[2,CURRENT-1]}")
    while IFS= read -r line; do
        if [[ $line == :files ]]; then
            files=yes
        elif [[ -n $line ]]; then
            found+=("${${line//:/\\:}/$'\t'/:}")
        fi
    done < <(command lockctl complete-words -- "${(@)given}" "$PREFIX" 2>/dev/null </dev/null)
    local failed=1
    (( $#found )) && _describe -V lockctl found && failed=0
    [[ -n $files ]] && _files && failed=0
    return failed
}
if [[ ${funcstack[1]-} == _lockctl ]]; then
    _lockctl "$@"
else
    compdef _lockctl lockctl
fi
