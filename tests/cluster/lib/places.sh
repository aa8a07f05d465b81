# shellcheck shell=bash disable=SC2034
# Where the cluster keeps its things and which addresses it has.

# One cluster a machine, shared by all checkouts unless they name folders of their own; everything that it writes is below this folder.
readonly STATE="${LOADGATE_CLUSTER_STATE:-/var/lib/loadgate-cluster}"
readonly KUBECONFIG_FILE="$STATE/kubeconfig"
readonly LOGS="$STATE/logs"
readonly PIDS="$STATE/pids"
# Made anew by each start.
readonly RUN="$STATE/run"
readonly PKI="$RUN/pki"
readonly CONFIG="$RUN/config"

readonly CLUSTER_DOMAIN=cluster.local
readonly API_PORT=6443

# One /16 holds the nodes, the host's end of the cable, the pods and the Services. What the host sees is named after it, so that
# clusters with state folders of their own don't meet.
use_network() {
    NET="10.$1"
    API_IP="$NET.0.1"
    HOST_IP="$NET.0.254"
    PODS="$NET.16.0/20"
    SERVICES="$NET.128.0/20"
    API_SERVICE_IP="$NET.128.1"
    DNS_IP="$NET.128.10"
    # The host's end of the one cable to the node.
    LINK="loadgate$1"
    # Below each controller's root.
    CGROUPS="loadgate-cluster-$1"
    use_node 1
}

# Of which node the functions for nodes are: the first, in which all the rest of the cluster runs, or the second.
use_node() {
    NODE="node$1"
    # Behind the names of its processes: the first node's have none.
    NTH="${1#1}"
    NODE_IP="$NET.0.$1"
    NODE_PODS="$NET.$((15 + $1)).0/24"
    NODE_RUN="$RUN/$NODE"
    NODE_CONFIG="$NODE_RUN/config"
    # The pods' groups are inside.
    CGROUP="$CGROUPS/$NODE"
}

# The first that the host neither has nor reaches by a route of its own.
choose_network() {
    local number known
    known="$(ip -4 route show table all; ip -4 -oneline address)"
    for number in {250..200}; do
        if ! grep -qE "(^|[^0-9.])10\.$number\." <<<"$known"; then
            use_network "$number"
            echo "$number" >"$STATE/network"
            return
        fi
    done
    fail 'no network is free between 10.200.0.0/16 and 10.250.0.0/16: see "ip route"'
}

# That of the cluster that runs, or ran.
read_network() {
    local number
    { read -r number <"$STATE/network"; } 2>/dev/null || return 1
    use_network "$number"
}
