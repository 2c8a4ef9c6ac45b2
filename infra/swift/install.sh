#!/usr/bin/env bash
# OpenStack Swift with its S3 interface, and memcached, from Debian; no service is started. Needs root.
#   bash infra/swift/install.sh
# Nothing in `make reproduce` or `make test` needs them: run.sh tries the registry and DVC against a real S3 server.
set -euo pipefail
policy=/usr/sbin/policy-rc.d  # Debian's switch against services that start when they are installed
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update
DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
  swift-proxy swift-account swift-container swift-object memcached
