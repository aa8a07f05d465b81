{{- /* Names and labels that several objects share. */}}

{{- define "loadgate.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* The first part of all names. Short, since `-metrics` and the like are appended to it. */}}
{{- define "loadgate.fullname" -}}
{{- $name := include "loadgate.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 45 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- /* Names of objects without a namespace: two releases of one name may stand in two namespaces. */}}
{{- define "loadgate.clusterName" -}}
{{- printf "%s.%s" (include "loadgate.fullname" .) .Release.Namespace }}
{{- end }}

{{- define "loadgate.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "loadgate.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* The operator, as the API server calls it. */}}
{{- define "loadgate.username" -}}
{{- printf "system:serviceaccount:%s:%s" .Release.Namespace (include "loadgate.serviceAccount" .) }}
{{- end }}

{{- define "loadgate.subjects" -}}
- kind: ServiceAccount
  name: {{ include "loadgate.serviceAccount" . }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{- define "loadgate.tlsSecret" -}}
{{- printf "%s-tls" (include "loadgate.fullname" .) }}
{{- end }}

{{- define "loadgate.lease" -}}
{{- include "loadgate.fullname" . }}
{{- end }}

{{- define "loadgate.image" -}}
{{- $tagged := printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $tagged .Values.image.digest }}
{{- else }}
{{- $tagged }}
{{- end }}
{{- end }}

{{- define "loadgate.selectorLabels" -}}
app.kubernetes.io/name: {{ include "loadgate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end }}

{{- define "loadgate.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "loadgate.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: loadgate
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* A policy of this name, put into effect where the operator is at work. */}}
{{- define "loadgate.policyBinding" -}}
{{- $name := index . 0 }}{{- $root := index . 1 -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "loadgate.labels" $root | nindent 4 }}
spec:
  policyName: {{ $name }}
  validationActions: [Deny]
  {{- with $root.Values.watchNamespaces }}
  # Elsewhere another operator may be at work.
  matchResources:
    namespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        {{- toYaml . | nindent 8 }}
  {{- end }}
{{- end }}
