"""The page of metrics: every one that the operator has, from its catalogue."""

from __future__ import annotations

from itertools import groupby

from vvol_replication.metrics.catalogue import METRICS, OUTCOMES, Per

_HEAD = """# Metrics

As it is installed, the operator serves `/metrics` over TLS on port 8443, and only
[for accounts that may](#who-may-read-them). The scraper chooses OpenMetrics or Prometheus' text format, and whether the
answer is gzipped. Each replica serves its own metrics. A replica that waits for the Lease has only those
*for each process*, and `vvol_leader` is 0.

- **Values come from the statuses** in the API server, if a status has them. So they survive a restart. When an object
  is deleted, its series are gone with the next scrape. While nothing changes, the status of an endpoint is written
  every minute, and the status of a group every five minutes. So `vvol_…_last_read_timestamp_seconds` can be that much
  too old.
- **Counters and histograms start again at 0** with the process. Those of storage calls also do so with each new session
  to the endpoint. Those of schedules do not: they are in the statuses.
- **A counter with labels appears with its first event.** `increase()` does not see that event.
  `vvol_group_last_request_finished_timestamp_seconds` shows how requests ended too, by group, also after a restart.
- **Times are times**, in seconds since 1970. They are never ages. The age of the newest point in time is
  `time() - vvol_group_newest_point_in_time_timestamp_seconds`, by the clock of the Prometheus server. The meaning of
  each metric says which clock its time is from.
- **An absent series means "not known" or "does not apply".** A 0 is never a guess.
- **Labels have names of objects and words of closed lists**: kinds, phases, [reasons](reasons.md), operations. They
  never have the name of a request, or a text or version from an endpoint.
- **`namespace` and `name` are those of the object.** Some scrapers set labels of these names on their targets. For
  example, Prometheus' operator sets `namespace`. Then ask it to keep the labels of this page: `honorLabels: true` in a
  ServiceMonitor, `honor_labels: true` in `scrape_configs`. Otherwise they are renamed to `exported_namespace`.

## Who may read them

With `--metrics-port`, `/metrics` is on that port, over TLS, and no longer on `--http-port`. The manifests and the chart
set it. The scraper sends the token of a Kubernetes account (`Authorization: Bearer`). The API server says whose token
it is (TokenReview), and whether that account may `get` the path `/metrics` (SubjectAccessReview). The ClusterRole
`vvol-replication-metrics-reader` allows it. Bind it to the account of your Prometheus:

<!-- not run: the account is that of a Prometheus -->
```sh
kubectl create clusterrolebinding prometheus-reads-vvol-replication \
  --clusterrole=vvol-replication-metrics-reader --serviceaccount=monitoring:prometheus-k8s
```

- **200**: The account may. The operator remembers that for 60 seconds. A permission that is taken away still counts
  that long.
- **401**: There is no token, or the API server does not accept it. It may be expired or revoked. The operator remembers
  that for 10 seconds. Send a new token.
- **403**: The account may not. The answer has its name. The operator remembers that for 10 seconds. Bind the account to
  the role.
- **503**: The API server could not be asked, or did not answer within 5 seconds. Nobody is let in then. Look at the
  operator's log.

**The certificate** is that of `--metrics-cert-path`: a directory with `tls.crt` and `tls.key`, for example a mounted
Secret of cert-manager. It is read again when it changes. If the new one cannot be used, the one from before stays, and
the log says so. Without that option, each process makes a self-signed certificate at start. Scrapers cannot verify it,
so they do not know to whom they send their token. To make it, the extra `metrics-tls` of the distribution must be
installed. The image has it.

**With Prometheus' operator**, use `metrics.serviceMonitor` or `metrics.podMonitor` of
[the chart](../charts/vvol-replication/README.md). With kustomize, use the components `service-monitor`, `pod-monitor`
and `metrics-certificate` in `manifests/components`. For another Prometheus:

<!-- file: scrape.yaml -->
```yaml
scrape_configs:
  - job_name: vvol-replication
    honor_labels: true
    scheme: https
    authorization: {credentials_file: /var/run/secrets/kubernetes.io/serviceaccount/token}
    tls_config:
      ca_file: /etc/prometheus/vvol-replication-ca.crt
      server_name: vvol-replication-metrics.vvol-replication-system.svc
    kubernetes_sd_configs:
      - role: endpoints
        namespaces: {names: [vvol-replication-system]}
    relabel_configs:
      - {source_labels: [__meta_kubernetes_endpoint_port_name], regex: metrics, action: keep}
```

**With kube-state-metrics**, for clusters that prefer it: `manifests/kube-state-metrics` has a configuration for its
custom resource state metrics (tried with 2.18), and the role that it needs. It shows what is in the objects alone, as
`kube_vvol_…`: conditions, times, states, phases, runs and transfers. It knows nothing of storage calls or of the
operator's process. It has series for each request as long as the request's object is there. A condition has a series
for each of `True`, `False` and `Unknown`, and the objective is a label.

**An operator that is started by hand** with `--http-port` alone serves `/metrics` on that port, plain and for everyone
who reaches it. `metrics.secure: false` of the chart does the same.
"""

_CHAPTERS = {
    Per.GROUP: (
        "For each ReplicationGroup",
        "`namespace` and `group` name the object. What is in its status is there right after a restart.",
    ),
    Per.SCHEDULE: (
        "For each ReplicationSchedule",
        "`namespace` and `schedule` name the object, `group` its ReplicationGroup: empty if the spec cannot be read.",
    ),
    Per.ENDPOINT: (
        "For each VCenter and FlashArray",
        (
            "`kind` is `VCenter` or `FlashArray`, and `name` is the name of the object. An operation is one question "
            "or one change, with one call or several calls. Those of a VCenter are `about`, `inventory`, `group`, "
            "`points_in_time`, `start_sync`, `start_prepare`, `task` and `members`. Those of a FlashArray are `about`, "
            "`connections`, `protection_group`, `snapshots`, `transfers`, `policies` and `push`. "
            "The [glossary](glossary.md#words) explains the outcomes."
        ),
    ),
    Per.PROCESS: ("For each process", "All labels are words of closed lists."),
}

_TAIL = """## Phases of a request

When the request ends, its phases are counted by the times in its ledger. A phase is not counted if one of its times is
not known, or if it ends before it begins because two clocks differ.

| phase | from | until |
|---|---|---|
| `queue` | accepted | its turn on the protection group |
| `arming` | right before the last call that starts the sync | its task was seen pending |
| `push` | right before the call that pushes | the transfer begins, by the target array's clock |
| `transfer` | the transfer begins | it is completed. Both by the target array's clock |
| `verify` | the transfer is completed, by the target array's clock | the request has succeeded |
| `total` | accepted | ended |

## Outcomes of a write to the API server

| outcome | answer |
|---|---|
"""


def render() -> str:
    """The page as Markdown."""
    lines = [_HEAD]
    for per, members in groupby(METRICS, key=lambda one: one.per):
        title, text = _CHAPTERS[per]
        lines += [f"## {title}", "", text, ""]
        lines += ["| metric | type | labels | meaning | absent | series |", "|---|---|---|---|---|---|"]
        for one in members:
            labels = ", ".join(f"`{label}`" for label in one.labels)
            cells = (f"`{one.name}`", one.type, labels, one.help, one.absent or "never", one.series)
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    outcomes = "\n".join(f"| `{word}` | {meaning} |" for word, meaning in OUTCOMES.items())
    return "\n".join([*lines, _TAIL.rstrip("\n"), outcomes, ""])
