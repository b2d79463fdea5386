import { expect, test } from "vitest";
import { divideWindow } from "./divide-window.ts";

const mebibyte = 1024 * 1024;
const whole = { requests: 128, requestBytes: 64 * mebibyte };
const idle = { requests: 0, requestBytes: 0, isShort: false };

test("one gateway has everything", () => {
  expect(divideWindow(whole, [idle])).toEqual([whole]);
});

test("idle ones keep four requests beside a busy one", () => {
  const windows = divideWindow(whole, [idle, { ...idle, requests: 60, isShort: true }, idle]);
  expect(windows.map(({ requests }) => requests)).toEqual([4, 120, 4]);
});

test("one that uses bytes gets requests with them", () => {
  const [images, others] = divideWindow(whole, [
    { requests: 10, requestBytes: 32 * mebibyte, isShort: false },
    idle,
  ]);
  expect(images?.requestBytes).toBeGreaterThan(60 * mebibyte);
  expect(others?.requests).toBe(4);
});

test("everybody may begin something, however many there are", () => {
  const windows = divideWindow({ ...whole, requests: 4 }, new Array(50).fill(idle));
  expect(windows.every(({ requests, requestBytes }) => requests >= 1 && requestBytes > 0)).toBe(
    true,
  );
});
