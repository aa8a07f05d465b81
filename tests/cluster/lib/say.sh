# shellcheck shell=bash
# What the script tells: progress and errors on stderr, so that stdout holds results only.

# What the machine can't do at all; test harnesses know this code as "skipped".
readonly EXIT_UNABLE=77
# What failed and said why.
readonly EXIT_TOLD=2

say() {
    printf 'cluster: %s\n' "$*" >&2
}

fail() {
    printf 'cluster: error: %s\n' "$*" >&2
    exit "$EXIT_TOLD"
}

# For what fails without having said why.
tell_failure() {
    local status="$1" command="$2" place="$3"
    if [ "$status" -ne "$EXIT_TOLD" ] && [ "$status" -ne "$EXIT_UNABLE" ]; then
        say "failed with $status at $place: ${command%%$'\n'*}"
    fi
}

unable() {
    printf 'cluster: CANNOT RUN HERE: %s\n' "$*" >&2
    exit "$EXIT_UNABLE"
}
