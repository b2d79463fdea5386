#!/bin/sh
# Lints the protobuf contracts, proves that the generated code is fresh, and that nothing breaks those who built
# against the committed image. `--renew` writes a new image; it belongs with a line in the CHANGELOG.
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

if [ "${1:-}" = "--renew" ]; then
  buf build --as-file-descriptor-set --exclude-source-info -o proto/baseline.binpb
  echo "proto/baseline.binpb renewed: tell about it in CHANGELOG.md"
  exit 0
fi

buf lint
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
buf generate -o "$fresh"
buf generate --template client/buf.gen.yaml -o "$fresh"
for gen in proto/gen client/src/gen; do
  diff -r "$fresh/$gen" $gen || { echo "$gen is stale: run npm run generate" >&2; exit 1; }
done
buf breaking --against proto/baseline.binpb
echo "proto: lint clean, generated code fresh, nothing broken"
