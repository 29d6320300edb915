// Defects at each kind of seam: the ones that every way of making a mutant is tried with.
import type { Mutant } from "../mutant.ts";
import { answers, events, rules } from "../seam-tools.ts";

export const sampleMutants: readonly Mutant[] = [
  {
    id: "custom-bytes/one-too-many",
    defect: "The limit of the custom status is one byte too high.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => rules((before) => ({ customMaxBytes: before.customMaxBytes + 1 })),
  },
  {
    id: "query-result/failures-left-out",
    defect: "Users who failed are left out of the answer.",
    seams: () =>
      answers(["queryStatuses"], (answer) => ({
        ...answer,
        results: answer.results.filter((result: { result: { case?: string } }) => result.result.case === "status"),
      })),
  },
  {
    id: "unsub-ends/not-told",
    defect: "The end of a row by Unsubscribe is not told.",
    seams: () => events(() => (event) => (event.case === "subscriptionEnded" ? [] : [event])),
  },
];
