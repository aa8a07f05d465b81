# shellcheck shell=bash
# What the machine must have: root, namespaces, Debian packages.

# program → its Debian package
declare -rA PACKAGES=(
    [containerd]=containerd [ctr]=containerd [runc]=runc [nft]=nftables [iptables]=iptables [conntrack]=conntrack
    [ip]=iproute2 [nsenter]=util-linux [sysctl]=procps [openssl]=openssl [busybox]=busybox-static [nginx]=nginx
)

# Before the long build: what can't be helped.
require_machine() {
    require_root
    as_root unshare --net --mount --pid --fork true 2>/dev/null \
        || unable 'no namespaces can be made (in a container without privileges?)'
}

require_root() {
    [ "$(id -u)" -eq 0 ] || sudo --non-interactive true 2>/dev/null \
        || unable 'a node needs root, and this user is not and can not be without a password'
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo --non-interactive "$@"; fi
}

# The caller has built what is needed; the rest is root's.
rerun_as_root() {
    require_root
    if [ "$(id -u)" -ne 0 ]; then
        exec sudo --non-interactive env PATH="$PATH" LOADGATE_CLUSTER_CACHE="$CACHE" LOADGATE_CLUSTER_STATE="$STATE" \
            KUBEBUILDER_ASSETS="${KUBEBUILDER_ASSETS:-}" "$HERE/cluster" "$@"
    fi
}

install_packages() {
    local program missing=()
    for program in "${!PACKAGES[@]}"; do
        command -v "$program" >/dev/null || missing+=("${PACKAGES[$program]}")
    done
    (cni_plugins) >/dev/null 2>&1 || missing+=(containernetworking-plugins)
    if [ ${#missing[@]} -gt 0 ]; then
        command -v apt-get >/dev/null || unable "these must be installed, and there is no apt-get: ${missing[*]}"
        say "installing ${missing[*]}"
        {
            apt-get update --quiet
            DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet --no-install-recommends "${missing[@]}"
        } >"$LOGS/packages.log" 2>&1 || fail "apt-get failed; its output is in $LOGS/packages.log"
    fi
}
