import * as grpc from "@grpc/grpc-js";
import { Failure, messageOf } from "#core/failure.ts";
import { sleep } from "#platform/clock.ts";
import type { LoadTarget } from "../load/plan.ts";

const pollMs = 250;
const callMsMax = 5_000;

/** Makes a call again and again until it is answered. Rejects with a Failure that says why not. */
export async function waitUntilAnswered(
  target: LoadTarget,
  { msMax, isGone }: { readonly msMax: number; readonly isGone: () => boolean },
): Promise<void> {
  const deadline = AbortSignal.timeout(msMax);
  let problem = "it did not listen";
  while (!deadline.aborted && !isGone()) {
    const client = new grpc.Client(target.address, grpc.credentials.createInsecure());
    try {
      await call(client, target);
      return;
    } catch (error) {
      problem = messageOf(error);
    } finally {
      client.close();
    }
    await sleep(pollMs, deadline);
  }
  throw new Failure("unavailable", isGone() ? "it ended by itself" : `not ready: ${problem}`);
}

async function call(client: grpc.Client, { path, message }: LoadTarget): Promise<void> {
  const answered = Promise.withResolvers<void>();
  client.makeUnaryRequest(
    path,
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Buffer) => bytes,
    message,
    new grpc.Metadata(),
    { deadline: Date.now() + callMsMax },
    (error) => (error === null ? answered.resolve() : answered.reject(error)),
  );
  await answered.promise;
}
