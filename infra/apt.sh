#!/usr/bin/env bash
# Debian packages of the OPTIONAL parts; nothing in `make reproduce` or `make test` needs them.
#   chromium      looks at the report and the Prefect UI in browser tests
#   g++           compiles DeepSpeed's shared-memory op when more than one rank trains on CPU
# Run as root: bash infra/apt.sh
set -euo pipefail
apt-get update
apt-get install --yes --no-install-recommends chromium g++
