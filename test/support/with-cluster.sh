#!/bin/sh
# Runs a command beside a cluster of the sample models on free ports: with-cluster.sh COMMAND…
# The command finds the gateway in $SLUICE_SERVER and everything else in $SLUICE_DATA/cluster.json.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
PATH="$root/node_modules/.bin:$PATH"
export PATH
SLUICE_DATA=$(mktemp -d)
export SLUICE_DATA
up() {
  exec node "$root/cli/main.js" up --models "$root/models" --grpc-port 0 --metrics-port 0 \
    --monitor-grpc-port 0 --monitor-http-port 0 --monitor-metrics-port 0 --otlp-port 0
}
up >"$SLUICE_DATA/up.log" 2>&1 &
cluster=$!
trap 'kill -TERM $cluster 2>/dev/null; wait $cluster 2>/dev/null; rm -rf "$SLUICE_DATA"' EXIT
tries=0
until grep -q "^serving" "$SLUICE_DATA/up.log"; do
  tries=$((tries + 1))
  if [ $tries -gt 300 ] || ! kill -0 $cluster 2>/dev/null; then
    cat "$SLUICE_DATA/up.log" >&2
    exit 1
  fi
  sleep 0.1
done
SLUICE_SERVER=$(node -p 'JSON.parse(fs.readFileSync(process.env.SLUICE_DATA + "/cluster.json")).gateway.grpc')
export SLUICE_SERVER
"$@"
