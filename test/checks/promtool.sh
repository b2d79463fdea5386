#!/bin/sh
# promtool, Prometheus's own checker, reads the scrape configuration with its alert rules and every query of the
# dashboards, and plays the rules' own tests. Taken from the path, or from the distribution where apt is.
set -eu
cd "$(dirname "$0")/../.."
PATH="$PWD/node_modules/.bin:$PATH"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
promtool=$(command -v promtool || true)
if [ -z "$promtool" ] && command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
  (cd "$tools" && apt-get download prometheus && dpkg -x prometheus_*.deb .) >"$tools/log" 2>&1 || true
  [ -x "$tools/usr/bin/promtool" ] && promtool="$tools/usr/bin/promtool"
fi
if [ -z "$promtool" ]; then
  echo "promtool: not on this machine and not to be had, nothing checked"
  exit 0
fi
"$promtool" check config deploy/observability/prometheus/prometheus.yml
"$promtool" test rules deploy/observability/prometheus/rules/sluice.test.yml
# Each query becomes a recording rule, as those are what promtool parses; Grafana's variables become values.
node -e '
  const fs = require("node:fs");
  const folder = "deploy/observability/grafana/dashboards/";
  const queries = fs.readdirSync(folder).flatMap((name) => {
    const { panels } = JSON.parse(fs.readFileSync(folder + name, "utf8"));
    return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  });
  const rules = queries.map((expr, index) => ({
    record: `dashboard:query:${index}`,
    expr: expr.replaceAll("$__rate_interval", "1m"),
  }));
  console.log(JSON.stringify({ groups: [{ name: "dashboards", rules }] }));
' >"$tools/rules.yaml"
"$promtool" check rules "$tools/rules.yaml"
