// Defects in what is held: revisions, epochs, generations, snapshots, texts.
import type { ClientMutant } from "./mutant.ts";

const newest = "known !== undefined && known.revision >= status.revision ? known : status";

export const tableMutants: readonly ClientMutant[] = [
  {
    id: "client-fold/last-arrival-wins",
    defect: "whatever comes last is held",
    file: "table.ts",
    find: `const newest = ${newest};`,
    replace: "const newest = known === undefined || known !== status ? status : known;",
  },
  {
    id: "client-fold/answer-always-wins",
    defect: "the answer to Subscribe takes the place of what is held, whatever its revision",
    file: "fold.ts",
    find: "if (stands) putStatus(table, status, changes);",
    replace: "if (stands) table.statuses.set(status.userId, status);",
  },
  {
    id: "client-fold/answer-left-out",
    defect: "the status in the answer to Subscribe is left to the stream",
    file: "fold.ts",
    find: "if (status === undefined) continue;",
    replace: "if (status !== undefined || stands) continue;",
  },
  {
    id: "client-fold/query-left-out",
    defect: "the answer to a query goes to its caller only",
    file: "table.ts",
    find: "if (table.statuses.has(userId) || table.rows.has(userId)) {",
    replace: 'if (userId === "") {',
  },
  {
    id: "client-fold/single-precision",
    defect: "revisions are compared as numbers of single precision",
    file: "table.ts",
    find: newest,
    replace:
      "known !== undefined && Math.fround(Number(known.revision)) >= Math.fround(Number(status.revision)) ? known : status",
  },
  {
    id: "client-fold/first-of-frame",
    defect: "of a frame of live events only the first is looked at",
    file: "watch-stream.ts",
    find: "for (const { event } of frame.events) reader.take(event);",
    replace:
      'for (const { event } of frame.events[0]?.event.case === "hello" ? frame.events : frame.events.slice(0, 1)) reader.take(event);',
  },
  {
    id: "client-fold/still-visible-dropped",
    defect: "the status goes with the row, also where the target is still visible",
    file: "fold.ts",
    find: "if (!stillVisible) dropStatus(table, userId, changes);",
    replace: "dropStatus(table, userId, changes);",
  },
  {
    id: "client-fold/self-last-arrival",
    defect: "the own status is whatever came last",
    file: "table.ts",
    find: "if (previous?.status !== undefined && previous.status.revision >= self.status.revision) return;",
    replace: "",
  },
  {
    id: "client-fold/text-merged",
    defect: "a status without a text keeps the text of the one before",
    file: "table.ts",
    find: newest,
    replace: `${newest.slice(0, -"status".length)}{ ...status, customStatus: status.customStatus ?? known?.customStatus }`,
  },
  {
    id: "client-epoch/nothing-dropped",
    defect: "a new epoch changes nothing of what is held",
    file: "table.ts",
    find: "    clearTable(table, changes);\n    table.leftEpochs.set",
    replace: "    table.leftEpochs.set",
  },
  {
    id: "client-epoch/self-kept",
    defect: "the own status outlives its epoch",
    file: "table.ts",
    find: "  table.self = undefined;\n",
    replace: "",
  },
  {
    id: "client-epoch/follows-late-answer",
    defect: "a late answer of an epoch that was left brings it back",
    file: "fold.ts",
    find: 'if (epoch === "" || table.leftEpochs.has(epoch)) return false;',
    replace: 'if (epoch === "") return false;',
  },
  {
    id: "client-epoch/rows-kept",
    defect: "rows outlive their epoch",
    file: "table.ts",
    find: "  table.rows.clear();\n",
    replace: "",
  },
  {
    id: "client-generation/not-compared",
    defect: "the end of any generation ends the row",
    file: "fold.ts",
    find: "if (held !== undefined && held.generation > generation) return;",
    replace: "",
  },
  {
    id: "client-generation/only-equal",
    defect: "only the end of exactly the generation held ends the row",
    file: "fold.ts",
    find: "held.generation > generation) return;\n  endRow",
    replace: "held.generation !== generation) return;\n  endRow",
  },
  {
    id: "client-generation/late-answer-believed",
    defect: "a late answer brings a row back whose end was told",
    file: "table.ts",
    find: "if (ended !== undefined && row.generation <= ended) return false;",
    replace: "",
  },
  {
    id: "client-generation/status-kept",
    defect: "the status outlives its row",
    file: "fold.ts",
    find: "if (!stillVisible) dropStatus(table, userId, changes);",
    replace: "",
  },
  {
    id: "client-snapshot/nothing-dropped",
    defect: "at snapshot_end nothing is dropped",
    file: "fold.ts",
    find: "if (seen === undefined) return;\n",
    replace: "if (seen !== table.seen) return;\n",
  },
  {
    id: "client-snapshot/resumed-too",
    defect: "what a RESUMED stream does not name is dropped as well",
    file: "fold.ts",
    find: "if (event.value.resumeResult === ResumeResult.RESUMED) table.seen = undefined;",
    replace: "",
  },
  {
    id: "client-snapshot/at-hello",
    defect: "everything is dropped when the snapshot begins",
    file: "fold.ts",
    find: "if (event.value.resumeResult === ResumeResult.RESUMED) table.seen = undefined;",
    replace:
      "if (event.value.resumeResult === ResumeResult.RESUMED) table.seen = undefined;\n    else clearTable(table, changes);",
  },
  {
    id: "client-snapshot/forgets-subscribed-since",
    defect: "a Subscribe in the middle of a snapshot is forgotten at its end",
    file: "fold.ts",
    find: "    table.seen?.rows.add(subscription.userId);\n    table.seen?.statuses.add(subscription.userId);\n",
    replace: "",
  },
  {
    id: "client-snapshot/rows-kept",
    defect: "rows that the snapshot does not name stay, and their statuses with them",
    file: "fold.ts",
    find: "if (seen.rows.has(row.userId)) continue;",
    replace: "if (row.generation >= 0n) continue;",
  },
  {
    id: "client-expiry/shown-by-own-clock",
    defect: "the application is not shown a text whose end has passed",
    file: "client.ts",
    find: "    return this.#table.statuses;\n",
    replace: `    return new Map(
      [...this.#table.statuses].map(([id, status]) => {
        const end = status.customStatus?.expireTime;
        return end !== undefined && timestampMs(end) < Date.now() ? [id, { ...status, customStatus: undefined }] : [id, status];
      }),
    );
`,
  },
  {
    id: "client-expiry/cut-when-it-comes",
    defect: "a text whose end has passed by the own clock is cut off when it comes",
    file: "table.ts",
    find: "  if (newest === previous) return;\n  table.remembered",
    replace: `  const end = newest.customStatus?.expireTime;
  if (end !== undefined && timestampMs(end) < Date.now()) newest.customStatus = undefined;
  if (newest === previous) return;
  table.remembered`,
  },
];
