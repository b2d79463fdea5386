import type { NatsAddress } from "./address.ts";

/** How long the server may take to answer. */
export const answerMsMax = 5_000;

/** What the client library is told of a server; `name` is what the server calls this client. */
export function connectionOptions(address: NatsAddress, name: string): ConnectionOptions {
  const { servers, token, user, password: pass } = address;
  return {
    name,
    servers: [...servers],
    ...(token === undefined ? {} : { token }),
    ...(user === undefined || pass === undefined ? {} : { user, pass }),
    ...(address.isTls ? { tls: {} } : {}),
    timeout: answerMsMax,
    // By itself it gives up after ten.
    maxReconnectAttempts: -1,
    ignoreAuthErrorAbort: true,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    pingInterval: 5_000,
    noAsyncTraces: true,
  };
}

type ConnectionOptions = {
  readonly name: string;
  readonly servers: string[];
  readonly token?: string;
  readonly user?: string;
  readonly pass?: string;
  readonly tls?: Readonly<Record<string, never>>;
  readonly timeout: number;
  readonly maxReconnectAttempts: number;
  readonly ignoreAuthErrorAbort: boolean;
  readonly reconnectTimeWait: number;
  readonly reconnectJitter: number;
  readonly pingInterval: number;
  readonly noAsyncTraces: boolean;
};
