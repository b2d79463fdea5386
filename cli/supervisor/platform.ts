export type Platform = {
  readonly system: string;
  readonly architecture: string;
  readonly hasGlibc: boolean;
};

/** The machine this runs on. */
export function thisPlatform(): Platform {
  const report = process.report.getReport();
  const header = "header" in report ? report.header : undefined;
  const hasGlibc = typeof header === "object" && header !== null && "glibcVersionRuntime" in header;
  return { system: process.platform, architecture: process.arch, hasGlibc };
}

/** Why Sluice cannot run there, in one line; undefined where it can. */
export function unsupportedPlatform(platform: Platform): string | undefined {
  const { system, architecture, hasGlibc } = platform;
  if (system === "linux" && ["x64", "arm64"].includes(architecture)) {
    if (hasGlibc) return undefined;
    return "ONNX Runtime has no build for Linux without glibc (musl): use a Debian or Ubuntu image";
  }
  if (system === "darwin" && architecture === "arm64") return undefined;
  if (system === "darwin") return "ONNX Runtime has no build for Macs with Intel processors";
  if (system === "win32") return "Windows has no Unix sockets that gRPC can use: use WSL 2";
  return `Sluice runs on Linux (x64, arm64) and macOS (arm64), not on ${system} ${architecture}`;
}
