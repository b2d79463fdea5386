#!/bin/sh
# Packs the client as npm would publish it: JavaScript and types from the sources, with the licence. The folder the
# tarball goes to may be given; by default it is client/dist. Prints the tarball's path.
set -eu
to=$(mkdir -p "${1:-$(dirname "$0")/dist}" && cd "${1:-$(dirname "$0")/dist}" && pwd)
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
node ../node_modules/typescript/bin/tsc -p tsconfig.json --outDir "$work/dist"
cp package.json README.md ../LICENSE "$work"
cd "$work"
# Some hosts have npm in one place and node in another: npm's own scripts are not needed to pack.
tarball=$(npm pack --silent --ignore-scripts --pack-destination "$to")
echo "$to/$tarball"
