import type { Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { TestConnection } from "../../test/support/connections.ts";
import { Acceptor, type AcceptorOptions } from "./acceptor.ts";

type Handed = { readonly gateway: number; readonly number: unknown; readonly connection: Socket };

let open = new AsyncDisposableStack();
afterEach(async () => {
  await open.disposeAsync();
  open = new AsyncDisposableStack();
});

async function listen(options: Partial<AcceptorOptions> = {}) {
  const handed: Handed[] = [];
  const acceptor = await Acceptor.listen({
    listen: { host: "127.0.0.1", port: 0, setting: "TEST" },
    gateways: 2,
    hand: (gateway, { number }, connection) => handed.push({ gateway, number, connection }) > 0,
    ...options,
  });
  open.defer(() => acceptor.close());
  const connect = () => open.use(new TestConnection(acceptor.address));
  return { acceptor, handed, connect };
}

const gatewaysOf = (handed: readonly Handed[]) => handed.map(({ gateway }) => gateway);

it("lets connections wait until a gateway is up, in the order they came", async () => {
  const { acceptor, handed, connect } = await listen();
  for (const connection of [connect(), connect()]) await connection.connected;
  await expect.poll(() => acceptor.waiting).toBe(2);
  acceptor.ready(1);
  expect(handed).toMatchObject([{ gateway: 1, number: 1 }]);
  acceptor.took(1, { taken: 1, open: 1 });
  expect(handed).toMatchObject([{}, { gateway: 1, number: 2 }]);
  expect(acceptor.open).toEqual([0, 1]);
});

it("hands over one at a time to each, first to those that serve", async () => {
  const { acceptor, handed, connect } = await listen();
  for (const gateway of [0, 1]) acceptor.ready(gateway);
  acceptor.serving(1, true);
  for (const connection of [connect(), connect(), connect()]) await connection.connected;
  await expect.poll(() => acceptor.waiting).toBe(2);
  expect(gatewaysOf(handed)).toEqual([1]);
  acceptor.serving(0, true);
  expect(gatewaysOf(handed)).toEqual([1, 0]);
  expect(acceptor.waiting).toBe(1);
});

it("gives to another what a gateway has not taken when it stops or ends", async () => {
  for (const event of ["stopping", "ended"] as const) {
    const { acceptor, handed, connect } = await listen();
    acceptor.ready(0);
    const connection = connect();
    await expect.poll(() => handed.length).toBe(1);
    acceptor[event](0);
    expect(acceptor.waiting).toBe(1);
    acceptor.ready(1);
    expect(gatewaysOf(handed)).toEqual([0, 1]);
    expect(handed[1]?.connection).toBe(handed[0]?.connection);
    expect(connection.isOpen).toBe(true);
  }
});

it("keeps the places of connections that it takes back", async () => {
  const { acceptor, handed, connect } = await listen();
  for (let waiting = 1; waiting <= 3; waiting += 1) {
    connect();
    await expect.poll(() => acceptor.waiting).toBe(waiting);
  }
  for (const gateway of [0, 1]) acceptor.ready(gateway);
  for (const gateway of [0, 1]) acceptor.stopping(gateway);
  expect(acceptor.waiting).toBe(3);
  const [first, second] = handed.splice(0).map(({ connection }) => connection);
  acceptor.ready(0);
  for (const taken of [2, 3]) acceptor.took(0, { taken, open: taken });
  expect(handed.map(({ connection }) => connection).slice(0, 2)).toEqual([first, second]);
  expect(handed).toHaveLength(3);
});

it("gives to another what cannot be sent", async () => {
  const gone: number[] = [];
  const { acceptor, connect } = await listen({
    hand: (gateway) => {
      gone.push(gateway);
      return gateway === 1;
    },
  });
  for (const gateway of [0, 1]) acceptor.ready(gateway);
  connect();
  await expect.poll(() => gone).toEqual([0, 1]);
});

it("keeps its copy of a connection until it has been taken", async () => {
  const { acceptor, handed, connect } = await listen();
  acceptor.ready(0);
  connect();
  await expect.poll(() => handed.length).toBe(1);
  acceptor.took(0, { taken: 0, open: 0 });
  expect(handed[0]?.connection.destroyed).toBe(false);
  acceptor.took(0, { taken: 1, open: 1 });
  expect(handed[0]?.connection.destroyed).toBe(true);
});

it("closes what waits too long, what is not taken in time, and what is too many", async () => {
  const limits = { waitingMax: 2, waitMsMax: 0, takeMsMax: 0 };
  const { acceptor, connect } = await listen(limits);
  const answers = [connect(), connect(), connect()].map((connection) => connection.greet());
  expect(await Promise.all(answers)).toEqual(["closed", "closed", "closed"]);
  acceptor.ready(0);
  expect(await connect().greet()).toBe("closed");
  expect(acceptor.closed).toBe(4);
});

it("prefers others to one that did not take a connection in time, until it speaks", async () => {
  const { acceptor, handed, connect } = await listen({ takeMsMax: 0 });
  acceptor.ready(0);
  acceptor.serving(0, true);
  expect(await connect().greet()).toBe("closed");
  acceptor.ready(1);
  acceptor.serving(1, true);
  connect();
  await expect.poll(() => gatewaysOf(handed)).toEqual([0, 1]);
  acceptor.took(1, { taken: 1, open: 1 });
  acceptor.took(0, { taken: 1, open: 0 });
  connect();
  await expect.poll(() => gatewaysOf(handed)).toEqual([0, 1, 0]);
});

it("closes everything it still has when it closes", async () => {
  const { acceptor, connect } = await listen();
  acceptor.ready(0);
  const answers = [connect(), connect()].map((connection) => connection.greet());
  await expect.poll(() => acceptor.waiting).toBe(1);
  acceptor.close();
  expect(await Promise.all(answers)).toEqual(["closed", "closed"]);
  expect(await new TestConnection(acceptor.address).greet()).toBe("refused");
});
