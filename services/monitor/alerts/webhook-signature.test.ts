import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseWebhookSecret, webhookHeaders } from "./webhook-signature.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

it("signs as the specification's libraries do", () => {
  const body = new TextEncoder().encode('{"test": 2432232314}');
  const content = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body };
  expect(webhookHeaders(keyOf(secret), content)).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
});

it("signs so that what docs/alerts.md tells receivers to do says yes, and only then", async () => {
  const page = readFileSync(new URL("../../../docs/alerts.md", import.meta.url), "utf8");
  const [, code = ""] = /```js\n([^`]*(?:`[^`]+`[^`]*)*)```/.exec(page) ?? [];
  const program = `const secret = "${secret}";${code}export { isFromSluice };`;
  const { isFromSluice } = await import(`data:text/javascript,${encodeURIComponent(program)}`);
  const body = new TextEncoder().encode("{}");
  const seconds = Math.floor(Date.now() / 1000);
  const headers = webhookHeaders(keyOf(secret), { id: "a", seconds, body });
  expect(isFromSluice(headers, body)).toBe(true);
  expect(isFromSluice({ ...headers, "webhook-id": "b" }, body)).toBe(false);
  expect(isFromSluice(headers, new TextEncoder().encode("{ }"))).toBe(false);
  expect(isFromSluice({}, body)).toBe(false);
  const old = webhookHeaders(keyOf(secret), { id: "a", seconds: seconds - 301, body });
  expect(isFromSluice(old, body)).toBe(false);
});

it("signs with the bytes of a plain text", () => {
  const text = "a secret of thirty bytes, or so";
  const headers = webhookHeaders(keyOf(text), { id: "a", seconds: 5, body: new Uint8Array([1]) });
  const mac = createHmac("sha256", text).update("a.5.\u0001").digest("base64");
  expect(headers["webhook-signature"]).toBe(`v1,${mac}`);
});

it("needs no padding", () => {
  const key = Buffer.alloc(32, 7);
  const padded = `whsec_${key.toString("base64")}`;
  expect(padded).toMatch(/=$/);
  expect(keyOf(padded)).toEqual(key);
  expect(keyOf(padded.replace("=", ""))).toEqual(key);
});

it.each([
  ["whsec_a!b", /base64/],
  ["whsec_", /24 to 64 bytes, not 0/],
  [`whsec_${Buffer.alloc(23).toString("base64")}`, /not 23/],
  [`whsec_${Buffer.alloc(65).toString("base64")}`, /not 65/],
  ["too short", /24 to 64 bytes, not 9/],
])("refuses %s as a secret", (text, problem) => {
  expect(parseWebhookSecret(text)).toEqual({ problem: expect.stringMatching(problem) });
});

function keyOf(text: string): Uint8Array {
  const key = parseWebhookSecret(text);
  if ("problem" in key) throw new Error(key.problem);
  return key;
}
