# shellcheck shell=bash
# Builds the programs of the cluster from Go modules, once, into a cache outside the checkout.

readonly CACHE="${LOADGATE_CLUSTER_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/loadgate-cluster}"
readonly MODULES="$HERE/modules"

# Changed when the way of building changes, so that older binaries aren't taken for new ones.
readonly BUILD_RECIPE=1

# program → the folder under modules/ that pins its version, and its package there
declare -rA PROGRAMS=(
    [pause]='pause .'
    [fetch]='fetch .'
    [etcd]='etcd go.etcd.io/etcd/server/v3'
    [kubectl]='kubernetes k8s.io/kubernetes/cmd/kubectl'
    [kube-proxy]='kubernetes k8s.io/kubernetes/cmd/kube-proxy'
    [kube-scheduler]='kubernetes k8s.io/kubernetes/cmd/kube-scheduler'
    [kubelet]='kubernetes k8s.io/kubernetes/cmd/kubelet'
    [kube-controller-manager]='kubernetes k8s.io/kubernetes/cmd/kube-controller-manager'
    [kube-apiserver]='kubernetes k8s.io/kubernetes/cmd/kube-apiserver'
    [coredns]='coredns github.com/coredns/coredns'
    [helm]='helm helm.sh/helm/v3/cmd/helm'
    [kubeconform]='kubeconform github.com/yannh/kubeconform/cmd/kubeconform'
)
# In the order of building: the slowest last, so that a fault shows early.
readonly CLUSTER_PROGRAMS=(pause fetch etcd kubectl kube-proxy kube-scheduler kubelet kube-controller-manager kube-apiserver coredns)
readonly OTHER_PROGRAMS=(kubeconform helm)

# Where a program is, or will be once it is built.
program_path() {
    local name="$1" module
    case "$name" in
        kube-apiserver | etcd | kubectl)
            if [ -x "${KUBEBUILDER_ASSETS:-}/$name" ]; then
                echo "$KUBEBUILDER_ASSETS/$name"
                return
            fi
            ;;
    esac
    module="${PROGRAMS[$name]%% *}"
    echo "$CACHE/$module-$(module_key "$module")/$name"
}

# The same for the same pinned versions; nothing of the checkout's place goes into it.
module_key() {
    local module="$1"
    (
        cd "$MODULES/$module" || exit
        printf 'recipe %s for %s\n' "$BUILD_RECIPE" "$(uname -m)"
        sha256sum -- *
    ) | sha256sum | cut -c1-16
}

# Builds what is missing of the named programs.
build() {
    local name missing=()
    for name in "$@"; do
        [ -n "${PROGRAMS[$name]:-}" ] || fail "no program is called $name; there are: ${CLUSTER_PROGRAMS[*]} ${OTHER_PROGRAMS[*]}"
        [ -x "$(program_path "$name")" ] || missing+=("$name")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        require_go
        mkdir -p "$CACHE"
        build_under_lock "${missing[@]}"
    fi
}

require_go() {
    command -v go >/dev/null || unable 'Go is not installed; its version 1.26 or later builds the cluster (CONTRIBUTING.md, "The cluster")'
}

# A second process waits here and then finds the work done.
build_under_lock() {
    local lock name number=0
    exec {lock}>"$CACHE/build.lock"
    if ! flock --nonblock "$lock"; then
        say 'another process is building; waiting for it'
        flock "$lock"
    fi
    for name in "$@"; do
        number=$((number + 1))
        [ -x "$(program_path "$name")" ] || build_one "$name" "$number of $#" {lock}>&-
    done
    exec {lock}>&-
}

build_one() {
    local name="$1" count="$2" module package target version started
    read -r module package <<<"${PROGRAMS[$name]}"
    target="$(program_path "$name")"
    version="$(module_version "$module")"
    say "building $name${version:+ $version} ($count)"
    mkdir -p "$(dirname "$target")"
    started="$SECONDS"
    # Aside first: whoever sees the name sees the whole program.
    if ! (
        cd "$MODULES/$module"
        GOFLAGS='' GOWORK=off CGO_ENABLED=0 \
            nice -n 10 go build -mod=readonly -trimpath -buildvcs=false -ldflags "-s -w $(version_stamps "$module")" \
            -o "$target.partial" "$package"
    ) >"$target.log" 2>&1; then
        tail -n 20 "$target.log" >&2
        fail "$name does not build; all of the output is in $target.log"
    fi
    mv "$target.partial" "$target"
    rm -f "$target.log"
    say "built $name in $((SECONDS - started)) s"
}

# The version that a module's go.mod pins: the only place where it is written.
module_version() {
    local module="$1" pinned
    case "$module" in
        kubernetes) pinned=k8s.io/kubernetes ;;
        etcd) pinned=go.etcd.io/etcd/server/v3 ;;
        coredns) pinned=github.com/coredns/coredns ;;
        helm) pinned=helm.sh/helm/v3 ;;
        kubeconform) pinned=github.com/yannh/kubeconform ;;
        *) return 0 ;;
    esac
    sed -nE "s#^(require)?[[:space:]]*$pinned (v[^ ]+).*#\\2#p" "$MODULES/$module/go.mod"
}

# What the projects' own release builds write into the binaries.
version_stamps() {
    local module="$1" version stamp
    version="$(module_version "$module")"
    case "$module" in
        kubernetes)
            for stamp in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
                printf -- '-X %s.gitVersion=%s -X %s.gitMajor=1 -X %s.gitMinor=%s ' \
                    "$stamp" "$version" "$stamp" "$stamp" "$(cut -d. -f2 <<<"$version")"
            done
            ;;
        helm) printf -- '-X helm.sh/helm/v3/internal/version.version=%s' "$version" ;;
        kubeconform) printf -- '-X main.version=%s' "$version" ;;
    esac
}
