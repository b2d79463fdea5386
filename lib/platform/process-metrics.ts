import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Meter } from "@opentelemetry/api";

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
  const attributes = { service };
  meter
    .createObservableCounter("sluice_process_cpu_seconds_total", {
      description: "Processor time used, all threads, in seconds.",
    })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe((user + system) / usPerSecond, attributes);
    });
  meter
    .createObservableGauge("sluice_process_resident_memory_bytes", {
      description: "Memory the process holds.",
    })
    .addCallback((result) => result.observe(process.memoryUsage.rss(), attributes));

  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  meter
    .createObservableGauge("sluice_process_event_loop_delay_seconds", {
      description: "99th percentile of how late timers ran since the last scrape, in seconds.",
    })
    .addCallback((result) => {
      const lateNs = delay.count === 0 ? 0 : delay.percentile(99) - resolutionMs * nsPerMs;
      result.observe(Math.max(0, lateNs / nsPerSecond), attributes);
      delay.reset();
    });
  return { [Symbol.dispose]: () => void delay.disable() };
}
