#!/bin/sh
# Apply one ReplicationSync and wait for its end, for a pipeline without a Job in the cluster.
#
#   sync-and-wait.sh MANIFEST [TIMEOUT]        TIMEOUT as kubectl writes it; default 2h
#
# Uses kubectl with its current context and namespace (KUBECONFIG, or `kubectl config set-context --current`).
# Applying the same manifest again asks for nothing new: it waits for, or reports, the request that is there.
#
#   0  complete: the point in time is there, and its name is printed
#   1  failed or cancelled for good: the reason is printed; a new request needs a new name
#   2  not finished in time: it goes on by itself, run this again to wait longer
#   3  not taken: kubectl or the API server refused it, or it is gone
#   4  finished without being executed: notAfter was past when it was created
set -u

manifest=${1:?usage: sync-and-wait.sh MANIFEST [TIMEOUT]}
timeout=${2:-2h}

object=$(kubectl apply --output=name --filename="$manifest") || exit 3

condition() {
    kubectl get "$object" --output="jsonpath={.status.conditions[?(@.type==\"$1\")].$2}"
}

if ! said=$(kubectl wait --for=condition=Finished --timeout="$timeout" "$object" 2>&1); then
    why=$(condition Ready message 2>&1) || { echo "$object: $why" >&2; exit 3; }
    case $said in
    *"timed out"*)
        echo "$object is not finished after $timeout: ${why:-nobody has seen it yet; does the operator run?}" >&2
        exit 2
        ;;
    esac
    echo "$object: $said" >&2
    exit 3
fi

if [ "$(condition Complete status)" = True ]; then
    kubectl get "$object" --output='jsonpath={.status.pointInTime.name}{"\n"}'
    exit 0
fi
echo "$object: $(condition Ready reason): $(condition Ready message)" >&2
[ "$(condition Failed status)" = True ] && exit 1
exit 4
