import { availableParallelism } from "node:os";
import { compareRates, type Side, type Traffic } from "../compare.ts";
import type { Figure } from "../figure.ts";
import { systemSide } from "../sides.ts";

const eight: Traffic = { pace: { kind: "closed", inFlight: 8 }, connections: 4 };

export const imageVsEcho: Figure = {
  name: "image_vs_echo",
  unit: "ratio",
  better: "higher",
  goal: availableParallelism() >= 4 ? 0.7 : 0.45,
  about: "602 KB in, 4 KB out: requests over a grpc-js server that answers as much",
  measure: async (bench) => {
    const system = await systemSide(bench, await bench.shipped(), { model: "image" });
    const replyBytes = system.target.expected.byteLength;
    const echo = await bench.baseline("echo", [replyBytes]);
    const expected = new Uint8Array(replyBytes);
    const baseline: Side = {
      name: "echo",
      target: { ...system.target, address: echo.address, expected, floats: 0 },
      servers: { server: [echo.pid] },
    };
    return await compareRates(
      bench,
      { system, baseline, traffic: eight },
      (rate, echoRate) => rate / echoRate,
    );
  },
};
