#!/bin/sh
# Every example through tritonclient, the Python client of Triton Inference Server. Needs Python with pip.
set -eu
cd "$(dirname "$0")/../.."
if ! command -v python3 >/dev/null; then
  echo "triton-client: no python3 on this machine, nothing checked"
  exit 0
fi
packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
python3 -m venv "$packages/venv"
if ! "$packages/venv/bin/pip" install -q "tritonclient[grpc]==2.73.0" pyyaml==6.0.3 2>"$packages/log"; then
  echo "triton-client: tritonclient cannot be installed here, nothing checked: $(tail -1 "$packages/log")"
  exit 0
fi
sh test/support/with-cluster.sh "$packages/venv/bin/python" test/checks/triton-client.py
