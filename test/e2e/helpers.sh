# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the suites of this folder share. To be sourced after `root` and `build` are set; makes a
# folder of its own, goes there, and leaves nothing behind.
work=$(mktemp -d)
passed=0
failed=0
controllers=()
cert=  # a file; else it is asked for

# shellcheck disable=SC2317  # called by the trap
clean_up() {
  [ ${#controllers[@]} -eq 0 ] || kill "${controllers[@]}" 2>/dev/null
  rm -rf "$work"
}
trap clean_up EXIT
cd "$work" || exit 1
PATH=${build:?}/sealer:$PATH

fact() {
  local name=$1
  shift
  if "$@" >"$work/out" 2>&1; then
    passed=$((passed + 1))
    echo "ok    $name"
  else
    failed=$((failed + 1))
    echo "FAIL  $name"
    tail -n 10 "$work/out"
  fi
}
# Repeats a command, at most for 60 seconds, until it succeeds.
eventually() {
  local deadline=$((SECONDS + 60))
  until "$@"; do
    [ $SECONDS -lt $deadline ] || return 1
    read -rt 0.2 <> <(:) || true
  done
}
value_is() { [ "$(kubectl get secret -n "$1" "$2" -o "jsonpath={.data.$3}" 2>/dev/null | base64 -d)" = "$4" ]; }
event_says() { kubectl get events -n "$1" -o jsonpath='{.items[*].message}' | grep -q "$2"; }
seal() {
  kubectl create secret generic "$2" -n "$1" --from-literal="$3=$4" --dry-run=client -o yaml |
    kubeseal ${cert:+--cert "$cert"} -o yaml
}
# start_controller [FLAG...]: its process id is in `controller`, its log in $work/controller.log.
start_controller() {
  POD_NAMESPACE=kube-system as-pod kube-system sealed-secrets-controller "$build/controller/controller" "$@" \
    >>"$work/controller.log" 2>&1 &
  controller=$!
  controllers+=("$controller")
}
summary() {
  [ "$failed" -eq 0 ] || tail -n 30 "$work/controller.log"
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
}
