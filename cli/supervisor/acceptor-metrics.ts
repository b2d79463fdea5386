import type { Acceptor } from "./acceptor.ts";
import type { Named } from "./run-dir.ts";

/** What the acceptor knows, in the Prometheus text format. */
export function acceptorMetrics(
  { open, waiting, closed }: Pick<Acceptor, "open" | "waiting" | "closed">,
  gateways: readonly Named[],
): string {
  const ofEach = gateways.map(({ instance }, index): [string, number] => [
    `{gateway="${instance}"}`,
    open[index] ?? 0,
  ]);
  return [
    family("sluice_gateway_connections", "gauge", "Connections a gateway has open.", ofEach),
    family("sluice_gateway_connections_waiting", "gauge", "Connections no gateway has taken yet.", [
      ["", waiting],
    ]),
    family("sluice_gateway_connections_closed_total", "counter", "Connections no gateway took.", [
      ["", closed],
    ]),
  ].join("");
}

function family(
  name: string,
  type: "counter" | "gauge",
  help: string,
  samples: readonly (readonly [labels: string, value: number])[],
): string {
  const lines = samples.map(([labels, value]) => `${name}${labels} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}
