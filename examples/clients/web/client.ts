// A client of the User Status Protocol on connect-web: `fetch` is all that it needs, so it runs in a page as in Node.
// docs/clients.md defines what it takes and prints.
import {
  type CallOptions,
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import {
  OnlineStatus,
  Platform,
  ResumeResult,
  type SelfStatus,
  type Subscription,
  type SubscriptionEnded,
  SubscriptionEndReason,
  type UserStatus,
  UserStatusService,
  type WatchEnd,
  WatchEndReason,
  type WatchEvent,
} from "@userstatus/protocol";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";

export interface Options {
  readonly url: string;
  readonly token: string;
  readonly device: string;
  readonly text: string;
  /** Log out after so many changes. */
  readonly until: number;
  readonly subscribe: readonly string[];
  /** Connect has JSON, which a page can show; gRPC-Web passes proxies that know only gRPC. */
  readonly protocol: "connect" | "grpc-web";
}

const callTimeoutMs = 10_000;
/** Of the wait before the next try; doubles with each. */
const firstBoundMs = 500;
/** And a stream that was up for so long sets it back. */
const lastBoundMs = 30_000;
const fatal = [Code.Unauthenticated, Code.PermissionDenied, Code.InvalidArgument, Code.FailedPrecondition];
/** Reasons that would be fatal by their code, but the next Watch mends them. */
const mended = ["NO_OPEN_WATCH", "SESSION_LOST"];

interface Span {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** A duration is 64-bit seconds and nanoseconds; no wait is so long that a double would not hold it. */
const ms = (span: Span | undefined): number => (span ? Number(span.seconds) * 1000 + span.nanos / 1e6 : 0);
const between = (least: number, most: number): number => least + Math.random() * Math.max(0, most - least);
const sleep = (forMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, forMs));
/** The name of an enum value; its number where this client is older than the server. */
const nameOf = (numbers: Readonly<Record<string, number>>, value: number): string =>
  Object.keys(numbers).find((name) => numbers[name] === value) ?? String(value);
const escaped = (text: string): string => text.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n");
const quoted = (text: string | undefined): string => (text ? ` "${escaped(text)}"` : "");

function transportTo({ url, token, protocol }: Options): Transport {
  const bearer: Interceptor = (next) => (request) => {
    request.header.set("Authorization", `Bearer ${token}`);
    return next(request);
  };
  // No defaultTimeoutMs: it would end the Watch.
  const options = { baseUrl: url, interceptors: [bearer] };
  return protocol === "connect" ? createConnectTransport(options) : createGrpcWebTransport(options);
}

/** Resolves after the logout; rejects where there is no reason to come back. */
export async function run(options: Options, print: (line: string) => void): Promise<void> {
  const service = createClient(UserStatusService, transportTo(options));
  /** Of unary calls; a Watch must have no deadline. */
  const bounded: CallOptions = { timeoutMs: callTimeoutMs };

  // What the client knows. The loop that reads the stream owns it, and folds answers there, too.
  /** Empty: log in first. */
  let sessionId = "";
  let epoch = "";
  /** The epoch before it: late answers of that one do not count. */
  let left = "";
  /** The epoch of the open stream. */
  let streamEpoch = "";
  let cursor: Uint8Array = new Uint8Array();
  /** By target: revision of its status, generation of its row. Both are 64-bit, so both are bigint. */
  const revisions = new Map<string, bigint>();
  const rows = new Map<string, bigint>();
  /** Targets that a snapshot named so far; undefined under RESUMED. A friend's status may come without a row. */
  let snapshot: { readonly statuses: Set<string>; readonly rows: Set<string> } | undefined;
  let selfRevision = -1n;
  let selfText = "";
  /** When the stream began. */
  let openedMs: number | undefined;
  let ready = false;
  let changes = 0;
  let done = false;
  let heartbeatIntervalMs = 0;
  /** Of the wait after a heartbeat that failed. */
  let beatBoundMs = firstBoundMs;
  let nextBeat: ReturnType<typeof setTimeout> | undefined;
  let beating: Promise<boolean> | undefined;

  try {
    await login();
    await keepWatching();
  } finally {
    forget();
  }

  async function login(): Promise<void> {
    const answer = await service.login({ deviceId: options.device, platform: Platform.WEB }, bounded);
    print(`login ${answer.self?.status?.userId}`);
    sessionId = answer.sessionId;
    heartbeatIntervalMs = ms(answer.heartbeatInterval);
    beatIn(heartbeatIntervalMs);
    if (admits(answer.epoch)) foldSelf(answer.self);
  }

  function forget(): void {
    sessionId = "";
    clearTimeout(nextBeat);
  }

  async function keepWatching(): Promise<void> {
    for (let boundMs = firstBoundMs; ; boundMs = Math.min(2 * boundMs, lastBoundMs)) {
      const end = await watch().catch((error: unknown) => ConnectError.from(error));
      if (done) return;
      if (openedMs !== undefined && performance.now() - openedMs > lastBoundMs) boundMs = firstBoundMs;
      let waitMs = between(0, boundMs);
      if (end === undefined || end instanceof ConnectError) {
        if (openedMs !== undefined) print("lost");
        if (end) recover(end);
      } else {
        if (!end.mayResume) throw new Error("the Watch is over for good");
        // No less than the back-off, so that advice of 0 can't make it spin.
        waitMs = Math.max(waitMs, between(ms(end.minDelay), ms(end.maxDelay)));
      }
      await sleep(waitMs);
    }
  }

  /** Renews the lease: at each interval, soon after a failure, and when the server asks for it. One call at a time. */
  function beat(): Promise<boolean> {
    beating ??= renew().finally(() => {
      beating = undefined;
    });
    return beating;
  }

  /** Says whether it could, and sets the timer for the next. */
  async function renew(): Promise<boolean> {
    const renewed = await service.heartbeat({ sessionId }, bounded).then(
      () => true,
      () => false,
    );
    beatIn(renewed ? heartbeatIntervalMs : between(0, beatBoundMs));
    beatBoundMs = renewed ? firstBoundMs : Math.min(2 * beatBoundMs, heartbeatIntervalMs);
    return renewed;
  }

  /** One timer at a time, or failures would breed more and more of them; none without a session. */
  function beatIn(waitMs: number): void {
    clearTimeout(nextBeat);
    if (sessionId !== "") nextBeat = setTimeout(beat, waitMs);
  }

  /** Logs in where that is due, and reads one stream to its end; answers the server's `watch_end`. */
  async function watch(): Promise<WatchEnd | undefined> {
    openedMs = undefined;
    if (sessionId === "") await login();
    const leaving = new AbortController();
    let silenceMs = callTimeoutMs;
    let watchdog = setTimeout(() => leaving.abort(), silenceMs);
    try {
      for await (const { events } of service.watch({ sessionId, cursor }, { signal: leaving.signal })) {
        for (const { event } of events) {
          if (event.case === "watchEnd") {
            print(`watch-end ${nameOf(WatchEndReason, event.value.reason)}`);
            return event.value;
          }
          if (event.case === "hello") silenceMs = 2.5 * ms(event.value.keepAliveInterval);
          await take(event);
          if (changes >= options.until) return await logout();
        }
        clearTimeout(watchdog);
        watchdog = setTimeout(() => leaving.abort(), silenceMs);
      }
      return undefined;
    } finally {
      clearTimeout(watchdog);
      leaving.abort();
    }
  }

  /** Does what one event asks for. Events that it does not know have no case. */
  async function take(event: WatchEvent["event"]): Promise<void> {
    // An answer told a newer epoch: this stream will end soon.
    if (event.case !== "hello" && streamEpoch !== epoch) return;
    switch (event.case) {
      case "hello":
        openedMs = performance.now();
        print(`hello ${nameOf(ResumeResult, event.value.resumeResult)}`);
        streamEpoch = event.value.epoch;
        enter(streamEpoch);
        snapshot = undefined;
        if (event.value.resumeResult === ResumeResult.RESET) snapshot = { statuses: new Set(), rows: new Set() };
        break;
      case "status":
        return foldStatus(event.value);
      case "self":
        return foldSelf(event.value);
      case "subscribed":
        return foldRow(event.value);
      case "subscriptionEnded":
        return foldEnd(event.value);
      case "progress":
        cursor = event.value.cursor;
        // Not in a timer: those of hidden tabs are held back.
        if (event.value.heartbeatRequested) void beat().then((renewed) => renewed && print("heartbeat"));
        break;
      case "snapshotEnd":
        cursor = event.value.cursor;
        dropUnnamed();
        return await prepare();
      case "synced":
        print("synced");
    }
  }

  /** Subscribes and sets the text, once, and asks for a marker behind all that. */
  async function prepare(): Promise<void> {
    if (!ready && options.subscribe.length > 0) {
      const answer = await service.subscribe({ sessionId, userIds: [...options.subscribe] }, bounded);
      const admitted = admits(answer.epoch);
      for (const { userId, result } of answer.results) {
        if (result.case === "error") print(`failed ${userId} ${result.value.reason}`);
        else if (admitted) {
          foldRow(result.value?.subscription);
          foldStatus(result.value?.status);
        }
      }
    }
    if (!ready && options.text !== "") {
      const answer = await service.setCustomStatus({ sessionId, customStatus: { text: options.text } }, bounded);
      if (admits(answer.epoch)) foldSelf(answer.self);
    }
    ready = true;
    await service.sync({ sessionId, marker: "ready" }, bounded);
  }

  async function logout(): Promise<undefined> {
    await service.logout({ sessionId }, bounded);
    print("bye");
    done = true;
  }

  /** Whether an answer of this epoch counts; enters an epoch that is new. */
  function admits(next: string): boolean {
    if (next === left) return false;
    enter(next);
    return true;
  }

  /** Drops what is held of another epoch: its revisions say nothing here. */
  function enter(next: string): void {
    if (next === epoch) return;
    left = epoch;
    epoch = next;
    cursor = new Uint8Array();
    selfRevision = -1n;
    revisions.clear();
    rows.clear();
  }

  /** The highest revision wins, wherever it came from. */
  function foldStatus(status: UserStatus | undefined): void {
    if (!status) return;
    const { userId, revision, onlineStatus, customStatus } = status;
    snapshot?.statuses.add(userId);
    if (revision <= (revisions.get(userId) ?? -1n)) return;
    revisions.set(userId, revision);
    const word = nameOf(OnlineStatus, onlineStatus).toLowerCase().replace("_", "-");
    change(`${word} ${userId}${quoted(customStatus?.text)}`);
  }

  function foldRow(row: Subscription | undefined): void {
    if (!row) return;
    snapshot?.rows.add(row.userId);
    if (row.generation <= (rows.get(row.userId) ?? 0n)) return;
    rows.set(row.userId, row.generation);
    print(`subscribed ${row.userId}`);
  }

  function foldEnd({ userId, generation, reason, stillVisible }: SubscriptionEnded): void {
    if (generation < (rows.get(userId) ?? 0n)) return;
    rows.delete(userId);
    if (!stillVisible) revisions.delete(userId);
    change(`ended ${userId} ${nameOf(SubscriptionEndReason, reason)}`);
  }

  /** Compared with oneself only: this view has revisions of its own. */
  function foldSelf(self: SelfStatus | undefined): void {
    if (!self?.status || self.status.revision <= selfRevision) return;
    selfRevision = self.status.revision;
    const text = self.status.customStatus?.text ?? "";
    if (text !== selfText) print(`self${quoted(text)}`);
    selfText = text;
  }

  function change(line: string): void {
    changes++;
    print(line);
  }

  /** Ends a snapshot: what it did not name is gone. */
  function dropUnnamed(): void {
    for (const userId of revisions.keys()) if (snapshot?.statuses.has(userId) === false) revisions.delete(userId);
    for (const userId of rows.keys()) if (snapshot?.rows.has(userId) === false) rows.delete(userId);
    snapshot = undefined;
  }

  /** Returns where coming back makes sense, and forgets the session where only a new login helps. */
  function recover(error: ConnectError): void {
    const [info] = error.findDetails(ErrorInfoSchema);
    const over = info?.reason === "SESSION_ENDED" && /^(LINK_LOST|DECAYED)$/.test(info.metadata.end_reason ?? "");
    if (over || info?.reason === "SESSION_NOT_FOUND") forget();
    else if (info?.reason === "MALFORMED_CURSOR") cursor = new Uint8Array();
    else if (fatal.includes(error.code) && !mended.includes(info?.reason ?? "")) throw error;
  }
}
