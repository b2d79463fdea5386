import fc from "fast-check";
import { expect, test } from "vitest";
import { ReplyOrder } from "./reply-order.ts";

type Reply = { readonly id: number; readonly payload: Uint8Array };

function ordered() {
  const sent: number[] = [];
  const order = new ReplyOrder<Reply>({ chunkBytes: 10, send: ({ id }) => void sent.push(id) });
  const reply = (id: number, bytes = 1) => order.reply({ id, payload: new Uint8Array(bytes) });
  return { sent, order, reply };
}

test("holds a reply until those before it have gone", () => {
  const { sent, order, reply } = ordered();
  for (const id of [5, 6, 7]) order.arrived(id);
  reply(7);
  reply(6);
  expect(sent).toEqual([]);
  reply(5);
  expect(sent).toEqual([5, 6, 7]);
});

test("lets go at once what is in no order", () => {
  const { sent, order, reply } = ordered();
  order.arrived(1);
  reply(2);
  expect(sent).toEqual([2]);
});

test("does not wait for what was cancelled, and says what it held", () => {
  const { sent, order, reply } = ordered();
  for (const id of [1, 2, 3]) order.arrived(id);
  reply(2);
  reply(3);
  expect([order.drop(2), order.drop(1), order.drop(9)]).toEqual([true, false, false]);
  expect(sent).toEqual([3]);
});

test("waits for the last piece of a large reply", () => {
  const { sent, order, reply } = ordered();
  for (const id of [1, 2, 3]) order.arrived(id);
  reply(1, 11);
  reply(2, 11);
  reply(3);
  expect(sent).toEqual([1]);
  order.left(3);
  expect(sent).toEqual([1]);
  order.left(1);
  expect(sent).toEqual([1, 2]);
  order.drop(2);
  expect(sent).toEqual([1, 2, 3]);
});

test("sends everything that is not dropped, in order", () => {
  const step = fc.record({ place: fc.double({ min: 0, max: 1, noNaN: true }), bytes: fc.nat(20) });
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.boolean())), (steps) => {
      const { sent, order, reply } = ordered();
      for (const id of steps.keys()) order.arrived(id);
      const answered = steps
        .map(([{ place, bytes }, isDropped], id) => ({ id, place, bytes, isDropped }))
        .sort((one, other) => one.place - other.place);
      let leftCount = 0;
      const leave = () => {
        for (; leftCount < sent.length; leftCount += 1) order.left(sent[leftCount] ?? -1);
      };
      for (const { id, bytes, isDropped } of answered) {
        if (isDropped) order.drop(id);
        else reply(id, bytes);
        leave();
      }
      const kept = steps.flatMap(([, isDropped], id) => (isDropped ? [] : [id]));
      expect(sent).toEqual(kept);
    }),
  );
});
