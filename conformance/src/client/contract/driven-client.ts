// The client under test as checks see it: commands as calls, what it believes, what it tells by itself.
import type { Transcript } from "../../transcript/transcript.ts";
import {
  type ClientState,
  type Command,
  type ConnectionName,
  contractVersion,
  type ErrorAnswer,
  type Hello,
  type Line,
  type OpenCommand,
} from "./contract.ts";
import { type ClientProcess, ProcessEnded, startProcess } from "./process.ts";
import { asHello, asState, ContractError } from "./validate.ts";

/** What came of a command. */
export type Answer = { readonly ok: Readonly<Record<string, unknown>> } | { readonly error: ErrorAnswer };

/** A change of the connection state, as the client told it. */
export interface ConnectionEvent {
  readonly state: ConnectionName;
  readonly cause: string | undefined;
}

export interface DrivenClient {
  readonly hello: () => Promise<Hello>;
  readonly open: (command: OpenCommand) => Promise<void>;
  /** Any other command: resolves with what the client answered, error or not. */
  readonly ask: (command: Exclude<Command, { op: "hello" | "open" | "state" }>) => Promise<Answer>;
  readonly state: () => Promise<ClientState>;
  /** What it told of its connection so far. */
  readonly connectionEvents: readonly ConnectionEvent[];
  /** Why it is over, once it is. */
  readonly failure: () => Error | undefined;
  /** Ends the process. */
  readonly end: () => Promise<void>;
}

export interface DrivenClientOptions {
  readonly command: readonly string[];
  readonly transcript: Transcript;
  /** Longest wait for an answer to hello: the program must start. */
  readonly startMs: number;
  /** Longest wait for the answer to any other command. */
  readonly answerMs: number;
}

/** More lines than any client has to write in a check. */
const linesMax = 100_000;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export function startDrivenClient(options: DrivenClientOptions): DrivenClient {
  const { transcript, startMs, answerMs } = options;
  const waiting = new Map<number, Waiting>();
  const connectionEvents: ConnectionEvent[] = [];
  let failure: Error | undefined;
  let ids = 0;
  let lines = 0;
  let lastState = "";

  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  const child: ClientProcess = startProcess(options.command, {
    onLine: (line) => {
      lines += 1;
      if (lines > linesMax) return fail(new ContractError(`the client wrote more than ${linesMax} lines`));
      take(line);
    },
    onStderr: (text) => transcript.add({ kind: "heard", who: "client", text: `stderr: ${text}` }),
    onEnd: (error) => {
      transcript.add({ kind: "note", text: error.message });
      fail(error);
    },
  });

  function take(line: Line): void {
    if ("event" in line) {
      transcript.add({ kind: "heard", who: "client", text: JSON.stringify(line) });
      if (line.event === "connection" && line.state !== undefined)
        connectionEvents.push({ state: line.state, cause: line.cause });
      return;
    }
    const asked = waiting.get(line.id);
    waiting.delete(line.id);
    if (asked === undefined) fail(new ContractError(`an answer to ${line.id}, which was answered or never asked`));
    else asked.resolve(line);
  }

  async function send(command: Command, limitMs: number, quiet = false): Promise<Answer> {
    if (failure !== undefined) throw failure;
    const id = ++ids;
    const text = JSON.stringify({ id, ...command });
    if (!quiet) transcript.add({ kind: "said", who: "client", text });
    const answer = await new Promise<Answer>((resolve, reject) => {
      const tooLate = new ContractError(`no answer to ${command.op} within ${limitMs} ms`);
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(tooLate);
      }, limitMs);
      waiting.set(id, {
        resolve: (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      child.write(`${text}\n`);
    });
    if (!quiet) transcript.add({ kind: "heard", who: "client", text: JSON.stringify(answer) });
    return answer;
  }

  function okOf(answer: Answer, op: string): Readonly<Record<string, unknown>> {
    if ("ok" in answer) return answer.ok;
    throw new ContractError(`${op} must be answered with ok, got the error ${JSON.stringify(answer.error)}`);
  }

  return {
    hello: async () => {
      const answer = await send({ op: "hello", contract: contractVersion }, startMs);
      return asHello(okOf(answer, "hello"), "the answer to hello");
    },
    open: async (command) => void okOf(await send({ op: "open", ...command }, answerMs), "open"),
    ask: (command) => send(command, answerMs),
    state: async () => {
      // Asked again and again: only what changed goes into the transcript.
      const answer = await send({ op: "state" }, answerMs, true);
      const state = asState(okOf(answer, "state"), "the answer to state");
      noteState(JSON.stringify(state));
      return state;
    },
    connectionEvents,
    failure: () => failure,
    end: () => child.end(),
  };

  function noteState(text: string): void {
    if (text === lastState) return;
    lastState = text;
    transcript.add({ kind: "heard", who: "client", text: `state ${text}` });
  }
}

/** Whether the client itself is over: it ended by itself, without a fault of the contract. */
export function hasEnded(error: unknown): boolean {
  return error instanceof ProcessEnded;
}
