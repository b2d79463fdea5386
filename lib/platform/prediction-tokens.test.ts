import { describe, expect, it } from "vitest";
import type { TokenContent } from "#core/performance/feedback.ts";
import { SettingsReader } from "./config.ts";
import { PredictionTokens, readTokenSecret } from "./prediction-tokens.ts";

const secret = "a secret of the cluster";
const tokens = new PredictionTokens(secret);
const content: TokenContent = {
  ...{
    model: "credit",
    version: 2,
    predictionId: new Uint8Array(16).fill(7),
    timeUs: 1e15,
    rows: 2,
  },
  outputs: [
    { name: "label", values: ["approved", ""] },
    { name: "probabilities.denied", values: [0.1, 0.9] },
  ],
};

describe("prediction tokens", () => {
  it("say what was predicted, to whoever has the secret", () => {
    const token = tokens.sign(content) ?? new Uint8Array();
    expect(tokens.open(token)).toEqual(content);
    expect(new PredictionTokens(`${secret}.`).open(token)).toBeUndefined();
  });

  it("are worth nothing with a single bit changed, or cut short", () => {
    const token = tokens.sign(content) ?? new Uint8Array();
    for (let at = 0; at < token.length; at += 1) {
      const changed = token.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(tokens.open(changed)).toBeUndefined();
      expect(tokens.open(token.subarray(0, at))).toBeUndefined();
    }
  });

  it("are not made where they would be very long", () => {
    const values = Array.from({ length: 1_000 }, () => "x".repeat(100));
    const outputs = [{ name: "label", values }];
    expect(tokens.sign({ ...content, rows: 1_000, outputs })).toBeUndefined();
  });
});

it("takes no secret that could be guessed", () => {
  const read = (text: string) => {
    const reader = new SettingsReader({ SLUICE_TOKEN_SECRET: text });
    const found = readTokenSecret(reader);
    reader.finish();
    return found;
  };
  expect(read("")).toBeUndefined();
  expect(read("0123456789abcdef")).toBe("0123456789abcdef");
  expect(() => read("short")).toThrow(/SLUICE_TOKEN_SECRET has fewer than 16 characters/);
});
