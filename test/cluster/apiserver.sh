# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Starting and stopping etcd and the kube-apiserver of a running cluster, for
# `up`, `restart-apiserver` and `kill-server`. To be sourced inside the cluster's namespaces;
# BULLA_CLUSTER is its folder and KUBECONFIG its administrator's.

# run_server NAME COMMAND...: starts COMMAND in the background with its output
# in NAME.log and its process id in NAME.pid. A session of its own keeps the
# terminal's Ctrl-C, which is meant for the suite, away from the server.
run_server() {
  local name=$1
  shift
  setsid "$@" >>"$BULLA_CLUSTER/$name.log" 2>&1 </dev/null &
  echo $! >"$BULLA_CLUSTER/$name.pid"
  disown # bash would report its end, which restart-apiserver brings about
}

is_running() { kill -0 "$(<"$BULLA_CLUSTER/$1.pid")" 2>/dev/null; }

# wait_for SECONDS WHAT COMMAND...: runs COMMAND until it succeeds, at most for
# SECONDS. There is nothing to subscribe to before the server answers, so this
# polls; it says WHAT was awaited when it gives up.
wait_for() {
  local deadline=$((SECONDS + $1)) what=$2
  shift 2
  until "$@"; do
    if ((SECONDS >= deadline)); then
      echo "error: no $what in time" >&2
      return 1
    fi
    sleep 0.1
  done
}

# start_again NAME: with the arguments in NAME.args.
start_again() {
  local arguments
  mapfile -t arguments <"$BULLA_CLUSTER/$1.args"
  run_server "$1" "${arguments[@]}"
}

# The kube-apiserver waits for etcd by itself, so nothing waits here.
start_etcd() { start_again etcd; }

start_apiserver() {
  start_again kube-apiserver
  wait_for 90 "answer from the kube-apiserver" apiserver_is_ready_or_dead
  is_running kube-apiserver || {
    echo "error: the kube-apiserver ended while starting" >&2
    return 1
  }
}

# True as well when waiting any longer is in vain; the caller looks which it is.
apiserver_is_ready_or_dead() { apiserver_is_ready || ! is_running kube-apiserver; }

# Its log holds the last refusal, which lists what is not ready yet.
apiserver_is_ready() {
  timeout 10 "$KUBECTL" get --raw=/readyz >/dev/null 2>"$BULLA_CLUSTER/readyz.log"
}

# Returns when the process is gone and so its port is free again. On SIGTERM the
# server closes its port at once, but holds on to open watches for up to a
# minute; like an impatient kubelet, we kill it before that.
stop_apiserver() {
  local pid
  pid=$(<"$BULLA_CLUSTER/kube-apiserver.pid")
  kill -TERM "$pid"
  wait_for 3 "end on SIGTERM" is_gone "$pid" 2>/dev/null && return
  kill -KILL "$pid"
  wait_for 10 "end of the kube-apiserver on SIGKILL" is_gone "$pid"
}

# A zombie that its parent has not collected yet counts as gone, once its other threads have ended:
# until then it holds its port.
is_gone() {
  local threads
  ! kill -0 "$1" 2>/dev/null && return
  grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null || return
  threads=("/proc/$1/task"/*)
  [ ${#threads[@]} -le 1 ]
}
