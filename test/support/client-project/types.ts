// Compiled, never run: what the types of the packed client promise.
import {
  type BulkAnswer,
  type FeatureRecord,
  SluiceClient,
  SluiceError,
  type SluiceErrorCode,
} from "sluice-client";

export async function approve(applicant: FeatureRecord): Promise<boolean> {
  await using client = new SluiceClient(["127.0.0.1:8001"], { retry: { attemptsMax: 2 } });
  const reply = await client.predict<{ label: string }>(
    { model: "credit", records: [applicant] },
    { deadlineMs: 1_000, signal: AbortSignal.timeout(500) },
  );
  const trace: string | undefined = reply.traceId;
  const version: number = reply.version;
  return reply.rows().some(({ label }) => label === "approved") && trace !== "" && version > 0;
}

export async function labels(client: SluiceClient): Promise<string[]> {
  const items = [{ columns: { x: Float64Array.of(1) }, tag: "first" }];
  const found: string[] = [];
  for await (const answer of client.bulk<string>({ model: "m", ordered: false }, items)) {
    const { tag, failedRows }: BulkAnswer<string> = answer;
    if (failedRows.length === 0) found.push(tag);
  }
  return found;
}

export function codeOf(error: unknown): SluiceErrorCode | undefined {
  return error instanceof SluiceError ? error.code : undefined;
}

// @ts-expect-error records or columns, not both
export const wrong: Parameters<SluiceClient["predict"]>[0] = {
  model: "m",
  records: [],
  columns: {},
};
