# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A part of `suite`: what kubectl makes, sealed, opened, validated, rotated, merged into.

same_secret() { # NAMESPACE NAME FILE: the Secret in the cluster has the type and the items of FILE
  local wanted found
  wanted=$(kubectl create -f "$3" --dry-run=client -o 'go-template={{or .type "Opaque"}} {{.data}}')
  found=$(kubectl get secret -n "$1" "$2" -o 'go-template={{.type}} {{.data}}' 2>/dev/null)
  [ "$wanted" = "$found" ]
}
# Every ciphertext of FILE2 differs from FILE1's.
all_differ() { ! grep -oE '[A-Za-z0-9+/=]{300,}' "$1" | grep -qFf - "$2"; }

make_secrets() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -days 2 -subj /CN=web 2>/dev/null
  kubectl create secret generic app -n prod --from-literal=user=admin --from-file=tls.crt \
    --dry-run=client -o yaml >generic.yaml
  kubectl create secret tls web -n prod --cert tls.crt --key tls.key --dry-run=client -o yaml >tls.yaml
  kubectl create secret docker-registry pull -n prod --docker-server=registry.example \
    --docker-username=robot --docker-password=s3cr3t --dry-run=client -o yaml >docker-registry.yaml
}

kubectl_secrets() {
  make_secrets
  local kind name
  for kind in generic:app tls:web docker-registry:pull; do
    name=${kind#*:} kind=${kind%:*}
    kubeseal -f "$kind.yaml" -w "sealed-$kind.yaml"
    fact "a $kind Secret of kubectl applies when sealed" kubectl apply -f "sealed-$kind.yaml"
    fact '... and is opened to the same type and items' eventually same_secret prod "$name" "$kind.yaml"
  done

  fact 'the controller validates it' eventually kubeseal --validate -f sealed-generic.yaml
  sed 's/name: app/name: renamed/' sealed-generic.yaml >renamed.yaml
  fact '... and refuses it under another name' bash -c '! kubeseal --validate -f renamed.yaml 2>error && grep -q "unable to decrypt" error'

  sed -i 's/^spec:/# owned by team web\nspec:/' sealed-generic.yaml
  cp sealed-generic.yaml before.yaml
  fact '--re-encrypt rewrites the file in place' eventually kubeseal --re-encrypt -f sealed-generic.yaml
  fact '... every ciphertext' all_differ before.yaml sealed-generic.yaml
  fact '... and nothing else' diff <(sed -E 's/[A-Za-z0-9+\/=]{300,}/X/' before.yaml) \
    <(sed -E 's/[A-Za-z0-9+\/=]{300,}/X/' sealed-generic.yaml)
  kubectl apply -f sealed-generic.yaml >/dev/null
  fact 'the re-encrypted object opens to the same Secret' eventually same_secret prod app generic.yaml

  kubectl create secret generic any --from-literal=password=two --dry-run=client -o yaml |
    kubeseal --merge-into sealed-generic.yaml
  fact '--merge-into keeps comments' grep -q '^# owned by team web' sealed-generic.yaml
  kubectl apply -f sealed-generic.yaml >/dev/null
  fact 'the merged item is in the Secret' eventually value_is prod app password two
  fact '... beside the old ones' value_is prod app user admin
}
