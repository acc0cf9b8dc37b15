# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# What the scripts that fetch or build real Kubernetes programs share: one
# cache folder, one lock per entry, and entries that are there whole or not at
# all. To be sourced; the caller has set -euo pipefail.

# The folder of everything cached. It survives the checkout, because what it
# holds takes minutes to make and does not depend on our sources.
cache_folder() {
  if [[ -n ${BULLA_CACHE:-} ]]; then
    echo "$BULLA_CACHE"
  else
    echo "${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/bulla"
  fi
}

# cache_lock NAME: waits until no other process makes the entry NAME. The lock
# lasts until this process ends, however it ends. Look for the entry again
# once you hold it: whoever had it before may have made it.
#
# File descriptor 9 holds the lock. A child would inherit it and keep the lock
# beyond our life, so long-running children are started with 9>&-.
cache_lock() {
  local folder
  folder=$(cache_folder)
  mkdir -p "$folder"
  exec 9>"$folder/.$1.lock"
  if ! flock --nonblock 9; then
    echo "waiting for another process that makes '$1'" >&2
    flock --timeout 3600 9 || die "'$folder/.$1.lock' is still held after an hour"
  fi
}

# cache_store MADE NAME: moves the file or folder MADE into the cache as NAME.
# A rename within one file system is atomic, so a reader without the lock sees
# all of it or nothing; MADE may be on another one, hence the copy first.
cache_store() {
  local folder staged
  folder=$(cache_folder)
  staged="$folder/.$2.$$"
  cp -a "$1" "$staged"
  rm -rf "${folder:?}/$2"
  mv -T "$staged" "$folder/$2"
}

die() {
  echo "error: $*" >&2
  exit 1
}

# need COMMAND PACKAGE...: installs the Debian packages when COMMAND is missing.
need() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return
  [[ $EUID -eq 0 ]] || die "'$command' is missing: install the Debian package $*"
  echo "installing $*" >&2
  apt_install "$@" 2>/dev/null || { apt-get update -qq >&2 && apt_install "$@"; } ||
    die "'$command' is missing and apt-get could not install $*"
}

# Several of us may install at once: wait for dpkg's lock instead of failing.
apt_install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "$@" >/dev/null
}
