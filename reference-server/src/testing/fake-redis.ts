// A Redis in memory, for tests of several nodes: atomic operations, messages that take their time, and faults on demand.
import { numberText } from "../store/redis/codec.ts";
import { bucketOf } from "../store/redis/keys.ts";
import { LinkDown, type LinkListener, type RedisLink } from "../store/redis/link.ts";

export interface FakeRedis {
  /** A node's link; nodes have names of their own. */
  readonly link: (node: string) => FakeLink;
  /** Operations fail with LinkDown while it is true. */
  down: boolean;
  /** How far its clock is behind, in milliseconds. */
  behindMs: number;
  /** Answers a way back to what stands now: what comes after it is lost then, and every node loses its connection. */
  readonly save: () => () => void;
}

export interface FakeLink extends RedisLink {
  /** Asked for each message to this node: whether it is lost, or how many times it comes. Default: once. */
  copies: () => number;
  /** Whether messages wait, until `flow`. */
  held: boolean;
  readonly flow: () => void;
  /** Whether its operations take some turns of the event loop, each as many as it likes: answers overtake one another. */
  slow: boolean;
  /** As after a loss of the connection: messages that waited are gone. */
  readonly reconnect: () => void;
}

interface Cell {
  version: number;
  status: string;
  rows: string;
  rowsVersion: number;
}

/** `nowMs`: wall time. Messages are delivered as microtasks, in order. */
export function createFakeRedis(nowMs: () => number): FakeRedis {
  const records = new Map<string, Cell>();
  const apps = new Map<string, string>();
  const due = new Map<string, number>();
  const clocks = new Map<string, string>();
  const calls = new Map<string, number[]>();
  const seqs = new Map<number, number>();
  const logs = new Map<number, number[]>();
  const links = new Map<string, FakeNode>();
  const state = { down: false, behindMs: 0 };
  const clock = (): number => Math.floor((nowMs() - state.behindMs) * 1000);

  let steps = 0;
  const nextSeq = (bucket: number, above: number): number => {
    steps++;
    const seq = Math.max((seqs.get(bucket) ?? 0) + 1 + (steps % 97), above + 1, clock());
    seqs.set(bucket, seq);
    logs.set(bucket, [...(logs.get(bucket) ?? []), seq]);
    return seq;
  };
  const publish = (channel: string, tell: (listener: LinkListener, ears: FakeNode) => void): number => {
    let ears = 0;
    for (const node of links.values()) {
      if (!node.channels.has(channel)) continue;
      ears++;
      node.push((listener) => tell(listener, node));
    }
    return ears;
  };
  const up = async (node: FakeNode): Promise<void> => {
    // As far away as a server is: never in the same turn.
    await Promise.resolve();
    await node.dawdle();
    if (state.down) throw new LinkDown("down");
  };

  class FakeNode {
    readonly channels = new Set<string>();
    listener: LinkListener | undefined;
    copies = (): number => 1;
    held = false;
    slow = false;
    #waits = 0;
    /** Some turns of the event loop, another number each time. */
    async dawdle(): Promise<void> {
      if (!this.slow) return;
      this.#waits = (this.#waits * 3 + 4) % 7;
      for (let turn = 0; turn < this.#waits; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    /** The highest change number of each bucket that it made. */
    readonly highest = new Map<number, number>();
    /** The same as it was each time when the connection was lost, until it was looked for. */
    suspects: ReadonlyMap<number, number>[] = [];
    /** How far the clock of Redis was behind when it was looked at last. */
    behindMs: number | undefined;
    watchClock(behindMs: number): void {
      if (behindMs > (this.behindMs ?? behindMs)) this.listener?.clockBack();
      this.behindMs = behindMs;
    }
    queue: ((listener: LinkListener) => void)[] = [];
    push(tell: (listener: LinkListener) => void, copies = this.copies()): void {
      for (let copy = 0; copy < copies; copy++) this.queue.push(tell);
      if (!this.held) queueMicrotask(() => this.flow());
    }
    flow(): void {
      for (const tell of this.queue.splice(0)) if (this.listener) tell(this.listener);
    }
  }

  const link = (name: string): FakeLink => {
    const node = new FakeNode();
    links.set(name, node);
    return {
      node: name,
      get held() {
        return node.held;
      },
      set held(held) {
        node.held = held;
      },
      get copies() {
        return node.copies;
      },
      set copies(copies) {
        node.copies = copies;
      },
      flow: () => node.flow(),
      get slow() {
        return node.slow;
      },
      set slow(slow) {
        node.slow = slow;
      },
      reconnect: () => {
        node.queue = [];
        node.listener?.resumed();
      },
      listen: (listener) => {
        node.listener = listener;
      },
      open: async () => {
        await up(node);
        node.channels.add(`node ${name}`);
        node.watchClock(state.behindMs);
      },
      load: async (appId, users, rowsKnown) => {
        await up(node);
        const read = users.map((user, at) => {
          const { version = 0, status = "", rows = "", rowsVersion = 0 } = records.get(user) ?? {};
          const isWanted = rowsKnown !== undefined && rowsKnown[at] !== rowsVersion;
          return { version, status, rows: isWanted ? rows : "", rowsVersion };
        });
        const answer = { app: apps.get(appId) ?? "", records: read };
        await node.dawdle();
        return answer;
      },
      cas: async ({ user, version, status, rows, dueMs, tell, clockOf }) => {
        await up(node);
        const cell = records.get(user) ?? { version: 0, status: "", rows: "", rowsVersion: 0 };
        if (cell.version !== version) return undefined;
        const seq = nextSeq(bucketOf(user), 0);
        cell.version = seq;
        cell.status = numberText(status, seq);
        if (rows !== undefined) Object.assign(cell, { rows: numberText(rows, seq), rowsVersion: cell.version });
        records.set(user, cell);
        if (dueMs === undefined) due.delete(user);
        else due.set(user, dueMs);
        if (clockOf !== undefined) clocks.set(user, clockOf);
        const message = { version: seq, status: cell.status };
        if (tell)
          publish(`user ${user}`, (listener, ears) => {
            ears.highest.set(bucketOf(user), Math.max(ears.highest.get(bucketOf(user)) ?? 0, seq));
            listener.changed(user, message);
          });
        node.highest.set(bucketOf(user), seq);
        return seq;
      },
      casApp: async (appId, before, after, seqAbove) => {
        await up(node);
        if ((apps.get(appId) ?? "") !== before) return undefined;
        const text = numberText(after, nextSeq(-1, seqAbove));
        apps.set(appId, text);
        publish(`app ${appId}`, (listener) => listener.appChanged(appId, text));
        return text;
      },
      claim: async (bucket, now, leaseMs, most) => {
        await up(node);
        const found = [...due].filter(([user, at]) => bucketOf(user) === bucket && at <= now).slice(0, most);
        for (const [user] of found) due.set(user, now + leaseMs);
        // One that dawdles gives them in another order.
        if (node.slow) found.reverse();
        return found.map(([user]) => user);
      },
      dueOf: async (appId, untilMs) => {
        await up(node);
        return [...due].filter(([user, at]) => clocks.get(user) === appId && at <= untilMs).map(([user]) => user);
      },
      charge: async ({ user, procedure }, { maxCalls, windowMs }, stoppedMs) => {
        await up(node);
        const now = stoppedMs ?? Math.floor(nowMs());
        const key = `${user}\n${procedure}`;
        const log = (calls.get(key) ?? []).filter((at) => at > now - windowMs);
        calls.set(key, log);
        if (log.length >= maxCalls) return { nowMs: now, refusedByMs: log[log.length - maxCalls] };
        log.push(now);
        return { nowMs: now, refusedByMs: undefined };
      },
      subscribeUser: async (user) => {
        await up(node);
        node.channels.add(`user ${user}`);
      },
      unsubscribeUser: (user) => void node.channels.delete(`user ${user}`),
      subscribeApp: async (appId) => {
        await up(node);
        node.channels.add(`app ${appId}`);
      },
      unsubscribeApp: (appId) => void node.channels.delete(`app ${appId}`),
      fence: async () => {
        await up(node);
        // As one that is not answered in time.
        if (node.held) throw new LinkDown("held");
        const number = clock() - 1;
        node.watchClock(state.behindMs);
        await new Promise<void>((resolve) => node.push(() => resolve(), 1));
        return number;
      },
      lost: async () => {
        await up(node);
        const looked = node.suspects.length > 0 ? node.suspects.splice(0) : [new Map(node.highest)];
        const known = looked.flatMap((numbers) => [...numbers]);
        if (!known.some(([bucket, seq]) => !logs.get(bucket)?.includes(seq))) return undefined;
        for (const [bucket, seq] of known) if (node.highest.get(bucket) === seq) node.highest.delete(bucket);
        return Math.max(...known.map(([, seq]) => seq));
      },
      ask: async (user, question) => {
        await up(node);
        return publish(`user ${user}`, (listener) => listener.asked(user, question));
      },
      answer: async (to, answer) => {
        await up(node);
        publish(`node ${to}`, (listener) => listener.answered(answer));
      },
      now: nowMs,
      close: async () => {
        links.delete(name);
      },
    };
  };
  const save = (): (() => void) => {
    const copies = [records, apps, due, clocks, calls, seqs, logs].map((map) =>
      structuredClone(map as Map<unknown, unknown>),
    );
    return () => {
      for (const [at, map] of [records, apps, due, clocks, calls, seqs, logs].entries()) {
        map.clear();
        for (const [key, value] of copies[at] ?? []) (map as Map<unknown, unknown>).set(key, value);
      }
      for (const node of links.values()) {
        node.suspects.push(new Map(node.highest));
        node.queue = [];
        node.listener?.interrupted();
        node.listener?.resumed();
      }
    };
  };
  return {
    link,
    save,
    get down() {
      return state.down;
    },
    set down(down) {
      state.down = down;
    },
    get behindMs() {
      return state.behindMs;
    },
    set behindMs(behindMs) {
      state.behindMs = behindMs;
    },
  };
}
