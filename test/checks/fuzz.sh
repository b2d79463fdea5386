#!/bin/sh
# Bytes nobody vouches for, two seconds for each reader, from one seed; `npm run fuzz -- --seconds 600` looks longer.
set -eu
cd "$(dirname "$0")/../.."
npm run -s fuzz -- --seconds 2 --seed 1
