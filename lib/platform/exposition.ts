import { Failure, messageOf } from "#core/failure.ts";
import { http } from "./node-http.ts";

const expositionBytesMax = 16 * 1024 * 1024;

/**
 * What `GET /metrics` answers at `unix:/path` or `host:port`. Rejects with a Failure `unavailable`
 * when it does not answer in time, or with more than 16 MiB.
 */
export async function fetchExposition(address: string, timeoutMs: number): Promise<string> {
  const socketPath = address.startsWith("unix:") ? address.slice("unix:".length) : undefined;
  const url = `http://${socketPath === undefined ? address : "localhost"}/metrics`;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    return await new Promise((resolve, reject) => {
      const options = socketPath === undefined ? {} : { socketPath };
      const request = http.get(url, { ...options, signal, agent: false }, (response) => {
        if (response.statusCode !== 200) request.destroy(new Error(`HTTP ${response.statusCode}`));
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes > expositionBytesMax) request.destroy(new Error("its answer is too large"));
        });
        response.on("end", () => resolve(Buffer.concat(chunks).toString()));
        response.on("error", reject);
      });
      request.on("error", reject);
    });
  } catch (error) {
    const reason = signal.aborted ? `no answer in ${timeoutMs} ms` : messageOf(error);
    throw new Failure("unavailable", `no metrics from ${address}: ${reason}`, { cause: error });
  }
}
