/**
 * The monitor's arithmetic on one core: encoded events to updated state, as the monitor does it
 * with what it reads from the stream. Asked with `seconds`, it says how many values a second of CPU
 * that makes, and what its memory was early and late.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { messageOf } from "#core/failure.ts";
import { ModelWatch } from "#core/monitor/model-watch.ts";
import { prepareReference } from "#core/monitor/reference.ts";
import { performanceDefaults } from "#core/performance/performance-settings.ts";
import { bodyOf } from "../../../services/monitor/watched-model.ts";
import { benchBaseline } from "../baseline.ts";
import { encodeSampleEvents, eventValues } from "../sample-events.ts";

const windowMs = 60_000;
/** Far apart: rows of one round are forgotten before the next. */
const roundMs = 4 * windowMs;
const messagesPerRound = 64;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

process.on("message", ({ seconds }: { readonly seconds: number }) => {
  try {
    process.send?.({ kind: "measured", ...measure(seconds) });
  } catch (error) {
    process.send?.({ kind: "failed", reason: messageOf(error) });
  }
});
process.on("disconnect", () => process.exit());
process.send?.({ kind: "ready" });

function measure(seconds: number) {
  const reference = prepareReference(benchBaseline("mid"), "bench");
  const definition = { kind: "reference", reference } as const;
  const settings = {
    model: "mid",
    windowMs,
    graceMs: 10_000,
    thresholds: {},
    performance: { settings: performanceDefaults, declared: [] },
  };
  const watch = new ModelWatch(settings, new Map([[1, definition]]));
  let cpuUs = 0;
  let counted = 0;
  let rounds = 0;
  let earlyMb = 0;
  // The first round warms the code up.
  for (; cpuUs < seconds * 1e6 || rounds < 3; rounds += 1) {
    const startMs = 1e12 + rounds * roundMs;
    const first = rounds * messagesPerRound + 1;
    const messages = encodeSampleEvents({ first, count: messagesPerRound, startMs });
    const before = process.cpuUsage();
    for (const [index, data] of messages.entries()) {
      const seq = first + index;
      const message = { seq, timeMs: startMs + index, version: 1, body: bodyOf(data) };
      const { outcome } = watch.apply(message);
      if (outcome !== "counted") throw new Error(`message ${seq} was ${outcome}`);
    }
    const { user, system } = process.cpuUsage(before);
    if (rounds > 0) {
      cpuUs += user + system;
      counted += messages.length;
    }
    if (rounds === 1) earlyMb = memoryMb();
  }
  const values = counted * eventValues;
  return { valuesPerSecond: values / (cpuUs / 1e6), values, earlyMb, lateMb: memoryMb() };
}

/** What is left after several collections: the memory of arrays is given back a little later. */
function memoryMb(): number {
  const seen = Array.from({ length: 4 }, () => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return (heapUsed + arrayBuffers) / 1e6;
  });
  return Math.min(...seen);
}
