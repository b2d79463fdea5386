import { Failure } from "#core/failure.ts";

/** Where the servers are and how to be let in, as the client library wants it. */
export type NatsAddress = {
  readonly servers: readonly string[];
  readonly token: string | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly isTls: boolean;
};

/**
 * Reads `nats://[token@ | user:password@]host[:port][,…]`, or `tls://` for an encrypted connection.
 * The first credentials named hold for every server. Throws a Failure that shows the address
 * without its credentials.
 */
export function parseNatsUrl(text: string): NatsAddress {
  const urls = text.split(",").map((part) => parseOne(part.trim(), text));
  const withUser = urls.find((url) => url.username !== "");
  const name = decodeURIComponent(withUser?.username ?? "");
  const password = decodeURIComponent(withUser?.password ?? "");
  const isToken = withUser !== undefined && withUser.password === "";
  return {
    servers: urls.map((url) => `${url.hostname}:${url.port || "4222"}`),
    token: isToken ? name : undefined,
    user: isToken || name === "" ? undefined : name,
    password: isToken || name === "" ? undefined : password,
    isTls: urls.some((url) => url.protocol === "tls:"),
  };
}

function parseOne(part: string, whole: string): URL {
  const url = URL.parse(part);
  const isUsable =
    url !== null &&
    ["nats:", "tls:"].includes(url.protocol) &&
    url.hostname !== "" &&
    ["", "/"].includes(url.pathname) &&
    url.search === "" &&
    isDecodable(url.username) &&
    isDecodable(url.password);
  if (isUsable) return url;
  const shown = whole.replace(/[^/@,]*@/g, "…@");
  throw new Failure(
    "invalid-argument",
    `NATS_URL must be like nats://host:4222 or nats://token@host:4222, not "${shown}"`,
  );
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
