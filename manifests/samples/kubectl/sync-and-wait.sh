#!/bin/sh
# Apply a ReplicationSync and wait for its end, for a pipeline without a Job in the cluster.
#
#   sync-and-wait.sh MANIFEST [TIMEOUT]        TIMEOUT as kubectl writes it; default 2h
#
# Uses kubectl with its current context (KUBECONFIG). A manifest that names no namespace goes into the context's
# (`kubectl config set-context --current`). Several ReplicationSyncs in one manifest are waited for one after another,
# up to TIMEOUT each; the first that is not complete ends the waiting. Other objects are applied, and not waited for.
# Applying the same manifest again asks for nothing new: it waits for, or reports, the request that is there.
#
#   0  complete: the point in time is there, and its name is printed
#   1  failed or cancelled for good: the reason is printed; a new request needs a new name
#   2  not finished in time: it goes on by itself, run this again to wait longer
#   3  not taken: kubectl or the API server refused it or another object of the manifest, or it is gone
#   4  finished without being executed: notAfter was past when it was created
set -u

manifest=${1:?usage: sync-and-wait.sh MANIFEST [TIMEOUT]}
timeout=${2:-2h}

# kubectl prints one object as it is, and several as a list.
syncs='{{define "sync"}}{{if eq .kind "ReplicationSync"}}{{.metadata.namespace}} {{.metadata.name}}{{"\n"}}{{end}}{{end}}'
syncs=$syncs'{{if .items}}{{range .items}}{{template "sync" .}}{{end}}{{else}}{{template "sync" .}}{{end}}'

applied=$(kubectl apply --output=go-template="$syncs" --filename="$manifest") || exit 3
[ -n "$applied" ] || { echo "$manifest has no ReplicationSync: there is nothing to wait for" >&2; exit 3; }

condition() {
    kubectl get "$object" --namespace="$namespace" --output="jsonpath={.status.conditions[?(@.type==\"$1\")].$2}"
}

await() {
    if ! said=$(kubectl wait --for=condition=Finished --timeout="$timeout" "$object" --namespace="$namespace" 2>&1); then
        why=$(condition Ready message 2>&1) || { echo "$object: $why" >&2; return 3; }
        case $said in
        *"timed out"*)
            echo "$object is not finished after $timeout: ${why:-nobody has seen it yet; does the operator run?}" >&2
            return 2
            ;;
        esac
        echo "$object: $said" >&2
        return 3
    fi
    if [ "$(condition Complete status)" = True ]; then
        kubectl get "$object" --namespace="$namespace" --output='jsonpath={.status.pointInTime.name}{"\n"}'
        return 0
    fi
    echo "$object: $(condition Ready reason): $(condition Ready message)" >&2
    [ "$(condition Failed status)" = True ] && return 1
    return 4
}

while read -r namespace name; do
    object=replicationsync.replication.vvol.dev/$name
    await </dev/null || exit
done <<END
$applied
END
