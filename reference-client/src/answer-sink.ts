// What becomes of the answers to a session's calls: typed results, with or without a table that they are folded into.
import type {
  QueryStatusesResponse,
  SelfStatus,
  SubscribedUser,
  SubscribeResponse,
  UnsubscribeResponse,
  UserStatus,
} from "@userstatus/protocol";
import { foldListed, foldQuery, foldSelf, foldSubscribed, foldUnsubscribed, generationsOf } from "./fold.ts";
import {
  type QueryOutcome,
  type SubscribeOutcome,
  toQueryOutcome,
  toSubscribeOutcome,
  toUnsubscribeOutcomes,
  type UnsubscribeOutcome,
} from "./results.ts";
import type { Change, StatusTable } from "./table.ts";

/** Takes what answers bring, before the caller gets it. */
export interface AnswerSink {
  readonly self: (epoch: string, self: SelfStatus | undefined) => void;
  readonly query: (answer: QueryStatusesResponse) => QueryOutcome[];
  readonly subscribed: (answer: SubscribeResponse) => SubscribeOutcome[];
  readonly listed: (epoch: string, users: readonly SubscribedUser[]) => void;
  /** Called before the call is made; what it gives takes the answer. */
  readonly unsubscribing: (userIds: readonly string[]) => (answer: UnsubscribeResponse) => UnsubscribeOutcome[];
}

/** Keeps nothing: for one call and away. */
export const plainSink: AnswerSink = {
  self: () => {},
  query: (answer) => answer.results.map(toQueryOutcome),
  subscribed: (answer) => answer.results.map(toSubscribeOutcome),
  listed: () => {},
  unsubscribing: (userIds) => (answer) => toUnsubscribeOutcomes(userIds, answer),
};

/** Folds into a table; `tell` is given the changes. */
export function createTableSink(table: StatusTable, tell: (changes: readonly Change[]) => void): AnswerSink {
  return {
    self: (epoch, self) => tell(foldSelf(table, epoch, self)),
    query: (answer) => {
      const outcomes = answer.results.map(toQueryOutcome);
      const statuses: UserStatus[] = [];
      for (const outcome of outcomes) if (outcome.ok) statuses.push(outcome.status);
      const { changes, newest } = foldQuery(table, answer.epoch, statuses);
      tell(changes);
      const byId = new Map(newest.map((status) => [status.userId, status]));
      // An answer that was overtaken by a later change gives the later one.
      return outcomes.map((outcome) =>
        outcome.ok ? { ...outcome, status: byId.get(outcome.userId) ?? outcome.status } : outcome,
      );
    },
    subscribed: (answer) => {
      const outcomes = answer.results.map(toSubscribeOutcome);
      const users: SubscribedUser[] = [];
      for (const { result } of answer.results) if (result.case === "subscribed") users.push(result.value);
      tell(foldSubscribed(table, answer.epoch, users));
      return outcomes.map((outcome) =>
        outcome.ok ? { ...outcome, status: table.statuses.get(outcome.userId) ?? outcome.status } : outcome,
      );
    },
    listed: (epoch, users) => tell(foldListed(table, epoch, users)),
    unsubscribing: (userIds) => {
      const generations = generationsOf(table, userIds);
      return (answer) => {
        foldUnsubscribed(table, answer.endedUserIds, generations);
        return toUnsubscribeOutcomes(userIds, answer);
      };
    },
  };
}
