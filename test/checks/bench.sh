#!/bin/sh
# Every figure of the benchmark comes to a number, with every reply checked. Far too short to mean anything.
set -eu
cd "$(dirname "$0")/../.."
PATH="$PWD/node_modules/.bin:$PATH"
report=$(mktemp)
trap 'rm -f "$report"' EXIT
node cli/main.js bench --pairs 1 --seconds 0.1 --json "$report" || true
node -e '
  const { figures } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"));
  const missing = figures.filter(({ name, value }) => name !== "bulk_vs_raw" && !Number.isFinite(value));
  for (const { name, note } of missing) console.error(`${name}: no number: ${note}`);
  process.exit(figures.length > 0 && missing.length === 0 ? 0 : 1);' "$report"
