{{- define "vvol-replication.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "vvol-replication.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "vvol-replication.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is required where serviceAccount.create is false: which account is the operator to run as?" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "vvol-replication.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "vvol-replication.labels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "vvol-replication.image" -}}
{{- $missing := "image.repository is not set: the operator's image is in no public registry. Build it (docs/image.md), push it to a registry of yours, and name it: --set image.repository=registry.example.com/vvol-replication" -}}
{{- $repository := required $missing .Values.image.repository -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{- /* What the restricted Pod Security level asks of a pod. */ -}}
{{- define "vvol-replication.podSecurity" -}}
runAsNonRoot: true
{{- with .Values.podSecurity.runAsUser }}
runAsUser: {{ int64 . }}
{{- end }}
{{- with .Values.podSecurity.runAsGroup }}
runAsGroup: {{ int64 . }}
{{- end }}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "vvol-replication.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{- /* Where a pod runs and what it is pulled with: the operator's, and those of hooks. */ -}}
{{- define "vvol-replication.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 0 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toYaml . | nindent 0 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- /* Arguments that decide where the operator acts and how one of several is chosen: those of all its programs. */ -}}
{{- define "vvol-replication.arguments" -}}
- --leader-elect
- --leader-elect-resource-name={{ include "vvol-replication.fullname" . }}
- --leader-elect-lease-duration={{ .Values.leaderElection.leaseDuration }}
- --leader-elect-renew-deadline={{ .Values.leaderElection.renewDeadline }}
- --leader-elect-retry-period={{ .Values.leaderElection.retryPeriod }}
- --log-format={{ .Values.log.format }}
- --log-level={{ .Values.log.level }}
{{- if .Values.secrets.requireAllowedAddresses }}
- --require-allowed-addresses
{{- end }}
{{- range .Values.namespaces }}
- --namespace={{ . }}
{{- end }}
{{- end -}}

{{- /* How a monitor of Prometheus' operator reads the metrics; `kind` is the monitor's name in the values. */ -}}
{{- define "vvol-replication.endpoint" -}}
{{- $metrics := .root.Values.metrics -}}
{{- $monitor := get $metrics .kind -}}
port: {{ ternary "metrics" "http" $metrics.secure }}
path: /metrics
honorLabels: true  # `namespace` is that of the object, not of the operator
{{- with $monitor.interval }}
interval: {{ . }}
{{- end }}
{{- with $monitor.scrapeTimeout }}
scrapeTimeout: {{ . }}
{{- end }}
{{- if $metrics.secure }}
scheme: https
tlsConfig:
  {{- if not $metrics.tls.secret }}
  insecureSkipVerify: true  # each pod has a self-signed certificate
  {{- else }}
  serverName: {{ default (printf "%s-metrics.%s.svc" (include "vvol-replication.fullname" .root) .root.Release.Namespace) $metrics.tls.serverName }}
  {{- with $metrics.tls.caKey }}
  ca:
    secret: {name: {{ $metrics.tls.secret }}, key: {{ . }}}
  {{- end }}
  {{- end }}
{{- if $metrics.tokenSecret.name }}
authorization:
  type: Bearer
  credentials: {name: {{ $metrics.tokenSecret.name }}, key: {{ $metrics.tokenSecret.key }}}
{{- else if eq .kind "serviceMonitor" }}
bearerTokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
{{- else }}
{{- fail "metrics.podMonitor needs metrics.tokenSecret.name, a Secret with the token of a reader: a PodMonitor cannot use the token of Prometheus' own account. Or use metrics.serviceMonitor" }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "vvol-replication.environment" -}}
- name: OPERATOR_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{- end -}}

{{- /* What the operator may do with the namespaced kinds: everywhere, or in each namespace that it watches. */ -}}
{{- define "vvol-replication.rules" -}}
- apiGroups: [replication.vvol.dev]
  resources: [replicationgroups, replicationsyncs, failoverpreparations, replicationschedules]
  verbs: [get, list, watch]
- apiGroups: [replication.vvol.dev]
  resources:
  - replicationgroups/status
  - replicationsyncs/status
  - failoverpreparations/status
  - replicationschedules/status
  verbs: [patch]
- apiGroups: [replication.vvol.dev]  # discovery: server-side apply, without force
  resources: [replicationgroups]
  verbs: [create, patch]
- apiGroups: [replication.vvol.dev]  # the runs of ReplicationSchedules
  resources: [replicationsyncs]
  verbs: [create]
- apiGroups: [replication.vvol.dev]  # its finalizer while something is in flight; deletion by TTLs and history limits
  resources: [replicationsyncs, failoverpreparations]
  verbs: [patch, delete]
- apiGroups: [""]
  resources: [events]
  verbs: [create]
{{- end -}}

{{- define "vvol-replication.subjects" -}}
- kind: ServiceAccount
  name: {{ include "vvol-replication.account" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}
