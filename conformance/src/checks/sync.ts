import type { Bench, Check, TestWatch } from "../check.ts";
import { logInTimes, roomFor } from "./lib/c-actors.ts";
import { eventsOf } from "./lib/c-state.ts";

/** Sync with a marker of our own; answers its place on the stream. */
async function syncWith(watch: TestWatch, marker: string, from = 0): Promise<number> {
  await watch.session.raw.sync(marker);
  return watch.find(`synced with the marker ${JSON.stringify(marker)}`, markerAt(marker), from);
}

function markerAt(
  marker: string,
): (event: { case?: string | undefined; value?: unknown }, index: number) => number | undefined {
  return (event, index) =>
    event.case === "synced" && (event.value as { marker: string }).marker === marker ? index : undefined;
}

function markersOn(watch: TestWatch): string[] {
  return eventsOf(watch, "synced").map((event) => event.value.marker);
}

const own: Check[] = [
  {
    id: "sync-own/only-that-session",
    title: "the marker comes on the Watch of the session that called, and not on the user's other Watch",
    claims: ["multi_session"],
    applies: roomFor(2),
    async run(t: Bench) {
      const [first, second] = await logInTimes(t, await t.user(), 2);
      const [one, two] = [await first.watch(), await second.watch()];
      await syncWith(one, "marker-of-one");
      await syncWith(two, "marker-of-two");
      await one.fence();
      t.equal(
        [markersOn(one).includes("marker-of-one"), markersOn(two).includes("marker-of-one")],
        [true, false],
        "where the first came",
      );
      t.equal(
        [markersOn(one).includes("marker-of-two"), markersOn(two).includes("marker-of-two")],
        [false, true],
        "where the second came",
      );
    },
  },
  {
    id: "sync-own/not-on-others",
    title: "the marker does not come on another user's Watch, though he watches the caller",
    async run(t: Bench) {
      const me = await t.watcher();
      const them = await t.watcher();
      await them.session.subscribe([me.user.id]);
      await syncWith(me.watch, "mine");
      await syncWith(them.watch, "theirs");
      t.equal(
        markersOn(them.watch).filter((marker) => marker === "mine").length,
        0,
        "number of my markers on the other's Watch",
      );
      t.equal(markersOn(me.watch).filter((marker) => marker === "mine").length, 1, "number of my markers on mine");
    },
  },
  {
    id: "sync-own/once-each",
    title: "each Sync's marker comes once, also with several under way and with the same marker twice",
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      await session.raw.sync("several-1");
      await session.raw.sync("several-2");
      const first = await syncWith(watch, "the-same");
      await syncWith(watch, "the-same", first + 1);
      await watch.fence();
      const counts = ["several-1", "several-2", "the-same"].map(
        (marker) => markersOn(watch).filter((one) => one === marker).length,
      );
      t.equal(counts, [1, 1, 2], "how often the markers came");
    },
  },
];

const noWatch: Check[] = [
  {
    id: "sync-no-watch/before",
    title: "Sync of a session that never watched is refused with NO_OPEN_WATCH, and works once it watches",
    async run(t: Bench) {
      const session = await t.session();
      await t.refused(session.raw.sync("too-early"), "NO_OPEN_WATCH", "Sync before a Watch");
      const watch = await session.watch();
      await syncWith(watch, "in-time");
      t.ok(!markersOn(watch).includes("too-early"), "the marker of a Sync that was refused must not come");
    },
  },
  {
    id: "sync-no-watch/after",
    title: "Sync after the client ended its Watch is refused with NO_OPEN_WATCH, though the session lives",
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      await watch.fence();
      await watch.close();
      await session.heartbeat();
      await t.refused(session.raw.sync("too-late"), "NO_OPEN_WATCH", "Sync after the Watch was closed");
    },
  },
  {
    id: "sync-no-watch/of-another",
    title: "the open Watch of another session of the user does not serve",
    claims: ["multi_session"],
    applies: roomFor(2),
    async run(t: Bench) {
      const [watching, idle] = await logInTimes(t, await t.user(), 2);
      const watch = await watching.watch();
      await t.refused(idle.raw.sync("of-another"), "NO_OPEN_WATCH", "Sync of the session that does not watch");
      await watch.fence();
    },
  },
  {
    id: "sync-own/newer-watch",
    title: "after a Watch took another's place, the marker comes on the newer one",
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      await watch.fence();
      const newer = await session.watch();
      await syncWith(newer, "on-the-newer");
      await watch.end("the Watch that was replaced");
      t.equal(
        markersOn(watch).includes("on-the-newer"),
        false,
        "whether the marker came on the Watch that was replaced",
      );
    },
  },
];

const marker: Check[] = [
  {
    id: "sync-marker/taken",
    title: "markers of 1 and of 64 bytes, and every character from 0x20 to 0x7E, come back as they are",
    async run(t: Bench) {
      const { watch } = await t.watcher();
      const printable = Array.from({ length: 95 }, (_, place) => String.fromCharCode(0x20 + place)).join("");
      for (const one of ["x", " ", " in between ", "y".repeat(64), printable.slice(0, 64), printable.slice(64)])
        await syncWith(watch, one);
      t.ok(markersOn(watch).length >= 6, "six markers must come", markersOn(watch));
    },
  },
  {
    id: "sync-marker/refused",
    title:
      "an empty marker, one of 65 bytes, and one with other characters are refused with INVALID_FIELD, and nothing of them comes",
    async run(t: Bench) {
      const { watch } = await t.watcher();
      const refused = [
        "",
        "z".repeat(65),
        "caf\u00e9",
        "tab\there",
        "line\nend",
        "del\u007f",
        "nul\u0000",
        "\u{1f600}",
      ];
      for (const one of refused)
        await t.refused(watch.session.raw.sync(one), "INVALID_FIELD", `Sync with the marker ${JSON.stringify(one)}`);
      const at = await watch.fence();
      t.equal(
        eventsOf(watch, "synced").filter((event) => event.index < at).length,
        0,
        "number of markers that came of refused calls",
      );
    },
  },
];

/** Checks of markers: whose, which, and when there is none. */
export const syncChecks: readonly Check[] = [...own, ...noWatch, ...marker];
