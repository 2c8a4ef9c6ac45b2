#!/usr/bin/env bash
# Swift on loopback in FOLDER (which must be on a disk with extended attributes), our scenario through its S3
# interface, everything stopped again, one table. Root is needed only if the packages are not there yet.
#   bash infra/swift/run.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?usage: run.sh FOLDER}
if [[ ! -x /usr/bin/swift-proxy-server ]] || ! command -v memcached > /dev/null; then
  bash "$here/install.sh"
fi
cd "$here/../.."
exec env PYTHONPATH="$PWD" OMP_NUM_THREADS=1 python -m infra.swift.scenario "$folder"
