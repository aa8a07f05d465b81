# shellcheck shell=bash
# Keys, certificates and the kubeconfig files made of them.

make_pki() {
    mkdir -p "$PKI"
    make_authority ca loadgate-cluster
    make_authority front-proxy-ca loadgate-cluster-front-proxy
    openssl ecparam -name prime256v1 -genkey -noout -out "$PKI/service-account.key"
    openssl ec -in "$PKI/service-account.key" -pubout -out "$PKI/service-account.pub" 2>/dev/null

    local service=DNS:kubernetes.default
    make_certificate ca apiserver /CN=kube-apiserver serverAuth \
        "IP:$API_IP,IP:$API_SERVICE_IP,IP:127.0.0.1,DNS:localhost,DNS:kubernetes,$service,$service.svc,$service.svc.$CLUSTER_DOMAIN"
    make_certificate ca apiserver-kubelet-client /O=system:masters/CN=apiserver-kubelet-client clientAuth
    make_certificate front-proxy-ca front-proxy-client /CN=front-proxy-client clientAuth
    make_certificate ca admin /O=system:masters/CN=admin clientAuth
    make_certificate ca controller-manager /CN=system:kube-controller-manager clientAuth
    make_certificate ca scheduler /CN=system:kube-scheduler clientAuth
    make_certificate ca proxy /CN=system:kube-proxy clientAuth
}

make_node_pki() {
    make_certificate ca "$NODE-server" "/CN=$NODE" serverAuth "IP:$NODE_IP,DNS:$NODE"
    make_certificate ca "$NODE" "/O=system:nodes/CN=system:node:$NODE" clientAuth
}

make_authority() {
    local name="$1" subject="$2"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$subject" \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign \
        -keyout "$PKI/$name.key" -out "$PKI/$name.crt" 2>/dev/null
}

make_certificate() {
    local authority="$1" name="$2" subject="$3" usage="$4" names="${5:-}"
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$subject" \
        -keyout "$PKI/$name.key" -out "$PKI/$name.csr" 2>/dev/null
    openssl x509 -req -in "$PKI/$name.csr" -CA "$PKI/$authority.crt" -CAkey "$PKI/$authority.key" -CAcreateserial \
        -days 3650 -out "$PKI/$name.crt" -extfile <(
            echo "keyUsage=critical,digitalSignature"
            echo "extendedKeyUsage=$usage"
            [ -z "$names" ] || echo "subjectAltName=$names"
        ) 2>/dev/null
}

# All in one file, so that a copy of it works as well.
write_kubeconfig() {
    local name="$1" file="$2"
    (umask 077 && cat >"$file.partial") <<KUBECONFIG
apiVersion: v1
kind: Config
clusters:
  - name: loadgate-cluster
    cluster:
      server: https://$API_IP:$API_PORT
      certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")
users:
  - name: $name
    user:
      client-certificate-data: $(base64 -w0 "$PKI/$name.crt")
      client-key-data: $(base64 -w0 "$PKI/$name.key")
contexts:
  - name: loadgate-cluster
    context: {cluster: loadgate-cluster, user: $name}
current-context: loadgate-cluster
KUBECONFIG
    mv "$file.partial" "$file"
}
