import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    // ONNX Runtime checks typed arrays by realm, which the vm pools break.
    pool: "forks",
    maxWorkers: 2,
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/.sluice/**"],
    env: { ORT_DISABLE_TELEMETRY: "1" },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
export default config;
