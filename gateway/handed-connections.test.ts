import { Socket } from "node:net";
import { expect, it } from "vitest";
import { HandedConnections } from "./handed-connections.ts";

function handed() {
  const served: Socket[] = [];
  const told: unknown[] = [];
  const connections = new HandedConnections({
    serve: (connection) => void served.push(connection),
    tell: (message) => void told.push(message),
  });
  return { connections, served, told };
}

it("tells at once that it took a connection, and later that it closed", async () => {
  const { connections, served, told } = handed();
  const [first, second] = [new Socket(), new Socket()];
  expect(connections.take({ type: "connection", number: 1 }, first)).toBe(true);
  expect(connections.take({ type: "connection", number: 2 }, second)).toBe(true);
  expect(served).toEqual([first, second]);
  expect(told).toEqual([
    { type: "connections", taken: 1, open: 1 },
    { type: "connections", taken: 2, open: 2 },
  ]);
  for (const socket of served) socket.destroy();
  await expect.poll(() => told.slice(2)).toEqual([{ type: "connections", taken: 2, open: 0 }]);
});

it("tells of a connection that was closed on its way as taken", () => {
  const { connections, served, told } = handed();
  expect(connections.take({ type: "connection", number: 7 }, undefined)).toBe(true);
  expect(served).toEqual([]);
  expect(told).toEqual([{ type: "connections", taken: 7, open: 0 }]);
});

it("takes none when it stops, and says nothing of it", () => {
  const { connections, served, told } = handed();
  connections.stop();
  const late = new Socket();
  expect(connections.take({ type: "connection", number: 1 }, late)).toBe(true);
  expect(late.destroyed).toBe(true);
  expect([served, told]).toEqual([[], []]);
});

it.each([undefined, null, "connection", { type: "model" }, { type: "connection" }])(
  "leaves %j to others",
  (message) => {
    expect(handed().connections.take(message, undefined)).toBe(false);
  },
);
