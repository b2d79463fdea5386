import { expect, it } from "vitest";
import { SettingsReader } from "#platform/config.ts";
import { readWebhooks } from "./webhook-settings.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

function read(webhooks: string | undefined, of: string | undefined = secret) {
  const env = { SLUICE_ALERT_WEBHOOKS: webhooks, SLUICE_ALERT_WEBHOOK_SECRET: of };
  const reader = new SettingsReader(env);
  const read = readWebhooks(reader);
  reader.finish();
  return read;
}

it("has none where none are set, with a secret and without", () => {
  expect(read(undefined, undefined)).toEqual([]);
  expect(read(" , ")).toEqual([]);
});

it("has each address once", () => {
  const found = read("http://a:8080/x, https://b/y?z=1,http://a:8080/x");
  expect(found.map(({ url }) => url.href)).toEqual(["http://a:8080/x", "https://b/y?z=1"]);
  expect(found[0]?.secret.byteLength).toBe(24);
});

it("tells what is wrong without telling the address or the secret", () => {
  const failed = () => read("https://a/private,ftp://private/,private", "private");
  expect(failed).toThrow(/SECRET must be of 24 to 64 bytes.*number 2 is no http.*number 3 is no/);
  expect(failed).not.toThrow(/private/);
  expect(() => read("https://a/", "")).toThrow("SLUICE_ALERT_WEBHOOK_SECRET is not set");
  const many = Array.from({ length: 17 }, (_, index) => `http://a/${index}`).join();
  expect(() => read(many)).toThrow("has 17 addresses, at most 16");
});
