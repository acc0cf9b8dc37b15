#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh ENVELOPE_TOOL CACHE_FOLDER: installs what interop.mjs needs, then runs it.
# Exits 77 (skipped) with the reason when something can't be had.
set -euo pipefail

tool=$1
cache=$2
package='@linode/kubeseal-encrypt@1.0.1'
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

skip() {
  echo "skipped: $1"
  exit 77
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
  [ "$(id -u)" -eq 0 ] || skip 'node and npm are not installed, and only root can do that'
  apt-get install -y --no-install-recommends nodejs npm >/dev/null 2>&1 ||
    skip 'apt-get could not install nodejs and npm'
fi

mkdir -p "$cache"
if [ ! -d "$cache/node_modules/@linode/kubeseal-encrypt" ]; then
  npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$cache" "$package" ||
    skip "npm could not install $package"
fi

node "$here/interop.mjs" "$tool" "$cache" "$here/../data/keys/rsa8192-f.pkcs8.pem"
