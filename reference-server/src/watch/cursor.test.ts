import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCursor, writeCursor } from "./cursor.ts";

const scope = { appId: "app", epoch: "e1", userId: "alice" };

describe("cursors", () => {
  it("come back as they were made", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seq) => {
        expect(readCursor(writeCursor(scope, seq), scope)).toEqual({ kind: "good", seq });
      }),
    );
  });

  it("of another user, epoch or app are foreign", () => {
    const cursor = writeCursor(scope, 7);
    for (const other of [{ userId: "bob" }, { epoch: "e2" }, { appId: "b" }]) {
      expect(readCursor(cursor, { ...scope, ...other })).toEqual({ kind: "foreign" });
    }
  });

  it("that are cut, changed or made up are malformed", () => {
    const cursor = writeCursor(scope, 7);
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Uint8Array.from(cursor);
        damaged[at] = (damaged[at] ?? 0) ^ change;
        expect(readCursor(damaged, scope).kind).toBe("malformed");
        expect(readCursor(cursor.subarray(0, at), scope).kind).toBe("malformed");
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(readCursor(bytes, scope).kind).toBe("malformed");
      }),
    );
  });
});
