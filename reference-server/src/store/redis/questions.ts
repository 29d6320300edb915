// Sync is called on whichever node, and its marker goes out on the one that has the Watch: the call asks all nodes that listen to the user.
import type { StoreListener, WatchAnswer, WatchQuestion } from "../store.ts";
import { splitUserKey } from "./keys.ts";
import type { RedisLink } from "./link.ts";

export interface Questions {
  /** undefined: no node has it. */
  ask(user: string, question: WatchQuestion): Promise<WatchAnswer | undefined>;
  readonly asked: (user: string, text: string) => void;
  readonly answered: (text: string) => void;
  close(): void;
}

export interface QuestionsOptions {
  readonly link: RedisLink;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  readonly listener: () => StoreListener | undefined;
  readonly onFault: (fault: unknown) => void;
}

interface Asking extends WatchQuestion {
  readonly from: string;
  readonly number: number;
}

interface Answering {
  readonly number: number;
  /** null: not here. */
  readonly answer: WatchAnswer | null;
}

interface Open {
  /** Nodes that may have it and have not answered; undefined: not known yet. */
  left: number | undefined;
  none: number;
  readonly settle: (answer: WatchAnswer | undefined) => void;
}

/** Longest wait for other nodes: one that died may still be counted as a listener. */
const answerMs = 3_000;

export function createQuestions({ link, schedule, listener, onFault }: QuestionsOptions): Questions {
  const open = new Map<number, Open>();
  let numbers = 0;

  const countNone = (of: Open): void => {
    if (of.left !== undefined && of.none >= of.left) of.settle(undefined);
  };
  const answerTo = async (user: string, { from, number, sessionId, marker }: Asking): Promise<void> => {
    const { appId, userId } = splitUserKey(user);
    const answer = (await listener()?.asked?.(appId, userId, { sessionId, marker })) ?? null;
    const text: Answering = { number, answer };
    await link.answer(from, JSON.stringify(text));
  };

  return {
    ask: async (user, question) => {
      const number = ++numbers;
      const asking: Asking = { ...question, from: link.node, number };
      return await new Promise((resolve, reject) => {
        const cancel = schedule(answerMs, () => settle(undefined));
        const settle = (answer: WatchAnswer | undefined): void => {
          cancel();
          open.delete(number);
          resolve(answer);
        };
        const of: Open = { left: undefined, none: 0, settle };
        open.set(number, of);
        link.ask(user, JSON.stringify(asking)).then(
          (ears) => {
            of.left = ears;
            countNone(of);
          },
          (error: unknown) => {
            cancel();
            open.delete(number);
            reject(error);
          },
        );
      });
    },
    asked: (user, text) => void answerTo(user, JSON.parse(text) as Asking).catch(onFault),
    answered: (text) => {
      const { number, answer } = JSON.parse(text) as Answering;
      const of = open.get(number);
      if (of === undefined) return;
      if (answer !== null) of.settle(answer);
      else {
        of.none++;
        countNone(of);
      }
    },
    close: () => {
      for (const { settle } of open.values()) settle(undefined);
    },
  };
}
