import { expect, it } from "vitest";
import { figures } from "./figures.ts";

it("has the figures of the design under their names", () => {
  expect(figures.map(({ name }) => name)).toEqual([
    ...["unary_vs_echo", "unary_vs_proxy", "unary_vs_echo_4x4", "gateway_added_p50_us"],
    ...["bulk_vs_raw", "image_vs_echo", "small_beside_large_p99_ms", "batching_gain"],
    ...["events_cost", "trace_cost_1pct", "trace_cost_full", "health_p99_ms"],
    ...[
      "overload_goodput",
      "overload_goodput_gateway",
      "monitor_values_per_s",
      "monitor_restart_seconds",
    ],
    ...["start_seconds", "rss_gateway_mb", "rss_worker_mb", "rss_monitor_mb"],
    "two_gateways_vs_one",
  ]);
});
