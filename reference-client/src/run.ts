// From `connect` to the end: one Watch after the other, with the waits, logins and tokens between them.
// Implements SPEC §19: client-backoff, client-resume-advice.
import { Code } from "@connectrpc/connect";
import type { WatchEvent } from "@userstatus/protocol";
import { createDeadline, createLeash, delay, type Leash } from "./abort.ts";
import { type BackoffOptions, countFailure, nextWaitMs } from "./backoff.ts";
import type { LossEvent, StopEvent } from "./connection-state.ts";
import { toUserStatusError, UserStatusError } from "./errors.ts";
import { createGate, type Gate } from "./gate.ts";
import type { Markers } from "./markers.ts";
import { isTokenRefusal, type Recovery, recover, type WatchOutcome } from "./recovery.ts";
import type { UserStatusServiceClient } from "./rpc.ts";
import type { Session } from "./session.ts";
import type { Clock, Random, Scheduler } from "./time.ts";
import type { TokenSource } from "./token.ts";
import { readWatch } from "./watch-stream.ts";

/** What a run works with. */
export interface RunOptions {
  readonly service: UserStatusServiceClient;
  readonly session: Session;
  readonly tokens: TokenSource;
  readonly markers: Markers;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly random: Random;
  readonly backoff: BackoffOptions;
  readonly callTimeoutMs: number;
  /** Open while a Watch is. */
  readonly stream: Gate<true>;
  /** The resume point; it outlives the run. */
  readonly cursor: { bytes: Uint8Array };
  /** Longest silence of a stream, as the server info has it. */
  readonly keepAliveMs: () => number;
  /** A Watch is about to be called. */
  readonly onOpening: () => void;
  /** Each event of the stream, in order. */
  readonly onEvent: (event: WatchEvent["event"]) => void;
  /** The hello came. */
  readonly onOpen: () => void;
  /** The link is down; the run brings it back. */
  readonly onLoss: (event: LossEvent) => void;
  /** The Watch was silent for too long: what it went over may be dead. */
  readonly onSilence: () => void;
  /** The next try comes after `delayMs`. */
  readonly onRetry: (delayMs: number, failures: number) => void;
  /** The run is over, by the server's word. */
  readonly onStop: (event: StopEvent, error: UserStatusError | undefined) => void;
  readonly onError: (error: UserStatusError) => void;
}

interface OpenWatch {
  /** Time of the hello. */
  openedAt: number | undefined;
  /** Whether `snapshot_end` came. */
  complete: boolean;
}

/** One connection of the app's, over all the links that it takes. */
export class Run {
  /** Fires when the run ends. */
  readonly leash: Leash = createLeash([]);
  /** Opens with the first hello. */
  readonly opened: Gate<true> = shutGate();
  /** Opens with the first `snapshot_end`. */
  readonly complete: Gate<true> = shutGate();
  /** Resolves when the loop has ended and no stream is left. */
  done: Promise<void> = Promise.resolve();
  /** Somebody ended it: what still comes is ignored. */
  over = false;

  readonly #options: RunOptions;
  /** What goes on now: a wait, a login or a Watch. */
  #activity: Leash | undefined;
  /** Why the activity is cut short. */
  #interruption: UserStatusError | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** Starts the loop; a session stands. */
  start(): void {
    this.done = this.#keepUp().catch((error: unknown) => {
      // Not reached while the code is right; a fault must still end in a state that the app sees.
      this.#options.onStop("REFUSED", toUserStatusError(error));
    });
  }

  /** Cuts the Watch, or the wait for one, short: the session is over. */
  interrupt(error: UserStatusError): void {
    this.#interruption = error;
    this.#activity?.abort();
  }

  /** Ends everything. */
  end(error: UserStatusError): void {
    this.over = true;
    this.leash.abort(error);
    this.opened.fail(error);
    this.complete.fail(error);
  }

  async #keepUp(): Promise<void> {
    const { tokens, random, backoff, session, cursor } = this.#options;
    let failures = 0;
    let tokenRefusals = 0;
    let waitMs = 0;
    let staleToken: string | undefined;
    for (;;) {
      const { outcome, upMs } = await this.#tryOnce(waitMs, staleToken);
      if (this.over) return;
      if (outcome.kind === "silent") this.#options.onSilence();
      if (this.opened.peek() === undefined) {
        this.opened.fail(errorOf(outcome));
        return;
      }
      if (outcome.kind === "failed") this.#options.onError(outcome.error);
      failures = countFailure(failures, upMs, backoff);
      if (upMs > 0) tokenRefusals = 0;
      if (isTokenRefusal(outcome)) tokenRefusals += 1;
      const next = recover(outcome, { tokenRenewable: tokens.renewable, tokenRefusals });
      if (next.action === "stop") {
        this.#options.onStop(next.event, outcome.kind === "failed" ? outcome.error : undefined);
        return;
      }
      if (next.login) session.forget();
      if (next.dropCursor) cursor.bytes = new Uint8Array();
      if (next.freshToken) staleToken = tokens.peek();
      waitMs = nextWaitMs(failures, next.advice, random, backoff);
      this.#options.onLoss(next.event);
      // A listener of the state may have ended the run.
      if (!this.over) this.#options.onRetry(waitMs, failures);
    }
  }

  async #tryOnce(waitMs: number, staleToken: string | undefined): Promise<{ outcome: WatchOutcome; upMs: number }> {
    const { clock, stream, markers } = this.#options;
    const watch: OpenWatch = { openedAt: undefined, complete: false };
    const leash = createLeash([this.leash.signal]);
    this.#activity = leash;
    let outcome: WatchOutcome;
    try {
      if (this.#interruption !== undefined) throw this.#interruption;
      outcome = await this.#openAndRead(watch, waitMs, staleToken, leash.signal);
    } catch (thrown) {
      outcome = { kind: "failed", error: toUserStatusError(thrown) };
    }
    leash.dispose();
    this.#activity = undefined;
    if (!this.over) stream.shut();
    markers.streamEnded();
    if (this.#interruption !== undefined) outcome = { kind: "failed", error: this.#interruption };
    this.#interruption = undefined;
    return { outcome, upMs: watch.openedAt === undefined ? 0 : clock() - watch.openedAt };
  }

  /** Waits, renews the token, logs in, where each is due, and then reads a Watch to its end. */
  async #openAndRead(
    watch: OpenWatch,
    waitMs: number,
    staleToken: string | undefined,
    signal: AbortSignal,
  ): Promise<WatchOutcome> {
    const { service, scheduler, session, tokens, cursor, callTimeoutMs } = this.#options;
    if (waitMs > 0) await delay(scheduler, waitMs, signal);
    const deadline = createDeadline(scheduler, callTimeoutMs, [signal]);
    let token: string;
    try {
      if (staleToken !== undefined && tokens.peek() === staleToken) await tokens.renew(staleToken, deadline.signal);
      token = await tokens.get(deadline.signal);
    } finally {
      deadline.dispose();
    }
    if (session.id.peek() === undefined) await session.logIn(undefined, signal);
    const sessionId = await session.id.wait(signal);
    // A logout waits for this login: it needs no Watch any more.
    if (this.over) return { kind: "closed" };
    this.#options.onOpening();
    return await readWatch({
      service,
      scheduler,
      sessionId,
      // The login may have renewed it.
      token: tokens.peek() ?? token,
      cursor: cursor.bytes,
      keepAliveMs: this.#options.keepAliveMs(),
      signal,
      onEvent: (event) => this.#take(watch, event),
    });
  }

  #take(watch: OpenWatch, event: WatchEvent["event"]): void {
    if (this.over) return;
    const { clock, cursor, markers, stream, session, onError } = this.#options;
    this.#options.onEvent(event);
    switch (event.case) {
      case "hello":
        watch.openedAt = clock();
        stream.open(true);
        this.opened.open(true);
        this.#options.onOpen();
        break;
      case "snapshotEnd":
        watch.complete = true;
        cursor.bytes = event.value.cursor;
        this.complete.open(true);
        break;
      case "progress":
        // Before `snapshot_end` the older cursor stands: what a resume from here would leave out is not told.
        if (watch.complete && event.value.cursor.length > 0) cursor.bytes = event.value.cursor;
        if (event.value.heartbeatRequested)
          session.heartbeat.beat().catch((error: unknown) => onError(toUserStatusError(error)));
        break;
      case "synced":
        markers.arrived(event.value.marker);
        break;
      default:
        break;
    }
  }
}

/** Whether a recovery logs in anew, as far as the error alone tells. */
export function comesBack(error: UserStatusError, tokenRenewable: boolean): boolean {
  const next: Recovery = recover({ kind: "failed", error }, { tokenRenewable, tokenRefusals: 0 });
  return next.action === "return";
}

function shutGate(): Gate<true> {
  const gate = createGate<true>(new Error("not begun"));
  gate.shut();
  return gate;
}

function errorOf(outcome: WatchOutcome): UserStatusError {
  if (outcome.kind === "failed") return outcome.error;
  const message = outcome.kind === "silent" ? "the Watch was silent" : "the Watch ended before it had begun";
  return new UserStatusError(Code.Unavailable, "UNREACHABLE", message);
}
