{{/* SPDX-License-Identifier: Apache-2.0 */}}

{{- define "sealed-secrets.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The release's name if it says what this is, else with the chart's behind it. */}}
{{- define "sealed-secrets.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $of_release := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- default $of_release .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "sealed-secrets.namespace" -}}
{{- default .Release.Namespace .Values.namespace -}}
{{- end -}}

{{- define "sealed-secrets.serviceAccountName" -}}
{{- $otherwise := ternary (include "sealed-secrets.fullname" .) "default" .Values.serviceAccount.create -}}
{{- default $otherwise .Values.serviceAccount.name -}}
{{- end -}}

{{- define "sealed-secrets.image" -}}
{{- with .Values.image -}}
{{- with .registry }}{{ . }}/{{ end }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end -}}
{{- end -}}

{{- define "sealed-secrets.kubeVersion" -}}
{{- $global := default dict .Values.global -}}
{{- coalesce $global.kubeVersion .Values.kubeVersion .Capabilities.KubeVersion.Version -}}
{{- end -}}

{{/* A value in which templates are run, a map, a list or text, as YAML. Takes (list VALUE ROOT). */}}
{{- define "sealed-secrets.render" -}}
{{- $value := index . 0 -}}
{{- if not (kindIs "string" $value) }}{{ $value = toYaml $value }}{{ end -}}
{{- tpl $value (index . 1) -}}
{{- end -}}

{{/* By which pods are told apart. A Deployment's can't be changed: they are the reference chart's. */}}
{{- define "sealed-secrets.matchLabels" -}}
app.kubernetes.io/name: {{ include "sealed-secrets.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/*
The labels and annotations of an object: the chart's, the common ones, and its own, of which the
later win. Takes (list ROOT LABELS ANNOTATIONS), or (list ROOT) for an object without own ones.
*/}}
{{- define "sealed-secrets.metadata" -}}
{{- $root := index . 0 -}}
{{- $labels := dict
  "app.kubernetes.io/name" (include "sealed-secrets.name" $root)
  "app.kubernetes.io/instance" $root.Release.Name
  "app.kubernetes.io/managed-by" $root.Release.Service
  "app.kubernetes.io/part-of" "sealed-secrets"
  "app.kubernetes.io/version" $root.Chart.AppVersion
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "name" "sealed-secrets-controller" -}}
{{- $annotations := dict -}}
{{- $own := rest . -}}
{{- range prepend (ternary (list (first $own)) list (gt (len $own) 0)) $root.Values.commonLabels -}}
{{- with . }}{{ $labels = mergeOverwrite $labels (include "sealed-secrets.render" (list . $root) | fromYaml) }}{{ end -}}
{{- end -}}
{{- range prepend (ternary (list (last $own)) list (gt (len $own) 1)) $root.Values.commonAnnotations -}}
{{- with . }}{{ $annotations = mergeOverwrite $annotations (include "sealed-secrets.render" (list . $root) | fromYaml) }}{{ end -}}
{{- end -}}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The same with name and namespace. Takes (list ROOT NAME), and LABELS and ANNOTATIONS behind them. */}}
{{- define "sealed-secrets.namespacedMetadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ include "sealed-secrets.namespace" $root }}
{{ include "sealed-secrets.metadata" (prepend (slice . 2) $root) }}
{{- end -}}

{{/* What the controller may do where it looks after SealedSecrets. */}}
{{- define "sealed-secrets.unsealerRules" -}}
- apiGroups: [bitnami.com]
  resources: [sealedsecrets]
  verbs: [get, list, watch]
- apiGroups: [bitnami.com]
  resources: [sealedsecrets/status]
  verbs: [update]
- apiGroups: [""]
  resources: [secrets]
  verbs: [get, list, create, update, delete, watch]
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
{{- end -}}

{{- define "sealed-secrets.subjects" -}}
- kind: ServiceAccount
  name: {{ include "sealed-secrets.serviceAccountName" . }}
  namespace: {{ include "sealed-secrets.namespace" . }}
{{- end -}}

{{/* A map as k=v,k=v, the form of the controller's flags. Takes (list MAP WHAT). */}}
{{- define "sealed-secrets.pairs" -}}
{{- $pairs := list -}}
{{- range $key, $value := index . 0 -}}
{{- if not (kindIs "string" $value) }}{{ fail (printf "%s: %s must be text: put it in quotes" (index $ 1) $key) }}{{ end -}}
{{- if contains "," $value }}{{ fail (printf "%s: %s must hold no comma" (index $ 1) $key) }}{{ end -}}
{{- $pairs = append $pairs (printf "%s=%s" $key $value) -}}
{{- end -}}
{{- join "," $pairs -}}
{{- end -}}

{{/* The controller's arguments: what differs from its defaults. */}}
{{- define "sealed-secrets.args" -}}
{{- with .Values -}}
{{- $args := list -}}
{{- if or .additionalNamespaces .rbac.namespacedRoles }}{{ $args = append $args "--all-namespaces=false" }}{{ end -}}
{{- with .additionalNamespaces }}{{ $args = append $args (printf "--additional-namespaces=%s" (join "," .)) }}{{ end -}}
{{- if ne .secretName "sealed-secrets-key" }}{{ $args = append $args (printf "--key-prefix=%s" .secretName) }}{{ end -}}
{{- if not .updateStatus }}{{ $args = append $args "--update-status=false" }}{{ end -}}
{{- if .skipRecreate }}{{ $args = append $args "--skip-recreate" }}{{ end -}}
{{- if not .logInfoStdout }}{{ $args = append $args "--log-info-stdout=false" }}{{ end -}}
{{- if .watchForSecrets }}{{ $args = append $args "--watch-for-secrets" }}{{ end -}}
{{- with .privateKeyAnnotations -}}
{{- $args = append $args (printf "--privatekey-annotations=%s" (include "sealed-secrets.pairs" (list . "privateKeyAnnotations"))) -}}
{{- end -}}
{{- with .privateKeyLabels -}}
{{- $args = append $args (printf "--privatekey-labels=%s" (include "sealed-secrets.pairs" (list . "privateKeyLabels"))) -}}
{{- end -}}
{{- with .additionalSecretLabels -}}
{{- $args = append $args (printf "--additional-secret-labels=%s" (include "sealed-secrets.pairs" (list . "additionalSecretLabels"))) -}}
{{- end -}}
{{- with .additionalSecretAnnotations -}}
{{- $args = append $args (printf "--additional-secret-annotations=%s" (include "sealed-secrets.pairs" (list . "additionalSecretAnnotations"))) -}}
{{- end -}}
{{- if not .generateKey }}{{ $args = append $args "--generate-key=false" }}{{ end -}}
{{- if ne (int .containerPorts.http) 8080 }}{{ $args = append $args (printf "--listen-addr=:%d" (int .containerPorts.http)) }}{{ end -}}
{{- if ne (int .containerPorts.metrics) 8081 }}{{ $args = append $args (printf "--listen-metrics-addr=:%d" (int .containerPorts.metrics)) }}{{ end -}}
{{- if .tls.enabled }}{{ $args = concat $args (list "--tls-cert-file=/etc/sealed-secrets/tls/tls.crt" "--tls-key-file=/etc/sealed-secrets/tls/tls.key") }}{{ end -}}
{{- if not .leaderElection.enabled }}{{ $args = append $args "--leader-elect=false" }}{{ end -}}
{{- range list
  (list "key-renew-period" .keyrenewperiod)
  (list "key-ttl" .keyttl)
  (list "key-cutoff-time" .keycutofftime)
  (list "rate-limit" .rateLimit)
  (list "rate-limit-burst" .rateLimitBurst)
  (list "log-level" .logLevel)
  (list "log-format" .logFormat)
  (list "max-unseal-retries" .maxRetries)
  (list "kubeclient-qps" .kubeClientQPS)
  (list "kubeclient-burst" .kubeClientBurst)
  (list "leader-elect-lease-duration" .leaderElection.leaseDuration)
  (list "leader-elect-renew-deadline" .leaderElection.renewDeadline)
  (list "leader-elect-retry-period" .leaderElection.retryPeriod) -}}
{{- $text := last . | toString -}}
{{- if and (ne $text "") (not (kindIs "invalid" (last .))) }}{{ $args = append $args (printf "--%s=%s" (first .) $text) }}{{ end -}}
{{- end -}}
{{- if $args }}{{ toYaml $args }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* A map without some of its keys. Takes (list MAP KEYS). */}}
{{- define "sealed-secrets.without" -}}
{{- $left := index . 0 -}}
{{- range index . 1 }}{{ $left = omit $left . }}{{ end -}}
{{- toYaml $left -}}
{{- end -}}

{{/* A probe. Takes (list ENABLED-VALUES CUSTOM-VALUES HOW ROOT). */}}
{{- define "sealed-secrets.probe" -}}
{{- $values := index . 0 -}}
{{- if $values.enabled -}}
{{- toYaml (merge (index . 2) (omit $values "enabled")) -}}
{{- else if index . 1 -}}
{{- include "sealed-secrets.render" (list (index . 1) (index . 3)) -}}
{{- end -}}
{{- end -}}

{{/* The backend of an Ingress path: the Service's port "http". */}}
{{- define "sealed-secrets.backend" -}}
{{- if contains "v1beta1" .Values.ingress.apiVersion -}}
serviceName: {{ include "sealed-secrets.fullname" . }}
servicePort: http
{{- else -}}
service:
  name: {{ include "sealed-secrets.fullname" . }}
  port:
    name: http
{{- end -}}
{{- end -}}
