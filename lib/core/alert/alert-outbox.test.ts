import { expect, it } from "vitest";
import { sampleChange } from "../../../test/support/alerts.ts";
import { AlertOutbox } from "./alert-outbox.ts";

it("keeps changes until they are told", () => {
  const outbox = new AlertOutbox(10);
  outbox.add([change("x"), change("y")]);
  const [x] = outbox.waiting;
  if (x !== undefined) outbox.remove(x);
  expect(outbox.waiting).toMatchObject([{ feature: "y" }]);
});

it("goes on from what was saved, and gives up the oldest where too many wait", () => {
  const before = new AlertOutbox(2);
  before.add(["a", "b", "c"].map(change));
  const outbox = new AlertOutbox(2, structuredClone(before.state()));
  expect(outbox.waiting).toMatchObject([{ feature: "b" }, { feature: "c" }]);
  outbox.add([change("d"), change("e")]);
  expect(outbox.state()).toMatchObject({ changes: [{ feature: "d" }, {}], dropped: 3 });
});

function change(feature: string) {
  return sampleChange({ feature });
}
