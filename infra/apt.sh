#!/usr/bin/env bash
# Debian packages of the OPTIONAL parts; nothing in `make reproduce` needs them, and tests that do skip without.
#   bash infra/apt.sh              chromium: looks at the report and the Prefect UI in browser tests
#                                  g++: compiles DeepSpeed's shared-memory op when more than one rank trains on CPU
#   bash infra/apt.sh postgres     Postgres for the Prefect server's database (`python -m infra.scenario --database
#                                  postgres` and a test start clusters of their own); no cluster is made or started here
# Run as root.
set -euo pipefail
install() { apt-get install --yes --no-install-recommends "$@"; }
apt-get update
case "${1:-}" in
  "") install chromium g++ ;;
  postgres)
    install postgresql-common
    sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
    install postgresql
    ;;
  *) echo "usage: bash infra/apt.sh [postgres]" >&2; exit 2 ;;
esac
