# shellcheck shell=bash
# The second node: as the first one, and behind it. It comes and goes while the cluster is up, and ends with it at the latest.

command_node() {
    local verb="${1:-}"
    [[ " up cut down inside " == *" $verb "* && -n "$verb" ]] || fail 'usage: cluster node up|cut|down|inside COMMAND…'
    refuse_given_cluster "node $verb"
    rerun_as_root node "$@"
    require_node
    use_node 2
    shift
    if [ "$verb" = inside ]; then
        [ $# -gt 0 ] || fail 'usage: cluster node inside COMMAND…'
        in_node "$@"
    else
        take_lock
        "${verb}_second_node"
    fi
}

# In the order of starting.
second_components() {
    [ ! -e "$PIDS/node2" ] || echo node2 containerd2 kubelet2 proxy2
}

# For what runs in all nodes that are there.
second_takes_images() {
    running kubelet2 >/dev/null
}

up_second_node() {
    local started="$SECONDS"
    if is_second_up; then
        say "$NODE is up already"
    else
        trap abandon_second_node EXIT
        forget_second_node
        start_second_node
        trap - EXIT
        say "$NODE is up after $((SECONDS - started)) s"
    fi
    echo "$NODE"
}

is_second_up() {
    local name
    [ -e "$NODE_RUN/is-whole" ] || return 1
    for name in node2 containerd2 kubelet2 proxy2; do
        running "$name" >/dev/null || return 1
    done
    node_is_ready
}

start_second_node() {
    rm -f "$LOGS"/{node,containerd,kubelet,proxy}2.log
    start_node
    configure_node
    start_containerd
    until_ready 60 containerd2 containerd_is_ready
    start_kubelet
    start_proxy
    load_own_images
    until_ready 60 kubelet2 node_is_ready
    until_ready 30 proxy2 proxy_is_ready
    touch "$NODE_RUN/is-whole"
}

abandon_second_node() {
    say "the start of $NODE failed; what it had started is ended, and its logs are in $LOGS"
    cut_second_node
}

# First of all it is silent: what ends otherwise says goodbye to those it is connected with.
cut_second_node() {
    local name
    in_first ip link delete "$NODE" 2>/dev/null || true
    for name in node2 containerd2 kubelet2 proxy2; do
        end_process "$name"
    done
    remove_cgroups "$CGROUP"
    # Never across a mount, as everywhere.
    rm -rf --one-file-system "$NODE_RUN"
}

down_second_node() {
    forget_second_node
    say "$NODE is down"
}

# Nobody but a node can tell that its pods have ended: without it they would stay for ever.
forget_second_node() {
    local said
    cut_second_node
    cluster_kubectl delete node "$NODE" --ignore-not-found --timeout=30s >/dev/null
    # It warns of what is meant here.
    said="$(cluster_kubectl delete pods --all-namespaces --field-selector "spec.nodeName=$NODE" \
        --force --grace-period=0 --wait=false 2>&1)" || fail "the pods of $NODE can't be deleted: $said"
}

# The way to the host and to the first node's pods is through the first node; the host's routes lead there already.
connect_node2() {
    local pid
    pid="$(running node2)" || died node2
    in_first ip link add "$NODE" type veth peer name eth0 netns "$pid"
    in_first ip link set "$NODE" up
    in_first ip route add "$NODE_IP" dev "$NODE" src "$API_IP"
    in_first ip route add "$NODE_PODS" via "$NODE_IP" dev "$NODE"
    in_node ip address add "$NODE_IP/32" dev eth0
    in_node ip link set eth0 up
    in_node ip route add "$API_IP" dev eth0
    in_node ip route add "$NET.0.0/16" via "$API_IP" dev eth0
}

# In the network of the first node; process numbers stay those of the host.
in_first() {
    local pid
    pid="$(running node)" || died node
    nsenter --target "$pid" --net -- "$@"
}
