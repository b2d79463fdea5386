import { rate } from "../compare.ts";
import type { Figure } from "../figure.ts";

const batchSizes = [16, 64, 256];
const inputs = 32;

export const bulkVsRaw: Figure = {
  name: "bulk_vs_raw",
  unit: "ratio",
  better: "higher",
  goal: 0.8,
  about: "mid model: rows through PredictBulk over session.run at its best batch size",
  measure: async (bench) => {
    const raw = await bench.baseline("raw-session", [(await bench.shipped()).onnxOf("mid")]);
    let best = { rowsPerSecond: 0, rows: 0 };
    for (const rows of batchSizes) {
      bench.progress(`session.run with ${rows} rows`);
      const { seconds } = bench.effort;
      const data = new Float32Array(rows * inputs).fill(0.5);
      const reply = await raw.ask({ kind: "rate", shape: [rows, inputs], data, seconds });
      const rowsPerSecond = Number(reply["rowsPerSecond"]);
      if (rowsPerSecond > best.rowsPerSecond) best = { rowsPerSecond, rows };
    }
    const reached = `session.run reaches ${rate(best.rowsPerSecond)} rows, ${best.rows} a run`;
    return { kind: "not-measurable", reason: `PredictBulk is not served yet; ${reached}` };
  },
};
