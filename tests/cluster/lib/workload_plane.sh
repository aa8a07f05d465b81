# shellcheck shell=bash
# containerd, kubelet and kube-proxy: how each is configured, started and known to be ready.

readonly PAUSE_IMAGE=loadgate.test/pause:1
readonly CONTAINERD_SOCKET=/run/containerd/containerd.sock

configure_node() {
    mkdir -p "$NODE_CONFIG/cni"
    make_node_pki
    write_kubeconfig "$NODE" "$NODE_CONFIG/kubelet.kubeconfig"
    configure_containerd
    configure_kubelet
    configure_proxy
}

configure_containerd() {
    local plugins
    plugins="$(cni_plugins)"
    cat >"$NODE_CONFIG/containerd.toml" <<TOML
version = 2
root = "$NODE_RUN/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing",
]

[grpc]
  address = "$CONTAINERD_SOCKET"

[plugins."io.containerd.internal.v1.opt"]
  path = "$NODE_RUN/containerd-opt"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  # Where the capability SYS_RESOURCE is missing, no sandbox starts without this.
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "$plugins"
  conf_dir = "$NODE_CONFIG/cni"

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "overlayfs"
  default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
TOML
    # Pods reach each other, the Services, the nodes and the host's end of the cable, and nothing else.
    cat >"$NODE_CONFIG/cni/10-pods.conflist" <<JSON
{
  "cniVersion": "0.4.0",
  "name": "pods",
  "plugins": [
    {
      "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
      "ipam": {
        "type": "host-local", "dataDir": "$NODE_RUN/leases",
        "ranges": [[{"subnet": "$NODE_PODS"}]],
        "routes": [{"dst": "$NET.0.0/16"}]
      }
    }
  ]
}
JSON
}

cni_plugins() {
    local folder
    for folder in /usr/lib/cni /opt/cni/bin /usr/libexec/cni; do
        if [ -x "$folder/bridge" ]; then
            echo "$folder"
            return
        fi
    done
    fail 'the CNI plugins are not where they are expected: /usr/lib/cni or /opt/cni/bin'
}

configure_kubelet() {
    # Else pods would be told of the host's name servers, which they can't reach.
    : >"$NODE_CONFIG/resolv.conf"
    cat >"$NODE_CONFIG/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $PKI/ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $PKI/$NODE-server.crt
tlsPrivateKeyFile: $PKI/$NODE-server.key
clusterDomain: $CLUSTER_DOMAIN
clusterDNS: [$DNS_IP]
resolvConf: $NODE_CONFIG/resolv.conf
containerRuntimeEndpoint: unix://$CONTAINERD_SOCKET
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
failCgroupV1: false
failSwapOn: false
maxOpenFiles: $(open_files)
enforceNodeAllocatable: []
# A full disk of the machine is no reason to end tests' pods.
evictionHard:
  memory.available: 0%
  pid.available: 0%
  nodefs.available: 0%
  nodefs.inodesFree: 0%
  imagefs.available: 0%
  imagefs.inodesFree: 0%
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
# Access logs are counted to the last line, so none may be rotated away.
containerLogMaxSize: 1Gi
makeIPTablesUtilChains: false
oomScoreAdj: 0
podLogsDir: /var/log/pods
volumePluginDir: $NODE_RUN/kubelet-plugins
readOnlyPort: 0
nodeStatusUpdateFrequency: 5s
registerWithTaints: [$(taint)]
YAML
}

# Where the second node is, pods go as they did without it, but for those that put up with this.
taint() {
    [ -z "$NTH" ] || echo "{key: loadgate.test/$NODE, effect: NoSchedule}"
}

# As many as a process may have here; without the right to raise the limit it is what root was given.
open_files() {
    local limit
    limit="$(ulimit -H -n)"
    [ "$limit" != unlimited ] || limit=1000000
    echo "$limit"
}

configure_proxy() {
    cat >"$NODE_CONFIG/proxy.yaml" <<YAML
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
clusterCIDR: $PODS
hostnameOverride: $NODE
bindAddress: $NODE_IP
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
oomScoreAdj: 0
clientConnection: {kubeconfig: $CONFIG/proxy.kubeconfig}
conntrack: {maxPerCore: 0, min: 0}
nftables: {minSyncPeriod: 100ms}
YAML
}

start_containerd() {
    launch containerd "$(command -v containerd)" --config "$NODE_CONFIG/containerd.toml" --log-level warn
}

start_kubelet() {
    launch kubelet "$(program_path kubelet)" --config="$NODE_CONFIG/kubelet.yaml" --kubeconfig="$NODE_CONFIG/kubelet.kubeconfig" \
        --root-dir="$NODE_RUN/kubelet" --cert-dir="$NODE_RUN/kubelet-pki" --hostname-override="$NODE" --node-ip="$NODE_IP" --v=1
}

start_proxy() {
    launch proxy "$(program_path kube-proxy)" --config="$NODE_CONFIG/proxy.yaml" --v=1
}

containerd_is_ready() { in_node ctr --address "$CONTAINERD_SOCKET" version; }
kubelet_is_ready() { in_node bash -c ': </dev/tcp/127.0.0.1/10248'; }
proxy_is_ready() { in_node bash -c ': </dev/tcp/127.0.0.1/10256'; }
