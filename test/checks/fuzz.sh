#!/bin/sh
# Bytes nobody vouches for, a few seconds for each reader; `npm run fuzz -- --seconds 600` looks longer.
set -eu
cd "$(dirname "$0")/../.."
npm run -s fuzz -- --seconds 5
