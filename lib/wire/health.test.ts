import fc from "fast-check";
import { service } from "grpc-health-check";
import { describe, expect, it } from "vitest";
import { Failure } from "#core/failure.ts";
import { readHealthRequest, writeHealthList, writeHealthReply } from "./health.ts";

const status = fc.constantFrom("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN");
const name = fc.string({ unit: "grapheme", maxLength: 300 });

describe("messages of grpc.health.v1", () => {
  it("reads the requests that others write", () => {
    void fc.assert(
      fc.property(name, (asked) => {
        const bytes = service["Check"]?.requestSerialize({ service: asked });
        expect(readHealthRequest(bytes ?? Buffer.alloc(0))).toEqual({ service: asked });
      }),
    );
  });

  it("writes replies that others read", () => {
    void fc.assert(
      fc.property(status, (said) => {
        const bytes = writeHealthReply({ status: said });
        expect(service["Watch"]?.responseDeserialize(bytes)).toEqual({ status: said });
      }),
    );
  });

  it("writes lists that others read", () => {
    void fc.assert(
      fc.property(fc.dictionary(name, status, { noNullPrototype: true }), (said) => {
        const statuses = new Map(Object.entries(said));
        const bytes = writeHealthList({ statuses });
        const entries = Object.entries(said).map(([key, each]) => [key, { status: each }]);
        expect(service["List"]?.responseDeserialize(bytes)).toEqual({
          statuses: Object.fromEntries(entries),
        });
      }),
    );
  });

  it("reads or refuses any bytes at all", () => {
    void fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          expect(typeof readHealthRequest(bytes).service).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
    );
  });
});
