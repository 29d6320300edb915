// The table against a Map, which keeps the place of a key that is set again, too.
import { create } from "@bufbuild/protobuf";
import { UserStatusSchema } from "@userstatus/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Event, type Place, type Waiting, WaitingTable } from "./table.ts";

const status = (user: number, revision: number): Waiting => {
  const value = create(UserStatusSchema, { userId: `${user}`, revision: BigInt(revision) });
  return { key: `s ${user}`, event: { case: "status", value }, expireMs: Number.POSITIVE_INFINITY };
};
const other = (user: number): Waiting => {
  const event: Event = { case: "synced", value: { $typeName: "userstatus.v1.Synced", marker: `${user}` } };
  return { key: `r ${user}`, event, expireMs: Number.POSITIVE_INFINITY };
};

type Step = { readonly do: "status" | "other" | "drop" | "take" | "clear" | "reset"; readonly user: number };

function run(steps: readonly Step[]): void {
  const table = new WaitingTable();
  const places: Place[] = Array.from({ length: 200 }, () => ({ waiting: -1 }));
  const placeOf = ({ key }: Waiting): Place | undefined => places[Number(key.slice(2))];
  const model = new Map<string, Waiting>();
  const held = (): Waiting[] => table.entries.filter((entry) => entry !== undefined);
  let revision = 0;
  for (const { do: what, user } of steps) {
    const place = places[user] ?? { waiting: -1 };
    if (what === "status") {
      const news = status(user, ++revision);
      table.putStatus(news, place);
      model.set(news.key, news);
    } else if (what === "other") {
      const entry = other(user);
      table.put(entry);
      model.set(entry.key, entry);
    } else if (what === "drop") {
      table.dropStatus(place);
      model.delete(`s ${user}`);
    } else if (what === "take") {
      const count = Math.min(user, table.entries.length);
      for (const entry of table.entries.slice(0, count)) if (entry) model.delete(entry.key);
      table.removeFirst(count);
    } else if (what === "clear") {
      table.clear();
      model.clear();
    } else table.reset(held(), placeOf);
    expect(held()).toEqual([...model.values()]);
    expect(table.size).toBe(model.size);
  }
}

const step = fc.record<Step>({
  do: fc.constantFrom("status", "status", "other", "other", "drop", "take", "clear", "reset"),
  user: fc.nat({ max: 5 }),
});

test("the latest value of each key, in order of first arrival, whatever leaves or is dropped between", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), run));
});

test("many holes make it sparse, until it is put in order again", () => {
  const table = new WaitingTable();
  const places: Place[] = Array.from({ length: 200 }, () => ({ waiting: -1 }));
  for (const [user, place] of places.entries()) table.putStatus(status(user, 1), place);
  expect(table.isSparse).toBe(false);
  for (const place of places.slice(0, 150)) table.dropStatus(place);
  expect([table.isSparse, table.size, table.entries.length]).toEqual([true, 50, 200]);
  table.reset(
    table.entries.filter((entry) => entry !== undefined),
    ({ key }) => places[Number(key.slice(2))],
  );
  expect([table.isSparse, table.size, table.entries.length]).toEqual([false, 50, 50]);
  const [, last] = [places[0], places[199]];
  if (last) table.putStatus(status(199, 2), last);
  expect(table.size).toBe(50);
  expect(table.entries.at(-1)).toEqual(status(199, 2));
});
