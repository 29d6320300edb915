// Load of a fault run: users who set their text again and again, and watchers of all of them who come back by themselves. Everybody goes through the balancer.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { createUserStatusClient, type UserStatusClient } from "@userstatus/client";
import { Platform } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";

export interface Load {
  /** Changes that were answered. */
  readonly acknowledged: () => number;
  /** Nobody changes anything any more; what is under way is awaited. */
  readonly stop: () => Promise<void>;
  readonly start: () => void;
  /** What stands, against what was answered and what watchers hold. Once everybody is quiet. */
  readonly judge: () => Promise<Judged>;
  readonly close: () => Promise<void>;
}

export interface Judged {
  /** Answered changes that are there no more. */
  readonly lost: number;
  /** Watchers and targets of which the one holds something else than stands of the other. */
  readonly wrong: number;
}

interface Publisher {
  readonly id: string;
  readonly client: UserStatusClient;
  /** Number in the text that was answered last, and in one that was asked for. */
  answered: number;
  asked: number;
}

const app = "faults";
const callTimeoutMs = 2_500;
const pauseMs = 20;
const retryMs = 250;

export async function startLoad(url: string, adminUrl: string, publishers: number, watchers: number): Promise<Load> {
  const clientOf = (id: string): UserStatusClient =>
    createUserStatusClient({
      transport: createConnectTransport({ baseUrl: url, httpVersion: "1.1" }),
      token: `dev:${app}:${id}`,
      deviceId: "d",
      platform: Platform.LINUX,
      callTimeoutMs,
      backoff: { baseMs: 100, maxMs: 2_000 },
    });
  const all: Publisher[] = Array.from({ length: publishers }, (_, at) => {
    const id = `publisher-${at}`;
    return { id, client: clientOf(id), answered: 0, asked: 0 };
  });
  for (const { client } of all) await client.connect();
  const ids = all.map(({ id }) => id);
  const watching = Array.from({ length: watchers }, (_, at) => clientOf(`watcher-${at}`));
  for (const client of watching) {
    await client.connect();
    await client.subscribe(ids);
  }
  const admin = createClient(
    AdminService,
    createConnectTransport({
      baseUrl: adminUrl,
      httpVersion: "1.1",
      interceptors: [
        (next) => (request) => {
          request.header.set("Authorization", `Bearer dev-admin:${app}`);
          return next(request);
        },
      ],
    }),
  );
  let goes = false;
  let acknowledged = 0;
  let working: Promise<unknown> = Promise.resolve();

  const publish = async (publisher: Publisher): Promise<void> => {
    while (goes) {
      const number = ++publisher.asked;
      try {
        await publisher.client.setCustomStatus(`text ${number}`);
        publisher.answered = number;
        acknowledged++;
        await sleep(pauseMs);
      } catch {
        // Nobody knows what became of it. A client that was sent away comes back.
        if (publisher.client.connectionState === "DISCONNECTED") await publisher.client.connect().catch(() => {});
        await sleep(retryMs);
      }
    }
  };
  return {
    acknowledged: () => acknowledged,
    start: () => {
      goes = true;
      working = Promise.all(all.map(publish));
    },
    stop: async () => {
      goes = false;
      await working;
    },
    judge: async () => {
      const { results } = await admin.queryStatuses({ userIds: ids }, { timeoutMs: callTimeoutMs });
      let lost = 0;
      let wrong = 0;
      for (const { userId, result } of results) {
        const publisher = all.find(({ id }) => id === userId);
        const stands = result.case === "status" ? result.value : undefined;
        const number = Number(stands?.customStatus?.text.split(" ")[1] ?? 0);
        lost += Math.max(0, (publisher?.answered ?? 0) - number);
        for (const client of watching) {
          // A row that was lost with the rest is no watcher's fault: who has none sees nothing.
          if (!client.subscriptions.has(userId)) continue;
          const held = client.statuses.get(userId);
          if (held?.revision !== stands?.revision || held?.customStatus?.text !== stands?.customStatus?.text) wrong++;
        }
      }
      for (const client of watching) if (client.connectionState !== "CONNECTED") wrong++;
      return { lost, wrong };
    },
    close: async () => {
      await Promise.all([...all.map(({ client }) => client), ...watching].map((client) => client.close()));
    },
  };
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
