# shellcheck shell=bash
# The commands: up, down, status, stop and start of one component.

# In the order of starting; coredns is a pod.
readonly COMPONENTS=(etcd apiserver containerd controller-manager scheduler kubelet proxy)

command_up() {
    local started="$SECONDS"
    if [ -n "${LOADGATE_TEST_KUBECONFIG:-}" ]; then
        use_given_cluster
        return
    fi
    require_machine
    build "${CLUSTER_PROGRAMS[@]}"
    rerun_as_root up
    mkdir -p "$STATE" "$LOGS" "$PIDS"
    take_lock
    if is_up; then
        say "is up already"
        [ "$(fingerprint)" = "$(cat "$STATE/fingerprint")" ] \
            || say 'it was started by another version of these scripts or programs; "cluster down" and "cluster up" renew it'
    else
        install_packages
        start_all
        say "is up after $((SECONDS - started)) s"
    fi
    echo "$KUBECONFIG_FILE"
}

use_given_cluster() {
    say "uses the cluster of $LOADGATE_TEST_KUBECONFIG and starts none"
    build kubectl
    "$(program_path kubectl)" --kubeconfig "$LOADGATE_TEST_KUBECONFIG" --request-timeout=10s get --raw /readyz >/dev/null \
        || fail "the API server of $LOADGATE_TEST_KUBECONFIG is not ready"
    echo "$LOADGATE_TEST_KUBECONFIG"
}

is_up() {
    local name
    { [ -e "$STATE/fingerprint" ] && read_network && running node >/dev/null; } || return 1
    for name in "${COMPONENTS[@]}"; do
        if ! running "$name" >/dev/null; then
            say "$name is not running any more"
            return 1
        fi
    done
    # Just restarted, perhaps, or busy.
    for _ in {1..10}; do
        apiserver_is_ready >/dev/null 2>&1 && return
        sleep 1
    done
    say 'the API server does not answer'
    return 1
}

start_all() {
    say 'starting'
    trap abandon_start EXIT
    end_node
    rm -rf "${LOGS:?}"/*.log "$STATE/fingerprint" "$STATE"/image.*
    # Keys are inside.
    mkdir "$RUN"
    chmod 700 "$RUN"
    mkdir -p "$CONFIG"
    choose_network
    start_node
    make_pki
    write_configuration
    start_component etcd
    start_component containerd
    start_component apiserver
    until_ready 60 containerd containerd_is_ready
    load_own_images
    until_ready 120 apiserver apiserver_is_ready
    start_component controller-manager
    start_component scheduler
    start_component kubelet
    start_component proxy
    start_dns
    fingerprint >"$STATE/fingerprint"
    trap - EXIT
}

# A start that fails leaves nothing but its logs.
abandon_start() {
    say "the start failed; what it had started is ended, and all logs are in $LOGS"
    end_node
}

write_configuration() {
    local name
    for name in controller-manager scheduler proxy; do
        write_kubeconfig "$name" "$CONFIG/$name.kubeconfig"
    done
    write_kubeconfig admin "$KUBECONFIG_FILE"
    # Who asked by sudo is to read it as well.
    [ -z "${SUDO_UID:-}" ] || chown "$SUDO_UID" "$KUBECONFIG_FILE"
    configure_node
}

start_component() {
    "start_$1"
}

start_dns() {
    sed -e "s#@DNS_IP@#$DNS_IP#" -e "s#@CLUSTER_DOMAIN@#$CLUSTER_DOMAIN#g" "$HERE/manifests/coredns.yaml" \
        | cluster_kubectl apply -f - >/dev/null
    until_ready 60 kubelet node_is_ready
    until_ready 60 kubelet dns_is_ready
    until_ready 30 proxy proxy_is_ready
}

node_is_ready() {
    [ "$(cluster_kubectl get node "$NODE" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]
}

dns_is_ready() {
    [ "$(cluster_kubectl --namespace kube-system get deployment coredns -o 'jsonpath={.status.availableReplicas}')" = 1 ]
}

# What this cluster is made of.
fingerprint() {
    {
        local name
        for name in "${CLUSTER_PROGRAMS[@]}"; do program_path "$name"; done
        cat "$HERE"/lib/*.sh "$HERE"/manifests/* "$HERE"/images/*
    } | sha256sum | cut -c1-16
}

command_down() {
    refuse_given_cluster down
    require_machine
    rerun_as_root down
    if [ ! -d "$STATE" ]; then
        say 'there is none'
        return
    fi
    take_lock
    rm -f "$STATE/fingerprint" "$KUBECONFIG_FILE"
    end_node
    rm -rf "$STATE"/image.* "$STATE/network" "$PIDS"
    say "is down; its last logs are in $LOGS"
}

command_clear() {
    # As a program of its own, since it may go on as root.
    "$HERE/cluster" down
    as_root rm -rf --one-file-system "$STATE"
    rm -rf --one-file-system "$CACHE"
    say "$STATE and $CACHE are removed"
}

command_status() {
    local name pid all=0
    rerun_as_root status
    printf '%-20s %8s %8s\n' COMPONENT PID MEMORY
    for name in node "${COMPONENTS[@]}" $(second_components); do
        if pid="$(running "$name")"; then
            printf '%-20s %8s %5s MB\n' "$name" "$pid" "$(awk '/^VmRSS/ { print int($2 / 1024) }' "/proc/$pid/status")"
        else
            printf '%-20s %8s\n' "$name" -
            all=1
        fi
    done
    printf 'kubeconfig: %s\nlogs:       %s\n' "$KUBECONFIG_FILE" "$LOGS"
    exit "$all"
}

command_stop() {
    one_component stop "$@"
    rerun_as_root stop "$@"
    take_lock
    end_process "$1"
    say "$1 is stopped"
}

command_start() {
    one_component start "$@"
    rerun_as_root start "$@"
    take_lock
    require_node
    if ! running "$1" >/dev/null; then
        start_component "$1"
        until_ready 60 "$1" "$1_is_ready"
    fi
    say "$1 is running"
}

command_inside() {
    [ $# -gt 0 ] || fail 'usage: cluster inside COMMAND…'
    refuse_given_cluster inside
    rerun_as_root inside "$@"
    require_node
    in_node "$@"
}

one_component() {
    local command="$1" name="${2:-}"
    refuse_given_cluster "$command"
    [[ " ${COMPONENTS[*]} " == *" $name "* && -n "$name" ]] || fail "usage: cluster $command COMPONENT, which is one of: ${COMPONENTS[*]}"
}

command_image() {
    if [ -n "${LOADGATE_TEST_KUBECONFIG:-}" ]; then
        say 'a given cluster is used: it must have the image, or be able to pull it'
        return
    fi
    rerun_as_root image "$@"
    require_node
    load_image "$@"
}

refuse_given_cluster() {
    [ -z "${LOADGATE_TEST_KUBECONFIG:-}" ] || unable "LOADGATE_TEST_KUBECONFIG names a cluster of someone else: no $1 there"
}

# One command at a time changes the cluster.
take_lock() {
    mkdir -p "$STATE"
    exec 9>"$STATE/lock"
    if ! flock --nonblock 9; then
        say 'another process is at work on the cluster; waiting for it'
        flock --timeout 600 9 || fail "waited 10 minutes for $STATE/lock"
    fi
}
