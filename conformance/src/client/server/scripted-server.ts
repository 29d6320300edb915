// The server that the suite plays: it answers as a check tells it, remembers what it was asked, and hands its Watches to the check.
import { create } from "@bufbuild/protobuf";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { show } from "../../bench/evaluate.ts";
import { NothingCame } from "../../failure.ts";
import type { Transcript } from "../../transcript/transcript.ts";
import { type Arrival, type Arrivals, arrivalsMax, createArrivals, type MethodName } from "./arrivals.ts";
import { createBook } from "./book.ts";
import { withCors } from "./cors.ts";
import { type Link, openLink } from "./link.ts";
import { openPort } from "./port.ts";
import { type Replies, type Reply, type ServerSettings, usualReplies } from "./replies.ts";
import { createWatchSource, type ServerWatch } from "./server-watch.ts";
import { tomorrowMessage, tomorrowService } from "./tomorrow.ts";

export interface ScriptedServer {
  readonly settings: ServerSettings;
  /** The way to it; its url is the client's. */
  readonly link: Link;
  readonly arrivals: Arrivals;
  /** Watches that were taken, oldest first. */
  readonly watches: readonly ServerWatch[];
  /** Answers so from now on. */
  readonly script: (replies: Replies) => void;
  /** Called with each Watch before it is taken; throws to refuse it. */
  readonly onWatch: (decide: (arrival: Arrival) => void) => void;
  /** The Watch number `at` (from 0); waits for it. */
  readonly watch: (what: string, at: number, limitMs: number) => Promise<ServerWatch>;
  readonly fenceRevision: { next: () => number; now: () => number };
  readonly close: () => Promise<void>;
}

export interface ScriptedServerOptions {
  readonly settings: ServerSettings;
  readonly user: string;
  readonly transcript: Transcript;
}

type Context = Pick<HandlerContext, "requestHeader" | "protocolName" | "signal">;

export async function openScriptedServer(options: ScriptedServerOptions): Promise<ScriptedServer> {
  const { settings, transcript } = options;
  const arrivals = createArrivals();
  const watches: ServerWatch[] = [];
  const book = createBook(options.user);
  const onMarker = (marker: string): boolean => {
    const open = watches.findLast((watch) => !watch.isOver());
    open?.send({ case: "synced", value: { marker } });
    return open !== undefined;
  };
  let replies: Required<Replies> = usualReplies({ settings, user: options.user, book, onMarker });
  let decideWatch = (_: Arrival): void => {};
  let revision = 1;

  const take = (method: MethodName, request: Readonly<Record<string, unknown>>, context: Context): Arrival => {
    if (arrivals.all.length >= arrivalsMax)
      throw new ConnectError("more calls than any client has to make", Code.ResourceExhausted);
    const id = transcript.nextId();
    const token = (context.requestHeader.get("authorization") ?? "").replace(/^Bearer /i, "");
    transcript.add({ kind: "asked", id, who: "client", method, text: shown(request) });
    return arrivals.add({ method, request, token, protocol: context.protocolName });
  };
  const unary =
    (method: Exclude<MethodName, "watch">) => async (request: Record<string, unknown>, context: Context) => {
      const arrival = take(method, request, context);
      const reply: Reply = replies[method];
      try {
        const answer = await reply(arrival);
        transcript.add({ kind: "replied", method, text: shown(answer) });
        return answer;
      } catch (error) {
        transcript.add({ kind: "replied", method, text: ConnectError.from(error).message });
        throw error;
      }
    };
  async function* watch(request: Record<string, unknown>, context: Context): AsyncGenerator<object> {
    const arrival = take("watch", request, context);
    const number = watches.length + 1;
    try {
      decideWatch(arrival);
    } catch (error) {
      transcript.add({ kind: "replied", method: "watch", text: ConnectError.from(error).message });
      throw error;
    }
    const source = createWatchSource({
      arrival,
      settings,
      fenceRevision: () => revision,
      onEvent: book.note,
      onFrame: (frame) => transcript.add({ kind: "told", method: `watch ${number}`, text: shown(frame) }),
      onNote: (text) => transcript.add({ kind: "note", text: `watch ${number}: ${text}` }),
    });
    context.signal.addEventListener("abort", source.clientLeft);
    watches.push(source.watch);
    taken.dispatchEvent(new Event("watch"));
    const schema = tomorrowMessage("WatchResponse");
    for await (const frame of source.frames()) yield create(schema, frame as Record<string, unknown>);
  }
  const taken = new EventTarget();
  const routes = (router: ConnectRouter): void => {
    const methods = Object.fromEntries(
      (Object.keys(replies) as Exclude<MethodName, "watch">[]).map((method) => [method, unary(method)]),
    );
    // The types of a service that is put together while the program runs are not known before.
    router.service(tomorrowService(), { ...methods, watch } as never);
  };
  const compression = settings.compression ? {} : { acceptCompression: [] };
  const port = await openPort(withCors(connectNodeAdapter({ routes, ...compression }) as never));
  const link = await openLink(port.port);
  return {
    settings,
    link,
    arrivals,
    watches,
    script: (more) => {
      replies = { ...replies, ...more };
    },
    onWatch: (decide) => {
      decideWatch = decide;
    },
    watch: (what, at, limitMs) => waitForWatch(taken, watches, { what, at, limitMs }),
    fenceRevision: { next: () => ++revision, now: () => revision },
    close: async () => {
      for (const open of watches) open.finish();
      await link.close();
      await port.close();
    },
  };
}

function waitForWatch(
  taken: EventTarget,
  watches: readonly ServerWatch[],
  { what, at, limitMs }: { readonly what: string; readonly at: number; readonly limitMs: number },
): Promise<ServerWatch> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = watches[at];
      if (found === undefined) return;
      stop();
      resolve(found);
    };
    const timer = setTimeout(() => {
      stop();
      reject(new NothingCame(what, "a Watch", `none within ${limitMs} ms`));
    }, limitMs);
    const stop = (): void => {
      clearTimeout(timer);
      taken.removeEventListener("watch", look);
    };
    taken.addEventListener("watch", look);
    look();
  });
}

function shown(value: object): string {
  return show(value);
}
