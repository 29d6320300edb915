// Runs a worked example of SPEC.md against a server: each step as it is written, in an app of its own.
import { setTimeout as sleep } from "node:timers/promises";
import { type DescService, fromJson } from "@bufbuild/protobuf";
import { UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { fillIn, type Json, mismatch, type Names } from "./example-json.ts";
import { type Answer, type Call, callUnary, type OpenWatch, openWatch } from "./example-wire.ts";
import type { Action, CallAction, Example, ExpectedAnswer, LoginAction } from "./spec-examples.ts";

/** A server with a test clock for each app. */
export interface ExampleServer {
  readonly url: string;
  readonly adminUrl: string;
  readonly testingUrl: string;
  readonly userToken: (app: string, user: string) => string;
  readonly adminToken: (app: string) => string;
}

/** Longest wait until a server has seen that a client went away, and how often it is asked. */
const seenMs = 10_000;
const pollMs = 10;

let runs = 0;

/** Runs all steps; the app's clock stands still from the start. Throws with the line of SPEC.md at fault. */
export async function runExample(example: Example, server: ExampleServer): Promise<void> {
  const run = new ExampleRun(`example-${process.pid}-${runs++}`, server);
  try {
    await run.advanceClock(0);
    for (const { line, ...action } of example.steps) {
      await run.take(action).catch((cause: unknown) => {
        throw new Error(`SPEC.md:${line}: ${(cause as Error).message}`, { cause });
      });
    }
  } finally {
    run.close();
  }
}

class ExampleRun {
  readonly #app: string;
  readonly #server: ExampleServer;
  readonly #names: Names = new Map();
  /** The newest Watch of each user. */
  readonly #watches = new Map<string, { readonly stream: OpenWatch; readonly sessionId: Json }>();

  constructor(app: string, server: ExampleServer) {
    this.#app = app;
    this.#server = server;
  }

  take(action: Action): Promise<void> {
    switch (action.kind) {
      case "call":
        return action.method === "Watch" ? this.#watch(action) : this.#call(action);
      case "event":
        return this.#expectEvent(action.who, action.event);
      case "end":
        return this.#expectEnd(action.who);
      case "close":
        return this.#closeWatch(action.who);
      case "clock":
        return this.advanceClock(action.ms);
      case "login":
        return this.#login(action);
    }
  }

  async advanceClock(ms: number): Promise<void> {
    const request = { duration: `${ms / 1000}s` };
    const procedure = "userstatus.testing.v1.TestingService/AdvanceClock";
    const token = this.#server.adminToken(this.#app);
    const answer = await callUnary({ baseUrl: this.#server.testingUrl, procedure, token, request });
    if (!answer.ok) throw new Error(`AdvanceClock was refused: ${answer.code}, ${answer.reason}`);
  }

  close(): void {
    for (const { stream } of this.#watches.values()) stream.close();
  }

  async #call({ who, method, request, answer }: CallAction): Promise<void> {
    const got = await callUnary(this.#prepare(who, method, fillIn(request, this.#names)));
    if (answer !== undefined) this.#compare(answer, got);
  }

  async #watch({ who, request, answer }: CallAction): Promise<void> {
    const filled = fillIn(request, this.#names) as { [key: string]: Json };
    const stream = await openWatch(this.#prepare(who, "Watch", filled));
    this.#watches.set(who, { stream, sessionId: filled.sessionId ?? "" });
    if (answer === undefined) return;
    const next = await stream.next();
    if (!("end" in next) || next.end === undefined) throw new Error("expected a refusal, got a stream");
    this.#compare(answer, next.end);
  }

  /** Ends the stream, and comes back once the server has seen it: from then on it refuses Sync. */
  async #closeWatch(who: string): Promise<void> {
    const { sessionId } = this.#watches.get(who) ?? {};
    this.#watchOf(who).close();
    const deadline = Date.now() + seenMs;
    for (let sync = 0; Date.now() < deadline; sync++) {
      const request = { sessionId: sessionId ?? "", marker: `seen-${sync}` };
      if (!(await callUnary(this.#prepare(who, "Sync", request))).ok) return;
      await sleep(pollMs);
    }
    throw new Error(`the server does not see that the Watch of ${who} is closed`);
  }

  /** What stands after `given`. */
  async #login({ who, session, watching, target }: LoginAction): Promise<void> {
    const deviceId = session.slice(1);
    const { sessionId = "" } = await this.#must(who, "Login", { deviceId, platform: "PLATFORM_ANDROID" });
    this.#names.set(session, sessionId);
    if (target !== undefined) await this.#must(who, "Subscribe", { sessionId, userIds: [target] });
    if (!watching) return;
    await this.#watch({ kind: "call", who, method: "Watch", request: { sessionId } });
    for (;;) {
      const next = await this.#watchOf(who).next();
      if ("end" in next) throw new Error(`the Watch of ${who} ended before its snapshot did`);
      if (Object.hasOwn(next.event as object, "snapshotEnd")) return;
    }
  }

  async #must(who: string, method: string, request: Json): Promise<{ [key: string]: Json }> {
    const answer = await callUnary(this.#prepare(who, method, request));
    if (!answer.ok) throw new Error(`${method} of ${who} was refused: ${answer.code}, ${answer.reason}`);
    return answer.json as { [key: string]: Json };
  }

  #prepare(who: string, method: string, request: Json): Call {
    const admin = who === "admin";
    const service: DescService = admin ? AdminService : UserStatusService;
    const input = service.methods.find(({ name }) => name === method)?.input;
    if (input === undefined) throw new Error(`${service.name} has no method ${method}`);
    // A server skips fields that it does not know; an example that has one is wrong.
    fromJson(input, request);
    return {
      baseUrl: admin ? this.#server.adminUrl : this.#server.url,
      procedure: `${service.typeName}/${method}`,
      token: admin
        ? this.#server.adminToken(this.#app)
        : who === "nobody"
          ? undefined
          : this.#server.userToken(this.#app, who),
      request,
    };
  }

  #compare(expected: ExpectedAnswer, got: Answer): void {
    const wanted = expected.code === "ok" ? "ok" : `${expected.code}, ${expected.reason}`;
    const came = got.ok ? "ok" : `${got.code}, ${got.reason}`;
    if (wanted !== came) throw new Error(`expected ${wanted}, got ${came}`);
    const found = mismatch(expected.json, got.ok ? got.json : got.metadata, this.#names);
    if (found !== undefined) throw new Error(found);
  }

  async #expectEvent(who: string, expected: Json): Promise<void> {
    const next = await this.#watchOf(who).next();
    if ("end" in next) throw new Error(`the Watch of ${who} ended`);
    const found = mismatch(expected, next.event, this.#names);
    if (found !== undefined) throw new Error(`${found}; the event was ${JSON.stringify(next.event)}`);
  }

  async #expectEnd(who: string): Promise<void> {
    const next = await this.#watchOf(who).next();
    if (!("end" in next)) throw new Error(`expected the end of the Watch, got ${JSON.stringify(next.event)}`);
    if (next.end !== undefined) throw new Error("the Watch ended with an error");
  }

  #watchOf(who: string): OpenWatch {
    const watch = this.#watches.get(who);
    if (watch === undefined) throw new Error(`${who} has no Watch`);
    return watch.stream;
  }
}
