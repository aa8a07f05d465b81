# shellcheck shell=bash
# Packs programs and files into an image of one layer, and loads it into each node when its content has changed.

readonly IMAGE_USER=65532

image_usage() {
    fail 'usage: cluster image NAME:TAG [--entrypoint PATH] [--env NAME=VALUE]… [--link PATH=TARGET]… SOURCE[:PATH]…
  SOURCE is a folder (its content; by default the root) or a file (by default /NAME); shared libraries come along.
  The first file is the entrypoint unless another is named.'
}

# Everything of an image, from the command line to the node.
load_image() (
    local name="${1:-}" work entrypoint='' environment=() links=() sources=()
    [[ "$name" == *:* ]] || image_usage
    shift
    while [ $# -gt 0 ]; do
        case "$1" in
            --entrypoint | --env | --link)
                [ $# -ge 2 ] || image_usage
                case "$1" in
                    --entrypoint) entrypoint="$2" ;;
                    --env) environment+=("$2") ;;
                    --link) links+=("$2") ;;
                esac
                shift
                ;;
            --*) image_usage ;;
            *) sources+=("$1") ;;
        esac
        shift
    done
    [ ${#sources[@]} -gt 0 ] || image_usage
    [ -n "$entrypoint" ] || entrypoint="$(first_file "${sources[@]}")"

    work="$(mktemp -d "$STATE/image.XXXXXX")"
    trap 'rm -rf "$work"' EXIT
    fill_root "$work/root" "${sources[@]}"
    link_root "$work/root" "${links[@]}"
    pack_layer "$work"
    image_config "$work" "$entrypoint" "${environment[@]}" >"$work/config.json"
    import_image "$name" "$work"
)

fill_root() {
    local root="$1" source path
    shift
    mkdir -p "$root/etc" "$root/tmp"
    printf 'root:x:0:0::/:\nloadgate:x:%s:%s::/tmp:\n' "$IMAGE_USER" "$IMAGE_USER" >"$root/etc/passwd"
    printf 'root:x:0:\nloadgate:x:%s:\n' "$IMAGE_USER" >"$root/etc/group"
    for source in "$@"; do
        path="$(destination "$source")"
        source="${source%%:*}"
        if [ -d "$source" ]; then
            mkdir -p "$root$path"
            cp -rL "$source/." "$root$path"
        elif [ -f "$source" ]; then
            mkdir -p "$(dirname "$root$path")"
            cp -L "$source" "$root$path"
        else
            fail "image: there is no file or folder $source"
        fi
    done
    add_libraries "$root"
    chmod -R u+w,a+rX "$root"
    chmod 1777 "$root/tmp"
}

# Where a source goes in the image.
destination() {
    local source="$1"
    if [[ "$source" == *:* ]]; then
        echo "${source#*:}"
    elif [ -d "$source" ]; then
        echo /
    else
        echo "/${source##*/}"
    fi
}

first_file() {
    local source
    for source in "$@"; do
        if [ -f "${source%%:*}" ]; then
            destination "$source"
            return
        fi
    done
    fail 'image: which program is the entrypoint? Name it with --entrypoint'
}

# What the programs are linked with, at the paths where their loader looks for it.
add_libraries() {
    local root="$1" library
    # To ldd, a static program is an error.
    { find "$root" -type f -perm /111 -print0 | xargs -0 -r -n1 ldd 2>/dev/null || true; } \
        | sed -nE 's#^\s*([^ ]+ => )?(/[^ ]+) \(0x.*#\2#p' | sort -u \
        | while read -r library; do
            if [ ! -e "$root$library" ]; then
                mkdir -p "$root$(dirname "$library")"
                cp -L "$library" "$root$library"
            fi
        done
}

link_root() {
    local root="$1" link
    shift
    for link in "$@"; do
        mkdir -p "$(dirname "$root${link%%=*}")"
        ln -s "${link#*=}" "$root${link%%=*}"
    done
}

# The same content gives the same bytes, whoever packs it and when.
pack_layer() {
    local work="$1"
    tar --create --file "$work/layer.tar" --directory "$work/root" --sort=name --mtime=@0 \
        --owner=0 --group=0 --numeric-owner --format=gnu .
}

image_config() {
    local work="$1" entrypoint="$2" variable environment architecture
    shift 2
    case "$(uname -m)" in
        aarch64) architecture=arm64 ;;
        *) architecture=amd64 ;;
    esac
    environment="$(json_string PATH=/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin)"
    for variable in "$@"; do
        environment+=",$(json_string "$variable")"
    done
    cat <<JSON
{"architecture":"$architecture","os":"linux","config":{"User":"$IMAGE_USER:$IMAGE_USER","WorkingDir":"/",
"Entrypoint":[$(json_string "$entrypoint")],"Env":[$environment]},
"rootfs":{"type":"layers","diff_ids":["sha256:$(sha256sum "$work/layer.tar" | cut -d' ' -f1)"]}}
JSON
}

json_string() {
    local text="${1//\\/\\\\}"
    printf '"%s"' "${text//\"/\\\"}"
}

import_image() {
    local name="$1" work="$2"
    (use_node 1 && import_into_node "$name" "$work")
    ! second_takes_images || (use_node 2 && import_into_node "$name" "$work")
}

import_into_node() {
    local name="$1" work="$2" content loaded
    # The configuration names the layer's digest, so its own stands for both.
    content="$(sha256sum "$work/config.json" | cut -d' ' -f1)"
    if is_loaded "$name" "$content"; then
        say "image $name is up to date on $NODE"
        return
    fi
    printf '[{"Config":"config.json","RepoTags":[%s],"Layers":["layer.tar"]}]\n' "$(json_string "$name")" >"$work/manifest.json"
    loaded="$(tar --create --directory "$work" manifest.json config.json layer.tar \
        | images import - | awk '/^unpacking/ { print $2; exit }')"
    [ -n "$loaded" ] || fail "image: containerd did not take it; its log is $LOGS/containerd$NTH.log"
    images label "$loaded" "loadgate.content=$content" >/dev/null
    say "image $name is loaded on $NODE"
}

# containerd writes a registry before a name that has none.
is_loaded() {
    local name="$1" content="$2" known
    while read -r known; do
        if [ "$known" = "$name" ] || [[ "$known" == */"$name" ]]; then
            return
        fi
    done < <(images list "labels.\"loadgate.content\"==$content" --quiet)
    return 1
}

images() {
    in_node ctr --address "$CONTAINERD_SOCKET" --namespace k8s.io images "$@"
}

# Those that every cluster has: what pods need, and what tests use as targets and tools.
load_own_images() {
    local tools=(sh cat head tail wc grep ls sleep nslookup env id touch) links=() tool
    for tool in "${tools[@]}"; do
        links+=(--link "/bin/$tool=busybox")
    done
    load_image "$PAUSE_IMAGE" "$(program_path pause)"
    load_image loadgate.test/coredns:1 "$(program_path coredns)"
    # With env in front, a pod's args alone are a command.
    load_image loadgate.test/tools:1 --entrypoint /bin/env "${links[@]}" \
        "$(program_path fetch):/bin/fetch" "$(command -v busybox):/bin/busybox"
    load_nginx_image "${links[@]}"
}

# nginx as Debian has it, fit for a read-only root: all that it writes, also by its built-in defaults, goes to /tmp.
load_nginx_image() {
    load_image loadgate.test/nginx:1 "$@" \
        "$HERE/images/nginx-start:/usr/bin/nginx-start" "$(command -v nginx):/usr/sbin/nginx" "$(command -v busybox):/bin/busybox" \
        "$HERE/images/nginx.conf:/etc/nginx/nginx.conf" /etc/nginx/mime.types:/etc/nginx/mime.types \
        --link /var/lib/nginx=/tmp --link /var/log/nginx=/tmp --link /run/nginx.pid=/tmp/nginx.pid
}
