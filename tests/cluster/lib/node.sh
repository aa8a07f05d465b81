# shellcheck shell=bash
# A node: namespaces of its own for network, mounts and processes. The first one has the one cable to the host.
#
# Everything of the cluster runs inside of the first one, the second node too. So ports can't be taken, the host's firewall, routes and mounts aren't touched, and
# the end of its first process ends all others, pods included; mounts, links and nftables tables go with them. That is what
# makes `up` sure after any end.

start_node() {
    local first outer=()
    make_cgroups
    # Built in on some machines; where they are missing, what needs them tells.
    modprobe --quiet --all overlay br_netfilter 2>/dev/null || true
    # In its namespaces the tools must be those of the host, but what daemons write at fixed places must not reach it.
    mkdir -p "$NODE_RUN"/{var-log,var-lib-cni,var-lib-kubelet} /var/lib/{cni,kubelet}
    # The end of the first node's first process is the second node's end too.
    if [ -n "$NTH" ]; then
        first="$(running node)" || died node
        outer=(nsenter --target "$first" --pid --)
    fi
    start_process "node$NTH" pause "${outer[@]}" \
        unshare --net --mount --pid --fork --mount-proc --propagation private -- "$(program_path pause)"
    # shellcheck disable=SC2016 # expanded inside
    in_node bash -euc '
        mount --make-rshared /
        mount -t tmpfs -o mode=755 tmpfs /run
        mount --bind "$1/var-log" /var/log
        mount --bind "$1/var-lib-cni" /var/lib/cni
        mount --bind "$1/var-lib-kubelet" /var/lib/kubelet
        mkdir -p /run/lock /run/netns
        ip link set lo up
        sysctl --quiet --write net.ipv4.ip_forward=1
        # So that a pod which calls itself or its neighbour by a Service gets the answer from the Service.
        call=/proc/sys/net/bridge/bridge-nf-call-iptables
        [ ! -e "$call" ] || echo 1 >"$call"
    ' -- "$NODE_RUN"
    "connect_node$NTH"
}

# For what needs a cluster and doesn't start one.
require_node() {
    { read_network && running node >/dev/null; } || fail 'there is no cluster; "cluster up" starts it'
}

# Runs a command inside the node.
in_node() {
    local pid
    pid="$(running "node$NTH")" || fail "$NODE is not running"
    nsenter --target "$pid" --net --mount --pid -- "$@"
}

# A daemon inside the node, by the component's name.
launch() {
    local name="$1" pid
    shift
    pid="$(running "node$NTH")" || died "node$NTH"
    start_process "$name$NTH" "$1" nsenter --target "$pid" --net --mount --pid -- "$@"
}

connect_node() {
    local pid
    pid="$(running node)" || died node
    ip link add "$LINK" type veth peer name eth0 netns "$pid"
    ip address add "$HOST_IP/24" dev "$LINK"
    ip link set "$LINK" up
    in_node ip address add "$NODE_IP/24" dev eth0
    in_node ip link set eth0 up
    # Tests on the host reach pods and Services; the node has no way to anything but the host's end.
    ip route add "$PODS" via "$NODE_IP" dev "$LINK"
    ip route add "$SERVICES" via "$NODE_IP" dev "$LINK"
}

# Version 1 has a tree for each controller, version 2 has one for all.
cgroup_trees() {
    if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
        echo /sys/fs/cgroup
    else
        find /sys/fs/cgroup -mindepth 1 -maxdepth 1 -type d
    fi
}

make_cgroups() {
    local tree group
    while read -r tree; do
        for group in "$CGROUPS" "$CGROUP"; do
            mkdir -p "$tree/$group"
            make_cpuset "$tree" "$group"
            [ ! -e "$tree/cgroup.controllers" ] || hand_down_controllers "$tree" "$group"
        done
    done < <(cgroup_trees)
}

# Without processors and memory of its own a cpuset takes no process.
make_cpuset() {
    local tree="$1" group="$2" file
    for file in cpuset.cpus cpuset.mems; do
        if [ -e "$tree/$group/$file" ] && [ -e "$tree/$file" ] && [ -z "$(cat "$tree/$group/$file")" ]; then
            cat "$tree/$file" >"$tree/$group/$file"
        fi
    done
}

# In version 2 a group has the controllers that all above it hand down.
hand_down_controllers() {
    local tree="$1" group="$2" controller
    for controller in cpu cpuset memory pids io; do
        echo "+$controller" >"$tree/cgroup.subtree_control" 2>/dev/null || true
        echo "+$controller" >"$tree/$group/cgroup.subtree_control" 2>/dev/null || true
    done
}

remove_cgroups() {
    local group="$1" tree
    while read -r tree; do
        [ -d "$tree/$group" ] || continue
        # A group can be busy for a moment after its last process has ended.
        for _ in {1..50}; do
            find "$tree/$group" -depth -type d -exec rmdir {} + 2>/dev/null && break
            sleep 0.1
        done
    done < <(cgroup_trees)
}

# Ends the cluster, and clears what an earlier one left, however that one ended.
end_node() {
    local file
    # With the first process of the node all others in it end, written down or not, and the second node.
    end_process node
    for file in "$PIDS"/*; do
        [ ! -e "$file" ] || end_process "${file##*/}"
    done
    if read_network; then
        ip link delete "$LINK" 2>/dev/null || true
        remove_cgroups "$CGROUPS"
    fi
    # Never across a mount: should one be left below, its content is not ours.
    rm -rf --one-file-system "$RUN"
    rmdir /var/lib/cni /var/lib/kubelet 2>/dev/null || true
}
