import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { productSources } from "./deploy/sources.ts";

type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: {
    readonly h: number;
    readonly w: number;
    readonly x: number;
    readonly y: number;
  };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
};

type Dashboard = {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string }[] };
};

const folder = new URL("../deploy/observability/grafana/dashboards/", import.meta.url);
const dashboards = readdirSync(folder).map((name) => ({
  name,
  dashboard: JSON.parse(readFileSync(new URL(name, folder), "utf8")) as Dashboard,
}));

/**
 * Names of metrics stand in the sources in full, as `sluice_<process>_<what>_<unit>`; what has a
 * single underscore is the name of a bucket, and `sluice_batch_` begins parameters of replies.
 */
const inCode = new Set(
  productSources().flatMap(({ text }) =>
    [...text.matchAll(/"(sluice_(?!batch_)[a-z0-9]+_[a-z0-9_]+)"/g)].map(([, name]) => name ?? ""),
  ),
);

function queriesOf(dashboard: Dashboard): string[] {
  return dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

/** The metrics of a query; the series of a histogram count as the histogram. */
function metricsOf(query: string): string[] {
  return [...query.matchAll(/\bsluice_[a-z0-9_]+/g)].map(([name]) => {
    const family = name.replace(/_(bucket|sum|count)$/, "");
    return inCode.has(family) ? family : name;
  });
}

const onDashboards = new Set(
  dashboards.flatMap(({ dashboard }) => queriesOf(dashboard).flatMap(metricsOf)),
);

type Rule = {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
};

const prometheus = new URL("../deploy/observability/prometheus/", import.meta.url);

function yamlOf<T>(path: string): T {
  return parse(readFileSync(new URL(path, prometheus), "utf8"));
}

const rules = yamlOf<{ rule_files: string[] }>("prometheus.yml").rule_files.flatMap((path) =>
  yamlOf<{ groups: { rules: Rule[] }[] }>(path).groups.flatMap((group) => group.rules),
);

describe("the rules of Prometheus", () => {
  it("ask for no metric that there is not", () => {
    const asked = rules.flatMap(({ expr, annotations }) =>
      metricsOf(expr + annotations.description),
    );
    expect(asked.length).toBeGreaterThan(20);
    expect(asked.filter((name) => !inCode.has(name))).toEqual([]);
  });

  it("have names of their own, and say how bad it is and what to do", () => {
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^Sluice[A-Z]/);
      expect(["warning", "critical"], alert).toContain(labels.severity);
      expect(annotations.summary, alert).not.toMatch(/\.$/);
      expect(annotations.description, alert).toMatch(/\.$/);
    }
  });

  it("are told of in the documentation, each one", () => {
    const documentation = readFileSync(new URL("../docs/alerts.md", import.meta.url), "utf8");
    for (const { alert } of rules) expect(documentation).toContain(`\`${alert}\``);
  });
});

describe("the dashboards", () => {
  it("show every metric there is", () => {
    expect(inCode.size).toBeGreaterThan(20);
    expect([...inCode].filter((name) => !onDashboards.has(name))).toEqual([]);
  });

  it("ask for no metric that there is not", () => {
    expect([...onDashboards].filter((name) => !inCode.has(name))).toEqual([]);
  });

  it.each(dashboards)("$name has panels that say what they show and lie side by side", (one) => {
    const { panels } = one.dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const taken = new Set<string>();
    for (const { gridPos, title, type, description, targets, datasource } of panels) {
      const { h, w, x, y } = gridPos;
      expect(x + w, title).toBeLessThanOrEqual(24);
      for (let cell = 0; cell < h * w; cell += 1) {
        const place = `${x + (cell % w)},${y + Math.floor(cell / w)}`;
        expect(taken, `${title} overlaps another panel`).not.toContain(place);
        taken.add(place);
      }
      if (type === "row") continue;
      expect(description, title).toMatch(/\.$/);
      expect(datasource?.uid, title).toBe(`\${datasource}`);
      expect(targets?.length, title).toBeGreaterThan(0);
      expect(new Set(targets?.map(({ refId }) => refId)).size, title).toBe(targets?.length);
    }
  });

  it.each(dashboards)("$name uses only variables it declares", ({ dashboard }) => {
    const declared = dashboard.templating.list.map(({ name }) => name);
    const used = JSON.stringify(dashboard.panels).matchAll(/\$\{?([a-z_A-Z]+)/g);
    for (const [, name] of used) expect([...declared, "__rate_interval"]).toContain(name);
  });

  it.each(dashboards)("$name has queries whose brackets and quotes are closed", ({ dashboard }) => {
    for (const query of queriesOf(dashboard)) {
      const bare = query.replace(/"(?:[^"\\]|\\.)*"/g, "");
      expect(bare, query).not.toContain('"');
      let rest = bare.replace(/[^()[\]{}]/g, "");
      while (/\(\)|\[\]|\{\}/.test(rest)) rest = rest.replace(/\(\)|\[\]|\{\}/g, "");
      expect(rest, query).toBe("");
    }
  });
});
