import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { scanRepository } from "#platform/model-repository.ts";
import { memoryOptions } from "../cli/supervisor/node-options.ts";
import { type ComposeService, readCompose } from "./deploy/compose.ts";
import { productSources } from "./deploy/sources.ts";

const root = new URL("../", import.meta.url);
const deploy = new URL("deploy/", root);
const compose = readCompose(new URL("compose.yaml", deploy));
const dockerfile = readFileSync(new URL("docker/Dockerfile", deploy), "utf8");
const sources = productSources();
const own = Object.entries(compose.services).filter(([, service]) => service.image === "sluice");

function yamlOf(path: string): unknown {
  return parse(readFileSync(new URL(path, deploy), "utf8"));
}

function portOf(publication: string): number {
  return Number(publication.split(":")[1]);
}

/** Every setting that some source reads by name. */
const settings = new Set(
  sources.flatMap(({ text }) =>
    [...text.matchAll(/["`]((?:SLUICE|OTEL|NATS|ORT)_[A-Z_]+)["`]|env\.(ORT_[A-Z_]+)/g)].map(
      ([, quoted, member]) => quoted ?? member,
    ),
  ),
);

describe("deploy/compose.yaml", () => {
  it("publishes the ports of the contract, on the loopback interface", () => {
    const published = Object.entries(compose.services)
      .map(([name, { ports }]) => [name, ports.map(portOf)])
      .filter(([, ports]) => ports?.length !== 0);
    expect(Object.fromEntries(published)).toEqual({
      gateway: [8001, 8002],
      monitor: [8010, 8011, 8012],
      collector: [4318],
      jaeger: [16_686],
      prometheus: [9090],
      grafana: [3000],
    });
  });

  it("sets only what the processes read", () => {
    const unread = own.flatMap(([name, { environment }]) =>
      Object.keys(environment)
        .filter((setting) => !settings.has(setting))
        .map((setting) => `${name}: ${setting}`),
    );
    expect(unread).toEqual([]);
  });

  it("starts files that exist", () => {
    for (const [name, { command }] of own) {
      expect(existsSync(new URL(command?.[0] ?? "", root)), `${name}: ${command}`).toBe(true);
    }
  });

  it("runs a worker for every version of every sample that is served", async () => {
    const { models } = await scanRepository(fileURLToPath(new URL("models", root)));
    const served = models.flatMap(({ model, versions }) =>
      versions.map((version) => `worker-${model}-${version}`),
    );
    const workers = own.filter(([name]) => name.startsWith("worker-"));
    expect(workers.map(([name]) => name).sort()).toEqual(served.sort());
    for (const [name, { environment }] of workers) {
      const { SLUICE_MODEL: model, SLUICE_MODEL_VERSION: version } = environment;
      expect(`worker-${model}-${version}`).toBe(name);
    }
  });

  it("mounts files that exist and volumes it declares", () => {
    for (const [source, name] of mounts(Object.entries(compose.services))) {
      const isThere = source.startsWith(".")
        ? existsSync(new URL(source, deploy))
        : source in compose.volumes;
      expect(isThere, `${name}: ${source}`).toBe(true);
    }
  });

  it("waits only for services that say when they are healthy", () => {
    for (const [name, { depends_on }] of Object.entries(compose.services)) {
      for (const other of Object.keys(depends_on)) {
        expect(compose.services[other]?.healthcheck, `${name} waits for ${other}`).toBeDefined();
      }
    }
  });

  it("builds the image from files that exist", () => {
    for (const [, { build }] of own) {
      const context = new URL(`${build?.context}/`, deploy);
      expect(existsSync(new URL(build?.dockerfile ?? "", context))).toBe(true);
    }
  });

  it("pins the images of others to a version", () => {
    for (const { image } of Object.values(compose.services)) {
      expect(image === "sluice" || /:v?[0-9]+\.[0-9]/.test(image), image).toBe(true);
    }
  });
});

describe("deploy/docker/Dockerfile", () => {
  it("has Node collect garbage as npm start does", () => {
    expect(dockerfile).toContain(`NODE_OPTIONS="${memoryOptions}"`);
  });

  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths]) =>
    (paths ?? "").split(" "),
  );

  it("copies files that exist and that the build context has", () => {
    const ignore = readFileSync(new URL("docker/Dockerfile.dockerignore", deploy), "utf8");
    for (const path of copied) {
      expect(existsSync(new URL(path, root)), path).toBe(true);
      expect(ignore.split("\n"), path).toContain(`!${path}`);
    }
  });

  it("has every file that runs", () => {
    for (const { path } of sources) {
      expect(
        copied.some((folder) => path.startsWith(`${folder}/`)),
        path,
      ).toBe(true);
    }
  });

  it("has every package that is imported", () => {
    const { dependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
    const importing = /^(?:import|export)\s[^;"]*?from "([^"]+)";|\bimport\("([^"]+)"\)/gm;
    const specifiers = sources
      .flatMap(({ text }) => [...text.matchAll(importing)].map(([, from, at]) => from ?? at ?? ""))
      .filter((specifier) => !/^[.#]/.test(specifier) && !isBuiltin(specifier));
    const packages = new Set(specifiers.map((name) => /^(@[^/]+\/)?[^/]+/.exec(name)?.[0]));
    expect(packages.size).toBeGreaterThan(5);
    expect([...packages].filter((name) => !(`${name}` in dependencies))).toEqual([]);
  });

  it("names entry points that exist and sets only what is read", () => {
    for (const [path] of dockerfile.matchAll(/[a-z/]+\.ts/g)) {
      expect(existsSync(new URL(path, root)), path).toBe(true);
    }
    for (const [, name] of dockerfile.matchAll(/((?:SLUICE|ORT)_[A-Z_]+)=/g)) {
      expect(settings, name).toContain(name);
    }
  });

  it("does not run as root", () => {
    expect(dockerfile).toMatch(/^USER node$/m);
  });
});

describe("deploy/observability", () => {
  it("has Prometheus ask every process where it serves its metrics", () => {
    type Job = {
      job_name: string;
      static_configs?: { targets: string[] }[];
      dns_sd_configs?: { names: string[]; port: number }[];
    };
    const { scrape_configs: jobs } = yamlOf("observability/prometheus/prometheus.yml") as {
      scrape_configs: Job[];
    };
    const targets = jobs.flatMap(({ static_configs = [], dns_sd_configs = [] }) => [
      ...static_configs.flatMap((config) => config.targets),
      ...dns_sd_configs.flatMap(({ names, port }) => names.map((name) => `${name}:${port}`)),
    ]);
    const wanted = own.map(([name]) => `${name}:${metricsPortOf(name)}`);
    expect(targets.sort()).toEqual(wanted.sort());
  });

  it("sends spans to services that exist", () => {
    const { exporters, service } = yamlOf("observability/otel/collector.yaml") as {
      exporters: Record<string, { endpoint: string }>;
      service: { pipelines: { traces: { exporters: string[] } } };
    };
    expect(service.pipelines.traces.exporters).toEqual(Object.keys(exporters));
    for (const { endpoint } of Object.values(exporters)) {
      expect(Object.keys(compose.services)).toContain(new URL(endpoint).hostname);
    }
  });

  it("gives Grafana sources that exist and dashboards where they are mounted", () => {
    const folder = "observability/grafana/provisioning";
    const { datasources } = yamlOf(`${folder}/datasources/sluice.yaml`) as {
      datasources: { url: string }[];
    };
    for (const { url } of datasources) {
      expect(Object.keys(compose.services)).toContain(new URL(url).hostname);
    }
    const { providers } = yamlOf(`${folder}/dashboards/sluice.yaml`) as {
      providers: { options: { path: string } }[];
    };
    const mounted = compose.services["grafana"]?.volumes ?? [];
    for (const { options } of providers) {
      expect(mounted.some((volume) => volume.includes(`:${options.path}:`))).toBe(true);
    }
  });
});

function mounts(services: [string, ComposeService][]): [string, string][] {
  return services.flatMap(([name, { volumes }]) =>
    volumes.map((volume): [string, string] => [volume.split(":")[0] ?? "", name]),
  );
}

function metricsPortOf(service: string): number {
  if (service === "gateway") return 8002;
  return service === "monitor" ? 8012 : 8022;
}
