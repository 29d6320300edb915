// The link as the app sees it: connect, disconnect, close, and the state between (SPEC §19: client-state).
import { Code } from "@connectrpc/connect";
import { createDeadline, createLeash, untilAborted } from "./abort.ts";
import { type ConnectionEvent, type ConnectionState, nextState, type StopEvent } from "./connection-state.ts";
import { abortedError, toUserStatusError, UserStatusError } from "./errors.ts";
import { createGate, type Gate } from "./gate.ts";
import { comesBack, Run, type RunOptions } from "./run.ts";
import { type LoginCustomStatus, notConnected } from "./session.ts";

/** What a link works with: that of its runs, and the state's listener. */
export interface LinkOptions extends Omit<RunOptions, "stream" | "cursor" | "onOpen" | "onLoss" | "onStop"> {
  /** Longest wait for login and first Watch together. */
  readonly loginTimeoutMs: number;
  readonly onState: (state: ConnectionState, event: ConnectionEvent, previous: ConnectionState) => void;
}

/** Holds at most one run at a time. */
export class Link {
  /** Open while a Watch is. */
  readonly stream: Gate<true> = createGate<true>(notConnected());
  state: ConnectionState = "DISCONNECTED";
  /** The event that led to the state. */
  cause: ConnectionEvent | undefined;

  readonly #options: LinkOptions;
  readonly #cursor: { bytes: Uint8Array } = { bytes: new Uint8Array() };
  #run: Run | undefined;
  #leaving: Promise<void> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Logs in and opens the Watch; resolves when the first snapshot is complete. */
  async connect(customStatus: LoginCustomStatus | undefined, signal: AbortSignal | undefined): Promise<void> {
    if (this.#run !== undefined) {
      throw new UserStatusError(Code.FailedPrecondition, "ALREADY_CONNECTED", "the client is connected or connecting");
    }
    if (signal?.aborted === true) throw abortedError(signal);
    const { session, scheduler, loginTimeoutMs } = this.#options;
    const run = this.#beginRun();
    const whole = createLeash([signal, run.leash.signal]);
    const deadline = createDeadline(scheduler, loginTimeoutMs, [whole.signal]);
    try {
      // Listeners of the state may have ended the run already.
      await untilAborted(session.logIn(customStatus, deadline.signal), deadline.signal);
      if (!run.over) run.start();
      await run.opened.wait(deadline.signal);
      // A large snapshot may take its time; the watchdog looks after it.
      deadline.dispose();
      await run.complete.wait(whole.signal);
    } catch (thrown) {
      const error = toUserStatusError(thrown);
      this.#giveUp(run, error);
      throw error;
    } finally {
      deadline.dispose();
      whole.dispose();
    }
  }

  /** Logs out. Whatever comes of it, the client is disconnected then. */
  disconnect(signal: AbortSignal | undefined): Promise<void> {
    const run = this.#run;
    if (run === undefined) return this.#leaving ?? Promise.resolve();
    this.#leaving ??= this.#leave(run, signal).finally(() => {
      this.#leaving = undefined;
    });
    return this.#leaving;
  }

  /** Leaves without a logout. */
  async close(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    this.#finish(run, this.state === "CONNECTING" ? "LOGIN_ABORTED" : "CLOSED", endedByCaller());
    await run.done;
  }

  /** A call found that this session is over. Answers whether another one is on its way. */
  sessionGone(sessionId: string, error: UserStatusError): boolean {
    const { session, tokens } = this.#options;
    const again = comesBack(error, tokens.renewable);
    const run = this.#run;
    if (run === undefined || run.over || session.id.peek() !== sessionId) return again;
    if (again) session.forget();
    run.interrupt(error);
    return again;
  }

  #beginRun(): Run {
    const run: Run = new Run({
      ...this.#options,
      stream: this.stream,
      cursor: this.#cursor,
      onOpen: () => this.#enter(this.state === "CONNECTING" ? "LOGIN_SUCCEEDED" : "RECONNECTED"),
      onLoss: (event) => this.#enter(event),
      onStop: (event, error) => this.#stop(run, event, error),
    });
    this.#run = run;
    this.stream.shut();
    this.#options.session.forget();
    this.#enter("LOGIN_CALLED");
    return run;
  }

  async #leave(run: Run, signal: AbortSignal | undefined): Promise<void> {
    const { session } = this.#options;
    const connecting = this.state === "CONNECTING";
    // From here on the loop minds its own end only: the `watch_end` that the logout brings is no news.
    run.over = true;
    session.rest();
    let failure: UserStatusError | undefined;
    try {
      await session.logOut(signal);
    } catch (thrown) {
      failure = toUserStatusError(thrown);
    }
    const event = failure === undefined ? "LOGGED_OUT" : "LOGOUT_FAILED";
    this.#finish(run, connecting ? "LOGIN_ABORTED" : event, endedByCaller(failure));
    await run.done;
    if (failure !== undefined) throw failure;
  }

  /** A connect that failed leaves no session behind, as far as the server can still be told. */
  #giveUp(run: Run, error: UserStatusError): void {
    if (run.over) return;
    if (error.reason !== "UNREACHABLE") this.#options.session.logOut(undefined).catch(() => {});
    this.#finish(run, this.state === "CONNECTING" ? failedLogin(error) : "LOGGED_OUT", notConnected(error));
  }

  #stop(run: Run, event: StopEvent, error: UserStatusError | undefined): void {
    if (run.over) return;
    // The table has no way from CONNECTED: the token ran out (one change), and there is no newer one (another).
    if (event === "TOKEN_EXPIRED" && this.state === "CONNECTED") this.#enter(event);
    this.#finish(run, event, notConnected(error));
  }

  /** Ends a run: no timer, no stream and no waiting call is left. */
  #finish(run: Run, event: ConnectionEvent, error: UserStatusError): void {
    run.end(error);
    if (this.#run !== run) return;
    this.#run = undefined;
    // Whoever waits, or calls later, is told that there is no connection, and why.
    const gone = error.reason === "NOT_CONNECTED" ? error : notConnected(error);
    this.#options.session.stop(gone);
    this.stream.fail(gone);
    this.#enter(event);
  }

  #enter(event: ConnectionEvent): void {
    const next = nextState(this.state, event);
    if (next === undefined) return;
    const previous = this.state;
    this.state = next;
    this.cause = event;
    this.#options.onState(next, event, previous);
  }
}

function failedLogin(error: UserStatusError): ConnectionEvent {
  if (error.reason === "ABORTED") return "LOGIN_ABORTED";
  return error.reason === "TIMED_OUT" ? "LOGIN_TIMED_OUT" : "LOGIN_FAILED";
}

function endedByCaller(cause?: UserStatusError): UserStatusError {
  return new UserStatusError(Code.Canceled, "ABORTED", "the client was disconnected or closed", { cause });
}
