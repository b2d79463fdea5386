import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Meter } from "#core/metric/meter.ts";

const nsPerSecond = 1e9;
const nsPerMs = 1e6;
const usPerSecond = 1e6;

/** The loop is sampled with a timer of this period, which the measured delays include. */
const resolutionMs = 20;

/**
 * Adds what every process tells of itself: processor time, memory, and how late its event loop
 * runs. The last is measured until the result is disposed of.
 */
export function observeProcess(meter: Meter, service: string): Disposable {
  const labels = ["service"];
  meter.observedCounter(
    {
      name: "sluice_process_cpu_seconds_total",
      help: "Processor time used, all threads, in seconds.",
      labels,
    },
    (counter) => {
      const { user, system } = process.cpuUsage();
      counter.series(service).value = (user + system) / usPerSecond;
    },
  );
  meter.gauge(
    {
      name: "sluice_process_resident_memory_bytes",
      help: "Memory the process holds.",
      labels,
    },
    (gauge) => {
      gauge.series(service).value = process.memoryUsage.rss();
    },
  );

  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  meter.gauge(
    {
      name: "sluice_process_event_loop_delay_seconds",
      help: "99th percentile of how late timers ran since the last scrape, in seconds.",
      labels,
    },
    (gauge) => {
      const lateNs = delay.count === 0 ? 0 : delay.percentile(99) - resolutionMs * nsPerMs;
      gauge.series(service).value = Math.max(0, lateNs / nsPerSecond);
      delay.reset();
    },
  );
  return { [Symbol.dispose]: () => void delay.disable() };
}
