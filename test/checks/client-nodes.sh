#!/bin/sh
# The packed client in an empty project, on Node 20, 24 and 26: those the machine has or npm can fetch. Says which were
# tried; the one that runs the tests is always there.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
PATH="$root/node_modules/.bin:$PATH"
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

project() {
  mkdir "$place/project"
  node --input-type=module -e '
    const [folder] = process.argv.slice(1);
    const { makeClientProject, packClient } = await import(`${process.cwd()}/test/support/client-tarball.ts`);
    await makeClientProject(`${folder}/project`, await packClient(folder));' "$place"
  cp test/support/client-project/predict.js "$place/project"
}

# A Node of this major version: the running one, one on the path, or the `node` package of npm.
find_node() {
  for found in "$root/node_modules/.bin/node" $(PATH=$(echo "$PATH" | sed "s,$root/node_modules/.bin:,,g") command -v node); do
    case $("$found" --version) in v"$1".*) echo "$found" && return ;; esac
  done
  mkdir -p "$place/$1"
  (cd "$place/$1" && npm init -y && npm install --no-audit --no-fund "node@$1") >"$place/$1.log" 2>&1 &&
    "$place/$1/node_modules/.bin/node" --version >/dev/null 2>&1 && echo "$place/$1/node_modules/.bin/node"
}

matrix() {
  for major in 20 24 26; do
    if ! node=$(find_node $major); then
      echo "client-nodes: Node $major is not to be had here: not tried"
      continue
    fi
    (cd "$place/project" && "$node" predict.js) | sed 's/^/client-nodes: predicts on Node /'
  done
}

if [ "${1:-}" != matrix ]; then exec sh test/support/with-cluster.sh sh "$root/test/checks/client-nodes.sh" matrix; fi
project
matrix
