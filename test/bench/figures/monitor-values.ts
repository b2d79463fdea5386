import type { Figure } from "../figure.ts";
import { median } from "../statistics.ts";

/** Memory may grow by this much and still not depend on the rows seen. */
const growthMbMax = 10;

export const monitorValues: Figure = {
  name: "monitor_values_per_s",
  unit: "values/s",
  better: "higher",
  goal: 10_000_000,
  about: "encoded event to updated state on one core, 40 columns of 512 rows in an event",
  measure: async (bench) => {
    const { pairs, seconds } = bench.effort;
    const values: number[] = [];
    let note = "";
    const growths: number[] = [];
    const monitor = await bench.baseline("monitor-state");
    for (let run = 0; run < pairs; run += 1) {
      bench.progress(`the monitor's arithmetic, run ${run + 1}`);
      const { valuesPerSecond, values: count, earlyMb, lateMb } = await monitor.ask({ seconds });
      values.push(Number(valuesPerSecond));
      growths.push(Number(lateMb) - Number(earlyMb));
      const [early, late] = [Number(earlyMb).toFixed(1), Number(lateMb).toFixed(1)];
      const millions = (Number(count) / 1e6).toFixed(0);
      note = `memory ${early} MB early, ${late} MB after ${millions} M values`;
    }
    const doubt = median(growths) > growthMbMax ? "memory grows with the rows seen" : undefined;
    return { kind: "measured", values, note, doubt };
  },
};
