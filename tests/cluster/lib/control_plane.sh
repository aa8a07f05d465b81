# shellcheck shell=bash
# etcd, the API server, the controller manager and the scheduler: how each is started and known to be ready.

start_etcd() {
    # Nothing of it outlives the cluster, so nothing need reach the disk; only the node's own loopback is served.
    launch etcd "$(program_path etcd)" --name="$NODE" --data-dir="$RUN/etcd" --log-level=warn --unsafe-no-fsync \
        --listen-client-urls=http://127.0.0.1:2379 --advertise-client-urls=http://127.0.0.1:2379 \
        --listen-peer-urls=http://127.0.0.1:2380 --initial-advertise-peer-urls=http://127.0.0.1:2380 \
        --initial-cluster="$NODE=http://127.0.0.1:2380" --quota-backend-bytes=1073741824
}

start_apiserver() {
    # After a hard end its port may be held for a moment.
    until_true 30 "port $API_PORT of the API server to be free" port_is_free "$API_PORT"
    launch apiserver "$(program_path kube-apiserver)" \
        --etcd-servers=http://127.0.0.1:2379 \
        --advertise-address="$API_IP" --bind-address=0.0.0.0 --secure-port="$API_PORT" \
        --service-cluster-ip-range="$SERVICES" \
        --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
        --client-ca-file="$PKI/ca.crt" \
        --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction --allow-privileged=true \
        --service-account-issuer="https://kubernetes.default.svc.$CLUSTER_DOMAIN" \
        --service-account-key-file="$PKI/service-account.pub" --service-account-signing-key-file="$PKI/service-account.key" \
        --kubelet-certificate-authority="$PKI/ca.crt" --kubelet-preferred-address-types=InternalIP \
        --kubelet-client-certificate="$PKI/apiserver-kubelet-client.crt" \
        --kubelet-client-key="$PKI/apiserver-kubelet-client.key" \
        --requestheader-client-ca-file="$PKI/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client \
        --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group \
        --requestheader-username-headers=X-Remote-User \
        --proxy-client-cert-file="$PKI/front-proxy-client.crt" --proxy-client-key-file="$PKI/front-proxy-client.key" \
        --profiling=false --v=1
}

start_controller-manager() {
    launch controller-manager "$(program_path kube-controller-manager)" \
        --kubeconfig="$CONFIG/controller-manager.kubeconfig" --bind-address=127.0.0.1 --leader-elect=false \
        --use-service-account-credentials=true --root-ca-file="$PKI/ca.crt" \
        --service-account-private-key-file="$PKI/service-account.key" \
        --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
        --allocate-node-cidrs=false --kube-api-qps=500 --kube-api-burst=1000 --profiling=false --v=1
}

start_scheduler() {
    launch scheduler "$(program_path kube-scheduler)" --kubeconfig="$CONFIG/scheduler.kubeconfig" \
        --bind-address=127.0.0.1 --leader-elect=false --profiling=false --v=1
}

etcd_is_ready() { in_node bash -c ': </dev/tcp/127.0.0.1/2379'; }
apiserver_is_ready() { cluster_kubectl --request-timeout=2s get --raw /readyz; }
controller-manager_is_ready() { in_node bash -c ': </dev/tcp/127.0.0.1/10257'; }
scheduler_is_ready() { in_node bash -c ': </dev/tcp/127.0.0.1/10259'; }

# Nobody in the node listens on it.
port_is_free() {
    local pid hex
    pid="$(running node)" || died node
    hex="$(printf ':%04X' "$1")"
    ! awk -v port="$hex" '$2 ~ port "$" && $4 == "0A" { found = 1 } END { exit !found }' "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6"
}

cluster_kubectl() {
    env -u HTTPS_PROXY -u https_proxy "$(program_path kubectl)" --kubeconfig "$KUBECONFIG_FILE" "$@"
}
