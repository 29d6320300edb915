// What a new Watch is told first: everything (RESET), or what changed since its cursor (RESUMED). Implements SPEC §11.1, §11.3.
import { type SelfStatus, SubscriptionEndReason, type UserStatus } from "@userstatus/protocol";
import type { EndedRow, RowRecord, UserRecord } from "../core/model.ts";
import { sortedRows } from "../core/rows.ts";
import type { Rules } from "../core/rules.ts";
import type { StatusOf } from "../core/shared-status.ts";
import { isKnown, rowView, selfStatus } from "../core/views.ts";
import type { Event, Watch } from "./watch.ts";

export type Assembled = [key: string, event: Event, expireMs: number];

export interface OpeningInput {
  readonly watch: Watch;
  readonly rules: Rules;
  readonly statusOf: StatusOf;
  readonly record: Readonly<UserRecord>;
  /** Records of the visible targets. */
  readonly targets: ReadonlyMap<string, Readonly<UserRecord>>;
  readonly friends: readonly string[];
  /** Change number to go on from; undefined: everything. */
  readonly sinceSeq: number | undefined;
  readonly hello: Event;
  readonly snapshotEnd: Event;
}

/** Whether what changed since a cursor can still be told without a gap. */
export function canResume(
  record: Readonly<UserRecord>,
  sinceSeq: number,
  appSeq: number,
  featuresSeq: number,
): boolean {
  return (
    sinceSeq <= appSeq &&
    sinceSeq >= record.endedForgottenSeq &&
    sinceSeq >= record.friendsSeq &&
    sinceSeq >= featuresSeq
  );
}

/** Puts the opening in order: hello, self, rows with their statuses, friends, what came meanwhile, snapshot_end. */
export function assembleOpening(input: OpeningInput, meanwhile: ReadonlyMap<string, Event>): Assembled[] {
  const { watch, rules, record, sinceSeq } = input;
  const changed = (seq: number): boolean => sinceSeq === undefined || seq > sinceSeq;
  const rest = new Map(meanwhile);
  const out: Assembled[] = [["hello", input.hello, Number.POSITIVE_INFINITY]];
  const put = (key: string, event: Event, expireMs = Number.POSITIVE_INFINITY): void => {
    out.push([key, event, expireMs]);
    rest.delete(key);
  };
  if (changed(record.selfSeq)) {
    const self = selfStatus(record, rules);
    watch.noteSelf(self);
    put("self", newerSelf(rest.get("self"), self));
  }
  for (const friend of input.friends) {
    const of = input.targets.get(friend);
    const seen = watch.visible.get(friend);
    if (!of || !seen?.friend || isKnown(of, rules)) continue;
    seen.gone = true;
    const reason = SubscriptionEndReason.TARGET_GONE;
    if (sinceSeq !== undefined && changed(of.statusSeq)) {
      putEnded(out, { target: friend, generation: 0, reason, seq: of.statusSeq }, watch);
    }
  }
  for (const ended of record.endedRows) {
    if (sinceSeq !== undefined && ended.seq > sinceSeq) putEnded(out, ended, watch);
  }
  const putStatus = (target: string, always: boolean): void => {
    const of = input.targets.get(target);
    if (!of || !isKnown(of, rules) || !watch.visible.has(target) || !(always || changed(of.statusSeq))) return;
    const status = input.statusOf(of);
    watch.noteCarried(status);
    put(`s ${target}`, newer(rest.get(`s ${target}`), status), of.custom?.expireMs ?? Number.POSITIVE_INFINITY);
  };
  for (const row of sortedRows(record)) {
    const isNew = changed(row.seq);
    const key = `r ${row.target}`;
    if (isNew) put(key, rest.get(key) ?? subscribed(row), row.expireMs ?? Number.POSITIVE_INFINITY);
    putStatus(row.target, isNew);
  }
  for (const friend of input.friends) if (!record.rows.has(friend)) putStatus(friend, false);
  for (const [key, event] of rest) out.push([key, event, Number.POSITIVE_INFINITY]);
  out.push(["snapshotEnd", input.snapshotEnd, Number.POSITIVE_INFINITY]);
  return out;
}

function putEnded(out: Assembled[], ended: EndedRow, watch: Watch): void {
  const value = {
    $typeName: "userstatus.v1.SubscriptionEnded" as const,
    userId: ended.target,
    generation: BigInt(ended.generation),
    reason: ended.reason || SubscriptionEndReason.EXPIRED,
    stillVisible: watch.shows(ended.target, ended.reason),
  };
  // A key of its own: the row that came after it keeps its place behind it.
  out.push([`e ${ended.target} ${ended.generation}`, { case: "subscriptionEnded", value }, Number.POSITIVE_INFINITY]);
}

function subscribed(row: RowRecord): Event {
  return { case: "subscribed", value: rowView(row) };
}

function newerSelf(meanwhile: Event | undefined, read: SelfStatus): Event {
  const held = meanwhile?.case === "self" ? meanwhile.value : undefined;
  return { case: "self", value: (held?.status?.revision ?? -1n) > (read.status?.revision ?? 0n) && held ? held : read };
}

function newer(meanwhile: Event | undefined, read: UserStatus): Event {
  if (meanwhile?.case === "status" && meanwhile.value.revision > read.revision) return meanwhile;
  return { case: "status", value: read };
}
