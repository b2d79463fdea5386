import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, it } from "vitest";
import { Outbox } from "#core/link/outbox.ts";
import { TurnWriter } from "./turn-writer.ts";

function writer() {
  const outbox = new Outbox<string, string>();
  const messages: string[][] = [];
  const done: (() => void)[] = [];
  const turns = new TurnWriter({
    outbox,
    write: (frames, written) => {
      messages.push(frames.map((frame) => (frame.kind === "control" ? frame.frame : frame.kind)));
      done.push(written);
    },
  });
  const send = (frame: string) => {
    outbox.control(frame, 1);
    turns.schedule();
  };
  return { turns, messages, done, send };
}

it("puts everything of a turn into one message", async () => {
  const { messages, send } = writer();
  send("a");
  send("b");
  expect(messages).toEqual([]);
  await nextTurn();
  expect(messages).toEqual([["a", "b"]]);
});

it("waits for one message to be passed on before it writes the next", async () => {
  const { messages, done, send } = writer();
  send("a");
  await nextTurn();
  send("b");
  send("c");
  await nextTurn();
  expect(messages).toEqual([["a"]]);
  done[0]?.();
  await nextTurn();
  expect(messages).toEqual([["a"], ["b", "c"]]);
});

it("writes at once when told to, and not again at the end of the turn", async () => {
  const { turns, messages, send } = writer();
  send("a");
  turns.flush();
  expect(messages).toEqual([["a"]]);
  await nextTurn();
  expect(messages).toHaveLength(1);
});

it("writes nothing once closed", async () => {
  const { turns, messages, send } = writer();
  send("a");
  turns.close();
  turns.flush();
  await nextTurn();
  expect(messages).toEqual([]);
});
