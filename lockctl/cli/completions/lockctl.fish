# Completion of lockctl for fish. What fits is asked of lockctl itself, which reads its own memory and no network.
function __lockctl_words
    set -l given (commandline -opc)
    set -e given[1]
    set -l current (commandline -ct)
    for line in (command lockctl complete-words -- $given "$current" 2>/dev/null </dev/null)
        if test "$line" = :files
            __fish_complete_path "$current"
        else
            printf '%s\n' $line
        end
    end
end
complete -c lockctl -f -a '(__lockctl_words)'
