# shellcheck shell=bash
# Starts daemons fully detached, writes down which process each is, and ends exactly those.

# What makes a process that one and no later one with the same number: its start and its program.
identity() {
    local pid="$1" stat exe
    { read -r stat <"/proc/$pid/stat"; } 2>/dev/null || return 1
    exe="$(readlink "/proc/$pid/exe")" || return 1
    # It stays that program when its file is removed or replaced.
    exe="${exe% (deleted)}"
    # Behind the name, which may hold anything, the start is the 20th word.
    stat="${stat##*) }"
    read -ra stat <<<"$stat"
    # shellcheck disable=SC2128 # an array by now
    [ "${stat[0]}" != Z ] || return 1
    echo "$pid ${stat[19]} $exe"
}

# The pid of a component that still is the process that was started.
running() {
    local name="$1" written
    { read -r written <"$PIDS/$name"; } 2>/dev/null || return 1
    [ "$(identity "${written%% *}")" = "$written" ] || return 1
    echo "${written%% *}"
}

# Runs a command for good: no terminal, no open file of ours, no session of ours. Its output is the component's log.
# The command enters or makes PID namespaces, one in the other; the child of the last one becomes the program that is the component.
start_process() {
    local name="$1" program="$2" descriptor
    shift 2
    (
        exec </dev/null >>"$LOGS/$name.log" 2>&1
        for descriptor in "/proc/$BASHPID/fd/"*; do
            descriptor="${descriptor##*/}"
            [ "$descriptor" -le 2 ] || eval "exec $descriptor>&-"
        done
        cd /
        # The least that they need: no proxy, credential or setting of the caller changes the cluster.
        exec setsid env --ignore-environment PATH="$PATH" HOME="$RUN" "$@"
    ) &
    disown
    write_down_child "$name" "$!" "$program"
}

write_down_child() {
    local name="$1" parent="$2" program="$3" child written
    for _ in {1..200}; do
        child="$parent"
        while child="$(only_child "$child")"; do
            # Until it has become the program, it is another copy of its parent, or about to have a child.
            if written="$(identity "$child")" && [ "${written##*/}" = "${program##*/}" ]; then
                echo "$written" >"$PIDS/$name"
                return
            fi
        done
        [ -e "/proc/$parent" ] || break
        sleep 0.02
    done
    died "$name"
}

only_child() {
    local child=''
    { read -r child _ <"/proc/$1/task/$1/children"; } 2>/dev/null || true
    [ -n "$child" ] && echo "$child"
}

end_process() {
    local name="$1" pid
    if pid="$(running "$name")"; then
        kill -KILL "$pid" 2>/dev/null || true
        until_true 20 "the end of $name" is_gone "$pid"
    fi
    rm -f "$PIDS/$name"
}

is_gone() {
    ! identity "$1" >/dev/null
}

# Asks until it holds: seconds, what is waited for, then the question.
until_true() {
    local seconds="$1" what="$2" end=$((SECONDS + $1))
    shift 2
    until "$@"; do
        if [ "$SECONDS" -ge "$end" ]; then
            fail "waited $seconds s for $what in vain"
        fi
        sleep 0.1
    done
}

# As before, for a component: gives up at once when it has ended, and shows its log in both cases.
until_ready() {
    local seconds="$1" name="$2" end=$((SECONDS + $1))
    shift 2
    until ("$@") >/dev/null 2>&1; do
        running "$name" >/dev/null || died "$name"
        if [ "$SECONDS" -ge "$end" ]; then
            show_log "$name"
            fail "waited $seconds s in vain until ${1//_/ }; the log of $name is $LOGS/$name.log"
        fi
        sleep 0.1
    done
}

died() {
    show_log "$1"
    fail "$1 has ended; its log is $LOGS/$1.log"
}

show_log() {
    say "the last lines of $LOGS/$1.log:"
    tail -n 15 "$LOGS/$1.log" 2>/dev/null | cut -c1-400 | sed 's/^/    /' >&2 || true
}
