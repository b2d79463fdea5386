#!/bin/sh
# grpcurl, knowing no .proto file, lists the services by reflection, asks for health and predicts. Needs Go.
set -eu
cd "$(dirname "$0")/../.."
if ! command -v go >/dev/null; then
  echo "grpcurl: no Go on this machine, nothing checked"
  exit 0
fi
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
if ! GOBIN=$tools go install github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3 2>"$tools/log"; then
  echo "grpcurl: cannot be built here, nothing checked: $(tail -1 "$tools/log")"
  exit 0
fi
PATH="$tools:$PATH" sh test/support/with-cluster.sh sh -euc '
  grpcurl -plaintext "$SLUICE_SERVER" list
  for service in inference.GRPCInferenceService sluice.predict.v1.PredictService grpc.health.v1.Health; do
    grpcurl -plaintext "$SLUICE_SERVER" list | grep -qx "$service"
  done
  grpcurl -plaintext "$SLUICE_SERVER" grpc.health.v1.Health/Check | grep -q SERVING
  grpcurl -plaintext -d "{\"name\":\"wine\"}" "$SLUICE_SERVER" inference.GRPCInferenceService/ModelReady | grep -q true
  reply=$(grpcurl -plaintext -d "{\"model_name\":\"diabetes\",\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",
    \"shape\":[1,10],\"contents\":{\"fp32_contents\":[0,0,0,0,0,0,0,0,0,0]}}]}" "$SLUICE_SERVER" \
    inference.GRPCInferenceService/ModelInfer)
  echo "$reply"
  echo "$reply" | grep -q rawOutputContents
'
