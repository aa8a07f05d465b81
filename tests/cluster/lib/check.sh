# shellcheck shell=bash
# Tries what the tests will need of the cluster, and tells what passed.

readonly CHECK_NAMESPACE=loadgate-cluster-check

command_check() {
    local failed=0
    # Not local: what the end of the script removes, it removes with this.
    kubeconfig="$(command_up)"
    remove_check_objects --wait=true
    trap 'remove_check_objects --wait=false' EXIT
    check_kubectl create namespace "$CHECK_NAMESPACE" >/dev/null
    check_kubectl label namespace "$CHECK_NAMESPACE" pod-security.kubernetes.io/enforce=restricted >/dev/null
    check_kubectl --namespace "$CHECK_NAMESPACE" apply -f "$HERE/manifests/check.yaml" >/dev/null

    passes 'nginx is ready, restricted and with a read-only root' check_nginx
    passes 'an Indexed Job completes, having called a Service by its cluster name' check_job
    passes 'logs of each index are read' check_logs
    passes "exec reads nginx's access log, which has one line a call" check_exec
    passes 'the host reaches a pod and a Service' check_host_reaches
    passes 'Pod Security refuses a pod that is not restricted' check_pod_security
    passes 'a ValidatingAdmissionPolicy refuses what it should' check_policy
    [ "$failed" -eq 0 ] || fail "$failed of the checks did not pass"
    say 'all checks passed'
}

passes() {
    local what="$1" output status
    shift
    # Not as a condition: there, bash would go on behind a command that fails.
    set +e
    output="$(set -e; "$@" 2>&1)"
    status=$?
    set -e
    if [ "$status" -eq 0 ]; then
        echo "ok      $what"
    else
        failed=$((failed + 1))
        printf 'FAILED  %s\n%s\n' "$what" "$(tail -n 20 <<<"$output" | sed 's/^/        /')"
    fi
}

check_kubectl() {
    env -u HTTPS_PROXY -u https_proxy "$(program_path kubectl)" --kubeconfig "$kubeconfig" "$@"
}

in_check() {
    check_kubectl --namespace "$CHECK_NAMESPACE" "$@"
}

# With or without waiting for the last step, which takes longest.
remove_check_objects() {
    check_kubectl delete --ignore-not-found validatingadmissionpolicybinding,validatingadmissionpolicy cluster-check >/dev/null
    # First the Job: a namespace that goes deletes pods before Jobs, and a Job holds failed pods until it could replace them.
    in_check delete --ignore-not-found --timeout=60s job callers >/dev/null
    check_kubectl delete --ignore-not-found --timeout=60s "$1" namespace "$CHECK_NAMESPACE" >/dev/null
}

check_nginx() {
    in_check wait --for=condition=Ready pod/web --timeout=60s || {
        in_check describe pod web
        return 1
    }
}

check_job() {
    in_check wait --for=condition=Complete job/callers --timeout=60s || {
        in_check describe pods --selector job-name=callers
        return 1
    }
}

check_logs() {
    local index
    for index in 0 1; do
        in_check logs --selector "batch.kubernetes.io/job-completion-index=$index" | grep "index $index got .*lighthouse"
    done
}

check_exec() {
    local log
    log="$(in_check exec web -- cat /var/log/nginx/access.log)"
    echo "$log"
    [ "$(grep -c 'GET /index/0 200' <<<"$log") $(grep -c 'GET /index/1 200' <<<"$log")" = '1 1' ]
}

# Only with the cluster of our own: someone else's may be anywhere.
check_host_reaches() {
    local address
    [ -z "${LOADGATE_TEST_KUBECONFIG:-}" ] || return 0
    address="$(in_check get pod web -o 'jsonpath={.status.podIP}')"
    answers "$address" 8080
    address="$(in_check get service web -o 'jsonpath={.spec.clusterIP}')"
    answers "$address" 80
}

answers() {
    local address="$1" port="$2" status
    exec 3<>"/dev/tcp/$address/$port"
    printf 'GET /healthz HTTP/1.0\r\n\r\n' >&3
    read -r -t 5 status <&3
    exec 3>&-
    echo "$address:$port says $status"
    [[ "$status" == *' 200 '* ]]
}

check_pod_security() {
    local answer
    answer="$(in_check run loose --image=loadgate.test/tools:1 --restart=Never 2>&1)" && return 1
    echo "$answer"
    grep 'violates PodSecurity "restricted' <<<"$answer"
}

# A policy takes a moment to be in force.
check_policy() {
    local answer
    for _ in {1..50}; do
        answer="$(in_check create configmap forbidden 2>&1)" || break
        in_check delete configmap forbidden >/dev/null
        sleep 0.2
    done
    echo "$answer"
    grep "refused by the check's policy" <<<"$answer"
}
