import { expect, it } from "vitest";
import { parseNatsUrl } from "./address.ts";

it("reads a host and a port, 4222 where none is given", () => {
  expect(parseNatsUrl("nats://broker:4333").servers).toEqual(["broker:4333"]);
  expect(parseNatsUrl("nats://broker").servers).toEqual(["broker:4222"]);
  expect(parseNatsUrl("nats://[::1]:4333").servers).toEqual(["[::1]:4333"]);
});

it("takes a lone user for a token, and a pair for user and password", () => {
  expect(parseNatsUrl("nats://se%2Fcret@a:1")).toMatchObject({ token: "se/cret", user: undefined });
  expect(parseNatsUrl("nats://me:pw@a:1")).toMatchObject({ user: "me", password: "pw" });
  expect(parseNatsUrl("nats://a:1")).toMatchObject({ token: undefined, user: undefined });
});

it("takes several servers with the credentials of the first that has some", () => {
  const address = parseNatsUrl("nats://a:1, nats://t@b:2");
  expect(address).toMatchObject({ servers: ["a:1", "b:2"], token: "t", isTls: false });
  expect(parseNatsUrl("tls://a:1").isTls).toBe(true);
});

it.each([
  "",
  "broker:4222",
  "http://a:1",
  "nats://",
  "nats://a:99999",
  "nats://a/b",
  "nats://a:1,",
  "nats://%zz@a:1",
])("refuses %j", (text) => {
  expect(() => parseNatsUrl(text)).toThrow(/NATS_URL must be like nats:\/\/host:4222/);
});

it("keeps credentials out of the message", () => {
  const refused = () => parseNatsUrl("nats://user:hunter2@a:99999,nats://token2@b");
  expect(refused).toThrow("…@a:99999");
  expect(refused).not.toThrow(/hunter2|token2/);
});
