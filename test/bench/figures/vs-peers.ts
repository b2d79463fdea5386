import { busy, compareRates, type Side } from "../compare.ts";
import type { Figure } from "../figure.ts";
import type { PeerName } from "../peers/recipes.ts";
import { systemSide } from "../sides.ts";

/** The same model file and the same calls, answered by another server on the same cores. */
function versus(peer: PeerName, { goal, is }: { goal: number; is: string }): Figure {
  return {
    name: `vs_${peer}`,
    unit: "ratio",
    better: "higher",
    goal,
    about: `tiny model: requests a second over those of ${is}`,
    measure: async (bench) => {
      const cluster = await bench.shipped();
      const system = await systemSide(bench, cluster, { model: "tiny" });
      await using other = await bench.peer(peer, { model: "tiny", onnx: cluster.onnxOf("tiny") });
      // Its replies carry names and ids of its own before the numbers.
      const target = { ...system.target, address: other.address, isHeadFree: true };
      await other.ready(target);
      const baseline: Side = { name: peer, target, servers: { server: other.pids } };
      const comparison = { system, baseline, traffic: busy };
      return await compareRates(bench, comparison, (one, two) => one / two);
    },
  };
}

/** Measured when asked for by name: they need Python, and packages that are installed once. */
export const peerFigures: readonly Figure[] = [
  versus("mlserver", { goal: 10, is: "MLServer, adaptive batching on" }),
  versus("pytriton", { goal: 1.5, is: "Triton's own server through PyTriton" }),
  versus("kserve", { goal: 1, is: "KServe's Python server" }),
];
